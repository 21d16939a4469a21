"""Reports and the store of a running service: the same as without it, over REST, command line and page."""

from __future__ import annotations

import csv
import io
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from alerting.ledger import Ledger
from tests.alerting.sample_alerts import DAWN, change, shortfall
from tests.end_to_end.running import Running, command
from tests.watermaster.stored_field import StoredField, at, ended

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers import Mosquitto

TABLES = {
    "eflow_targets": "station,quantity,from_day,to_day,value,basis,day_start_hour\n"
    "A,discharge,01-01,12-31,2,day,0\nB,discharge,01-01,12-31,2,hour,0\n",
    "points": "station,quantity,min,max\nA,discharge,0,100\nB,discharge,0,100\nW,discharge,0,9\n",
    "permits": "permit,holder,division,industry,source,annual_m3,valid_from,valid_to\n"
    "P1,水厂,520304,4610,surface,900000,2023-01-01,2030-12-31\n",
    "intakes": "station,permit,reach,design_max_m3s\nW,P1,,1\n",
}
STATIONS = ["A,甲,section,,赤水河,520382,,60", "B,乙,plant,,乌江,520304,,60", "W,泵站,intake,,乌江,520304,,60"]
TAKING = ("online-metering", "water-use", "register-against-field")
NAMES = ("eflow-attainment", "data-quality", "alert-ledger", *TAKING)


def _kept(folder: Path, **settings: object) -> StoredField:
    # Of a month that is over whatever the clock of the machine says, and that the store never sums up.
    field = StoredField(folder, STATIONS, TABLES, time={"max_age_days": 0}, **settings)
    times = ended("2024-03-01", 31 * 24, 60)
    field.measured("A", times, [3.0 if hour % 200 > 48 else 1.0 for hour in range(len(times))])
    field.measured("B", times[:500], [2.5] * 500)
    field.measured("W", times, [0.01] * len(times))
    field.store()
    return field


class Served:
    """A service over a filled store, and what the commands said before it was there."""

    def __init__(self, field: StoredField, before: dict[str, str], service: Running) -> None:
        self.field = field
        self.before = before
        self.service = service

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of any path."""
        try:
            with urllib.request.urlopen(f"{self.service.url}{path}", timeout=30) as answer:  # noqa: S310  # our own
                return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()


def _said(field: StoredField, folder: Path) -> dict[str, str]:
    """Files that the commands write."""
    folder.mkdir()
    for name in ("eflow-attainment", "data-quality", "online-metering", "water-use"):
        out = folder / f"{name}.csv"
        command("report", name, "--period", "2024-03", "--out", out, config=field.config)
    alerts, attainment = folder / "alerts.csv", folder / "attainment.csv"
    command(
        *("backtest", "--from-store", "--from", "2024-03-01", "--to", "2024-04-01"),
        *("--alerts", alerts, "--attainment", attainment),
        config=field.config,
    )
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, mosquitto: Mosquitto) -> Iterator[Served]:
    """See :class:`Served`."""
    folder = tmp_path_factory.mktemp("served")
    mqtt = {"url": mosquitto.url, "client_id": folder.name, "prefix": folder.name}
    field = _kept(folder, mqtt=mqtt, console={"port": 0})
    before = _said(field, folder / "before")
    with Running(field.config) as service:
        yield Served(field, before, service)
        assert service.stop() == 0


def test_commands_say_the_same_through_the_service_as_from_the_files(served: Served, tmp_path: Path) -> None:
    assert _said(served.field, tmp_path / "now") == served.before
    alerts = map(json.loads, served.before["alerts.csv"].splitlines())
    assert [alert["class"] for alert in alerts].count("eflow_shortfall") == 4


@pytest.mark.parametrize("name", NAMES)
def test_rest_gives_the_rows_in_pages_and_the_head(served: Served, name: str) -> None:
    rows, cursor = [], ""
    while True:
        page = json.loads(served.get(f"/api/v1/reports/{name}?period=2024-03&limit=1{cursor}")[2])
        rows += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    found = {name: ["A", "B"], "data-quality": ["A", "B", "W"], "alert-ledger": []}
    found |= {"online-metering": ["W"], "water-use": ["P1"], "register-against-field": ["W"]}
    assert [row.get("station") or row.get("subject") or row.get("intake") or row["permit"] for row in rows] == found[
        name
    ]
    head = json.loads(served.get(f"/api/v1/reports/{name}/head?period=2024-03&division=520300")[2])
    assert (head["from"], head["to"]) == ("2024-03-01T00:00:00+08:00", "2024-04-01T00:00:00+08:00")
    assert (head["division"], head["is_over"], head["river"]) == ("520300", True, None)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("nothing?period=2024", 404, "eflow-attainment"),
        ("data-quality?period=2024-99", 422, "2024-99"),
        ("data-quality?period=2024-03&station=X", 422, "'X'"),
        ("data-quality?period=2024-03&division=52", 422, "six digits"),
        ("data-quality/file?period=2024-03&format=pdf", 422, "format"),
        ("data-quality", 422, "period"),
    ],
)
def test_what_can_not_be_made_is_a_problem_that_says_why(served: Served, path: str, status: int, said: str) -> None:
    found, headers, body = served.get(f"/api/v1/reports/{path}")
    assert (found, headers["content-type"]) == (status, "application/problem+json")
    assert said in json.loads(body)["detail"]


def test_a_file_over_rest_is_the_file_of_the_command(served: Served) -> None:
    status, headers, body = served.get("/api/v1/reports/eflow-attainment/file?period=2024-03&format=csv")
    assert (status, headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert headers["content-disposition"] == "attachment; filename*=UTF-8''eflow-attainment-2024-03.csv"
    assert body.decode() == served.before["eflow-attainment.csv"]
    status, headers, body = served.get("/api/v1/reports/data-quality/file?period=2024-03&format=xlsx&division=520304")
    assert (status, body[:2]) == (200, b"PK")


def test_the_form_leads_to_the_report_and_says_what_was_wrong(served: Served) -> None:
    status, headers, body = served.get("/reports")
    text = body.decode()
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    for expected in ("生态流量达标评价", 'action="/reports/file"', "520382", "赤水河"):
        assert expected in text
    query = "name=eflow-attainment&period=2024-03&division=&authority=&river=&station=&format=html"
    status, headers, body = served.get(f"/reports/file?{query}")
    assert (status, headers["content-disposition"].split(";")[0]) == (200, "inline")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "甲" in body.decode()
    status, _, body = served.get(f"/reports/file?{query.replace('2024-03', '2024-3x')}&lang=en")
    text = body.decode()
    assert (status, "No report was made" in text, 'value="2024-3x"' in text) == (422, True, True)


@pytest.mark.parametrize("query", ["name=nothing", "format=pdf", "period=%00", "river=" + "x" * 300, "name=%FF"])
def test_an_address_that_nobody_types_is_answered_with_the_form(served: Served, query: str) -> None:
    for path in ("/reports", "/reports/file"):
        status, headers, body = served.get(f"{path}?{query}")
        assert (status, headers["content-type"]) == (400, "text/html; charset=utf-8")
        assert "<form" in body.decode()


_MARCH_H = (at("2024-03-01") - DAWN) // 3_600_000
"""Hours of sample alerts are counted from another March."""


def test_the_ledger_of_alerts_is_written_without_a_service(tmp_path: Path) -> None:
    """Two of A's alerts were open in March, one of them still fires; the one of February is not listed."""
    field = _kept(tmp_path)
    with Ledger.open(f"sqlite:///{field.data_dir / 'ledger.sqlite'}", zone_minutes=480) as ledger:
        spans = ((-90, -20), (3, 9), (30, None))
        alerts = [
            shortfall(_MARCH_H + start, None if end is None else _MARCH_H + end, station="A") for start, end in spans
        ]
        ledger.apply([change(*alerts, station="A", since=_MARCH_H - 1_000)], 1, DAWN)
    out = tmp_path / "ledger.csv"
    done = command("report", "alert-ledger", "--period", "2024-03", "--out", out, config=field.config)
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [(row["subject"], row["name"], row["state"], row["hours"]) for row in rows] == [
        ("A", "甲", "resolved", "6"),
        ("A", "甲", "firing", ""),
    ]
    assert {row["suspected"] for row in rows} == {"true"}
    assert "Alert ledger 2024-03: 2 rows" in done.stderr


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (("eflow-attainment", "--period", "2024-03", "--out", "x.pdf"), 2),
        (("eflow-attainment", "--period", "March", "--out", "x.csv"), 2),
        (("eflow-attainment", "--period", "2024", "--division", "52", "--out", "x.csv"), 2),
        (("nothing", "--period", "2024", "--out", "x.csv"), 2),
        (("eflow-attainment", "--period", "2024", "--station", "X", "--out", "x.csv"), 1),
        (("eflow-attainment", "--period", "2024-03", "--out", "no/such/folder/x.csv"), 1),
    ],
    ids=str,
)
def test_the_command_says_what_it_does_not_understand(tmp_path: Path, line: tuple[str, ...], status: int) -> None:
    field = StoredField(tmp_path, STATIONS, TABLES)
    field.store()
    done = command("report", *line, config=field.config, ok=False)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (status, "", False)


def test_a_report_where_nothing_was_ever_stored_is_one_line(tmp_path: Path) -> None:
    field = StoredField(tmp_path, STATIONS, TABLES)
    out = tmp_path / "x.csv"
    done = command("report", "data-quality", "--period", "2024-03", "--out", out, config=field.config, ok=False)
    assert (done.returncode, len(done.stderr.splitlines()), out.exists()) == (1, 1, False)
