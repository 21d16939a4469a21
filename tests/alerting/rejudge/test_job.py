"""Old days judged again from a real store: the ledger becomes what the rules say of all data at once."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.case import Step, Verb
from alerting.ledger import Ledger, Signature, TooOld
from alerting.rejudge.again import judged_again
from alerting.rejudge.job import RejudgingJob
from alerting.rejudge.memory import memory_from
from hydro.columns import Observations
from hydro.instants import DAY_MS, HOUR_MS, parse_instant
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from storage.embedded import EmbeddedStore
from storage.store import Keeping, Point
from tests.ingest.example_register import make_register

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alerting.record import AlertRecord, SubjectAlerts

STATIONS: Final = """station,name,kind,basin,river,division,gateway,interval_min
A,Anshun,section,,,,,60
"""
TARGETS: Final = """station,quantity,from_day,to_day,value,basis,kind,day_start_hour
A,discharge,01-01,12-31,2.0,{basis},base,{hour}
"""
BEGIN: Final = parse_instant("2026-01-01T00:00", 480)
REVISE_DAYS: Final = 5
SERIES: Final = ("A", Quantity.DISCHARGE)
LATE_AT: Final = BEGIN + 200 * DAY_MS


class Site:
    """One target; what the store has, and what the rules have seen of it.

    Args:
        ledger: Of the rules.
        store: Has all that ever came.
        basis: Of the target.
        hour: At which its days begin.
    """

    def __init__(self, ledger: Ledger, store: EmbeddedStore, basis: str, hour: int = 0) -> None:
        self.register = make_register({"stations": STATIONS, "eflow_targets": TARGETS.format(basis=basis, hour=hour)})
        [self.target] = self.register.targets
        self.index = SeriesIndex(self.register.stations)
        self.ledger = ledger
        self.store = store
        self.stored: dict[int, Point] = {}
        self.seen: dict[int, Point] = {}
        self.position = 0
        self.told = 0
        self.job = RejudgingJob(
            ledger,
            store,
            self.register,
            revise_days=REVISE_DAYS,
            last_event=lambda: max(self.seen),
            stored=lambda: self.position,
            clock=lambda: LATE_AT,
            changed=self._count,
            failed=lambda _: None,
        )

    def _count(self) -> None:
        self.told += 1

    async def arrive(self, values: dict[int, float]) -> None:
        """Values by hour after BEGIN reach the store; those that the rules remember, or that are new, the rules too."""
        self.position += 1
        points = [Point(BEGIN + hour * HOUR_MS, round(value * 1e6), 1) for hour, value in sorted(values.items())]
        self.stored |= {point.time: point for point in points}
        memory = memory_from(max(self.seen), REVISE_DAYS) if self.seen else 0
        old = [point for point in points if point.time <= memory]
        fresh = {point.time: point for point in points if point.time > memory}
        self.seen |= fresh
        number = self.index.number(*SERIES)
        rows = Observations(
            np.full(len(points), number, np.int64),
            np.array([point.time for point in points], np.int64),
            np.array([point.value for point in points], np.int64),
            np.ones(len(points), np.uint8),
            np.full(len(points), LATE_AT, np.int64),
            np.full(len(points), self.position, np.int64),
        )
        await self.store.write(rows, self.index, self.position)
        days = sorted({(point.time + 8 * HOUR_MS - 1) // DAY_MS for point in old})
        too_old = [TooOld("A", "discharge", day, LATE_AT, 1, self.position - 1) for day in days]
        self.ledger.apply([self.rules(memory)] if fresh else [], self.position, LATE_AT, None, too_old)

    def rules(self, memory: int) -> SubjectAlerts:
        """What they say of what they have seen; what they have let go of stands."""
        said = self.judged(self.seen)
        alerts = tuple(one for one in said.alerts if one.resolved_at is None or one.resolved_at > memory)
        return said._replace(since=memory, alerts=alerts)

    def judged(self, points: dict[int, Point]) -> SubjectAlerts:
        """All at once."""
        samples = {SERIES: [points[at] for at in sorted(points)]}
        [found] = judged_again(self.register, [self.target], samples, max(points))
        return found

    def whole(self, points: dict[int, Point]) -> list[AlertRecord]:
        """Its alerts."""
        return sorted(self.judged(points).alerts, key=lambda one: one.raised_at)

    def said(self) -> list[AlertRecord]:
        """What the ledger has."""
        return self.ledger.alerts_between("eflow_shortfall", "station", "A", self.target, 0, 1 << 60)


@asynccontextmanager
async def site(folder: Path, basis: str, hour: int = 0) -> AsyncIterator[Site]:
    store = EmbeddedStore(folder / "store.duckdb")
    try:
        with Ledger.open(f"sqlite:///{folder / 'ledger.sqlite'}", zone_minutes=480) as ledger:
            yield Site(ledger, store, basis, hour)
    finally:
        await store.close()


def flow(random: Random, days: range, *, missing: float) -> dict[int, float]:
    """By hour; low for some days, with some hours that have not come."""
    values = {}
    for day in days:
        low = random.random() < 0.3
        for hour in range(day * 24 + 1, day * 24 + 25):
            if random.random() >= missing:
                values[hour] = random.choice((0.5, 1.2, 1.9)) if low else random.choice((2.05, 2.2, 4.0))
    return values


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1 << 32), basis=st.sampled_from(["hour", "day"]), hour=st.sampled_from([0, 8]))
def test_the_ledger_becomes_what_the_rules_say_of_everything_at_once(seed: int, basis: str, hour: int) -> None:
    asyncio.run(_story(seed, basis, hour, days=40))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("basis", ["hour", "day"])
def test_the_ledger_becomes_that_in_many_stories(seed: int, basis: str) -> None:
    asyncio.run(_story(seed, basis, 8 * (seed % 2)))


async def _story(seed: int, basis: str, hour: int, days: int = 80) -> None:
    random = Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        async with site(Path(folder), basis, hour) as here:
            await here.arrive(flow(random, range(days), missing=random.choice((0.1, 0.6))))
            for _ in range(3):
                first, last = sorted(random.sample(range(days - 10), 2))
                await here.arrive(flow(random, range(first, last), missing=random.choice((0.3, 0.9))))
                if random.random() < 0.5:
                    await here.job.judge_some()
            # Then all is well for so long that no alert reaches into the memory of the rules.
            await here.arrive(dict.fromkeys(range(days * 24 + 1, (days + 20) * 24 + 1), 5.0))
            here.job._put_off.clear()  # noqa: SLF001  # the day after
            await here.job.judge_some()
            assert here.ledger.rejudging_size() == 0
            assert here.said() == here.whole(here.stored)


def steady(days: range, value: float) -> dict[int, float]:
    return dict.fromkeys(range(days.start * 24 + 1, days.stop * 24 + 1), value)


def run(
    folder: Path, low: range, then: dict[int, float], *, touch: bool = False
) -> tuple[Site, list[dict[str, object]]]:
    """100 days with one shortfall, then what comes too late; what the ledger shows afterwards."""

    async def scenario() -> tuple[Site, list[dict[str, object]]]:
        async with site(folder, "day") as here:
            await here.arrive({**steady(range(100), 5.0), **steady(low, 1.0)})
            if touch:
                [alert] = here.said()
                here.ledger.transition(alert.id, Step(Verb.ACK), Signature("王工", LATE_AT))
            await here.arrive(then)
            await here.job.judge_some()
            return here, list(here.ledger.export())

    return asyncio.run(scenario())


def test_a_shortfall_that_old_data_show_is_raised_with_a_trace(tmp_path: Path) -> None:
    here, shown = run(tmp_path, range(40, 43), steady(range(60, 62), 1.2))
    assert [one["onset"] for one in shown] == ["2026-02-10T00:00:00+08:00", "2026-03-02T00:00:00+08:00"]
    assert shown[0]["revised"] == []
    assert [(one["at"], one["was"]) for one in shown[1]["revised"]] == [("2026-07-20T00:00:00+08:00", None)]  # type: ignore[attr-defined]  # a list
    assert here.told == 1


def test_a_shortfall_that_old_data_refute_is_withdrawn(tmp_path: Path) -> None:
    here, shown = run(tmp_path, range(40, 43), steady(range(40, 43), 3.0))
    assert shown == []
    assert here.job.counts.judged == 3


def test_a_case_that_a_person_has_touched_keeps_its_alert_and_gets_a_trace(tmp_path: Path) -> None:
    _, [shown] = run(tmp_path, range(40, 43), steady(range(40, 43), 3.0), touch=True)
    assert (shown["state"], shown["resolved_at"]) == ("resolved", shown["raised_at"])
    assert [one["now"] for one in shown["revised"]] == [None]  # type: ignore[attr-defined]  # a list


def test_an_alert_that_reaches_into_the_memory_of_the_rules_waits(tmp_path: Path) -> None:
    """The rules would take back at once what is said of it here."""
    here, shown = run(tmp_path, range(85, 100), steady(range(80, 85), 1.0))
    assert [one["onset"] for one in shown] == ["2026-03-27T00:00:00+08:00"]
    assert here.job.counts.judged == 0


def test_what_the_store_has_not_yet_is_waited_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with site(tmp_path, "day") as here:
            await here.arrive(steady(range(100), 5.0))
            await here.arrive(steady(range(60, 62), 1.2))
            here.job._stored = lambda: here.position - 1  # noqa: SLF001  # the store is one message behind
            await here.job.judge_some()
            assert here.said() == []
            assert here.ledger.rejudging_size() == 2
            here.job._stored = lambda: here.position  # noqa: SLF001  # as above
            await here.job.judge_some()
            assert len(here.said()) == 1
            assert here.ledger.rejudging_size() == 0

    asyncio.run(scenario())


def test_what_the_store_has_summed_up_is_counted_and_let_go_of(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with site(tmp_path, "day") as here:
            await here.arrive({**steady(range(100), 5.0), **steady(range(40, 43), 1.0)})
            before = here.said()
            await here.store.upkeep(BEGIN + 100 * DAY_MS, Keeping(30, {"A": 60}, 480))
            await here.arrive(steady(range(40, 43), 3.0))
            await here.job.judge_some()
            assert here.said() == before
            assert (here.job.counts.impossible, here.ledger.rejudging_size()) == (3, 0)

    asyncio.run(scenario())


def test_a_target_that_is_gone_from_the_register_is_let_go_of(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with site(tmp_path, "day") as here:
            await here.arrive(steady(range(100), 5.0))
            here.ledger.apply([], 2, LATE_AT, None, [TooOld("GONE", "discharge", 20_000, LATE_AT, 1, 0)])
            here.position = 2
            await here.job.judge_some()
            assert here.ledger.rejudging_size() == 0

    asyncio.run(scenario())
