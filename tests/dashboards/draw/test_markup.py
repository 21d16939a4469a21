"""All drawings: whole XML, nothing that names could break out into, same input same bytes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.level import Level
from dashboards.console.draw import age, hydrograph, key, schematic, sparkline
from dashboards.console.draw.lettering import shorten, text_width
from dashboards.console.draw.model import DataAge, Layout, Sparkline, State
from dashboards.console.draw.style import stylesheet
from dashboards.console.draw.svg import escape
from dashboards.console.draw.words import state_word
from hydro.flags import Flag
from tests.dashboards.draw import pictures
from tests.dashboards.draw.pictures import END, SLOT_MS, START, parsed, random_system, series, texts, with_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboards.console.draw.model import Lang

HOSTILE: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</text></svg><b>",
    "]]><!-- &amp; &#x3c;",
    "a\x00b\x0bc\x1b[31m\ud800",
    "\u202egnp.exe",
    "' onload='x",
    "{{7*7}} ${x} %s",
    "",
    " " * 40,
    "水" * 500,
    "🏞️\u200d🌊",
)
ADDRESSES: Final = ("javascript:alert(1)", "data:text/html,x", " javascript:x", "JAVASCRIPT:x", "", "vbscript:x")
ELEMENTS: Final = {"svg", "g", "a", "title", "metadata", "path", "rect", "circle", "line", "text", "tspan"}


def drawings(name: str, href: str) -> Iterator[str]:
    """Every drawing with a name and an address wherever one can stand."""
    system = random_system(2, 9, 3, title=name)
    rivers = tuple(replace(line, name=name) for line in system.rivers)
    marks = tuple(
        replace(mark, name=name, code=f"{name}{place}", value_text=name, target_text=name, href=href)
        for place, mark in enumerate(system.marks)
    )
    named = replace(system, rivers=rivers, marks=marks)
    yield from (schematic.draw(named, layout) for layout in Layout)
    span = pictures.alert(START + SLOT_MS, None, (0, Level.RED), label=name, href=href)
    target = replace(pictures.target(2.0), label=name)
    values = series([1.0, 2.0, 3.0], {1: Flag.SUSPECT})
    yield hydrograph.draw(pictures.hydrograph(values, name=name, targets=(target,), alerts=(span,)))
    yield sparkline.draw(Sparkline(label=name, start=START, end=END, samples=values, target=2_000_000))
    yield age.draw(DataAge(label=name, age_s=70, due_s=600))
    yield key.draw("zh")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_names_stay_text(name: str) -> None:
    for svg in drawings(name, "/s"):
        tree = parsed(svg)
        assert svg.encode()
        assert {element.tag for element in tree.iter()} <= ELEMENTS
        for element in tree.iter():
            for attribute in element.attrib:
                assert not attribute.startswith("on")
                assert attribute not in ("style", "id", "src")


@pytest.mark.parametrize("href", ADDRESSES)
def test_only_addresses_of_pages_become_links(href: str) -> None:
    for svg in drawings("name", href):
        assert not list(parsed(svg).iter("a"))
    assert any(list(parsed(svg).iter("a")) for svg in drawings("name", "/?station=a&lang=zh"))


@given(st.text())
def test_any_text_can_be_written(text: str) -> None:
    tree = parsed(f"<svg><text>{escape(text)}</text></svg>")
    assert "".join(tree.itertext()).count("<") == text.count("<")
    assert text_width(text, 12) >= 0


@given(st.text(), st.floats(5, 300))
def test_a_shortened_text_fits_and_is_a_beginning(text: str, room: float) -> None:
    short = shorten(text, 12, room)
    if short == text:
        assert text_width(text, 12) <= room
    else:
        assert text.startswith(short.removesuffix("…"))
        assert text_width(short, 12) <= room or short == "…"


def test_the_same_input_gives_the_same_bytes() -> None:
    assert list(drawings("南明河", "/s")) == list(drawings("南明河", "/s"))
    assert stylesheet() == stylesheet()


@pytest.mark.parametrize("layout", Layout)
def test_the_order_in_which_rivers_are_named_moves_no_station(layout: Layout) -> None:
    system = random_system(6, 20, 1)
    turned = replace(system, rivers=tuple(reversed(system.rivers)))
    assert schematic.draw(system, layout) == schematic.draw(turned, layout)


def test_every_class_in_a_drawing_is_in_the_stylesheet_or_only_a_name() -> None:
    css = stylesheet()
    structure = {
        "wm-schematic", "wm-wide", "wm-tall", "wm-hydrograph", "wm-sparkline", "wm-data-age", "wm-key", "wm-station",
        "wm-selected", "wm-stream", "wm-diversion", "wm-alert", "wm-band", "wm-readout", "wm-section", "wm-plant",
        "wm-reservoir", "wm-intake", "wm-well", "wm-dam",
    }  # fmt: skip
    used = {
        name
        for svg in drawings("x", "/s")
        for element in parsed(svg).iter()
        for name in element.get("class", "").split()
    }
    assert {name for name in used - structure if f".{name} " not in css} == set()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_key_names_every_state_and_fits_its_width(lang: Lang) -> None:
    wide, narrow = parsed(key.draw(lang)), parsed(key.draw(lang, 360))
    for tree in (wide, narrow):
        assert {state_word(state, lang) for state in State} <= set(texts(tree))
    assert float(narrow.get("height", "")) > float(wide.get("height", ""))
    for element in with_class(narrow, "wm-muted"):
        assert float(element.get("x", "")) + text_width(element.text or "", 12) <= 360


@pytest.mark.parametrize(
    ("age_s", "class_", "told"),
    [
        (30, "wm-age", "30 s"),
        (3_600, "wm-age", "1 h"),
        (3_601, "state-silent", "1 h, late"),
        (None, "state-never", "never"),
    ],
)
def test_data_are_late_after_they_were_due(age_s: int | None, class_: str, told: str) -> None:
    tree = parsed(age.draw(DataAge(label="gw-1", age_s=age_s, due_s=3_600, lang="en")))
    assert len(with_class(tree, class_)) == 1
    assert told in tree.get("aria-label", "")


def test_older_data_have_a_longer_bar() -> None:
    lengths = []
    for seconds in (0, 60, 600, 3_600, 86_400, 10**7):
        tree = parsed(age.draw(DataAge(label="", age_s=seconds, due_s=10**8)))
        lengths.append(float(with_class(tree, "wm-age")[0].get("width", "")))
    assert lengths == sorted(lengths)
    assert lengths[0] > 0
    assert lengths[-1] == 120


def test_a_sparkline_breaks_at_gaps_and_says_where_nothing_came() -> None:
    def line(values: list[float | None]) -> str:
        samples = series(values)
        return sparkline.draw(Sparkline(label="x", start=START, end=END, samples=samples, state=State.RED))

    tree = parsed(line([1.0, 2.0, None, 2.0, 1.0]))
    assert with_class(tree, "wm-series")[0].get("d", "").count("M") == 2
    assert len(with_class(tree, "state-red")) == 1
    empty = parsed(line([None]))
    assert with_class(empty, "wm-silence")
    assert not with_class(empty, "wm-series")


def test_a_sparkline_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="no length"):
        sparkline.draw(Sparkline(label="x", start=END, end=END, samples=series([])))
