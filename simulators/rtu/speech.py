"""What a station and its centre say to each other, whichever protocol they use."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simulators.rtu.sample import Memory, Sample

__all__ = ["After", "Answer", "Asked", "Confirmed", "Dialect", "Exchange", "Heard", "Occasion", "PacketWanted"]


class Occasion(Enum):
    """Why a station reports."""

    TEST = "test"
    SCHEDULED = "scheduled"
    ADDED = "added"
    LATE = "late"


class After(Enum):
    """What a station does once it is confirmed."""

    STAY = "stay"
    HANG_UP = "hang_up"
    GO_ON = "go_on"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The centre has what was sent.

    Attributes:
        function: Function code of the frames confirmed.
        serial: Of the frames confirmed; None where the protocol has none.
        after: What to do next.
        sent_at: The centre's clock, epoch milliseconds; None where it does not say.
    """

    function: int
    serial: int | None
    after: After
    sent_at: int | None


@dataclass(frozen=True, slots=True)
class PacketWanted:
    """The centre wants one packet of a long report again."""

    function: int
    serial: int
    number: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The centre asks or commands.

    Attributes:
        reply: From the station's memory and the present time of its clock.
    """

    reply: Callable[[Memory, int], Answer]


@dataclass(frozen=True, slots=True)
class Exchange:
    """Frames that one confirmation answers.

    Attributes:
        function: Function code.
        serial: Number by which the confirmation is known, None where the protocol has none.
        frames: All sent at once, or one after the other if `paced`.
        covers: Observation times of the samples that are reported once this is confirmed.
        picture_at: Time of the picture that it carries, None where it carries none.
        paced: Each frame but the last waits for the confirmation of the one before; the last one for nothing.
    """

    function: int
    serial: int | None
    frames: tuple[bytes, ...]
    covers: tuple[int, ...] = ()
    picture_at: int | None = None
    paced: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question leads to.

    Attributes:
        exchange: Frames to send; None = silence.
        set_clock: Epoch milliseconds that the station's clock is to show.
        takes_picture: A picture is to be taken and sent as a report.
        forgets: The memory is to be emptied.
    """

    exchange: Exchange | None = None
    set_clock: int | None = None
    takes_picture: bool = False
    forgets: bool = False


Heard = Confirmed | PacketWanted | Asked


class Dialect(Protocol):
    """A protocol as one station speaks it. Times are epoch milliseconds of the station's own clock."""

    @property
    def resends(self) -> int:
        """How often frames are sent again at most."""

    def hear(self, data: bytes) -> list[Heard]:
        """What the centre says in the bytes that came."""

    def hung_up(self) -> None:
        """The connection is over, and with it what has come of an unfinished frame."""

    def greeting(self) -> Exchange | None:
        """What is sent first on a new connection, None where nothing is."""

    def keep_alive(self, now: int) -> bytes:
        """What is sent when nothing else was for a while."""

    def reports(self, samples: Sequence[Sample], now: int, occasion: Occasion, *, more: bool) -> list[Exchange]:
        """The next report, in one or several exchanges that follow each other; none where there is no such report.

        Args:
            samples: What is to be reported, not empty, the oldest first; the report covers one or more of them.
            now: The send time.
            occasion: Why.
            more: Whether something else is to follow at once.
        """

    def picture(self, taken_at: int, data: bytes, now: int) -> Exchange | None:
        """A picture; None where the protocol carries none."""

    def again(self, exchange: Exchange, attempt: int) -> tuple[bytes, ...]:
        """The frames of an exchange for its nth resend, counted from 1."""

    def packet_again(self, exchange: Exchange, number: int) -> bytes | None:
        """One packet of a long report for the centre that found it damaged; None where there is no such packet."""
