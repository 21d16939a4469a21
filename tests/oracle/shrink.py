"""``python -m tests.oracle.shrink THEME SEED …``: what oracle and product judge differently, in a case made small.

    python -m tests.oracle.shrink fast 17                          one seed, the parts that both judge
    python -m tests.oracle.shrink still 0-50 --parts flow_stopped  the first of the seeds in which they differ
    python -m tests.oracle.shrink slow 3 --parts eflow_warning --out DIR   leaves config and stream.ndjson in DIR

Parts are those of parts.py, by their beginnings: ``eflow_shortfall/volume`` is all bases of volume, ``all`` is all.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from .case import write_records
from .comparing import differences
from .parts import COMPARED, EVERYTHING
from .shrinking import shrink, tell
from .themes import THEMES, make_themed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from .case import Case
    from .comparing import Difference

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """Compare one seed or a range of them; 1 where something differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.shrink", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("theme", choices=sorted(THEMES))
    parser.add_argument("seeds", help="a seed, or the first and the last of a range: 0-50")
    parser.add_argument("--parts", nargs="+", help="beginnings of parts; without it what both judge")
    parser.add_argument("--tries", type=int, default=1_000, help="how often the case may be judged while it shrinks")
    parser.add_argument("--out", type=Path, help="leave config and stream.ndjson of the small case here")
    options = parser.parse_args(arguments)
    parts = _parts(options.parts)
    first, _, last = options.seeds.partition("-")
    for seed in range(int(first), int(last or first) + 1):
        case = make_themed(options.theme, seed)
        found = _differences(case, parts)
        if not found:
            continue
        kind = found[0].kind
        sys.stderr.write(f"{options.theme} {seed}: {len(found)} differences; shrinking {kind}\n")
        small = shrink(case, _shows(kind, parts), options.tries)
        _print(small, _differences(small, parts))
        if options.out is not None:
            write_records(small.records, small.write_config(options.out) / "stream.ndjson")
        return 1
    sys.stderr.write("no difference\n")
    return 0


def _parts(beginnings: Sequence[str] | None) -> Collection[str]:
    if beginnings is None:
        return COMPARED
    if "all" in beginnings:
        return EVERYTHING
    return frozenset(part for part in EVERYTHING if part.startswith(tuple(beginnings)))


def _shows(kind: str, parts: Collection[str]) -> Callable[[Case], bool]:
    return lambda case: any(each.kind == kind for each in _differences(case, parts))


def _differences(case: Case, parts: Collection[str]) -> list[Difference]:
    """What differs; nothing where the case can't be judged, since its register became one that ``check`` refuses."""
    with TemporaryDirectory() as folder:
        try:
            return differences(case, Path(folder), parts=parts)
        except AssertionError:
            return []


def _print(case: Case, found: Sequence[Difference]) -> None:
    sys.stdout.write("\n".join([*tell(case), "", *(f"{each.kind}: {each.text}" for each in found), ""]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
