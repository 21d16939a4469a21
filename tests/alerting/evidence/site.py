"""A journal, a ledger and a folder of evidence, with stations that report every five minutes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Self

from alerting.evidence import EvidenceFolder, EvidenceWriter
from alerting.ledger import Ledger
from hydro.instants import HOUR_MS, MINUTE_MS, format_instant
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from storage.journal import Journal, JournalReader
from storage.recorded import read_recorded
from tests.alerting.sample_alerts import DAWN, change, shortfall
from tests.ingest.example_register import make_register

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alerting.record import AlertRecord, SubjectAlerts
    from hydro.register import Register
    from storage.message import RawMessage

__all__ = ["PREFIX", "Site", "reading", "topic_of", "when"]

PREFIX: Final = "w"
STATIONS: Final = """station,name,kind,basin,river,division,gateway,interval_min
A,Anshun,section,,,,,5
B,Bijie,section,,,,g1,5
C,Chishui,section,,,,g1,5
D,Dafang,section,,,,g2,5
"""
INFLOW: Final = """station,quantity,from_day,to_day,value,basis,kind,inflow_rule,inflow_station,target
B,discharge,01-01,12-31,2.0,hour,base,min_inflow,D,limited
"""


def topic_of(gateway: str, wire: str = "json") -> str:
    """Where a gateway publishes."""
    return f"{PREFIX}/{gateway}/up/{wire}"


def reading(station: str, event_time: int, value: float = 1.0) -> bytes:
    """A message with one value."""
    return json.dumps(
        {"station": station, "time": event_time, "values": {"discharge": value}}, separators=(",", ":")
    ).encode()


class Site:
    """All of it below one folder; the time of a message that nothing is said of is that of its event.

    Args:
        path: The folder.
        tables: Of the register; the four stations of above without it.
        least_free: See :class:`EvidenceFolder`.
    """

    def __init__(self, path: Path, tables: dict[str, str] | None = None, *, least_free: int = 0) -> None:
        self.path = path
        self.register: Register = make_register({"stations": STATIONS, **(tables or {})})
        self.now = DAWN
        self.journal = Journal.open(path / "journal", keep_days=14, max_gb=1, clock=lambda: self.now)
        self.ledger = Ledger.open(f"sqlite:///{path / 'ledger.sqlite'}", zone_minutes=480)
        self.decoder = Decoder(
            self.register,
            SeriesIndex(self.register.stations),
            prefix=PREFIX,
            max_age_days=400,
            ticks=TickSource.HEARTBEAT,
        )
        self.folder = EvidenceFolder(path / "evidence", 480, least_free=least_free)
        self.reader = JournalReader.open(path / "journal")
        self.writer = EvidenceWriter(
            self.ledger,
            self.reader,
            self.register,
            self.decoder,
            self.folder,
            prefix=PREFIX,
            clock=lambda: self.now,
            failed=lambda error: None if error is None else self._complain(error),
        )
        self.complaints: list[str] = []

    def _complain(self, error: Exception) -> None:
        self.complaints.append(str(error))

    def __enter__(self) -> Self:
        """The site itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.reader.close()
        self.ledger.close()
        self.journal.close()

    def arrive(self, topic: str, payloads: Sequence[bytes], at: int) -> int:
        """Messages of one batch arrive; position of the last."""
        self.now = max(self.now, at)
        self.journal.append([topic] * len(payloads), list(payloads))
        return self.journal.last_position

    def hours(self, stations: str, start: int, end: int) -> None:
        """Each station reports every five minutes, from hour to hour after DAWN."""
        for at in range(DAWN + start * HOUR_MS + 5 * MINUTE_MS, DAWN + end * HOUR_MS + 1, 5 * MINUTE_MS):
            for gateway, behind in (("g1", "ABC"), ("g2", "D")):
                payloads = [reading(station, at) for station in stations if station in behind]
                if payloads:
                    self.arrive(topic_of(gateway), payloads, at + 20_000)

    def say(self, *alerts: AlertRecord, **of: Any) -> None:  # noqa: ANN401  # of sample_alerts.change
        """The rules say so, having read all there is."""
        self.tell(change(*alerts, **of))

    def tell(self, said: SubjectAlerts) -> None:
        """The same."""
        self.ledger.apply([said], self.journal.last_position, self.now)

    def raised(self, station: str, start: int, end: int | None = None) -> AlertRecord:
        """A shortfall of a station, said."""
        alert = shortfall(start, end, station=station)
        self.say(alert, station=station)
        return alert

    def copy(self) -> int:
        """Copy until nothing is left; how many passes it took."""
        passes = 0
        while self.writer.copy_some():
            passes += 1
        return passes

    def shown(self, alert_id: str) -> dict[str, Any]:
        """What the case shows of its evidence."""
        found = self.ledger.alert(alert_id)
        assert found is not None
        evidence: dict[str, Any] = found["case"]["evidence"]
        return evidence

    def messages(self, alert_id: str, part: int = 0) -> list[RawMessage]:
        """What was copied."""
        evidence = self.shown(alert_id)
        return list(read_recorded([self.path / "evidence" / evidence["folder"] / evidence["parts"][part]["file"]]))


def when(at: int) -> str:
    """As it is shown."""
    return format_instant(at, 480)
