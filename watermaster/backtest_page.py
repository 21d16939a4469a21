"""Alerts of a backtest as one page to look through: a picture of each, by subject, nothing loaded from anywhere.

With two configs compared it has the alerts that are gained, lost or moved; with one config all of them.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dashboards.console.draw.style import stylesheet
from dashboards.console.page.figures import percent_text, span_text
from dashboards.console.page.rendering import render
from dashboards.reports.csv_file import number_text
from dashboards.reports.page import root_style
from dashboards.reports.words import word
from hydro.instants import parse_instant
from watermaster.backtest_changes import AlertChange, ChangeKind, Comparison
from watermaster.backtest_pictures import MOST_PICTURES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dashboards.reports.document import Fact
    from hydro.register import Register
    from watermaster.backtest_pictures import Sides

__all__ = ["MOST_CARDS", "changes_page", "shown_alone"]

MOST_CARDS: Final = 3_000
"""Alerts on a page; of more only the first, and how many there are."""

_MINUTE: Final = len("2026-03-01T08:00")
_YEAR: Final = len("2026-")
_READOUT: Final = re.compile(r'<metadata class="wm-readout">.*?</metadata>', re.DOTALL)
_SIDES: Final = {"before": ("原", "before"), "after": ("新", "after")}
_WORDS: Final = {
    ChangeKind.GAINED: ("新增", "gained"),
    ChangeKind.LOST: ("消失", "lost"),
    ChangeKind.MOVED: ("变动", "moved"),
}


class _Verdict(NamedTuple):
    """One side of an alert, as a line of its card; ``differs`` names the cells that the other side has otherwise."""

    side: tuple[str, str]
    level: str
    level_word: tuple[str, str]
    onset: str
    raised: str
    resolved: str
    lasted: str
    depth: str
    differs: frozenset[str]


class _Card(NamedTuple):
    kind: str
    kind_word: tuple[str, str]
    title: tuple[str, str]
    reason: tuple[str, str]
    target: str
    verdicts: list[_Verdict]
    picture: str


class _Section(NamedTuple):
    anchor: str
    code: str
    name: str
    place: str
    cards: list[_Card]


class _SubjectRow(NamedTuple):
    anchor: str | None
    code: str
    name: str
    gained: int
    lost: int
    moved: int
    same: int


def shown_alone(alerts: Sequence[Mapping[str, Any]]) -> tuple[AlertChange, ...]:
    """Alerts of one backtest in the form of changes, by subject and onset; nothing is gained or lost by itself."""
    found = [AlertChange(ChangeKind.GAINED, None, alert) for alert in alerts]
    return tuple(sorted(found, key=lambda each: (each.alert["subject"]["code"], each.alert["onset"])))


def changes_page(
    changes: Sequence[AlertChange],
    comparison: Comparison | None,
    sides: Sides,
    facts: Sequence[Fact],
    pictures: Sequence[str | None],
) -> str:
    """The whole file.

    Args:
        changes: What is shown, by subject.
        comparison: None where one config is shown alone.
        sides: What judged.
        facts: The head.
        pictures: Of the first changes, as ``<svg>``; None where there is none.
    """
    cards = changes[:MOST_CARDS]
    drawn = [*pictures, *[None] * (len(cards) - len(pictures))]
    return render(
        "comparison.html",
        {
            "style": root_style() + stylesheet(),
            "compared": comparison is not None,
            "counts": [] if comparison is None else _counts(comparison),
            "number": len(changes),
            "facts": facts,
            "subjects": [] if comparison is None else list(_subjects(comparison, cards, sides)),
            "sections": list(_sections(cards, drawn, sides, alone=comparison is None)),
            "left_out": len(changes) - len(cards),
            "not_drawn": max(0, len(cards) - MOST_PICTURES),
        },
    )


def _counts(comparison: Comparison) -> list[tuple[str, tuple[str, str], int]]:
    found = [(kind.value, _WORDS[kind], comparison.count(kind)) for kind in ChangeKind]
    return [*found, ("same", ("不变", "same"), comparison.same)]


def _subjects(comparison: Comparison, cards: Sequence[AlertChange], sides: Sides) -> Iterator[_SubjectRow]:
    shown = {(card.alert["subject"]["kind"], card.alert["subject"]["code"]) for card in cards}
    for subject in comparison.subjects:
        anchor = f"{subject.kind}-{subject.code}" if (subject.kind, subject.code) in shown else None
        name = _name(subject.kind, subject.code, sides)
        yield _SubjectRow(anchor, subject.code, name, subject.gained, subject.lost, subject.moved, subject.same)


def _sections(
    cards: Sequence[AlertChange], pictures: Sequence[str | None], sides: Sides, *, alone: bool
) -> Iterator[_Section]:
    pairs = zip(cards, pictures, strict=True)
    for (kind, code), members in groupby(pairs, key=lambda pair: _subject(pair[0])):
        rows = sides.after.stations.get(code) or sides.before.stations.get(code) if kind == "station" else None
        row = None if rows is None else rows.rows[-1]
        place = "" if row is None else " · ".join(text for text in (row.river, row.division, row.authority) if text)
        name = "" if row is None else row.name
        found = [_card(change, picture, sides, alone=alone) for change, picture in members]
        yield _Section(f"{kind}-{code}", code, name or word(kind, "zh"), place, found)


def _card(change: AlertChange, picture: str | None, sides: Sides, *, alone: bool) -> _Card:
    alert = change.alert
    kind_word = ("", "") if alone else _WORDS[change.kind]
    return _Card(
        kind="alone" if alone else change.kind.value,
        kind_word=kind_word,
        title=_both(alert["class"]),
        reason=_both(alert["reason"]),
        target=_target(alert, sides.of(change)),
        verdicts=list(_verdicts(change)),
        picture="" if picture is None else _READOUT.sub("", picture),
    )


def _verdicts(change: AlertChange) -> Iterator[_Verdict]:
    for side, alert in (("before", change.before), ("after", change.after)):
        if alert is None:
            continue
        ended = alert["resolved_at"]
        lasted = None if ended is None else parse_instant(ended, 0) - parse_instant(alert["onset"], 0)
        highest = max((one["level"] for one in alert["levels"]), key=_LEVELS.index, default=alert["level"])
        yield _Verdict(
            side=_SIDES[side] if change.kind is ChangeKind.MOVED else ("", ""),
            level=highest,
            level_word=_both(highest),
            onset=_minute(alert["onset"]),
            raised=_minute(alert["raised_at"], alert["onset"]),
            resolved="" if ended is None else _minute(ended, alert["onset"]),
            lasted="" if lasted is None else span_text(lasted, "zh"),
            depth=_depth(alert),
            differs=frozenset(change.differs),
        )


_LEVELS: Final = ("blue", "yellow", "orange", "red")


def _depth(alert: Mapping[str, Any]) -> str:
    """How far below the target at worst."""
    worst = alert["worst"] or {}
    if worst.get("ratio") is not None:
        return percent_text(worst["ratio"])
    return "" if worst.get("deficit_m") is None else f"−{number_text(worst['deficit_m'])} m"


def _target(alert: Mapping[str, Any], register: Register) -> str:
    rows = register.targets.get(alert["target_id"] or "")
    if not rows:
        return ""
    asked = "" if alert["target"] is None else f" ≥ {number_text(alert['target'])}"
    return f"{word(rows[0].kind.value, 'zh')} · {word(rows[0].basis.value, 'zh')}{asked}"


def _name(kind: str, code: str, sides: Sides) -> str:
    rows = sides.after.stations.get(code) or sides.before.stations.get(code) if kind == "station" else None
    return word(kind, "zh") if rows is None else rows.rows[-1].name


def _subject(change: AlertChange) -> tuple[str, str]:
    subject = change.alert["subject"]
    return subject["kind"], subject["code"]


def _both(bare: str) -> tuple[str, str]:
    return word(bare, "zh"), word(bare, "en")


def _minute(time: str, after: str = "") -> str:
    """A time without seconds, and without its year where that is the one of a time before."""
    shown = time[:_MINUTE].replace("T", " ")
    return shown[_YEAR:] if time[:_YEAR] == after[:_YEAR] else shown
