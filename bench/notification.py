"""From the ledger to a real Alertmanager: how long one alert takes, and a storm. ``python -m bench.notification``.

The baseline is a POST of one notice by hand to the same server, in the same run.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from alerting.ledger import RULES, Ledger
from alerting.level import Level
from alerting.notify import Alertmanager as Client
from alerting.notify import NoticeOf, Notifier
from bench.surroundings import describe_machine
from tests.alerting.sample_alerts import change, shortfall
from tests.hydro.register.tables import register
from tests.servers.alertmanager import Alertmanager, Duty

ALERTS, STORM, ROUNDS = 60, 5_000, 3
GATHERED: Final = "10s"
LIMIT_S: Final = 2.0
POLL_S: Final = 0.005


def _now() -> int:
    return time.time_ns() // 1_000_000


def _known(server: Alertmanager) -> int:
    found = server.ask("GET", "alerts?active=true&silenced=false&inhibited=false")
    return sum("target_id" in one["labels"] for one in found)


async def _until(server: Alertmanager, count: int) -> float:
    while await asyncio.to_thread(_known, server) < count:  # noqa: ASYNC110  # another process, which tells nobody
        await asyncio.sleep(POLL_S)
    return time.perf_counter()


async def _one_by_one(ledger: Ledger, server: Alertmanager) -> list[float]:
    delays = []
    for number in range(ALERTS):
        raised = change(shortfall(1, station=f"S{number}"), station=f"S{number}")
        started = time.perf_counter()
        ledger.apply([raised], ledger.cursor(RULES) + 1, _now())
        delays.append(await _until(server, number + 1) - started)
    return delays


async def _storm(ledger: Ledger, server: Alertmanager) -> float:
    storm = [change(shortfall(1, station=f"T{n}", river=f"R{n % 3}"), station=f"T{n}") for n in range(STORM)]
    ledger.apply(storm, ledger.cursor(RULES) + 1, _now())
    started = time.perf_counter()
    return await _until(server, ALERTS + STORM) - started


async def _round(folder: Path) -> tuple[list[float], float, float, int]:
    stations = register("station,name,kind,basin,river,division,gateway,interval_min\nS0,,section,,,,,5\n")
    notice_of = NoticeOf(stations, "")
    with (
        Duty() as duty,
        Alertmanager(folder, duty.url, wait=GATHERED) as server,
        Ledger.open(f"sqlite:///{folder / 'ledger.sqlite'}", zone_minutes=480) as ledger,
    ):
        client = Client(server.url)
        by_hand = []
        notice = notice_of(shortfall(1), Level.YELLOW, suspected=True, at=_now(), ends_at=_now() + 1)
        for _ in range(ALERTS):
            started = time.perf_counter()
            await client.tell([notice])
            by_hand.append(time.perf_counter() - started)
        notifier = Notifier(
            ledger,
            client,
            stations,
            notice_of,
            every_s=30.0,
            clock=_now,
            failed=lambda _: None,
            rng=random.Random(1),
        )
        task = asyncio.create_task(notifier.run())
        delays = await _one_by_one(ledger, server)
        storm = await _storm(ledger, server)
        while len(duty.said("firing")) < ALERTS + STORM:  # noqa: ASYNC110  # likewise
            await asyncio.sleep(POLL_S)
        notifier.stop()
        await task
        await client.close()
        return delays, storm, statistics.median(by_hand), len(duty.messages)


def main() -> None:
    print(describe_machine("bench.notification"))
    print(f"{ALERTS} alerts one by one, then {STORM} at once; {ROUNDS} rounds")
    rounds = []
    for _ in range(ROUNDS):
        with TemporaryDirectory() as folder:
            rounds.append(asyncio.run(_round(Path(folder))))
    delays = sorted(delay for one, _, _, _ in rounds for delay in one)
    print(
        f"raised -> in Alertmanager: p50 {statistics.median(delays):.2f} s,"
        f" p99 {delays[int(0.99 * len(delays))]:.2f} s, longest {delays[-1]:.2f} s (limit {LIMIT_S:.0f} s)"
    )
    print(f"one POST by hand: {1000 * statistics.median(one[2] for one in rounds):.1f} ms")
    print(
        f"storm of {STORM}: all there after {statistics.median(one[1] for one in rounds):.2f} s,"
        f" {statistics.median(one[3] for one in rounds):.0f} messages (gathered for {GATHERED}, shipped 30 s)"
    )


if __name__ == "__main__":
    main()
