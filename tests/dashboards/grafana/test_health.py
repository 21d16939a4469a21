"""Panels of Watermaster's own health: only metrics that there are, asked of a real server that knows PromQL."""

from __future__ import annotations

import http.client
import json
import re
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import pytest

from dashboards.grafana.model import PROMETHEUS
from ingest.mqtt import Status
from ingest.store_reader import Totals
from tests.dashboards.grafana.example import ROOT, example
from tests.dashboards.grafana.grafana import queries_of
from tests.servers import VictoriaMetrics
from tests.servers.process import HOST
from watermaster import metrics as declared
from watermaster.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

QUERIES: Final = [
    (f"{panel['title']} {target['refId']}", target["expr"], target["instant"])
    for panel in example().dashboards["health"]["panels"]
    for target in panel.get("targets", [])
]
LATEST_S: Final = 60
EVERY_S: Final = 15
HOURS: Final = 2


def page(number: int) -> str:
    """The page that Prometheus scrapes, its counters at some number."""
    metrics = Metrics()
    metrics.totals = lambda: Totals(
        messages_received=number,
        messages_decoded=number,
        messages_dead_lettered={"bad_topic": number},
        observations_decoded=number,
        observations_stored=number,
        observations_duplicate=number,
        observations_corrected=number,
        observations_rejected={"unknown_station": number},
        unknown_keys=number,
        sequence_gaps=number,
    )
    metrics.receiver = Status(heartbeat_delay_ms=12, reconnects=number)
    metrics.degraded = lambda: {"broker": False, "store": True}
    metrics.positions = {"journal": lambda: number, "store": lambda: number - 5, "rules": lambda: number - 3}
    for name in (*declared._COUNTERS, *declared._GAUGES):  # noqa: SLF001  # all that are declared
        metrics.add(name, lambda: number)
    return metrics.text()


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaMetrics]:
    """Two hours of scrapes that end a minute ago."""
    with VictoriaMetrics(tmp_path_factory.mktemp("prometheus")) as server:
        end = int(time.time()) - LATEST_S
        lines = []
        for at in range(end - HOURS * 3_600, end + 1, EVERY_S):
            number = 1_000 + at - end + HOURS * 3_600
            lines += [f"{line} {at}000" for line in page(number).splitlines() if not line.startswith("#")]
        ask(server, "POST", "/api/v1/import/prometheus", "\n".join(lines))
        ask(server, "GET", "/internal/force_flush")
        yield server


def ask(server: VictoriaMetrics, method: str, path: str, body: str = "") -> bytes:
    """One request."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=30)
    try:
        connection.request(method, path, body.encode())
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    assert answer.status < http.HTTPStatus.BAD_REQUEST, text
    return text


def test_every_query_finds_something(prometheus: VictoriaMetrics) -> None:
    now = int(time.time()) - LATEST_S
    empty = []
    for title, expression, instant in QUERIES:
        where: dict[str, Any] = {"time": now} if instant else {"start": now - 1_800, "end": now, "step": 60}
        path = f"/api/v1/query{'' if instant else '_range'}?{urlencode({'query': expression, **where})}"
        answer = json.loads(ask(prometheus, "GET", path))
        assert answer["status"] == "success", (title, answer)
        if not answer["data"]["result"]:
            empty.append(f"{title}: {expression}")
    assert empty == []


def test_the_backlog_is_what_a_reader_is_behind_the_journal(prometheus: VictoriaMetrics) -> None:
    [expression] = [text for title, text, instant in QUERIES if "Backlog A" in title and not instant]
    path = f"/api/v1/query?{urlencode({'query': expression, 'time': int(time.time()) - LATEST_S})}"
    found = json.loads(ask(prometheus, "GET", path))["data"]["result"]
    assert {one["metric"]["reader"]: one["value"][1] for one in found} == {"store": "5", "rules": "3"}


def test_panels_name_only_metrics_that_there_are_and_that_are_explained() -> None:
    there = set(re.findall(r"^(watermaster_\w+?)(?:\{.*)? ", page(1), re.MULTILINE))
    named = {name for _, text in queries_of(example().dashboards["health"], PROMETHEUS.kind) for name in _metrics(text)}
    assert len(named) > 25
    assert named - there == set()
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"`(?:…_|watermaster_)?([a-z_]+)(?:\{\w+\})?`", text))
    plain = {name.removeprefix("watermaster_") for name in named}
    told = {name for name in plain if name in explained or name.removeprefix("observations_") in explained}
    assert plain - told == set()


def test_labels_of_metrics_are_those_that_there_are() -> None:
    labels = set(re.findall(r"(\w+)=\"", page(1)))
    for _, expression, _instant in QUERIES:
        assert set(re.findall(r"by \((\w+)\)", expression)) <= labels
        assert set(re.findall(r"\{(\w+)!?=", expression)) <= labels


def _metrics(expression: str) -> list[str]:
    return re.findall(r"watermaster_\w+", expression)
