"""The hydrograph: bands at the right height, lines where data are, marks for what quality tests say."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from alerting.level import DEFAULT_BANDS, Level, band
from dashboards.console.draw import hydrograph as drawing
from dashboards.console.draw.columns import BucketColumns, Samples
from dashboards.console.draw.model import Hydrograph, TargetLine, TargetStep
from hydro.fixed import MICRO
from hydro.flags import Flag
from hydro.instants import DAY_MS, HOUR_MS
from hydro.quantity import Quantity
from tests.dashboards.draw.pictures import (
    END,
    SLOT_MS,
    START,
    alert,
    hydrograph,
    parsed,
    points,
    series,
    target,
    texts,
    with_class,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from dashboards.console.draw.model import Lang

DAY = [2.5 + math.sin(slot / 20) * 0.4 for slot in range(288)]


def draw(one: Hydrograph) -> Element:
    return parsed(drawing.draw(one))


def readout(tree: Element) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(with_class(tree, "wm-readout")[0].text or "")
    return found


def height_of(tree: Element, value: float) -> float:
    """Pixel of a value, from two ticks of a linear axis."""
    ticks = [
        (float(element.text or ""), float(element.get("y", "")) - 4)
        for element in with_class(tree, "wm-end")
        if "wm-axis-text" in element.get("class", "")
    ]
    (low, low_y), (high, high_y) = ticks[0], ticks[-1]
    return low_y + (value - low) / (high - low) * (high_y - low_y)


def test_the_line_passes_through_its_values() -> None:
    tree = draw(hydrograph(series(DAY)))
    drawn = points(with_class(tree, "wm-series")[0].get("d", ""))
    data = readout(tree)
    left, _, right, _ = data["plot"]
    assert len(drawn) == len(data["x"]) == 288
    for (x, y), slot in zip(drawn, range(288), strict=True):
        assert x == pytest.approx(left + (right - left) * (slot + 1) / 288, abs=0.11)
        assert y == pytest.approx(height_of(tree, DAY[slot]), abs=0.3)


def test_levels_lie_below_the_target_at_their_shares_of_it() -> None:
    tree = draw(hydrograph(series(DAY)))
    bands = with_class(tree, "wm-band")
    edges = [(float(rect.get("y", "")), float(rect.get("height", ""))) for rect in bands]
    assert [rect.get("class", "").split()[1] for rect in bands] == [
        "state-red-wash",
        "state-orange-wash",
        "state-yellow-wash",
    ]
    bounds = (1.0, 1.6, 2.0)
    for (top, height), upper, lower in zip(edges, bounds, (0.0, *bounds), strict=False):
        assert top == pytest.approx(height_of(tree, upper), abs=0.2)
        assert top + height == pytest.approx(height_of(tree, lower), abs=0.3)


def test_a_value_lies_on_the_band_of_its_level() -> None:
    values = [0.3, 0.99, 1.01, 1.59, 1.61, 1.99, 2.01]
    tree = draw(hydrograph(series(values)))
    rects = {rect.get("class", "").split()[1]: rect for rect in with_class(tree, "wm-band")}
    for value, y in zip(values, readout(tree)["y"], strict=True):
        over = [
            name
            for name, rect in rects.items()
            if float(rect.get("y", "")) <= y <= float(rect.get("y", "")) + float(rect.get("height", ""))
        ]
        level = band(round(value * MICRO), 2 * MICRO, DEFAULT_BANDS)
        assert over == ([f"state-{level.text}-wash"] if value < 2 else [])


def test_levels_of_a_stage_are_metres_below_the_target() -> None:
    deficits = {Level.YELLOW: 0, Level.ORANGE: 100_000, Level.RED: 300_000}
    line = TargetLine(steps=(TargetStep.by_deficit(START, END, 5 * MICRO, deficits),))
    tree = draw(hydrograph(series([5.2] * 288), quantity=Quantity.STAGE, targets=(line,)))
    tops = [float(rect.get("y", "")) for rect in with_class(tree, "wm-band")]
    assert tops == pytest.approx([height_of(tree, value) for value in (4.7, 4.9, 5.0)], abs=0.3)


def test_a_target_that_changes_is_a_step() -> None:
    noon = START + DAY_MS // 2
    steps = (
        TargetStep.by_ratio(START - DAY_MS, noon, 1 * MICRO),
        TargetStep.by_ratio(noon, END, 2 * MICRO),
    )
    tree = draw(hydrograph(series(DAY), targets=(TargetLine(steps=steps),)))
    path = with_class(tree, "wm-target")[0].get("d", "")
    left, _, right, _ = readout(tree)["plot"]
    lower, upper = (round(height_of(tree, value), 0) for value in (1, 2))
    numbers = [
        float(part) for part in path.replace("M", " ").replace(",", " ").replace("H", " ").replace("V", " ").split()
    ]
    assert [round(number) for number in numbers] == [
        round(number) for number in (left, lower, (left + right) / 2, upper, right)
    ]
    assert path.count("M") == 1


def test_nothing_is_drawn_across_a_gap() -> None:
    values: list[float | None] = [*DAY]
    values[100:150] = [None] * 50
    tree = draw(hydrograph(series(values)))
    path = with_class(tree, "wm-series")[0].get("d", "")
    assert path.count("M") == 2
    left, _, right, _ = readout(tree)["plot"]
    gap = [left + (right - left) * slot / 288 for slot in (100, 151)]
    runs = [points(run) for run in path.split("M")[1:]]
    assert runs[0][-1][0] == pytest.approx(gap[0], abs=0.2)
    assert runs[1][0][0] == pytest.approx(gap[1], abs=0.2)
    silence = with_class(tree, "wm-silence")[0].get("d", "")
    assert silence.count("M") == 1


def test_flags_are_told_apart_by_shape() -> None:
    flags = {50: Flag.SUSPECT, 100: Flag.FAIL, 150: Flag.MISSING}
    tree = draw(hydrograph(series(DAY, flags)))
    left, _, right, bottom = readout(tree)["plot"]
    for name, slot in (("wm-suspect", 51), ("wm-fail", 101), ("wm-missing", 151)):
        key, mark = with_class(tree, name)[::-1]
        assert key is not mark
        x, y = (float(part) for part in mark.get("d", "")[1:].split("m")[0].split("l")[0].split(","))
        assert x == pytest.approx(left + (right - left) * slot / 288, abs=0.6)
        assert (y > bottom) is (name == "wm-missing")
    assert {"存疑", "不合格", "缺测"} <= set(texts(tree))
    assert {"存疑", "不合格", "缺测"}.isdisjoint(texts(draw(hydrograph(series(DAY)))))


def test_a_failed_value_far_outside_does_not_squash_the_scale() -> None:
    usual = readout(draw(hydrograph(series(DAY))))
    values = [*DAY]
    values[100], values[200] = 1e6, -1e6
    tree = draw(hydrograph(series(values, {100: Flag.FAIL, 200: Flag.FAIL})))
    arrows = with_class(tree, "wm-beyond")[0].get("d", "")
    assert arrows.count("M") == 2
    kept = readout(tree)
    assert kept["plot"] == usual["plot"]
    assert [y for place, y in enumerate(usual["y"]) if place not in (100, 200)] == kept["y"]


def test_alerts_are_bars_in_their_time_and_never_over_each_other() -> None:
    spans = (
        alert(START + HOUR_MS, START + 5 * HOUR_MS, (0, Level.YELLOW), (START + 3 * HOUR_MS, Level.RED)),
        alert(START + 4 * HOUR_MS, None, (0, Level.BLUE)),
        alert(START - 9 * HOUR_MS, START + 2 * HOUR_MS, (0, Level.ORANGE)),
    )
    tree = draw(hydrograph(series(DAY), alerts=spans))
    left, top, right, _ = readout(tree)["plot"]
    boxes = {
        rect.get("class", "").split()[1]: [float(rect.get(name, "")) for name in ("x", "y", "width", "height")]
        for rect in with_class(tree, "wm-bar")
    }
    hour = (right - left) / 24
    expected = {
        "state-yellow": (left + hour, 2 * hour),
        "state-red": (left + 3 * hour, 2 * hour),
        "state-blue": (left + 4 * hour, 20 * hour),
        "state-orange": (left, 2 * hour),
    }
    for name, (x, width) in expected.items():
        assert boxes[name][0] == pytest.approx(x, abs=0.1)
        assert boxes[name][2] == pytest.approx(width, abs=0.2)
        assert boxes[name][1] + boxes[name][3] <= top
    ordered = sorted(boxes.values(), key=lambda box: (box[1], box[0]))
    for one, other in pairwise(ordered):
        assert one[1] != other[1] or one[0] + one[2] <= other[0] + 0.15


def test_an_alert_says_what_it_is_and_that_it_is_suspected() -> None:
    span = alert(START + HOUR_MS, None, (0, Level.RED))
    tree = draw(hydrograph(series(DAY), alerts=(span,)))
    titles = [element.text for element in tree.iter("title")]
    assert any("疑似生态流量不足 · 红色告警" in (title or "") and "告警中" in (title or "") for title in titles)
    assert [link.get("href") for link in tree.iter("a")] == ["/alerts/1"]
    assert tree.get("role") == "group"  # an image would hide its links
    assert draw(hydrograph(series(DAY))).get("role") == "img"
    sure = alert(START + HOUR_MS, None, (0, Level.RED), suspected=False)
    assert "疑似" not in drawing.draw(hydrograph(series(DAY), alerts=(sure,)))


def test_alerts_without_a_lane_are_counted() -> None:
    spans = tuple(alert(START, END, (0, Level.RED), label=f"{number}") for number in range(10))
    told = texts(draw(hydrograph(series(DAY), alerts=spans)))
    assert any(text.startswith("+7 ") for text in told)


@pytest.mark.parametrize("samples", [None, Samples.of([]), series([9.0], {0: Flag.MISSING})])
@pytest.mark.parametrize("targets", [(), (target(2.0),)])
def test_a_station_without_data_says_so(samples: Samples | None, targets: tuple[TargetLine, ...]) -> None:
    tree = draw(hydrograph(samples, targets=targets))
    assert "该时段无数据" in texts(tree)
    assert not with_class(tree, "wm-series")
    assert "无数据" in tree.get("aria-label", "")
    assert readout(tree)["x"] == []
    assert "No data in this period" in texts(draw(hydrograph(samples, targets=targets, lang="en")))


def test_a_reading_outside_the_time_shown_is_not_drawn() -> None:
    shown = readout(draw(hydrograph(series(DAY, end=END + 12 * SLOT_MS))))
    assert len(shown["x"]) == 276
    assert shown["s"][-1] == DAY_MS // 1000


def test_a_readout_gives_values_as_they_were_measured() -> None:
    data = readout(draw(hydrograph(series([1.21, 0.0, None, 3.5]))))
    assert data["v"] == [1.21, 0.0, 3.5]
    assert data["f"] == [1, 1, 1]
    assert [data["start"] + seconds * 1000 for seconds in data["s"]] == [END - 3 * SLOT_MS, END - 2 * SLOT_MS, END]
    assert (data["unit"], data["zone"]) == ("m³/s", 480)
    assert data["target"] == [[0, DAY_MS // 1000, 2.0]]


def test_a_year_of_five_minute_values_keeps_its_extremes_and_stays_small() -> None:
    slots = 365 * 288
    values = 3 + np.sin(np.arange(slots) / 5000) + 0.1 * np.sin(np.arange(slots) / 3)
    values[12_345], values[70_000] = 9.75, 0.25
    times = END - (slots - 1 - np.arange(slots)) * SLOT_MS
    samples = Samples(times, np.rint(values * MICRO).astype(np.int64), np.ones(slots, np.uint8))
    svg = drawing.draw(hydrograph(samples, start=END - 365 * DAY_MS))
    data = readout(parsed(svg))
    assert (max(data["v"]), min(data["v"])) == (9.75, 0.25)
    assert len(data["x"]) <= 4 * 880
    assert len(svg) < 250_000


def test_a_day_of_failures_stays_small() -> None:
    flags = dict.fromkeys(range(20_000), Flag.FAIL)
    samples = series([1 + (slot % 7) / 10 for slot in range(20_000)], flags)
    assert len(drawing.draw(hydrograph(samples, start=END - 20_000 * SLOT_MS))) < 400_000


def test_buckets_are_a_mean_in_an_envelope() -> None:
    days = np.arange(60)
    every = np.full(60, 24)
    valid = np.where(days == 30, 0, 24)
    mean = (3 + np.sin(days / 9)) * MICRO
    buckets = BucketColumns(
        DAY_MS,
        END - (59 - days) * DAY_MS,
        mean.astype(np.int64),
        (mean * 0.5).astype(np.int64),
        (mean * 1.5).astype(np.int64),
        valid,
        every,
    )
    tree = draw(hydrograph(None, buckets=buckets, start=END - 60 * DAY_MS))
    envelope, line = with_class(tree, "wm-envelope"), with_class(tree, "wm-series")
    assert envelope[-1].tag == "rect"  # its key
    assert envelope[0].get("d", "").count("M") == line[0].get("d", "").count("M") == 2
    upper = points(envelope[0].get("d", "").split("Z")[0])[:30]
    for (x, y), (edge_x, edge_y) in zip(points(line[0].get("d", ""))[:30], upper, strict=True):
        assert edge_x == x
        assert edge_y < y


def test_what_the_river_was_short_of_is_between_line_and_target() -> None:
    tree = draw(hydrograph(series([2.5] * 100 + [1.0] * 100 + [2.5] * 88)))
    drawn = points(with_class(tree, "wm-deficit")[0].get("d", "").removesuffix("Z"))
    assert max(y for _, y in drawn) == pytest.approx(height_of(tree, 1.0), abs=0.2)
    assert min(y for _, y in drawn) == pytest.approx(height_of(tree, 2.0), abs=0.2)
    assert not with_class(draw(hydrograph(series([2.5] * 288))), "wm-deficit")


def test_labels_in_the_margin_are_apart() -> None:
    lines = tuple(target(value) for value in (2.0, 2.01, 1.99, 2.02))
    tree = draw(hydrograph(series([2.0] * 288), targets=lines))
    places = sorted(
        float(element.get("y", "")) for element in tree.iter("text") if "wm-small" in element.get("class", "")
    )
    assert len(places) == 4
    assert all(other - one >= 14.9 for one, other in pairwise(places))


@pytest.mark.parametrize("quantity", list(Quantity))
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_quantity_can_be_drawn_in_both_languages(quantity: Quantity, lang: Lang) -> None:
    tree = draw(hydrograph(series([0.0, 1.0, -1.0]), quantity=quantity, lang=lang, targets=()))
    assert len(readout(tree)["x"]) == 3
    words = " ".join(texts(tree))
    assert any("\u4e00" <= letter <= "\u9fff" for letter in words) is (lang == "zh")


def test_a_time_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="no length"):
        drawing.draw(hydrograph(None, start=END))
