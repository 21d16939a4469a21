"""An InfluxDB that holds what a simulated field sent and what the rules made of it, written by the product itself."""

from __future__ import annotations

import asyncio
import http.client
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec
import numpy as np

from alerting.ledger.points import alert_points
from alerting.level import Level
from alerting.record import AlertRecord, plain_record
from alerting.rules_reader import STATE_KIND, STATE_VERSION, RulesReader
from hydro.columns import Observations
from hydro.flags import Flag
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS, parse_instant
from hydro.quantity import Quantity
from hydro.register import Context, Register
from hydro.series import SeriesIndex
from simulators.play import Play
from simulators.scenario import load
from storage.influxdb import InfluxDB1
from storage.message import RawMessage
from storage.state_file import StateFile
from storage.store_url import parse_store_url
from tests.servers.process import HOST
from watermaster.backtest import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from storage.store import AlertPoint
    from tests.servers import InfluxDB

__all__ = ["DATABASE", "END", "INTAKE", "PERMIT", "RIVER", "SECTION", "START", "Filled", "fill"]

DATABASE: Final = "grafana"
START: Final = parse_instant("2026-03-10T00:00:00+08:00", 0)
END: Final = START + 4 * DAY_MS
SECTION: Final = "520123S182"
INTAKE: Final = "520123Q181"
PERMIT: Final = "P520123Q181"
RIVER: Final = "远山河"
_PREFIX: Final = "watermaster/v1"

AlertTags = tuple[tuple[str, str], ...]
"""Tags of a point of the measurement `alert`."""


class Filled(NamedTuple):
    """A database and what it was filled from.

    Attributes:
        server: Where it is.
        register: Of the scenario.
        alerts: All that the rules raised.
    """

    server: InfluxDB
    register: Register
    alerts: tuple[AlertRecord, ...]

    def ask(self, statement: str) -> dict[str, Any]:
        """Run InfluxQL as Grafana does, with POST; the one result of its answer."""
        text = self._post("/query", urlencode({"q": statement}).encode(), db=DATABASE, epoch="ms")
        [result] = msgspec.json.decode(text)["results"]
        assert "error" not in result, f"{result} for {statement}"
        found: dict[str, Any] = result
        return found

    def series(self, statement: str) -> list[dict[str, Any]]:
        """Series of the answer: tags, columns, values."""
        found: list[dict[str, Any]] = self.ask(statement).get("series", [])
        return found

    def write(self, lines: str) -> None:
        """Write lines of another measurement."""
        self._post("/write", lines.encode(), db=DATABASE, precision="ms")

    def _post(self, path: str, body: bytes, **parameters: str) -> bytes:
        connection = http.client.HTTPConnection(HOST, self.server.port, timeout=30)
        try:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", f"{path}?{urlencode(parameters)}", body, form)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        assert answer.status < http.HTTPStatus.BAD_REQUEST, f"{text!r} for {body!r}"
        return text

    def standing(self, at: int) -> dict[AlertTags, Level]:
        """What is open at an instant and at which level, from the records alone."""
        found: dict[AlertTags, tuple[int, Level, int]] = {}
        for alert in self.alerts:
            for point in alert_points(alert):
                if point.time <= at and point.time >= found.get(point.tags, (point.time,))[0]:
                    found[point.tags] = (point.time, Level(point.level or 1), point.state)
        return {tags: level for tags, (_, level, state) in found.items() if state}

    def telling(self) -> list[int]:
        """Instants just before anything changed, and the end: every level of every alert stands at one of them."""
        return [*sorted({point.time - 1 for alert in self.alerts for point in alert_points(alert)}), END]


def fill(server: InfluxDB, folder: Path) -> Filled:
    """Play a scenario into a database: four days in which a gateway falls silent and a release is cut.

    What no honest field of four days shows is added: see the two functions below.
    """
    scenario = load("gateway-outage-backfill").starting(START)
    found = Register.parse(scenario.contents(), Context(scenario.zone_minutes, 30), {})
    assert found.register is not None, found.mistakes
    register = found.register
    play = Play(scenario, seed=1, start=START, end=END, format=None, prefix=_PREFIX)
    stream = [
        RawMessage(topic, payload, at)
        for chunk in play.chunks()
        for at, topic, payload in chunk.messages
        if not topic.endswith("/status")
    ]
    index = SeriesIndex(register.stations)
    batches = list(decoded(stream, register, index, prefix=_PREFIX, max_age_days=0))
    state = StateFile(folder / "rules.state", STATE_KIND, STATE_VERSION, sync="OFF")
    try:
        rules = RulesReader(register, index, state, None, is_recorded=True)
        for batch, _ in batches:
            rules.step(batch)
        rules.finish(END)
        judged = [record for subject in rules.all_alerts() for record in subject.alerts]
    finally:
        state.close()
    alerts = (*judged, *_without_cause(register))
    transitions: list[AlertPoint] = [point for alert in alerts for point in alert_points(alert)]

    async def write() -> None:
        store = InfluxDB1(parse_store_url(server.store_url(DATABASE)))
        await store.ensure()
        for batch, _ in batches:
            result = await store.write(batch.observations, index)
            assert not result.rejected
        assert not (await store.write(_in_trouble(index), index)).rejected
        assert not (await store.write_alerts(transitions)).rejected
        await store.close()

    asyncio.run(write())
    return Filled(server, register, alerts)


def _without_cause(register: Register) -> Iterator[AlertRecord]:
    """Alerts of classes for which this scenario gives no cause, so that every list has something of every level."""
    hours = {Level.BLUE: 2, Level.YELLOW: 8, Level.ORANGE: 26, Level.RED: 74}
    levels = [(level, START + hour * HOUR_MS) for level, hour in hours.items()]
    for alert_class, reason, subject, station in (
        ("data_loss", "silent", ("station", SECTION), SECTION),
        ("over_plan", "over_plan", ("permit", PERMIT), INTAKE),
    ):
        yield plain_record(
            alert_class,
            reason,
            subject,
            register,
            onset=START + HOUR_MS,
            raised_at=levels[0][1],
            resolved_at=START + 80 * HOUR_MS,
            levels=levels,
            station=station,
        )


def _in_trouble(index: SeriesIndex) -> Observations:
    """Readings of a device in trouble, one with each flag that an honest device does not have."""
    flags = [Flag.SUSPECT, Flag.FAIL, Flag.MISSING] * 3
    codes = [SECTION] * 3 + [INTAKE] * 3 + ["520123S181"] * 3
    times = np.array([END - (place + 1) * MINUTE_MS for place in range(len(flags))], np.int64)
    series = np.array([index.number(code, Quantity.DISCHARGE) for code in codes], np.int64)
    values = np.full(len(flags), 600_000, np.int64)
    return Observations(series, times, values, np.array(flags, np.uint8), times, np.zeros(len(flags), np.int64))
