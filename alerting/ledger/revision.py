"""What becomes of an alert whose verdict is rewritten: what leaves a trace, and what a person's hand keeps as it is.

Two records stand behind an alert: what it *shows*, and what the rules *say*. They are one until a person has touched
its case. From then on what it shows stays, each rewriting is a line of `revised`, and only what is new moves the alert:
an end where there was none, or what lies behind everything that was known::

    rules say    yellow────────────┬─(late data)── orange from the start ──┬─(new day)─ red ──── resolved
    it shows     yellow            │ yellow, revised: yellow → orange      │ red                 resolved
              person ack ▲

Source: ALERTS, when judged; CONTRACT section 6, `revised`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from alerting.level import Level  # msgspec reads the annotations
from alerting.record import Change
from hydro.fixed import to_number
from hydro.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerting.record import AlertRecord, Late, WorstRatio

__all__ = ["Revision", "View", "carried", "is_rewritten", "noted", "revisions_as_json", "vanished", "view"]

_EVER: Final = 1 << 62
_OF_THE_VALUE: Final = ("value", "target", "window", "uncertainty_pct", "within_uncertainty")
_MOST: Final = 1_000
"""Lines of one alert; beyond, the last line is drawn out, so that the first and the last verdict always stand there."""


class View(msgspec.Struct, frozen=True, array_like=True):
    """The part of an alert that a trace tells of."""

    level: Level
    onset: int
    raised_at: int
    resolved_at: int | None
    value: int | None


class Revision(msgspec.Struct, frozen=True, array_like=True):
    """A verdict that became another one.

    Attributes:
        at: ``received_at`` of what changed it, epoch milliseconds.
        was: Before; None where there was no alert.
        now: After; None where nothing is left.
    """

    at: int
    was: View | None
    now: View | None


def view(record: AlertRecord | None) -> View | None:
    """What a trace tells of a record."""
    if record is None:
        return None
    return View(record.level, record.onset, record.raised_at, record.resolved_at, record.value)


def noted(
    revisions: Sequence[Revision], at: int, before: AlertRecord | None, after: AlertRecord | None
) -> list[Revision]:
    """The trace with one line more."""
    line = Revision(at, view(before), view(after))
    if len(revisions) < _MOST:
        return [*revisions, line]
    return [*revisions[: _MOST - 1], Revision(at, revisions[-1].was, line.now)]


def is_rewritten(before: AlertRecord | None, after: AlertRecord | None, upto: int) -> bool:
    """Whether what two records say of the time up to an instant, inclusive, differs.

    Args:
        before: None where there was no alert.
        after: None where there is none any more.
        upto: Event time.
    """
    return _past(before, upto) != _past(after, upto) or _is_value_rewritten(before, after, upto)


def carried(
    shown: AlertRecord, before: AlertRecord | None, after: AlertRecord, late: Late | None
) -> tuple[AlertRecord, bool]:
    """What an alert shows that a person has touched, and whether its verdict was rewritten.

    A further value in the newest slot or period is no rewriting, as long as it changes no more than the value.

    Args:
        shown: So far.
        before: What the rules said so far; None where they had taken it back.
        after: What they say now.
        late: See :class:`SubjectAlerts`.
    """
    final = -_EVER if late is None else late.upto
    upto = max(_known_to(shown if before is None else before), final)
    falls_back = before is not None and _window_end(after) < _window_end(before) and before.value != after.value
    rewritten = falls_back or _past(before, upto) != _past(after, upto) or _is_value_rewritten(before, after, final)
    if not rewritten and shown == before:
        return after, False
    return _gone_on(shown, after, upto), rewritten


def vanished(shown: AlertRecord) -> AlertRecord:
    """What an alert shows that a person has touched, when nothing is left of its verdict."""
    return msgspec.structs.replace(shown, resolved_at=shown.raised_at)


def _past(record: AlertRecord | None, upto: int) -> tuple[object, ...] | None:
    if record is None or record.raised_at > upto:
        return None
    ended = record.resolved_at if record.resolved_at is not None and record.resolved_at <= upto else None
    levels = tuple((change.level, change.at) for change in record.levels if change.at <= upto)
    return record.onset, record.raised_at, levels, ended


def _is_value_rewritten(before: AlertRecord | None, after: AlertRecord | None, upto: int) -> bool:
    """Whether the value of the same stretch of time, or of one that was over, has become another one."""
    if before is None or after is None or before.value == after.value or max(before.raised_at, after.raised_at) > upto:
        return False
    return max(_window_end(before), _window_end(after)) <= upto


def _window_end(record: AlertRecord) -> int:
    return record.raised_at if record.window is None else record.window.end


def _known_to(record: AlertRecord) -> int:
    """The last instant that a record says anything about."""
    ended = record.raised_at if record.resolved_at is None else record.resolved_at
    return max(record.levels[-1].at, ended, _window_end(record))


def _gone_on(shown: AlertRecord, after: AlertRecord, upto: int) -> AlertRecord:
    """What is shown, with what is new in ``after``: that lies behind ``upto``, or ends what has no end yet.

    The first new evidence takes the alert to where the rules have it by then, also where late data had moved it before.
    """
    changed: dict[str, Any] = {}
    has_evidence = _window_end(after) > upto
    levels = list(shown.levels)
    levels += [change for change in after.levels if change.at > max(upto, levels[-1].at)]
    if has_evidence and levels[-1].level is not after.level:
        levels.append(Change(after.level, _window_end(after), after.value, after.target))
    if len(levels) > len(shown.levels):
        changed["levels"] = tuple(levels)
    if has_evidence:
        changed |= {name: getattr(after, name) for name in _OF_THE_VALUE}
    if after.worst is not None and after.worst.at > upto:
        changed["worst"] = _worse(shown.worst, after.worst)
    ends_anew = after.resolved_at is not None and (shown.resolved_at is None or after.resolved_at > upto)
    if ends_anew or (after.resolved_at is None and changed):
        changed["resolved_at"] = after.resolved_at
    if changed:
        changed["config"] = after.config
    return msgspec.structs.replace(shown, members=after.members, estimate=after.estimate, **changed)


def _worse(one: WorstRatio | None, other: WorstRatio) -> WorstRatio:
    if one is None:
        return other
    if one.deficit is not None and other.deficit is not None:
        return other if other.deficit > one.deficit else one
    if one.ratio is not None and other.ratio is not None:
        return other if other.ratio < one.ratio else one
    return one


def revisions_as_json(revisions: Sequence[Revision], zone_minutes: int) -> list[dict[str, Any]]:
    """The value of `revised` in CONTRACT section 6."""

    def shown(one: View | None) -> dict[str, Any] | None:
        if one is None:
            return None
        return {
            "level": one.level.text,
            "onset": format_instant(one.onset, zone_minutes),
            "raised_at": format_instant(one.raised_at, zone_minutes),
            "resolved_at": None if one.resolved_at is None else format_instant(one.resolved_at, zone_minutes),
            "value": None if one.value is None else to_number(one.value),
        }

    return [
        {"at": format_instant(one.at, zone_minutes), "was": shown(one.was), "now": shown(one.now)} for one in revisions
    ]
