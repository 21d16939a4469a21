"""How many SL 651 reports a second one core decodes to columns: ``python -m bench.sl651``.

The goal is 60,000 hourly reports a second (12 slots of rain, 12 of stages, four or more elements each).
"""

from __future__ import annotations

import time
from typing import Final

from bench.surroundings import describe_machine
from ingest.codecs.readings import Readings
from ingest.codecs.sl651 import decode_frame, decode_sl651

REPORTS: Final = {
    "hourly: rain, stages with gaps, 3 elements": (
        "7E7E05001122334403E8340068020033170718110014F1F1001122334448F0F01707181005F4600500000014FFFFFFFFFF0000F0F01707"
        "1811002619000040F0F01707181005F5C0000C000C001C00310031FFFFFFFFFFFFFFFFFFFF00310031F0F0170718110039230001049020"
        "190000403812109903F502"
    ),
    "hourly: rain, stages, 3 elements": (
        "7E7E100030700300123434004E02BE3F260701060000F1F1003070030048F0F02607010600F460000000000000000000000000F5C001AC"
        "01AC01AC01AC01AC01AC01AC01AC01AC01AC01AC01AC26190000003923000042803812137003F8F7"
    ),
    "hourly: stages, 2 elements": (
        "7E7E010030301490A0003400420239B5260701060011F1F1003030149048F0F02607010505F5C000000000000000000000000000000000"
        "0000000000000000F0F02607010600392300000000381212320319C2"
    ),
    "scheduled: 10 elements": (
        "7E7E011090330853A00032004D02009E260202094021F1F1109033085350F0F026020209402219000000272B0000000000392300000138"
        "371B000000302B000004300020190000001F1900000026190000001A1900000038121197035F3C"
    ),
    "scheduled: 4 elements": (
        "7E7E05001122334403E832002B020034170718110016F1F1001122334448F0F01707181100201900004026190000403923000104903812"
        "109903A421"
    ),
    "uniform: 12 stages (typed way)": (
        "7E7E011090330853A00031004E020096260202090033F1F1109033085350F0F0260202080504180000053923FFFFFFFFFFFFFFFFFFFFFF"
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF0000017003A2BC"
    ),
}
BATCH: Final = 300
SECONDS: Final = 1.0
STATIONS: Final = {"0011223344": "A", "0030700300": "B", "0030301490": "C", "1090330853": "D"}


def measure(payload: bytes, seconds: float) -> tuple[float, int]:
    """Best rate of many short batches, which is what others on the machine disturb least; readings of a report."""
    decode_frame(payload)
    best, until = float("inf"), time.perf_counter() + seconds
    out = Readings()
    while time.perf_counter() < until:
        out = Readings()
        began = time.perf_counter()
        for number in range(BATCH):
            decode_sl651(number, payload, 480, 0, STATIONS, out)
        best = min(best, time.perf_counter() - began)
    assert not out.faults
    assert not out.undecodable
    return BATCH / best, len(out.value) // BATCH


def main() -> None:
    print(describe_machine("bench.sl651"))
    for name, digits in REPORTS.items():
        rate, readings = measure(bytes.fromhex(digits), SECONDS)
        print(f"{rate:>9,.0f} reports/s  {rate * readings:>11,.0f} readings/s  {name}")


if __name__ == "__main__":
    main()
