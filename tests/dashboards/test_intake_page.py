"""The page of an intake: its permits and what was taken, its device on one axis of time, and the ways to it."""

from __future__ import annotations

import html
import re
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from alerting.ledger.notices import Silenced
from alerting.level import Level
from alerting.record import SubjectAlerts, plain_record
from hydro.instants import HOUR_MS, MINUTE_MS
from tests.alerting.sample_alerts import DAWN
from tests.dashboards.intake_field import NOW, intake_console
from tests.servers.chromium import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Request

    from tests.dashboards.console_server import Console

RAISED = DAWN + 14 * HOUR_MS + 35 * MINUTE_MS


def _alerted(console: Console) -> dict[str, str]:
    """An unmetered intake, a permit near its plan and an address that nobody knows; ids by class."""
    found = {}
    subjects = {
        "unmetered_intake": ("pump_no_flow", "intake", "I1", None),
        "over_plan": ("forecast", "permit", "P1", None),
        "unregistered_source": ("unknown_station", "address", "X9", "gw7"),
    }
    for position, (name, (reason, kind, code, gateway)) in enumerate(subjects.items(), 1):
        alert = plain_record(
            *(name, reason, (kind, code), console.register),
            onset=DAWN + 14 * HOUR_MS,
            raised_at=RAISED,
            resolved_at=None,
            levels=[(Level.YELLOW, RAISED)],
            gateway=gateway,
        )
        console.ledger.apply([SubjectAlerts(name, code, None, -(2**62), (alert,), kind)], position, NOW)
        found[name] = alert.id
    console.report("W1", {"discharge": 0.0, "pump": 0.0})
    console.beat()
    return found


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with intake_console(tmp_path_factory.mktemp("intakes")) as running:
        _alerted(running)
        yield running


def text_of(console: Console, path: str, status: int = HTTPStatus.OK) -> str:
    """A page without its tags."""
    answer = console.get(path, accept_language="zh")
    assert answer.status == status, answer.body
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.body.decode())).split())


def test_the_page_says_what_was_permitted_planned_taken_and_is_left(console: Console) -> None:
    """Two mornings at 0.31 to 0.37 m3/s; W2 has never sent anything, and is not filled in."""
    text = text_of(console, "/intakes/I1")
    for expected in (
        "城关水厂",
        "D520103G2024-0012",
        "2024-01-01 – 2028-12-31",
        "1,200,000 m³",
        "正常",
        "45/2872 小时",
    ):
        assert expected in text
    taken, left = (int(number.replace(",", "")) for number in re.findall(r"([\d,]+) m³ (?:[\d.]+ %|正常)", text))
    assert taken + left == 1_200_000
    assert 20_000 < taken < 30_000
    assert "P0 城关水厂 · 旧字第7号 地表水 · 未生效 · 2015-01-01 – 2020-12-31" in text


def test_pump_flow_total_and_door_stand_under_each_other_with_the_alert_above(console: Console) -> None:
    body = console.get("/intakes/I1?lang=en").body.decode()
    drawing = re.findall(r"<svg.*?</svg>", body, re.DOTALL)[0]
    for expected in ("discharge m³/s", "total, gained m³", ">pump<", "power &gt;20%", ">door<", "permitted 0.4"):
        assert expected in drawing
    assert "pump · 03-01 06:00 – 03-01 18:00" in drawing
    assert "door · 03-01 13:45 – 03-01 14:00" in drawing
    assert "suspected Unmetered" in drawing
    told = re.search(r'aria-label="([^"]*)"', drawing)
    assert told is not None
    assert "pump on 50 %" in told[1]


def test_a_point_that_never_sent_is_drawn_as_unknown_not_as_zero(console: Console) -> None:
    text = text_of(console, "/intakes/I1?point=W2&range=6h&lang=zh")
    assert "该时段无数据" in text
    assert "最新流量 无数据" in text


def test_what_nobody_types_falls_back_and_what_is_not_there_is_404(console: Console) -> None:
    assert text_of(console, "/intakes/I1?point=nobody&range=9y&lang=zh") == text_of(console, "/intakes/I1?lang=zh")
    assert console.get("/intakes/%3Cscript%3E").status == HTTPStatus.NOT_FOUND
    assert console.get(f"/intakes?q={'x' * 500}").status == HTTPStatus.UNPROCESSABLE_ENTITY


def test_without_a_store_the_page_stays_and_says_so(console: Console) -> None:
    points, console.points = console.points, None
    try:
        text = text_of(console, "/intakes/I1?lang=zh")
    finally:
        console.points = points
    assert "P1" in text
    assert "<svg" not in text


@pytest.mark.parametrize(("wanted", "found"), [("", 1), ("W2", 1), ("水厂", 1), ("p1", 1), ("nothing", 0)])
def test_intakes_are_found_by_all_their_names(console: Console, wanted: str, found: int) -> None:
    body = console.get(f"/intakes?lang=zh&q={quote(wanted)}").body.decode()
    assert body.count('href="/intakes/I1"') == found


def test_an_operator_gets_there_from_the_first_page_the_station_and_the_alert(console: Console) -> None:
    body = console.get("/?station=W1&lang=zh").body.decode()
    assert 'href="/intakes"' in body
    assert body.count('href="/intakes/I1"') >= 2, "from the station, and from the alert of the intake"
    assert 'href="/intakes?q=P1' in body
    assert 'href="/register/stations/W1"' in body
    assert "地址 X9 · 网关 gw7" in html.unescape(body)


def test_an_alert_that_is_silenced_says_until_when_by_whom_and_why(tmp_path_factory: pytest.TempPathFactory) -> None:
    with intake_console(tmp_path_factory.mktemp("silenced"), counts=False) as console:
        ids = _alerted(console)
        assert "已静默" not in text_of(console, "/?lang=zh")
        until = "2026-03-02T08:00:00Z"
        console.ledger.notices.silence({ids["unmetered_intake"]: Silenced(until, "李工", "泵站检修")})
        console.now += 60_000
        console.report("W1", {"discharge": 0.0})
        for path in ("/?lang=zh&show=all", f"/?alert={ids['unmetered_intake']}&lang=zh"):
            text = text_of(console, path)
            assert text.count("已静默至") == 1
            assert "（李工：泵站检修）" in text
        assert "怎么办" in text_of(console, f"/?alert={ids['unmetered_intake']}&lang=zh")
        assert "水量未能统计" in text_of(console, "/intakes/I1?lang=zh"), "no reports are made here"


def test_the_rows_of_a_thing_over_time_are_a_page_and_rest(console: Console) -> None:
    """The name of W1 changed with the year; the row of today is marked."""
    text = text_of(console, "/register/stations/W1?lang=zh")
    assert "始终 – 2026-01-01 00:00" in text
    assert text.count("现行") == 1
    items = console.get("/api/v1/register/stations/W1").json["items"]
    assert [(item["current"], item["changed"]) for item in items] == [(False, []), (True, ["name"])]
    assert items[1]["cells"]["name"] == "城关水厂一号泵（新）"
    assert items[0]["valid_to"] == items[1]["valid_from"] == "2026-01-01T00:00:00+08:00"
    assert len(console.get("/api/v1/register/points/W1").json["items"]) == 3
    assert len(console.get("/api/v1/register/points/W1/power").json["items"]) == 1
    assert "no table" in console.get("/api/v1/register/passwords/x").problem(HTTPStatus.NOT_FOUND)
    assert "no 'nobody'" in console.get("/api/v1/register/stations/nobody").problem(HTTPStatus.NOT_FOUND)


def _note(asked: list[str], request: Request) -> None:
    asked.append(request.url)


def test_in_a_browser_it_fits_a_phone_and_a_desk_and_loads_nothing_from_elsewhere(console: Console) -> None:
    with chromium() as browser:
        for width, shown in ((360, 1), (1280, 0)):
            page = browser.new_page(viewport={"width": width, "height": 800})
            asked: list[str] = []
            page.on("request", partial(_note, asked))
            for path in ("intakes/I1?lang=zh", "intakes/I1?lang=en&range=7d", "intakes", "register/permits/P1"):
                page.goto(console.url + path)
                assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.goto(console.url + "intakes/I1")
            drawings = [page.locator(".drawing").nth(place).is_visible() for place in (0, 1)]
            assert drawings.index(True) == shown
            assert drawings.count(True) == 1
            page.get_by_role("link", name="7 天").or_(page.get_by_role("link", name="7 d")).first.click()
            assert "range=7d" in page.url
            assert all(url.startswith(console.url) for url in asked)
            page.close()
