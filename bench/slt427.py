"""How many SL/T 427 reports a second one core decodes to columns: ``python -m bench.slt427``.

The goal is 100,000 short reports a second. The baseline finds the frames and checks their sums, and reads nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from bench.surroundings import describe_machine, table
from hydro.instants import parse_instant
from ingest.codecs.readings import Readings
from ingest.codecs.slt427.framing import read_frame, wrap
from ingest.codecs.slt427.readings import decode_slt427
from ingest.codecs.span import Complete

if TYPE_CHECKING:
    from collections.abc import Callable

ARRIVED: Final = parse_instant("2026-05-12T14:16:00", 480)
WORDS_AND_LABEL: Final = "00002000" + "3015141200"
REPORTS: Final = {
    "stage": (2, "34120000"),
    "flow and total of one meter": (3, "00590000008261100000"),
    "flow and total of two meters (long way)": (3, "00590000008261100000" + "00180000004523010000"),
}
STATIONS, RUNS = 10_000, 5


def _frames(data_type: int, values: str) -> list[bytes]:
    body = bytes.fromhex(values + WORDS_AND_LABEL)
    return [
        wrap(bytes((0xB0 | data_type,)) + bytes.fromhex("520103") + number.to_bytes(2, "little") + b"\xc0" + body)
        for number in range(1, STATIONS + 1)
    ]


def _rates(work: Callable[[list[bytes]], None], frames: list[bytes]) -> list[float]:
    found = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work(frames)
        found.append(len(frames) / (time.perf_counter() - began))
    return found


def _framed(frames: list[bytes]) -> None:
    assert all(isinstance(read_frame(frame, 0), Complete) for frame in frames)


def main() -> None:
    """Print a line for each kind of report."""
    print(describe_machine("bench.slt427"))
    rows = []
    for name, (data_type, values) in REPORTS.items():
        frames = _frames(data_type, values)
        names = {frame[4:9].hex().upper(): f"S{number}" for number, frame in enumerate(frames)}

        def decoded(given: list[bytes], names: dict[str, str] = names) -> None:
            out = Readings()
            for number, frame in enumerate(given):
                decode_slt427(number, frame, 480, ARRIVED, names.__getitem__, out)
            assert not out.faults
            assert not out.undecodable

        baseline = _rates(_framed, frames)
        rates = _rates(decoded, frames)
        rows += [(f"{name}: frames found, baseline", baseline, 1.0), (name, rates, max(rates) / max(baseline))]
    print(table(rows, "reports/s"))


if __name__ == "__main__":
    main()
