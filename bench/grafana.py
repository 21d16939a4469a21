"""Grafana at the size of a province: building its dashboards, and what they ask InfluxDB. ``python -m bench.grafana``.

Baseline of the questions: counting all transitions of the same alerts, which reads every one of them once. Processor
time of the database, since a database beside others waits for them.
"""

from __future__ import annotations

import gzip
import http.client
import random
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from bench.surroundings import describe_machine
from dashboards.grafana.built import Database, Wanted, build
from dashboards.grafana.influxql import EVERYWHERE, firing, open_alerts, open_by, open_count
from dashboards.grafana.provisioning import files
from hydro.instants import DAY_MS, HOUR_MS
from hydro.register import Context, Register
from simulators.scenario import load
from storage.lineprotocol import alert_line
from storage.store import AlertPoint
from tests.dashboards.grafana.grafana import filled_in
from tests.servers import InfluxDB
from tests.servers.process import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES: Final = (5_000, 20_000)
ROUNDS: Final = 3
NOW: Final = 1_773_417_600_000
SPAN_DAYS: Final = 390
CLASSES: Final = ("eflow_shortfall", "eflow_warning", "data_loss", "device_fault")
OPEN_EVERY: Final = 50
WRITTEN: Final = 20_000
TICKS: Final = 100
"""Of a second, in which Linux counts processor time."""

QUESTIONS: Final = {
    "baseline: count all transitions": 'SELECT count("level") FROM "alert" WHERE $timeFilter',
    "rule of a level": firing(4),
    "list of open alerts": open_alerts(EVERYWHERE),
    "how many at a level": open_count(EVERYWHERE, 4),
    "how many by division": open_by(EVERYWHERE, "division"),
}


def _transitions(number: int) -> Iterator[AlertPoint]:
    rng = random.Random(1)
    for alert in range(number):
        station = f"52{alert % 15_000:06}A1"
        tags = (
            ("class", CLASSES[alert // 15_000 % len(CLASSES)]),
            ("station", station),
            ("subject", station),
            ("target_id", f"{station}:discharge:day:base"),
            ("basin", f"B{alert % 8}"),
            ("division", f"52{alert % 90:04}"),
            ("river", f"R{alert % 300}"),
        )
        onset = NOW - rng.randrange(SPAN_DAYS * DAY_MS)
        for step, level in enumerate((1, 2, 3, 4 if alert % OPEN_EVERY == 0 else 0)):
            yield AlertPoint(onset + step * 2 * HOUR_MS, tags, f"{alert:020}", level, int(level > 0), 1.5, 2.0, 0.75)


class _Database:
    def __init__(self, server: InfluxDB) -> None:
        self._server = server

    def post(self, path: str, body: bytes, **parameters: str) -> bytes:
        connection = http.client.HTTPConnection(HOST, self._server.port, timeout=300)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", f"{path}?{urlencode(parameters)}", body, form)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status < http.HTTPStatus.BAD_REQUEST, text
        return text

    def busy_s(self) -> float:
        """Processor time so far."""
        user, system = Path(f"/proc/{self._server.pid}/stat").read_text().split()[13:15]
        return (int(user) + int(system)) / TICKS

    def ask_s(self, question: str) -> float:
        """Processor time of one question."""
        statement = filled_in(question, {}, NOW - 400 * DAY_MS, NOW)
        before = self.busy_s()
        answer = self.post("/query", urlencode({"q": statement}).encode(), db="bench", epoch="ms")
        assert b'"error"' not in answer, answer[:300]
        return self.busy_s() - before


def _build() -> None:
    scenario = load("province-5000")
    register = Register.parse(scenario.contents(), Context(scenario.zone_minutes, 30), {}).register
    assert register is not None
    wanted = Wanted(at=scenario.start, database=Database("http://db:8086", "water"), prometheus="http://p:9090")
    spent, made = [], {}
    for _ in range(ROUNDS):
        before = time.process_time()
        made = files(build(register, wanted))
        spent.append(time.process_time() - before)
    size = sum(len(text.encode()) for text in made.values()) / 1e6
    packed = sum(len(gzip.compress(text.encode(), 6)) for text in made.values()) / 1e6
    stations, targets, intakes = len(register.stations), len(register.targets), len(register.taking.intakes)
    print(f"{stations:,} stations, {targets:,} targets, {intakes:,} intakes")
    print(f"  built in {statistics.median(spent):.1f} s, {size:.1f} MB in {len(made)} files, {packed:.2f} MB gzip")


def _ask() -> None:
    for number in SIZES:
        with TemporaryDirectory() as folder, InfluxDB(Path(folder)) as server:
            database = _Database(server)
            database.post("/query", urlencode({"q": "CREATE DATABASE bench"}).encode())
            lines = [alert_line(point) for point in _transitions(number)]
            for start in range(0, len(lines), WRITTEN):
                database.post("/write", b"\n".join(lines[start : start + WRITTEN]), db="bench", precision="ms")
            print(f"{number:,} alerts with {len(lines):,} transitions in {SPAN_DAYS} days, one in {OPEN_EVERY} open")
            for name, question in QUESTIONS.items():
                spent = [database.ask_s(question) for _ in range(ROUNDS)]
                print(f"  {name:32} {statistics.median(spent):6.2f} s  ({min(spent):.2f}–{max(spent):.2f})")


def main() -> None:
    """Measure and print."""
    print(describe_machine("bench.grafana"))
    _build()
    _ask()


if __name__ == "__main__":
    main()
