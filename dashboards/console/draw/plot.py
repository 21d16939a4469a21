"""Layers of a hydrograph: frame, levels below the target, targets, labels in the margin, legend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dashboards.console.draw.lettering import shorten, text_width
from dashboards.console.draw.model import State
from dashboards.console.draw.spacing import spread
from dashboards.console.draw.svg import escape, number, tag
from dashboards.console.draw.words import letter, say, state_word
from hydro.fixed import MICRO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dashboards.console.draw.model import Lang, TargetLine, TargetStep
    from dashboards.console.draw.time_axis import TimeAxis
    from dashboards.console.draw.value_axis import ValueAxis

__all__ = [
    "AXIS_TEXT_PX",
    "LABEL_PX",
    "MarginLabel",
    "Plot",
    "bands",
    "digits",
    "frame",
    "grid",
    "legend",
    "margin",
    "target_label",
    "target_lines",
    "time_foot",
]

AXIS_TEXT_PX: Final = 11
LABEL_PX: Final = 12
_ROW_PX: Final = 15
_LEAST_BAND_PX: Final = 20
_LEAST_BAND_WIDTH_PX: Final = 26
_FIRST_ROW_PX: Final = 25
_SECOND_ROW_PX: Final = 39
_KEY_GAP_PX: Final = 14
_PLACES: Final = ((1_000, 6), (10 * MICRO, 3), (100 * MICRO, 2), (10_000 * MICRO, 1), (float("inf"), 0))


class Plot(NamedTuple):
    """Where a series is drawn.

    Attributes:
        time: Axis.
        value: Axis.
        level: Values are heights above some datum.
        lang: Of the words.
    """

    time: TimeAxis
    value: ValueAxis
    level: bool
    lang: Lang


class MarginLabel(NamedTuple):
    """Text right of the plot, beside what it names."""

    y: float
    text: str
    class_: str


def frame(plot: Plot) -> list[str]:
    """Grid, axes and their labels."""
    rules, values = grid(plot, plot.value.bottom)
    axis, times = time_foot(plot.time, plot.value.bottom)
    return [rules, axis, *values, *times]


def grid(plot: Plot, bottom: float) -> tuple[str, list[str]]:
    """The grid, and labels of the values left of it.

    Args:
        plot: Where.
        bottom: Down to which the beginnings of days, months and years are ruled.
    """
    time, value = plot.time, plot.value
    rules = "".join(f"M{number(time.left)},{number(one.at)}H{number(time.right)}" for one in value.ticks())
    rules += "".join(f"M{number(one.at)},{number(value.top)}V{number(bottom)}" for one in time.ticks() if one.begins)
    labels = [
        tag("text", escape(one.label), x=time.left - 7, y=one.at + 4, class_="wm-axis-text wm-end")
        for one in value.ticks()
    ]
    return tag("path", d=rules, class_="wm-grid"), labels


def time_foot(time: TimeAxis, bottom: float) -> tuple[str, list[str]]:
    """The axis of time, and its labels below."""
    ticks = time.ticks()
    marks = "".join(f"M{number(one.at)},{number(bottom)}v4" for one in ticks)
    axis = f"M{number(time.left)},{number(bottom)}H{number(time.right)}{marks}"
    parts = []
    for tick in ticks:
        parts.append(
            tag("text", escape(tick.label), x=tick.at, y=bottom + _FIRST_ROW_PX, class_="wm-axis-text wm-middle")
        )
        if tick.context:
            width = text_width(tick.context, AXIS_TEXT_PX)
            place = min(max(tick.at, time.left + width / 2 - 20), time.right - width / 2 + 20)
            parts.append(
                tag(
                    "text",
                    escape(tick.context),
                    x=place,
                    y=bottom + _SECOND_ROW_PX,
                    class_="wm-axis-text wm-middle wm-strong",
                )
            )
    return tag("path", d=axis, class_="wm-axis"), parts


def bands(plot: Plot, target: TargetLine) -> list[str]:
    """Levels below a target, softly, with the letter of each where there is room."""
    parts = []
    lettered: set[State] = set()
    for step, left, right in _visible(plot, target):
        lower = plot.value.bottom
        for bound in sorted(step.bounds, key=lambda bound: bound.below):
            upper = plot.value.inside(bound.below / MICRO)
            state = State.of(bound.level)
            if upper >= lower:
                continue
            told = f"{state_word(state, plot.lang)} < {digits(bound.below, level=plot.level)}"
            parts.append(
                tag(
                    "rect",
                    tag("title", escape(told)),
                    x=left,
                    y=upper,
                    width=right - left,
                    height=lower - upper,
                    class_=f"wm-band state-{state}-wash",
                )
            )
            roomy = lower - upper >= _LEAST_BAND_PX and right - left >= _LEAST_BAND_WIDTH_PX
            if roomy and state not in lettered:
                lettered.add(state)
                middle = (upper + lower) / 2 + 3.5
                text = escape(letter(state, plot.lang))
                parts.append(tag("text", text, x=left + 6, y=middle, class_=f"wm-tiny wm-strong state-{state}-text"))
            lower = upper
    return parts


def target_lines(plot: Plot, targets: Sequence[TargetLine]) -> list[str]:
    """Targets as steps, the first one drawn last and strongest."""
    parts = []
    for place, target in reversed(list(enumerate(targets))):
        path = ""
        end = None
        for step, left, right in _visible(plot, target):
            y = number(plot.value.inside(step.value / MICRO))
            path += f"V{y}" if end == step.start else f"M{number(left)},{y}"
            path += f"H{number(right)}"
            end = step.end
        if path:
            parts.append(tag("path", d=path, class_="wm-target-other" if place else "wm-target"))
    return parts


def target_label(plot: Plot, target: TargetLine, *, brief: bool) -> MarginLabel | None:
    """The name of a target at its last visible step; its value alone where there is little room."""
    last = None
    for last, _, _ in _visible(plot, target):  # noqa: B007  # the last one is wanted
        pass
    if last is None:
        return None
    name = target.label or say("target", plot.lang)
    text = digits(last.value, level=plot.level) if brief else f"{name} {digits(last.value, level=plot.level)}"
    return MarginLabel(plot.value.inside(last.value / MICRO), text, "wm-small")


def margin(labels: Sequence[MarginLabel], plot: Plot, room: float) -> list[str]:
    """Labels right of the plot, moved apart where they would overlap."""
    ordered = sorted(labels)
    top, bottom = plot.value.top, plot.value.bottom
    places = spread([one.y for one in ordered], [_ROW_PX] * len(ordered), top - 4, max(top, bottom))
    return [
        tag("text", escape(shorten(one.text, LABEL_PX, room)), x=plot.time.right + 8, y=place + 4, class_=one.class_)
        for one, place in zip(ordered, places, strict=True)
    ]


def legend(items: Sequence[tuple[str, str]], left: float, right: float, baseline: float) -> list[str]:
    """Keys for the marks that occur, as many as fit.

    Args:
        items: Markup of a mark around (0, 0), at most 10 pixels wide, and what it means.
        left: Where the first may begin.
        right: Where the last must end.
        baseline: Of the text.
    """
    parts = []
    for mark, text in items:
        width = text_width(text, AXIS_TEXT_PX) + _KEY_GAP_PX * 2
        if left + width > right + _KEY_GAP_PX:
            break
        parts.append(tag("g", mark, transform=f"translate({number(left + 5)} {number(baseline - 4)})"))
        parts.append(tag("text", escape(text), x=left + _KEY_GAP_PX, y=baseline, class_="wm-axis-text"))
        left += width
    return parts


def digits(micro: int, *, level: bool = False) -> str:
    """A value as people read it: fewer digits behind the point the larger it is, and only 0 is shown as 0.

    Args:
        micro: The value.
        level: A height above some datum, of which millimetres count however high it is.

    >>> digits(1_210_000), digits(12_345_678), digits(1_234_567_890), digits(-500), digits(0)
    ('1.21', '12.35', '1234.6', '-0.0005', '0')
    >>> digits(1_218_651_200, level=True)
    '1218.651'
    """
    size = min(abs(micro), MICRO) if level else abs(micro)
    places = next(places for below, places in _PLACES if size < below)
    return f"{micro / MICRO:.{places}f}".rstrip("0").rstrip(".") if places else f"{micro / MICRO:.0f}"


def _visible(plot: Plot, target: TargetLine) -> Iterator[tuple[TargetStep, float, float]]:
    """Steps of a target within the axis of time, with their ends in pixels."""
    for step in target.steps:
        if step.end > plot.time.start and step.start < plot.time.end:
            yield step, plot.time.inside(step.start), plot.time.inside(step.end)
