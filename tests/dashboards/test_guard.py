"""What a page of somebody else may not do with an operator's browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.alerting.sample_alerts import DAWN, change, shortfall
from tests.dashboards.console_server import Console

if TYPE_CHECKING:
    from pathlib import Path

ALERT = shortfall(1)
PATH = f"/api/v1/alerts/{ALERT.id}/transitions"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_another_page_cannot_work_a_case(console: Console, headers: dict[str, str]) -> None:
    console.ledger.apply([change(ALERT)], 1, DAWN)
    console.post(PATH, {"verb": "ack"}, **headers).problem(403)
    assert console.get("/api/v1/alerts", **headers).status == 200


def test_our_own_page_and_programs_can(console: Console) -> None:
    console.ledger.apply([change(ALERT)], 1, DAWN)
    own = {"origin": f"http://127.0.0.1:{console.port}", "sec_fetch_site": "same-origin"}
    assert console.post(PATH, {"verb": "ack"}, **own).status == 200
    assert console.post(PATH, {"verb": "verify", "outcome": "exempt"}).status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "10.0.0.7", "[::1", "127.0.0.1.evil.example"])
def test_a_name_that_was_made_to_mean_this_machine_is_refused(console: Console, host: str) -> None:
    console.get("/api/v1/alerts", host=host).problem(403)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8080", "LOCALHOST", "[::1]:8080", "127.1.2.3"])
def test_names_of_this_machine_are_answered(console: Console, host: str) -> None:
    assert console.get("/api/v1/alerts", host=host).status == 200


def test_on_a_public_address_any_name_is_answered_but_origins_still_count(tmp_path: Path) -> None:
    with Console(tmp_path, host="0.0.0.0") as console:
        console.ledger.apply([change(ALERT)], 1, DAWN)
        assert console.get("/metrics", host="watermaster:8080").status == 200
        console.post(PATH, {"verb": "ack"}, host="watermaster:8080", origin="http://evil.example").problem(403)
        ours = {"host": "watermaster:8080", "origin": "http://watermaster:8080"}
        assert console.post(PATH, {"verb": "ack"}, **ours).status == 200


def test_a_form_that_any_page_may_send_is_no_json(console: Console) -> None:
    console.ledger.apply([change(ALERT)], 1, DAWN)
    console.post(PATH, b'{"verb": "ack"}', content_type="text/plain").problem(422)
