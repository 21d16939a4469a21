"""REST as the contract has it: every list, every object, every error."""

from __future__ import annotations

import logging
import re
import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from alerting.case import Step, Verb
from alerting.ledger import Signature
from alerting.level import Level
from dashboards.console import schema
from hydro.instants import HOUR_MS, MINUTE_MS
from storage.store import Point
from tests.alerting.sample_alerts import DAWN, change, shortfall

if TYPE_CHECKING:
    from pydantic import BaseModel

    from alerting.record import AlertRecord
    from tests.dashboards.console_server import Answer, Console

ALERTS = "/api/v1/alerts"


def put(console: Console, *alerts: AlertRecord) -> None:
    for alert in alerts:
        said = change(alert, station=alert.subject, target=alert.target_id)
        console.ledger.apply([said], console.ledger.cursor() + 1, DAWN)


def shown(answer: Answer, model: type[BaseModel]) -> Any:  # noqa: ANN401  # whatever it is
    """The body of a good answer, after looking whether it is what the OpenAPI document says."""
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    model.model_validate_json(answer.body)
    return answer.json


def test_an_alert_is_exactly_the_ledgers_object(console: Console) -> None:
    alert = shortfall(1, 5, levels=(Level.YELLOW, Level.RED))
    put(console, alert)
    console.ledger.transition(alert.id, Step(Verb.ACK), Signature("王工", DAWN))
    found = shown(console.get(f"{ALERTS}/{alert.id}"), schema.Alert)
    assert found == console.ledger.alert(alert.id)
    assert list(found) == list(console.ledger.alert(alert.id) or {})
    assert shown(console.get(ALERTS), schema.Alerts) == {"items": [found], "next": None}


def test_a_list_comes_in_pages_and_by_filters(console: Console) -> None:
    alerts = [shortfall(hour, station=f"S{hour}", target="t") for hour in range(5)]
    put(console, *alerts, shortfall(9, 12, station="S9", target="t", levels=(Level.RED,)))
    first = shown(console.get(f"{ALERTS}?limit=4"), schema.Alerts)
    rest = shown(console.get(f"{ALERTS}?limit=4&cursor={first['next']}"), schema.Alerts)
    assert [alert["subject"]["code"] for alert in first["items"]] == ["S9", "S4", "S3", "S2"]
    assert [alert["subject"]["code"] for alert in rest["items"]] == ["S1", "S0"]
    assert rest["next"] is None
    for query, expected in {
        "state=resolved": ["S9"],
        "state=withdrawn": [],
        "class=data_loss": [],
        "class=eflow_shortfall&level=red": ["S9"],
        "station=S3": ["S3"],
        "case=closed": [],
    }.items():
        found = shown(console.get(f"{ALERTS}?{query}"), schema.Alerts)
        assert [alert["subject"]["code"] for alert in found["items"]] == expected


@pytest.mark.parametrize(
    "query",
    [
        *("state=open", "class=flood", "level=green", "case=lost", "limit=0", "limit=1001", "limit=x", "cursor=x"),
        *("station=%00", "stat=firing", "cursor=" + "x" * 2_000),
    ],
)
def test_a_wrong_filter_is_a_problem_and_never_a_list_of_everything(console: Console, query: str) -> None:
    console.get(f"{ALERTS}?{query}").problem(422)


def test_a_case_is_worked_through_rest(console: Console) -> None:
    alert = shortfall(1)
    put(console, alert)
    path = f"{ALERTS}/{alert.id}/transitions"
    acked = shown(console.post(path, {"verb": "ack", "comment": "我去看", "by": "王工"}), schema.Alert)
    last = acked["case"]["history"][-1]
    assert (last["by"], last["comment"], last["at"]) == ("王工", "我去看", "2026-03-01T01:00:00+08:00")
    shown(console.post(path, {"verb": "verify", "comment": None, "outcome": "confirmed", "to": None}), schema.Alert)
    sent = shown(console.post(path, {"verb": "dispatch", "to": "县水务局"}), schema.Alert)
    assert (sent["case"]["state"], sent["case"]["assignee"]) == ("disposing", "县水务局")
    assert sent["case"]["history"][-1]["by"] == "127.0.0.1"
    assert sent == console.ledger.alert(alert.id)


def test_a_verb_that_does_not_apply_is_409_and_says_what_does(console: Console) -> None:
    alert = shortfall(1)
    put(console, alert)
    path = f"{ALERTS}/{alert.id}/transitions"
    detail = console.post(path, {"verb": "close"}).problem(409)
    assert detail == f"alert {alert.id}: can't close a case that is raised; allowed: ack"
    shown(console.post(path, {"verb": "ack"}), schema.Alert)
    console.post(path, {"verb": "verify"}).problem(409)
    console.post(path, {"verb": "ack"}).problem(409)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"null", b'"ack"', b"\xff\xfe", b'{"verb": "shout"}', b'{"comment": ""}'),
        *(
            b'{"verb": "ack", "outcom": "exempt"}',
            b'{"verb": "ack", "comment": 7}',
            b'{"verb": "ack", "by": "\\ud800"}',
        ),
        *(
            b'{"verb": "ack", "by": "a\\u0000b"}',
            b'{"verb": "ack", "by": " x\\ny "}',
            b'{"verb": "verify", "outcome": "yes"}',
        ),
        *(b'{"verb": NaN}', b'{"verb": "ack", "by": "' + b"x" * 500 + b'"}'),
    ],
)
def test_a_body_that_is_none_is_422_and_moves_nothing(console: Console, body: bytes) -> None:
    alert = shortfall(1)
    put(console, alert)
    answer = console.post(f"{ALERTS}/{alert.id}/transitions", body)
    assert answer.status in (400, 422)
    answer.problem(answer.status)
    assert console.ledger.alert(alert.id)["case"]["state"] == "raised"  # type: ignore[index]  # it is there


def test_a_deeply_nested_body_is_a_problem(console: Console) -> None:
    alert = shortfall(1)
    put(console, alert)
    answer = console.post(f"{ALERTS}/{alert.id}/transitions", b'{"verb":' + b"[" * 30_000)
    assert answer.status in (400, 422)
    answer.problem(answer.status)


def test_a_body_without_bounds_is_refused(console: Console) -> None:
    alert = shortfall(1)
    put(console, alert)
    body = b'{"verb": "ack", "comment": "' + b"x" * 70_000 + b'"}'
    console.post(f"{ALERTS}/{alert.id}/transitions", body).problem(413)


@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/alerts/nothing", "/api/v1/alerts/%00", "/api/v1/stations/nothing", "/index.html", "/docs", "/redoc"),
        *("/api/v1/stations/nothing/series?quantity=stage", "/api/v1/nothing", "/api/v2/alerts", "/openapi.json"),
    ],
)
def test_what_is_not_there_is_404(console: Console, path: str) -> None:
    console.get(path).problem(404)


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/api/v1/alerts?stat=firing", "query stat: unknown parameter"),
        ("/api/v1/alerts?limit=x", "query limit: is not a whole number"),
        ("/api/v1/alerts?limit=0", "query limit: is less than 1"),
        ("/api/v1/alerts?limit=1001", "query limit: is greater than 1000"),
        ("/api/v1/alerts?level=green", "query level: is not one of blue, yellow, orange, red"),
        ("/api/v1/deadletters?kind=other", "query kind: is not one of message, reading"),
        ("/api/v1/stations/52010300A1/series", "query quantity: is missing"),
        (
            "/api/v1/stations/52010300A1/series?quantity=stage&from=yesterday",
            "from: 'yesterday' is not a time such as 2026-03-01T08:00:00+08:00",
        ),
    ],
)
def test_a_mistake_is_told_in_plain_words(console: Console, path: str, detail: str) -> None:
    assert console.get(path).problem(422) == detail


def test_a_mistake_in_a_body_is_told_in_plain_words(console: Console) -> None:
    alert = shortfall(1)
    put(console, alert)
    path = f"{ALERTS}/{alert.id}/transitions"
    body = b'{"verb": "ack"}'
    detail = console.request("POST", path, body, {}).problem(422)
    assert detail == "body: is not a JSON object sent with content-type: application/json"
    assert console.post(path, {"verb": "ack", "outcom": "exempt"}).problem(422) == "body outcom: unknown field"
    assert console.post(path, {}).problem(422) == "body verb: is missing"
    assert console.post(path, b"{").problem(422).startswith("body: is not JSON: ")
    for by in (" x\ny ", "a\0b", 7, "x" * 500):
        detail = console.post(path, {"verb": "ack", "by": by}).problem(422)
        assert not re.search("Value error|should|valid", detail), detail


def test_a_verb_on_an_unknown_alert_is_404(console: Console) -> None:
    console.post(f"{ALERTS}/nothing/transitions", {"verb": "ack"}).problem(404)


def test_a_wrong_method_is_405(console: Console) -> None:
    answer = console.request("DELETE", ALERTS, None, {})
    assert answer.problem(405) == "DELETE /api/v1/alerts: method not allowed"
    assert answer.headers["allow"] == "GET"


def test_stations_are_what_the_register_has(console: Console) -> None:
    first = shown(console.get("/api/v1/stations?limit=2"), schema.Stations)
    rest = shown(console.get(f"/api/v1/stations?limit=2&cursor={first['next']}"), schema.Stations)
    codes = [station["station"] for station in (*first["items"], *rest["items"])]
    assert codes == ["52010300A1", "52010300A2", "52010300A3"]
    assert rest["next"] is None
    found = shown(console.get("/api/v1/stations/52010300A1"), schema.Station)
    assert found == first["items"][0]
    expected = {
        "name": "鸭池河断面",
        "kind": "section",
        "interval_min": 5,
        "report_min": 5,
        "lateness_min": 30,
        "lon": 106.5,
        "cease_stage_m": 0.25,
        "ice_from": "12-01",
        "status": "active",
        "plant": None,
        "valid_from": None,
        "extra": {"memo": "see file 7"},
    }
    assert {name: found[name] for name in expected} == expected
    console.get("/api/v1/stations?cursor=!").problem(422)


SERIES = "/api/v1/stations/52010300A1/series"


def test_a_series_has_values_with_their_flags(console: Console) -> None:
    points = [Point(DAWN + number * 5 * MINUTE_MS, number * 100_000, 1) for number in range(1, 4)]
    console.points = {("52010300A1", "discharge"): [*points, Point(DAWN + 20 * MINUTE_MS, None, 9)]}
    for span in (
        "&from=2026-03-01T00:00:00%2B08:00&to=2026-03-01T00:20:00%2B08:00",
        "&from=2026-03-01T00:00:00+08:00&to=2026-02-28T16:20:00+00:00",  # a plus that was not quoted
        "&from=2026-03-01T00:00&to=2026-03-01T00:20",
        f"&from={DAWN}&to={DAWN + 20 * MINUTE_MS}",
        "",
    ):
        assert shown(console.get(f"{SERIES}?quantity=discharge{span}"), schema.Series) == {
            "station": "52010300A1",
            "quantity": "discharge",
            "unit": "m3/s",
            "points": [
                ["2026-03-01T00:05:00+08:00", 0.1, 1],
                ["2026-03-01T00:10:00+08:00", 0.2, 1],
                ["2026-03-01T00:15:00+08:00", 0.3, 1],
                ["2026-03-01T00:20:00+08:00", None, 9],
            ],
        }


def test_from_is_not_included_and_to_is(console: Console) -> None:
    console.points = {("52010300A1", "stage"): [Point(DAWN, 1, 1), Point(DAWN + HOUR_MS, 2, 1)]}
    found = shown(console.get(f"{SERIES}?quantity=stage&from={DAWN}&to={DAWN + HOUR_MS}"), schema.Series)
    assert found["points"] == [["2026-03-01T01:00:00+08:00", 0.000002, 1]]


def test_buckets_carry_mean_min_max_valid_and_expected(console: Console) -> None:
    values = [Point(DAWN + 5 * MINUTE_MS, 1_000_000, 1), Point(DAWN + HOUR_MS, 3_000_000, 2)]
    console.points = {("52010300A1", "discharge"): values}
    query = f"{SERIES}?quantity=discharge&from={DAWN}&to={DAWN + 2 * HOUR_MS}&every=1h"
    assert shown(console.get(query), schema.Buckets)["points"] == [
        ["2026-03-01T01:00:00+08:00", 2.0, 1.0, 3.0, 2, 12],
        ["2026-03-01T02:00:00+08:00", None, None, None, 0, 12],
    ]


def test_a_series_of_nothing_is_empty(console: Console) -> None:
    assert shown(console.get(f"{SERIES}?quantity=ph"), schema.Series)["points"] == []


@pytest.mark.parametrize(
    "query",
    [
        *("", "quantity=flow", "quantity=stage&from=yesterday", "quantity=stage&to=2026-13-01T00:00:00"),
        *("quantity=stage&from=2026-03-01T00:00:00&to=2026-03-01T00:00:00", "quantity=stage&from=0&to=99999999999999"),
        *("quantity=stage&from=2026-03-01", f"quantity=stage&every={'9' * 99}h", f"quantity={quote('流量')}"),
    ],
)
def test_a_wrong_question_about_a_series_is_422(console: Console, query: str) -> None:
    console.get(f"{SERIES}?{query}").problem(422)


def test_a_store_that_is_away_is_503(console: Console) -> None:
    console.points = None
    assert "does not answer" in console.get(f"{SERIES}?quantity=stage").problem(503)


def test_dead_letters_of_one_message_stay_on_one_page(console: Console) -> None:
    console.letters = [
        {"id": number, "kind": "reading", "reason": reason}
        for number in (9, 8, 7, 6)
        for reason in ("too_old", "unknown_unit", "wrong_gateway")
    ]
    pages = []
    following = ""
    while True:
        found = shown(console.get(f"/api/v1/deadletters?limit=5{following}"), schema.DeadLetters)
        pages.append([letter["id"] for letter in found["items"]])
        if found["next"] is None:
            break
        following = f"&cursor={found['next']}"
    assert pages == [[9, 9, 9], [8, 8, 8], [7, 7, 7], [6, 6, 6]]
    assert shown(console.get("/api/v1/deadletters?limit=1"), schema.DeadLetters)["items"] == console.letters[:3]
    assert shown(console.get("/api/v1/deadletters?kind=message"), schema.DeadLetters)["items"] == []
    console.get("/api/v1/deadletters?kind=other").problem(422)
    console.get("/api/v1/deadletters?cursor=eA").problem(422)


@pytest.mark.parametrize(("status", "code"), [("ok", 200), ("degraded", 200), ("failed", 503)])
def test_health_is_503_only_if_failed(console: Console, status: str, code: int) -> None:
    console.health = {"status": status, "parts": {"store": {"status": status}}}
    answer = console.get("/api/v1/health")
    assert (answer.status, answer.json) == (code, console.health)
    schema.Health.model_validate_json(answer.body)


def test_metrics_are_prometheus_text(console: Console) -> None:
    answer = console.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.body == b"watermaster_messages_received_total 7\n"


def test_the_openapi_document_names_every_path_and_problem(console: Console) -> None:
    document = console.get("/api/v1/openapi.json").json
    assert document["info"] == {"title": "Watermaster", "version": "1.2.3"}
    assert set(document["paths"]) == {
        *("/api/v1/alerts", "/api/v1/alerts/{id}", "/api/v1/alerts/{id}/transitions", "/api/v1/stations"),
        *("/api/v1/stations/{code}", "/api/v1/stations/{code}/series", "/api/v1/deadletters", "/api/v1/health"),
        *("/api/v1/alerts.ndjson", "/api/v1/deadletters/{id}"),
        *("/api/v1/rtus", "/api/v1/rtus/{station}/commands", "/api/v1/commands", "/api/v1/commands/{id}"),
        *("/api/v1/alerts/{id}/evidence", "/api/v1/alerts/{id}/evidence/{file}"),
        *(
            "/api/v1/register/{table}/{key}",
            "/api/v1/reports/{name}",
            "/api/v1/reports/{name}/head",
            "/api/v1/reports/{name}/file",
        ),
        "/api/v1/events",
        "/metrics",
    }
    for path in document["paths"].values():
        for operation in path.values():
            assert list(operation["responses"]["default"]["content"]) == ["application/problem+json"]
            assert "422" not in operation["responses"]


def test_a_locked_ledger_is_503_and_a_broken_one_500(console: Console, caplog: pytest.LogCaptureFixture) -> None:
    alert = shortfall(1)
    put(console, alert)
    path = console.path / "ledger.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE case_history")
    other.close()
    assert "no such table" in console.get(ALERTS).problem(500)
    console.health = {}
    with caplog.at_level(logging.CRITICAL):
        assert "log" in console.get("/api/v1/health").problem(500)
