"""Detection at the intake on simulator truth: ``python -m bench.detection [--each N] [--honest N] [--days D]``.

Dishonest takers for 45 days, some of each kind; honest ones for as long as asked, with pumps that are primed, filters
that are washed, standby power, doors that open, holidays and meters that send once a day; with ``--faults`` instruments
also drift, spike and stick at the usual rates (docs/simulated-field.md). The product judges what arrives with all its
rules; single readings against fixed thresholds are the baseline, in the same run.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.detection.columns import Playing
from bench.detection.fixed import Fixed
from bench.detection.score import Seen, line_of, seen_of, wrong_of
from bench.detection.village import DISHONEST, honest, scenario_of
from bench.surroundings import describe_machine
from hydro.register import Register
from hydro.register.cells import Context
from hydro.series import SeriesIndex
from watermaster.backtest import judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.scenario import Scenario
    from simulators.truth import Truth

DAYS = 45
YEAR = 365.0


def run(scenario: Scenario, days: int, seed: int) -> tuple[list[Seen], list[Seen], list[Truth]]:
    """Play and judge: alerts of the product, of the baseline, and what was true."""
    register = Register.parse(scenario.contents(), Context(480, 30), {}).register
    assert register is not None
    index = SeriesIndex(register.stations)
    playing = Playing(scenario, index, seed)
    playing.fixed = Fixed(scenario)
    began = time.process_time()
    found = judge(playing.batches(days), register, index)
    spent = time.process_time() - began
    print(f"{playing.readings:,} readings in {spent:.0f} s of CPU, playing included", flush=True)
    baseline = [Seen(one.alert_class, "fixed", one.intake, one.at) for one in playing.fixed.raised]
    return seen_of(found.alerts), baseline, playing.truths


def main(words: Sequence[str]) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection")
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--honest", type=int, default=100)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--sample-min", type=int, default=5)
    parser.add_argument("--honest-sample-min", type=int, default=15)
    parser.add_argument("--faults", action="store_true", help="of instruments, at honest takers")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(words)
    print(describe_machine(" ".join(["bench.detection", *words])))
    with TemporaryDirectory() as folder:
        if asked.each:
            scenario = scenario_of(Path(folder), DISHONEST, asked.each, DAYS, asked.sample_min)
            dishonest(scenario, asked.each, asked.seed)
        if asked.honest:
            print(f"\nhonest: {asked.honest} intakes, {asked.days} days, a reading in {asked.honest_sample_min} min")
            print("instruments fail as often as usual" if asked.faults else "instruments don't fail")
            scenario = honest(Path(folder), asked.honest, asked.days, asked.honest_sample_min, has_faults=asked.faults)
            product, baseline, truths = run(scenario, asked.days, asked.seed)
            years = asked.honest * asked.days / YEAR
            print(f"false alerts, {years:.1f} intake-years     number   in 100 years   beside")
            print("\n".join(wrong_of(product, truths, years)) or "none")
            print("fixed thresholds")
            print("\n".join(wrong_of(baseline, truths, years)) or "none")


def dishonest(scenario: Scenario, each: int, seed: int) -> None:
    """The table of dishonest takers."""
    print(f"\ndishonest: {each} of each kind, {DAYS} days; begun on days 25 to 30, for ten days")
    product, baseline, truths = run(scenario, DAYS, seed)
    head = f"{'kind':<18}{'found':<12}{'median delay (most)':<22}{'before':>6}{'also':>6}   estimate / truth"
    for name, alerts in (("product", product), ("fixed thresholds", baseline)):
        print(f"\n{name}\n{head}")
        for number, kind in enumerate(DISHONEST):
            codes = [f"52{number:02d}{place:04d}" for place in range(each)]
            print(line_of(kind, codes, alerts, truths, scenario.start))


if __name__ == "__main__":
    main(sys.argv[1:])
