"""The first page in Chromium: live without reloading, worked by hand and keyboard, readable, and quiet."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.sync_api import expect

from alerting.case import Step, Verb
from alerting.ledger import Signature
from alerting.level import Level
from dashboards.console.page.choice import RANGES
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from ingest.store_reader import Totals
from storage.store import Point
from tests.alerting.sample_alerts import DAWN, change, shortfall
from tests.dashboards.console_server import Console
from tests.servers.chromium import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Request

    from alerting.record import AlertRecord

LONG_NAME = (
    "一个名字长得在手机上也放不下的生态流量控制断面监测站（左岸）,A section whose name is far too long for any phone"
)
STATIONS = f"""station,name,name_en,kind,basin,river,division,gateway,interval_min,section_role,plant,chainage_km
S1,石门电站坝下,Shimen dam,section,清溪河,清溪河,520103,g1,5,dam,SM,80
S2,石门电站尾水,Shimen tailrace,section,清溪河,清溪河,520103,g1,5,tailrace,SM,70
S3,{LONG_NAME},section,清溪河,白水河,520103,g1,5,,,
I1,水厂取水口,Waterworks,intake,清溪河,清溪河,520103,g2,60,,,30
W1,鸭池河断面,Yachihe,section,乌江,鸭池河,,g3,5,,,
"""
TARGETS = """station,quantity,from_day,to_day,value,basis
S1,discharge,01-01,12-31,2,hour
S3,discharge,01-01,12-31,1,day
"""
NOW = DAWN + 10 * HOUR_MS
LONG = 30_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for this module: while it is open no event loop can be run in this thread."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    """A console with two days of values."""
    tables = {"stations.csv": STATIONS, "eflow_targets.csv": TARGETS}
    with Console(tmp_path, tables=tables, now=NOW) as serving:
        times = range(NOW - 2 * DAY_MS, NOW + 1, 5 * MINUTE_MS)
        serving.points = {
            (code, "discharge"): [Point(at, 3_000_000 + at // MINUTE_MS % 97 * 1_000, 1) for at in times]
            for code in ("S1", "S2", "S3")
        }
        for code in ("S1", "S2", "S3"):
            serving.report(code, {"discharge": 3.05})
        yield serving


@contextmanager
def opened(browser: Browser, console: Console, path: str = "", **options: Any) -> Iterator[Page]:  # noqa: ANN401  # the browser's own
    """A page in a context of its own; fails for what the browser complains about, and for requests to others.

    Args:
        browser: In which.
        console: Whose.
        path: Behind its address.
        options: Of the context; ``before`` is a script that runs before those of the page, ``allowed`` a pattern of
            complaints that belong to the test.
    """
    complaints: list[str] = []
    before, allowed = options.pop("before", ""), options.pop("allowed", "(?!)")
    context = browser.new_context(**{"locale": "zh-CN", **options})
    page = context.new_page()

    def on_request(request: Request) -> None:
        if not request.url.startswith((console.url, "data:")):
            complaints.append(f"request: {request.url}")

    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("request", on_request)
    page.add_init_script(before)
    page.goto(f"{console.url}{path}")
    try:
        yield page
        assert [complaint for complaint in complaints if not re.search(allowed, complaint)] == []
    finally:
        context.close()


def put(console: Console, *alerts: AlertRecord) -> None:
    said = [change(alert, station=alert.subject, target=alert.target_id) for alert in alerts]
    console.ledger.apply(said, console.ledger.cursor() + 1, DAWN)


def low(station: str = "S1", hour: int = 1) -> AlertRecord:
    return shortfall(hour, station=station, target=f"{station}:discharge:hour:base")


def test_a_new_alert_and_a_new_value_appear_without_reloading(browser: Browser, console: Console) -> None:
    with opened(browser, console, "?station=S1") as page:
        page.evaluate("window.same = true")
        expect(page.locator("#part-alerts")).to_contain_text("没有待办告警")
        put(console, low())
        expect(page.locator("#part-alerts .alert")).to_contain_text("石门电站坝下", timeout=LONG)
        expect(page.locator("#part-head")).to_contain_text("黄色告警", timeout=LONG)
        expect(page.locator("#river-wide")).to_contain_text("疑似", timeout=LONG)
        console.report("S1", {"discharge": 1.234})
        expect(page.locator("#part-station .big")).to_have_text("1.234 m³/s", timeout=LONG)
        assert page.evaluate("window.same") is True


def test_what_a_person_is_doing_outlives_an_update(browser: Browser, console: Console) -> None:
    """Typed text, the cursor in it, what is unfolded: the list may change around them."""
    alert = low()
    put(console, alert)
    with opened(browser, console, f"?alert={alert.id}") as page:
        comment = page.locator("#case-comment")
        comment.fill("我马上去看看")
        page.locator("#station-details summary").click()
        comment.focus()
        comment.evaluate("one => one.setSelectionRange(2, 4)")
        put(console, low("S3", 2))
        expect(page.locator("#part-alerts .alert")).to_have_count(2, timeout=LONG)
        console.report("S1", {"discharge": 1.5})
        expect(page.locator("#part-station .big")).to_have_text("1.5 m³/s", timeout=LONG)
        expect(comment).to_have_value("我马上去看看")
        expect(comment).to_be_focused()
        assert comment.evaluate("one => [one.selectionStart, one.selectionEnd]") == [2, 4]
        assert page.locator("#station-details").evaluate("one => one.open") is True


def test_a_case_is_worked_from_the_page_and_the_name_is_remembered(browser: Browser, console: Console) -> None:
    alert = low()
    put(console, alert)
    with opened(browser, console) as page:
        page.evaluate("window.same = true")
        page.get_by_role("link", name="处理").click()
        page.get_by_label("姓名").fill("王工")
        page.get_by_label("说明").fill("<b>电话</b>")
        page.get_by_role("button", name="受理").click()
        expect(page.locator(".case-state")).to_have_text("已受理")
        expect(page.locator(".history")).to_contain_text("<b>电话</b>")
        expect(page.get_by_label("姓名")).to_have_value("王工")
        assert page.evaluate("window.same") is True
        page.get_by_role("button", name="核实：属实").click()
        expect(page.locator(".case-state")).to_have_text("已核实")
        assert page.url.endswith(f"#alert-{alert.id}")
    shown = console.ledger.alert(alert.id)
    assert shown is not None
    assert [entry["verb"] for entry in shown["case"]["history"]] == ["raise", "ack", "verify"]
    assert {entry["by"] for entry in shown["case"]["history"][1:]} == {"王工"}


DEAF: Final = "window.EventSource = class { addEventListener() {} close() {} }"


def test_whoever_comes_second_is_told_in_place_and_keeps_what_was_typed(browser: Browser, console: Console) -> None:
    alert = low()
    put(console, alert)
    with opened(browser, console, f"?alert={alert.id}&lang=en", before=DEAF, allowed="409") as page:
        assert console.post(f"/api/v1/alerts/{alert.id}/transitions", {"verb": "ack", "by": "other"}).status == 200
        page.get_by_label("Your name").fill("me")
        page.get_by_label("Comment").fill("mine")
        page.get_by_role("button", name="Acknowledge").click()
        expect(page.get_by_role("alert")).to_contain_text("The case is “accepted” by now")
        expect(page.get_by_label("Comment")).to_have_value("mine")
        expect(page.locator(".history")).to_contain_text("other")


def test_everything_works_without_javascript(browser: Browser, console: Console) -> None:
    alert = low()
    put(console, alert)
    console.beat()
    with opened(browser, console, java_script_enabled=False) as page:
        assert page.locator("meta[http-equiv=refresh]").count() == 1
        page.get_by_role("link", name="7 天").click()
        assert "range=7d" in page.url
        page.get_by_role("link", name="处理").click()
        page.get_by_label("姓名").fill("王工")
        page.get_by_role("button", name="受理").click()
        expect(page.locator(".case-state")).to_have_text("已受理")
        assert page.url.endswith(f"#alert-{alert.id}")
        assert "range=7d" in page.url
        page.get_by_role("link", name="乌江").click()
        expect(page.locator("#part-river")).to_contain_text("鸭池河断面")
    assert console.ledger.alert(alert.id)["case"]["state"] == "accepted"  # type: ignore[index]  # it is there


def test_links_change_parts_and_the_way_back_works(browser: Browser, console: Console) -> None:
    with opened(browser, console, "?station=S1") as page:
        page.evaluate("window.same = true")
        page.locator("#river-wide a", has_text="石门电站尾水").first.click()
        expect(page.locator("#part-station h2")).to_have_text("石门电站尾水")
        page.locator("#part-station").get_by_role("link", name="1 年").click()
        expect(page.locator("#part-station .tabs [aria-current]").last).to_have_text("1 年")
        page.go_back()
        page.go_back()
        expect(page.locator("#part-station h2")).to_have_text("石门电站坝下")
        assert page.evaluate("window.same") is True
        page.get_by_role("link", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.locator("#part-station h2")).to_have_text("Shimen dam")


def test_the_language_is_the_readers(browser: Browser, console: Console) -> None:
    with opened(browser, console, locale="en-GB") as page:
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.locator("#clock")).to_have_text("2026-03-01 10:00")


@pytest.mark.parametrize("range_", RANGES)
def test_the_value_under_the_pointer_is_read_out(browser: Browser, console: Console, range_: str) -> None:
    with opened(browser, console, f"?station=S1&range={range_}") as page:
        drawing = page.locator("[data-crosshair]:visible")
        drawing.scroll_into_view_if_needed()
        box = drawing.locator("svg").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * 0.72, box["y"] + box["height"] / 2)
        expect(page.locator(".readout")).to_have_text(re.compile(r"^0[23]-\d\d \d\d:\d\d\s+3\.\d+ m³/s$"))
        page.mouse.move(5, 5)
        expect(page.locator(".readout")).to_have_count(0)


def test_ages_go_on_by_themselves(browser: Browser, console: Console) -> None:
    with opened(browser, console, "?station=S1&lang=en", before=DEAF) as page:
        ago = page.locator("#part-station .newest time")
        expect(ago).to_have_text(re.compile(r"^[1-9] s ago$"), timeout=LONG)


def test_a_lost_connection_is_said_and_made_again(browser: Browser, console: Console, tmp_path: Path) -> None:
    refused = "ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_NETWORK"
    with opened(browser, console, "?station=S1", allowed=refused) as page:
        expect(page.locator("#lost")).to_be_hidden()
        console.__exit__()
        expect(page.locator("#lost")).to_be_visible(timeout=LONG)
        console.__enter__()
        console.report("S1", {"discharge": 7.5})
        expect(page.locator("#lost")).to_be_hidden(timeout=LONG)
        expect(page.locator("#part-station .big")).to_have_text("7.5 m³/s", timeout=LONG)
    assert tmp_path.exists()


@pytest.mark.parametrize("width", [320, 390, 768, 1100, 1600])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_width_needs_scrolling_sideways(browser: Browser, console: Console, width: int, lang: str) -> None:
    alert = shortfall(1, station="S3", target="S3:discharge:day:base", basis="day")
    put(console, alert)
    console.ledger.transition(alert.id, Step(Verb.ACK), Signature("很长的名字" * 20, DAWN, "https://" + "x" * 300))
    console.receive("a-gateway-with-a-name-as-long-as-names-may-be-0123456789-0123456/up/json", b"[]")
    viewport = {"width": width, "height": 800}
    with opened(browser, console, f"?alert={alert.id}&lang={lang}&q=s", viewport=viewport) as page:
        expect(page.locator(".history")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".dock").is_visible() == (width < 720)
        assert page.locator("#part-river .drawing svg:visible").count() == 1


def test_the_policy_lets_no_script_in_that_is_not_ours(browser: Browser, console: Console) -> None:
    with opened(browser, console, allowed="Content Security Policy") as page:
        page.evaluate(
            """() => { const script = document.createElement("script"); script.textContent = "window.bad = 1";
            document.body.append(script); const image = document.createElement("div");
            image.innerHTML = '<img src="data:," onerror="window.bad = 1">'; document.body.append(image); }"""
        )
        assert page.evaluate("window.bad") is None


def test_the_keyboard_is_enough(browser: Browser, console: Console) -> None:
    alert = low()
    put(console, alert)
    console.beat()
    with opened(browser, console) as page:
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.get_by_role("link", name="处理").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="收起")).to_be_visible()
        page.get_by_label("姓名").focus()
        page.keyboard.type("王工")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="受理")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".case-state")).to_have_text("已受理")


FAULTS: Final = """() => {
  const faults = [];
  const say = (what, element) => faults.push(`${what}: ${element.outerHTML.slice(0, 120)}`);
  const visible = (element) => element.checkVisibility({ visibilityProperty: true });
  const named = (element) => (element.getAttribute("aria-label") || element.textContent || "").trim();
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of ids) if (ids.filter((one) => one === id).length > 1) faults.push(`id twice: ${id}`);
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  if (document.querySelectorAll("main").length !== 1) faults.push("not one main");
  let level = 1;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    if (Number(heading.tagName[1]) > level + 1) say("heading skips a level", heading);
    level = Number(heading.tagName[1]);
  }
  for (const one of document.querySelectorAll("a[href], button, summary")) if (!named(one)) say("no name", one);
  for (const one of document.querySelectorAll("input:not([type=hidden]), textarea, select")) {
    if (!one.labels.length) say("no label", one);
  }
  for (const one of document.querySelectorAll("nav, section, [role=region]")) {
    const by = one.getAttribute("aria-labelledby");
    if (by ? !document.getElementById(by) : !one.getAttribute("aria-label")) say("landmark without name", one);
  }
  for (const one of document.querySelectorAll("svg")) {
    const hidden = one.getAttribute("aria-hidden") === "true";
    if (!hidden && !one.getAttribute("aria-label") && !one.querySelector("title")) say("picture without name", one);
  }
  for (const one of document.querySelectorAll("th")) if (!one.scope) say("th without scope", one);
  for (const one of document.querySelectorAll("[tabindex]")) if (one.tabIndex > 0) say("tabindex", one);
  const rgb = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const [r, g, b, a = 1] = rgb(getComputedStyle(one).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  for (const one of document.querySelectorAll("body *:not(svg *):not(script)")) {
    if (!visible(one) || ![...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
    const style = getComputedStyle(one);
    let opacity = 1;
    for (let up = one; up; up = up.parentElement) opacity *= Number(getComputedStyle(up).opacity);
    if (opacity < 1) say("text that is not opaque", one);
    const pair = [light(rgb(style.color)), light(behind(one))].sort((a, b) => b - a);
    const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
    const large = parseFloat(style.fontSize) >= (Number(style.fontWeight) >= 700 ? 18.66 : 24);
    if (contrast < (large ? 3 : 4.5)) say(`contrast ${contrast.toFixed(2)}`, one);
  }
  return faults;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1600])
def test_the_page_can_be_read_by_everybody(browser: Browser, console: Console, scheme: str, width: int) -> None:
    """Names, labels, landmarks, order of headings, and contrast after WCAG 2.2, with one of everything on the page."""
    shown = low()
    put(console, shown, shortfall(3, 5, station="S3", target="t", levels=(Level.RED,)), low("I1", 2))
    for gateway, said in (("g1", b"online"), ("g2", b"offline")):
        console.receive(f"{gateway}/status", said)
    console.health = {"status": "failed", "parts": {"journal": {"status": "failed"}}}
    console.totals = Totals(7, 4, {"bad_json": 2}, 9, 8, 1)
    for _ in range(10):
        console.beat()
    viewport = {"width": width, "height": 900}
    path = f"?alert={shown.id}&q=s&lang=zh"
    with opened(browser, console, path, viewport=viewport, color_scheme=scheme) as page:
        expect(page.locator(".step")).to_be_visible()
        assert page.evaluate(FAULTS) == []


def test_what_is_printed_is_what_was_read(browser: Browser, console: Console) -> None:
    put(console, low())
    console.beat()
    with opened(browser, console) as page:
        page.emulate_media(media="print")
        assert page.locator("#part-alerts h3").first.is_visible()
        assert page.locator(".tabs").first.is_hidden()
        assert page.locator("#part-station svg:visible").count() == 1
