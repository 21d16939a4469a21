"""How a station behaves: what is set in it, apart from what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from hydro.instants import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hydro.quantity import Quantity

__all__ = ["Behaviour", "Mode", "Modem"]


class Mode(Enum):
    """Working modes of SL 651; M3, a report in packets with one confirmation for all, is M2 for what is long."""

    M1_SEND = "m1"
    """Reports are sent and taken for arrived."""

    M2_CONFIRMED = "m2"
    """Reports are confirmed, or sent again."""

    M4_ANSWER = "m4"
    """Nothing is reported; questions are answered."""


@dataclass(frozen=True, slots=True)
class Modem:
    """What a modem puts between the frames of the station behind it.

    Attributes:
        registration: Sent first on a new connection.
        beat: Sent every ``beat_ms``; none where it is empty.
        beat_ms: See ``beat``.
    """

    registration: bytes = b""
    beat: bytes = b""
    beat_ms: int = MINUTE_MS


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Settings of a station. Times are milliseconds unless the name says minutes.

    Attributes:
        mode: See `Mode`.
        sample_min: It measures at the multiples of this since midnight of its clock.
        report_min: It reports at the multiples of this; what lies between goes along if ``reports_all``.
        reports_all: Whether every sample is reported, and not only those of report times.
        send_delay_ms: From the report time to the report; differs from station to station.
        jumps: Changes, in millionths, that make a sample an added report.
        always_online: Otherwise it sleeps between reports, without a connection.
        answer_wait_ms: How long it waits for a confirmation before it sends again.
        redial_ms: How long it waits after a connection failed or was lost.
        keep_alive_ms: Silence after which it says that it is there; 0 = never.
        idle_ms: Silence after which a station that was told to stay on line goes to sleep.
        follows_centre: Whether it sets its clock by confirmations.
        memory: Samples kept.
        announces: Whether it begins its first connection with a test report.
        picture_min: It takes a picture at the multiples of this; 0 = it has no camera.
    """

    mode: Mode = Mode.M2_CONFIRMED
    sample_min: int = 5
    report_min: int = 5
    reports_all: bool = True
    send_delay_ms: int = 2_000
    jumps: Mapping[Quantity, int] = field(default_factory=dict)
    always_online: bool = True
    answer_wait_ms: int = 10_000
    redial_ms: int = 60_000
    keep_alive_ms: int = 40_000
    idle_ms: int = 600_000
    follows_centre: bool = False
    memory: int = 8_928
    announces: bool = False
    picture_min: int = 0
    modem: Modem = Modem()

    def __post_init__(self) -> None:
        if self.report_min % self.sample_min:
            raise ValueError(f"reports every {self.report_min} min don't fall on samples every {self.sample_min} min")
