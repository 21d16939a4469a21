"""Copying evidence: CPU of one pass over a day's journal, for one alert and for a storm of them, without the rests.

The baseline is reading the same part of the journal and doing nothing with it.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from alerting.evidence.collecting import Collection, Wish
from alerting.ledger import EvidenceRequest, Occasion, Wanted
from bench.surroundings import describe_machine
from hydro.instants import DAY_MS, MINUTE_MS
from hydro.register import Context, Register
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from storage.journal import Journal, JournalReader
from tests.alerting.sample_alerts import DAWN, shortfall

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX: Final = "watermaster/v1"
STATIONS: Final = 1_000
GATEWAYS: Final = 100
SLOT_MS: Final = 5 * MINUTE_MS
ROW: Final = 100


def register() -> Register:
    """Stations of gateways."""
    lines = ["station,name,kind,basin,river,division,gateway,interval_min"]
    lines += [f"S{number:04d},S,section,,,,g{number % GATEWAYS},5" for number in range(STATIONS)]
    loaded = Register.parse({"stations.csv": "\n".join(lines).encode()}, Context(480, 30), {})
    assert loaded.register is not None, loaded.mistakes
    return loaded.register


def fill(path: Path) -> int:
    """A day of all stations; how many messages."""
    now = DAWN
    with Journal.open(path, keep_days=14, max_gb=10, clock=lambda: now) as journal:
        for at in range(DAWN + SLOT_MS, DAWN + DAY_MS + 1, SLOT_MS):
            now = at
            for first in range(0, STATIONS, ROW):
                numbers = range(first, first + ROW)
                topics = [f"{PREFIX}/g{number % GATEWAYS}/up/json" for number in numbers]
                values = {"discharge": 3.21, "stage": 1.07, "voltage": 12.6}
                payloads = [
                    json.dumps({"station": f"S{number:04d}", "time": at, "seq": 7, "values": values}).encode()
                    for number in numbers
                ]
                journal.append(topics, payloads)
        return journal.last_position


def scan(path: Path, wishes: Sequence[Wish], known: Register) -> tuple[float, int]:
    """CPU seconds, and messages found; without wishes it reads only."""
    decoder = Decoder(known, SeriesIndex(known.stations), prefix=PREFIX, max_age_days=400, ticks=TickSource.HEARTBEAT)
    began = time.process_time()
    collection = Collection(wishes, known, decoder, PREFIX) if wishes else None
    with JournalReader.open(path) as reader:
        for batch in reader.read_received(DAWN, DAWN + 2 * DAY_MS):
            if collection is not None:
                collection.take(batch)
    found = 0 if collection is None else sum(len(one.messages) for one in collection.found.values())
    return time.process_time() - began, found


def wish(number: int) -> Wish:
    """A day of one station."""
    code = f"S{number:04d}"
    wanted = Wanted(code, Occasion.RAISED, DAWN, DAWN + DAY_MS)
    request = EvidenceRequest(number, wanted, None, 1 << 60, number, shortfall(1, station=code), None)
    return Wish(request, frozenset({code}))


def main() -> None:
    """Print the figures."""
    print(describe_machine("bench.evidence"))
    with TemporaryDirectory(prefix="watermaster-evidence-") as folder:
        path, known = Path(folder) / "journal", register()
        messages = fill(path)
        print(f"{messages:,} messages of {STATIONS:,} stations behind {GATEWAYS} gateways, a day; CPU of one pass")
        for what, wishes in (
            ("reading alone", []),
            ("one alert", [wish(7)]),
            ("10 alerts of one gateway", [wish(7 + GATEWAYS * number) for number in range(10)]),
            ("500 alerts", [wish(number) for number in range(0, STATIONS, 2)]),
        ):
            runs = sorted(scan(path, wishes, known) for _ in range(3))
            print(f"{what:<28}{runs[1][0]:6.2f} s   {runs[1][1]:,} messages")


if __name__ == "__main__":
    main()
