"""The first page over HTTP, as a browser without JavaScript sees it: everything is there, and nothing breaks it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest

from alerting.case import Outcome, Step, Verb
from alerting.ledger import Signature
from alerting.level import Level
from dashboards.console.page.words import LISTED, PHRASES
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from ingest.store_reader import Totals
from storage.store import Point
from tests.alerting.sample_alerts import DAWN, change, shortfall
from tests.dashboards.console_server import Answer, Console

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alerting.record import AlertRecord

STATIONS = """station,name,name_en,kind,basin,river,division,gateway,interval_min,section_role,chainage_km
S1,源口断面,Yuankou,section,清溪河,清溪河,520103,g1,5,river,80
S2,下渡断面,,section,清溪河,清溪河,520103,g1,5,river,10
I1,水厂取水口,Waterworks,intake,清溪河,清溪河,520103,g2,60,,30
W1,鸭池河断面,,section,乌江,鸭池河,,g3,5,,
"""
TARGETS = """station,quantity,from_day,to_day,value,basis,kind
S1,discharge,01-01,12-31,2,hour,base
S2,discharge,01-01,12-31,6,day,base
S2,stage,01-01,12-31,1.5,instant,base
W1,discharge,01-01,12-31,9,month,base
"""
RIVERS = "river,name_en,into,into_km,length_km\n清溪河,Qingxi,乌江,120,90\n乌江,Wu,,,1000\n"
TABLES = {"stations.csv": STATIONS, "eflow_targets.csv": TARGETS, "rivers.csv": RIVERS}
HEADER = "station,name,kind,basin,river,division,gateway,interval_min,lon,cease_stage_m,ice_from,ice_to,memo\n"
FORM = "application/x-www-form-urlencoded"
NOW = DAWN + 10 * HOUR_MS


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Console]:
    """A console of two basins; S1 has a day of values, I1 was heard long ago, W1 never."""
    with Console(tmp_path, tables=TABLES, now=NOW, totals=Totals(7, 5, {"bad_json": 2}, 9, 8, 1)) as console:
        console.points = {
            ("S1", "discharge"): [Point(NOW - DAY_MS + i * 5 * MINUTE_MS, 3_000_000, 1) for i in range(1, 289)]
        }
        console.report("S1", {"discharge": 3.0, "voltage": 12.5})
        console.report("I1", {"discharge": 0}, NOW - 9 * HOUR_MS)
        yield console


def put(console: Console, *alerts: AlertRecord) -> None:
    said = [change(alert, station=alert.subject, target=alert.target_id) for alert in alerts]
    console.ledger.apply(said, console.ledger.cursor() + 1, DAWN)
    console.beat()


def send(console: Console, alert: str, query: str = "", **fields: str) -> Answer:
    path = f"/page/alerts/{alert}/steps{query}"
    return console.request("POST", path, urlencode(fields).encode(), {"content_type": FORM})


class _Reader(HTMLParser):
    """What a document is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.elements.append((tag, dict(attrs)))
        self._hidden += tag in ("script", "style", "metadata")

    def handle_endtag(self, tag: str) -> None:
        """It ends."""
        self._hidden -= tag in ("script", "style", "metadata")

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._hidden and data.strip():
            self.words.append(data.strip())


class Shown:
    """An answer that is a page."""

    def __init__(self, answer: Answer, status: int = 200) -> None:
        assert answer.status == status, answer.body.decode()
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        self.html = answer.body.decode()
        reader = _Reader()
        reader.feed(self.html)
        self.elements = reader.elements
        self.text = " ".join(reader.words)

    def links(self) -> list[str]:
        """Where its links lead, once each."""
        found = [attributes["href"] for tag, attributes in self.elements if tag == "a" and attributes.get("href")]
        return sorted({href for href in found if href is not None})

    def part(self, name: str) -> str:
        """The markup of one part."""
        found = re.search(rf'<section id="part-{name}".*?(?=<section id="part-|</main>)', self.html, re.DOTALL)
        assert found is not None
        return found[0]


def show(console: Console, path: str = "/", status: int = 200, **headers: str) -> Shown:
    return Shown(console.get(path, **headers), status)


def test_the_page_is_chinese_unless_the_reader_prefers_english_or_says_so(page: Console) -> None:
    assert '<html lang="zh-CN">' in show(page).html
    assert '<html lang="zh-CN">' in show(page, accept_language="fr, zh;q=0.9, en;q=0.5").html
    english = show(page, accept_language="en-US,en;q=0.9")
    assert '<html lang="en">' in english.html
    assert "Yuankou" in english.text
    chosen = page.get("/?lang=en")
    assert "lang=en" in chosen.headers["set-cookie"]
    assert '<html lang="en">' in show(page, cookie=chosen.headers["set-cookie"].partition(";")[0]).html


def test_no_word_is_missing_in_either_language() -> None:
    for phrase, pair in {**PHRASES, **LISTED}.items():
        assert all(pair), phrase
        gaps = [sorted(re.findall(r"{(\w+)}", text)) for text in pair]
        assert gaps[0] == gaps[1], phrase


def test_every_link_of_the_page_leads_somewhere(page: Console) -> None:
    put(page, shortfall(1, station="S1", target="S1:discharge:hour:base"))
    for lang in ("zh", "en"):
        for href in show(page, f"/?lang={lang}").links():
            if href.startswith("#"):
                continue
            assert page.get(href.partition("#")[0]).status == 200, href


def test_the_basin_in_the_worst_state_is_shown_first(page: Console) -> None:
    assert "清溪河" in show(page).part("river")
    put(page, shortfall(1, station="W1", target="W1:discharge:month:base", levels=(Level.RED,)))
    shown = show(page)
    assert "鸭池河断面" in shown.part("river")
    assert "源口断面" not in shown.part("river")
    assert "源口断面" in show(page, f"/?basin={quote('清溪河')}").part("river")


def test_a_basin_has_the_english_name_of_its_river(page: Console) -> None:
    english = show(page, f"/?basin={quote('清溪河')}&lang=en")
    assert "清溪河" not in english.part("head")
    for part in ("head", "river", "station"):
        assert "Qingxi" in english.part(part)
    assert "Qingxi" not in show(page, f"/?basin={quote('清溪河')}&lang=zh").part("head")


@pytest.mark.parametrize(("lang", "name"), [("zh", "图例"), ("en", "key")])
def test_what_marks_mean_stands_below_the_river_for_desks_and_for_phones(page: Console, lang: str, name: str) -> None:
    html = show(page, f"/?lang={lang}").part("river")
    assert html.count(f'aria-label="{name}"') == 2


def test_a_station_says_what_it_is_what_it_measured_and_what_it_owes(page: Console) -> None:
    station = show(page, "/?station=S1&lang=en").part("station")
    for text in ("Yuankou", "S1", "3 m³/s", "voltage", "12.5 V", "base flow · hour", "≥ 2 m³/s", "150 % of the target"):
        assert text in station, text
    assert station.count("<svg") == 2, "one for a desk, one for a phone"
    assert "12 of 12 slots valid" in station


def test_a_station_without_data_says_since_when(page: Console) -> None:
    assert "从未收到该站的有效数据" in show(page, "/?station=W1").part("station")
    silent = show(page, "/?station=I1&lang=en").part("station")
    assert "No valid reading since 01:00 (9 h ago)." in silent
    assert ">0 m³/s<" in silent, "zero is data"


def test_a_store_that_is_away_takes_only_the_hydrograph_with_it(page: Console) -> None:
    put(page, shortfall(1, station="S1", target="S1:discharge:hour:base"))
    page.points = None
    shown = show(page, "/?station=S1")
    assert "过程线暂时画不出来" in shown.part("station")
    assert "3 m³/s" in shown.part("station")
    assert "生态流量不足" in shown.part("alerts")
    assert "<svg" in shown.part("river")


def test_a_ledger_that_is_away_is_said_and_the_rest_is_there(page: Console) -> None:
    path = page.path / "ledger.sqlite"
    page.ledger.close()
    path.rename(page.path / "elsewhere")
    for suffix in ("-wal", "-shm"):
        (page.path / f"ledger.sqlite{suffix}").unlink(missing_ok=True)
    path.mkdir()
    page.beat()
    shown = show(page, "/?station=S1")
    assert "告警台账读不出来" in shown.part("alerts")
    assert "告警台账读不出来" in shown.part("head")
    assert "<svg" in shown.part("station")
    path.rmdir()


def test_an_alert_says_how_bad_since_when_how_deep_and_that_it_is_only_suspected(page: Console) -> None:
    alert = shortfall(1, station="S1", target="S1:discharge:hour:base", levels=(Level.YELLOW, Level.ORANGE))
    put(page, alert)
    shown = show(page, "/?lang=en").part("alerts")
    for text in ("suspected", "Ecological flow shortfall", "Yuankou", "60.5 % of the target", "1.21 against 2 m³/s"):
        assert text in shown, text
    assert "worst 52 %" in shown
    assert "since 01:00, for 9 h" in shown
    for step in (Step(Verb.ACK), Step(Verb.VERIFY, outcome=Outcome.CONFIRMED)):
        page.ledger.transition(alert.id, step, Signature("王工", NOW))
    page.beat()
    assert "suspected" not in show(page, "/?lang=en").part("alerts")
    assert "verified" in show(page, "/?lang=en").part("alerts")


def test_a_level_is_short_by_metres(page: Console) -> None:
    put(page, shortfall(1, station="S2", target="S2:stage:instant:base"))
    assert "低于目标 0.79 米" in show(page).part("alerts")


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (30, 1), (31, 2), (500, 17)])
def test_alerts_come_in_pages_however_many_there_are(page: Console, count: int, pages: int) -> None:
    put(page, *(shortfall(n, station=f"X{n}", target="t") for n in range(count)))
    shown = show(page).part("alerts")
    assert shown.count('<li id="alert-') == min(count, 30)
    assert ("没有待办告警" in shown) == (count == 0)
    assert (f"第 1 / {pages} 页" in shown) == (pages > 1)
    last = show(page, f"/?page={pages}").part("alerts")
    assert last.count('<li id="alert-') == count - 30 * (pages - 1)
    beyond = show(page, f"/?page={pages + 5}").part("alerts")
    assert beyond.count('<li id="alert-') == 0
    assert f"page={pages}" in beyond or pages == 1, "and the way back"


def test_a_case_is_worked_with_plain_forms(page: Console) -> None:
    alert = shortfall(1, station="S1", target="S1:discharge:hour:base")
    put(page, alert)
    before = show(page, f"/?alert={alert.id}")
    assert "受理" in before.part("alerts")
    assert "http-equiv" not in before.html, "a form is not to be lost by a refresh"
    done = send(page, alert.id, "?station=S1&lang=zh", step="ack", by="王工", comment="我去看\r\n马上")
    assert (done.status, done.headers["location"]) == (303, f"/?lang=zh&station=S1&alert={alert.id}#alert-{alert.id}")
    after = Shown(page.get(f"/?alert={alert.id}", cookie=done.headers["set-cookie"].partition(";")[0])).part("alerts")
    for text in ("已受理", "王工", "我去看\n马上", 'value="王工"', "核实：属实", "核实：误报"):
        assert text in after, text
    send(page, alert.id, step="verify:confirmed", by="王工")
    assert send(page, alert.id, step="dispatch", by="王工", to="县水务局").status == 303
    for step in ("dispose", "review"):
        assert send(page, alert.id, step=step, by="李处").status == 303
    case = page.ledger.alert(alert.id)["case"]  # type: ignore[index]  # it is there
    assert (case["state"], case["assignee"]) == ("reviewed", "县水务局")
    firing = Shown(send(page, alert.id, step="close", by="李处"), 409)
    assert "告警仍在，不能结案" in firing.part("alerts")
    assert send(page, alert.id, step="close:false_alarm", by="李处").status == 303


def test_the_same_step_twice_is_told_kindly_and_taken_once(page: Console) -> None:
    alert = shortfall(1, station="S1", target="S1:discharge:hour:base")
    put(page, alert)
    assert send(page, alert.id, step="ack", by="王工").status == 303
    again = Shown(send(page, alert.id, "?lang=en", step="ack", by="李工", comment="mine"), 409)
    assert "The case is “accepted” by now" in again.text
    assert 'value="李工"' in again.html
    assert ">mine</textarea>" in again.html
    assert len(page.ledger.alert(alert.id)["case"]["history"]) == 2  # type: ignore[index]  # it is there


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"step": "ack", "by": "  "}, "Please give your name."),
        ({"step": "ack", "by": "x" * 201}, "“Your name” may have 200 characters, it has 201."),
        ({"step": "ack", "by": "王", "comment": "长" * 2_001}, "“Comment” may have 2000 characters, it has 2001."),
        ({"step": "ack", "by": "a\x00b"}, "“Your name” holds characters that can't be stored."),
        ({"step": "shout", "by": "王"}, "The form could not be understood."),
        ({"step": "verify:maybe", "by": "王"}, "The form could not be understood."),
        ({"step": "verify", "by": "王"}, "Please choose what was found."),
        ({"step": "dispatch", "by": "王"}, "Please say to whom."),
        ({}, "The form could not be understood."),
    ],
)
def test_a_form_with_a_mistake_comes_back_with_it_and_moves_nothing(
    page: Console, fields: dict[str, str], said: str
) -> None:
    alert = shortfall(1, station="S1", target="S1:discharge:hour:base")
    put(page, alert)
    answer = send(page, alert.id, "?lang=en", **fields)
    assert answer.status in (400, 422)
    assert said in Shown(answer, answer.status).text
    assert page.ledger.alert(alert.id)["case"]["state"] == "raised"  # type: ignore[index]  # it is there


def test_a_form_from_elsewhere_or_none_at_all_is_refused(page: Console) -> None:
    alert = shortfall(1, station="S1", target="S1:discharge:hour:base")
    put(page, alert)
    path, body = f"/page/alerts/{alert.id}/steps", urlencode({"step": "ack", "by": "x"}).encode()
    page.request("POST", path, body, {"content_type": FORM, "origin": "http://evil.example"}).problem(403)
    assert page.request("POST", path, body, {"content_type": "text/plain"}).status == 415
    assert page.request("POST", path, b"\xff\xfe", {"content_type": FORM}).status == 400
    assert page.request("POST", path, b"comment=" + b"x" * 70_000, {"content_type": FORM}).status == 413
    assert send(page, "nothing", step="ack", by="x").status == 404
    assert page.ledger.alert(alert.id)["case"]["state"] == "raised"  # type: ignore[index]  # it is there


@pytest.mark.parametrize(
    ("query", "status"),
    [
        *(("station=nothing", 404), ("basin=nothing", 404), ("alert=nothing", 404), ("alert=%00", 400)),
        *(("lang=fr", 400), ("range=2d", 400), ("quantity=flow", 400), ("show=some", 400), ("where=here", 400)),
        *(("page=0", 400), ("page=-1", 400), ("page=x", 400), ("page=" + "9" * 30, 400), ("stations=1.5", 400)),
        *(("q=" + "x" * 300, 400), ("station=%FF", 400), ("q=%0A", 400), ("&".join("a=1" for _ in range(99)), 400)),
        *(("unknown=1", 200), ("station=", 200), ("lang=", 200)),
    ],
)
def test_an_address_that_means_nothing_is_a_page_that_says_so(page: Console, query: str, status: int) -> None:
    shown = show(page, f"/?{query}", status)
    assert ("回到首页" in shown.text) == (status != 200)
    assert page.get(f"/page/fragment/alerts?{query}").status == status


NASTY = "<script>alert(1)</script>\"'&{{7*7}}"


def test_hostile_names_are_text(tmp_path: Path) -> None:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    row = f"S1,{cell(NASTY)},section,{cell(NASTY)},{cell(NASTY)},,,5,,,,,{cell(NASTY)}\n"
    tables = {"stations.csv": HEADER + row}
    with Console(tmp_path, tables=tables) as console:
        alert = shortfall(1, station="S1", target="t")
        put(console, alert)
        console.receive("gw<b>/up/json", b"[]")
        console.ledger.transition(alert.id, Step(Verb.ACK), Signature(NASTY, DAWN, f"{NASTY}\u202egnp"))
        console.beat()
        shown = show(console, f"/?alert={alert.id}&q={quote('<b>')}")
        tags = [tag for tag, _ in shown.elements]
        assert tags.count("script") == 1, "our own"
        assert "{{7*7}}" in shown.text
        assert "\u202e" not in shown.html
        assert "alert(1)" in shown.text


def test_everything_the_page_loads_is_ours_and_nothing_else_may_be(page: Console) -> None:
    shown, answer = show(page), page.get("/")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    loaded = [
        attributes.get("src") or attributes["href"]
        for tag, attributes in shown.elements
        if tag in ("script", "link", "img", "iframe")
    ]
    assert len(loaded) == 4
    for address in loaded:
        assert address is not None
        assert address.startswith("/static/")
        asset = page.get(address)
        assert asset.status == 200
        assert "immutable" in asset.headers["cache-control"]
        assert page.get(address, if_none_match=asset.headers["etag"]).status == 304
        assert page.get(address.partition("?")[0]).headers["cache-control"] == "no-cache"
    assert not [attributes for _, attributes in shown.elements if "style" in attributes or "onclick" in attributes]
    assert not re.search(r"https?://(?!www\.w3\.org/)", shown.html)
    page.get("/static/../app.py").problem(404)
    page.get("/static/nothing.css").problem(404)


def test_a_part_is_drawn_once_for_all_who_look_at_the_same(page: Console) -> None:
    first = page.get("/page/fragment/river?station=S1")
    assert page.get("/page/fragment/river?station=S1").body == first.body
    assert page.get("/page/fragment/river?station=S1", if_none_match=first.headers["etag"]).status == 304
    page.report("S1", {"discharge": 0.5})
    for _ in range(5):
        page.beat()
    fresh = page.get("/page/fragment/river?station=S1", if_none_match=first.headers["etag"])
    assert fresh.status == 200
    assert "0.5 m³/s" in fresh.body.decode()
    page.get("/page/fragment/nothing").problem(404)


def test_the_numbers_stand_as_the_equations_that_they_satisfy(page: Console) -> None:
    counts = show(page, "/?lang=en").part("counts")
    assert counts.count("adds up") == 2
    assert "bad_json 2" in counts
    page.totals = Totals(7, 4, {"bad_json": 2}, 9, 8, 1)
    for _ in range(2):
        page.beat()
    assert "does not add up" in show(page, "/?lang=en").part("counts")
    page.totals = None
    for _ in range(2):
        page.beat()
    assert "The collecting process counts" in show(page, "/?lang=en").part("counts")


def test_how_the_program_is_stands_at_the_top_in_plain_words(page: Console) -> None:
    assert "Working normally" in show(page, "/?lang=en").part("head")
    page.health = {
        "status": "degraded",
        "parts": {"broker": {"status": "ok"}, "store": {"status": "degraded", "detail": "refused"}},
    }
    page.beat()
    head = show(page, "/?lang=en").part("head")
    assert "Working, needs a look" in head
    assert "The time-series store is away: readings are kept in the journal" in head


def test_gateways_show_who_is_there_and_how_old_their_data_are(page: Console) -> None:
    page.receive("g1/status", b"online")
    page.receive("g2/status", b"offline")
    page.receive("stranger/up/json", b"[]")
    for _ in range(10):
        page.beat()
    shown = show(page, "/?lang=en").part("gateways")
    rows = re.findall(r'<th scope="row">.*?</tr>', shown, re.DOTALL)
    texts = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]
    assert texts == [
        "offline: g2 offline 1 1 silent 9 h ago 9 h ago",
        "online: g1 2 1 silent 0 s ago 0 s ago",
        "unknown: g3 1 1 silent — —",
        "unknown: stranger not in the register — 0 s ago —",
    ]


def test_a_register_without_stations_is_a_page_too(tmp_path: Path) -> None:
    with Console(tmp_path, tables={"stations.csv": HEADER}) as console:
        shown = show(console)
        assert "登记册中还没有测站" in shown.text
        assert "没有待办告警" in shown.text


def test_stations_are_found_by_name_and_code_in_all_basins(page: Console) -> None:
    table = show(page, f"/?q={quote('鸭池')}").part("river")
    assert table.count("<tr") == 2
    assert "station=W1" in table
    assert show(page, "/?q=s1").part("river").count("<tr") == 2
    assert "没有名称或编码含" in show(page, "/?q=zzz").part("river")


def test_of_15000_stations_no_page_shows_more_than_one_basin_and_a_bounded_part_of_it(tmp_path: Path) -> None:
    rows = [f"N{n:05},站{n},section,流域{n % 50},河{n % 200},,g{n % 500},5,,,,,\n" for n in range(14_000)]
    rows += [f"M{n:05},站{n},section,大流域,大河,,g{n % 500},5,,,,,\n" for n in range(1_000)]
    with Console(tmp_path, tables={"stations.csv": HEADER + "".join(rows)}) as console:
        small = show(console, "/?station=N00000")
        assert len(small.html) < 1_500_000
        assert "280 站" in small.part("head")
        large = show(console, f"/?basin={quote('大流域')}")
        assert len(large.html) < 1_500_000
        assert "共 1000 站，图中为最需关注的 300 站" in large.part("river")
        assert large.part("river").count('<th scope="row">') == 20
        assert large.part("gateways").count('<th scope="row">') == 40
        assert "还有 460 个网关未列出" in large.part("gateways")
