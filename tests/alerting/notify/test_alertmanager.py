"""Alerts of a real ledger told to a real Alertmanager with the shipped configuration."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from alerting.ledger import RULES, Ledger
from alerting.level import Level
from alerting.notify import Alertmanager as Client
from alerting.notify import NoticeOf, Notifier
from alerting.notify.notice import DOWN
from hydro.errors import NotifyError
from hydro.instants import format_instant
from tests.alerting.sample_alerts import change, shortfall
from tests.hydro.register.tables import register
from tests.servers.alertmanager import Alertmanager, Duty
from tests.servers.process import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from alerting.record import SubjectAlerts
    from hydro.errors import WatermasterError

STATION = "52010300A1"
REGISTER = register(
    f"station,name,kind,basin,river,division,gateway,interval_min\n{STATION},鸭池河断面,section,乌江,鸭池河,520103,g1,5\n"
)
WITHIN_S = 30.0


@pytest.fixture
def duty() -> Iterator[Duty]:
    with Duty() as listening:
        yield listening


@pytest.fixture
def server(tmp_path: Path, duty: Duty) -> Iterator[Alertmanager]:
    with Alertmanager(tmp_path, duty.url) as running:
        yield running


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", zone_minutes=480) as opened:
        yield opened


class Clock:
    """The machine's, set forward by hand."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        """Epoch milliseconds."""
        return time.time_ns() // 1_000_000 + self.ahead


@asynccontextmanager
async def telling(
    ledger: Ledger, url: str, *, every_s: float = 1.0, clock: Callable[[], int] | None = None
) -> AsyncIterator[list[WatermasterError | None]]:
    """A notifier at work; gives what it complained of."""
    complaints: list[WatermasterError | None] = []
    client = Client(url)
    notifier = Notifier(
        ledger,
        client,
        REGISTER,
        NoticeOf(REGISTER, "http://console.example"),
        every_s=every_s,
        clock=Clock() if clock is None else clock,
        failed=complaints.append,
        rng=random.Random(1),
    )
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(notifier.run())
            yield complaints
            notifier.stop()
    finally:
        await client.close()


async def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.02)


def put(ledger: Ledger, *changes: SubjectAlerts) -> None:
    ledger.apply(changes, ledger.cursor(RULES) + 1, Clock()())


def known(server: Alertmanager) -> dict[str, str]:
    """Severity of the alerts that it takes for active, by id."""
    found = server.ask("GET", "alerts?active=true&silenced=true&inhibited=true")
    return {one["labels"]["alert"]: one["labels"]["severity"] for one in found if "target_id" in one["labels"]}


def test_an_alert_is_told_worked_and_ended(ledger: Ledger, server: Alertmanager, duty: Duty) -> None:
    async def judge() -> None:
        async with telling(ledger, server.url):
            raised = shortfall(1, levels=(Level.ORANGE,), river="鸭池河")
            put(ledger, change(raised))
            await until(lambda: duty.said("firing") == [raised.id])
            (message,) = [one for one in duty.messages if one["groupLabels"]["alertname"] == "eflow_shortfall"]
            (alert,) = message["alerts"]
            assert alert["annotations"]["summary_zh"] == (
                f"疑似生态流量不足（橙）：鸭池河断面 {STATION}，低于目标，1.21，目标 2"
            )
            assert alert["annotations"]["summary_en"].startswith("Suspected ecological flow shortfall (orange)")
            assert alert["annotations"]["runbook_url"] == "http://console.example/runbooks/eflow_shortfall"
            assert alert["generatorURL"] == f"http://console.example/?alert={raised.id}#case"
            assert message["groupLabels"] == {"alertname": "eflow_shortfall", "river": "鸭池河"}
            await until(lambda: (ledger.alert(raised.id) or {})["case"]["state"] == "notified")
            history = (ledger.alert(raised.id) or {})["case"]["history"]
            assert [(step["by"], step["verb"]) for step in history][1:] == [("alertmanager", "notify")]
            put(ledger, change(shortfall(1, levels=(Level.ORANGE, Level.RED), river="鸭池河")))
            await until(lambda: known(server) == {raised.id: "red"})

    asyncio.run(judge())


def test_an_alert_that_ends_is_told_as_resolved(ledger: Ledger, server: Alertmanager, duty: Duty) -> None:
    clock = Clock()
    clock.ahead = -3 * 60_000  # the least time that an alert is told as firing is over when the clock is right again

    async def judge() -> None:
        async with telling(ledger, server.url, every_s=60, clock=clock):
            put(ledger, change(shortfall(1)))
            await until(lambda: duty.said("firing"))
            clock.ahead = 0
            put(ledger, change(shortfall(1, 5)))
            await until(lambda: duty.said("resolved") == [shortfall(1).id])

    asyncio.run(judge())


def test_what_happened_while_alertmanager_was_away_is_told_when_it_is_back(
    ledger: Ledger, server: Alertmanager, duty: Duty
) -> None:
    async def judge() -> None:
        await asyncio.to_thread(server.kill)
        async with telling(ledger, server.url) as complaints:
            put(ledger, change(shortfall(1, 2)))
            put(ledger, change(shortfall(1, 2), shortfall(3)))
            await until(lambda: any(complaints))
            assert str(next(filter(None, complaints))).endswith("can't be reached: connection refused")
            assert ledger.notices.waiting() == 2
            await asyncio.to_thread(server.start)
            await until(lambda: set(duty.said("firing")) == {shortfall(1).id, shortfall(3).id})
            await until(lambda: complaints[-1] is None)

    asyncio.run(judge())


def test_after_a_restart_of_alertmanager_firing_alerts_are_there_again(ledger: Ledger, server: Alertmanager) -> None:
    async def judge() -> None:
        async with telling(ledger, server.url):
            put(ledger, change(shortfall(1)))
            await until(lambda: known(server) == {shortfall(1).id: "yellow"})
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            await until(lambda: known(server) == {shortfall(1).id: "yellow"})

    asyncio.run(judge())


def test_a_notifier_that_was_killed_goes_on_where_it_was(ledger: Ledger, server: Alertmanager, duty: Duty) -> None:
    async def judge() -> None:
        async with telling(ledger, server.url):
            put(ledger, change(shortfall(1)))
            await until(lambda: ledger.notices.waiting() == 0)
        put(ledger, change(shortfall(1), shortfall(6)))
        async with telling(ledger, server.url):
            await until(lambda: known(server) == {shortfall(1).id: "yellow", shortfall(6).id: "yellow"})

    asyncio.run(judge())
    assert duty.said("resolved") == []


def test_a_silence_is_honoured_and_shown(ledger: Ledger, server: Alertmanager) -> None:
    async def judge() -> None:
        async with telling(ledger, server.url):
            put(ledger, change(shortfall(1)))
            await until(lambda: known(server))
            alert_id, now = shortfall(1).id, Clock()()
            matcher = {"name": "alert", "value": alert_id, "isRegex": False, "isEqual": True}
            begins, ends = (format_instant(at, 0) for at in (now, now + 3_600_000))
            silence = {
                "startsAt": begins,
                "endsAt": ends,
                "createdBy": "王工",
                "comment": "检修",
                "matchers": [matcher],
            }
            await asyncio.to_thread(server.ask, "POST", "silences", silence)
            await until(lambda: ledger.notices.silenced([alert_id]))
            (shown,) = ledger.notices.silenced([alert_id]).values()
            assert (shown.by, shown.comment) == ("王工", "检修")
            assert shown.until.startswith(ends[:19])

    asyncio.run(judge())


def test_if_watermaster_stops_alertmanager_says_so_by_itself(ledger: Ledger, server: Alertmanager, duty: Duty) -> None:
    async def judge() -> None:
        async with telling(ledger, server.url, every_s=0.3):
            put(ledger, change(shortfall(1)))
            await until(lambda: duty.said("firing") == [shortfall(1).id])
        at_first = duty.said("firing", "alertname").count(DOWN)  # see Duty.said
        await until(lambda: duty.said("firing", "alertname").count(DOWN) > at_first)

    asyncio.run(judge())


def test_a_storm_of_five_thousand_alerts_becomes_a_handful_of_messages(
    ledger: Ledger, tmp_path: Path, duty: Duty
) -> None:
    rivers = ["乌江", "清水河", "鸭池河"]
    storm = [
        change(shortfall(1, station=f"S{n}", river=rivers[n % len(rivers)]), station=f"S{n}") for n in range(5_000)
    ]

    async def judge(url: str) -> None:
        put(ledger, *storm)
        async with telling(ledger, url, every_s=30):
            await until(lambda: len(duty.said("firing")) >= len(storm))

    with Alertmanager(tmp_path / "slow", duty.url, wait="5s") as server:  # half a minute as shipped
        asyncio.run(judge(server.url))
    assert set(duty.said("firing")) >= {one.alerts[0].id for one in storm}
    assert len(duty.messages) <= 3 * len(rivers)


def test_what_is_no_alertmanager_is_named() -> None:
    async def judge() -> None:
        client = Client(f"http://{HOST}:{free_port()}")
        with pytest.raises(NotifyError) as raised:
            await client.silenced()
        assert raised.value.retryable
        await client.close()

    asyncio.run(judge())
