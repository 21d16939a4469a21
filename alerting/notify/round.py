"""What to tell Alertmanager now, and what to remember of having told it. Pure.

Alertmanager keeps no alerts over a restart and forgets one that it hasn't heard of for a while, so a firing alert is
told again and again. What it must not miss are the edges::

    raised ──▶ told as firing ──▶ … again and again … ──▶ told as ended ──▶ … again for a while … ──▶ done

An alert that had ended before anybody was told of it (while Alertmanager was away, or from a stretch of data that came
late) is told as firing for a moment first: an end without a beginning makes no message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from alerting.record import AlertState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from alerting.level import Level
    from alerting.notify.notice import Notice
    from alerting.record import AlertRecord
    from alerting.told import Standing, Told

__all__ = ["AGAIN_ENDED_MS", "FORGET_MS", "LEAST_TOLD_MS", "Plan", "plan_round"]

LEAST_TOLD_MS: Final = 2 * 60_000
"""How long an alert is told as firing at least: longer than the shipped configuration waits to group (30 s)."""

AGAIN_ENDED_MS: Final = 15 * 60_000
"""How long an end is told again, as Prometheus does: Alertmanager may restart before it has sent its message."""

FORGET_MS: Final = 7 * 86_400_000
"""After how long nobody is told of an alert any more that has ended meanwhile."""

_MISSED: Final = 4
"""Rounds that may go missing before Alertmanager takes an alert for ended."""


class MakeNotice(Protocol):
    """See :class:`alerting.notify.notice.NoticeOf`."""

    def __call__(self, alert: AlertRecord, level: Level, *, suspected: bool, at: int, ends_at: int) -> Notice:
        """The notice of an alert at a level."""


class Plan(NamedTuple):
    """A round.

    Attributes:
        notices: To be told, in this order.
        told: To remember, once all of it was taken.
        done: Ids of alerts of which there is nothing more to tell.
        begun: Ids of alerts that are told for the first time.
        forgotten: How many of the done ones nobody was ever told of, though they were true.
    """

    notices: list[Notice]
    told: list[Told]
    done: list[str]
    begun: list[str]
    forgotten: int


def plan_round(
    standing: Sequence[Standing],
    notice_of: MakeNotice,
    mute: Callable[[AlertRecord, int], str | None],
    muted_notice: Callable[[str, str, int, int], Notice],
    *,
    at: int,
    every_ms: int,
    again: bool,
) -> Plan:
    """Decide on one round.

    Args:
        standing: All alerts of which something is left to tell.
        notice_of: Makes notices.
        mute: Why nobody is told of an alert at an instant, None where it is told.
        muted_notice: Says to Alertmanager that an alert that it knows is muted.
        at: Now, epoch milliseconds.
        every_ms: Between two rounds that tell everything.
        again: Whether this is such a round; else only what changed is told.
    """
    plan = Plan([], [], [], [], 0)
    lasting = at + _MISSED * every_ms
    forgotten = 0
    for one in standing:
        told, record = one.told, one.record
        firing = one.state is AlertState.FIRING
        because = mute(record, at if firing or record.resolved_at is None else record.resolved_at)
        if told.first is None and (because is not None or not firing) and _is_over(one, because, at):
            plan.done.append(told.alert_id)
            forgotten += one.state is AlertState.RESOLVED and because is None
            continue
        if told.first is None and because is not None:
            continue
        for notice in _tell(one, plan, notice_of, at=at, lasting=lasting, again=again):
            plan.notices.append(notice)
        if firing and because is not None:
            plan.notices.append(muted_notice(told.alert_id, because, at, lasting))
    return plan._replace(forgotten=forgotten)


def _is_over(one: Standing, because: str | None, at: int) -> bool:
    """Whether nobody is ever to be told of an alert that nobody was told of."""
    if one.state is AlertState.WITHDRAWN:
        return True
    ended = one.state is AlertState.RESOLVED
    return ended and (because is not None or at - one.told.added > FORGET_MS)


def _tell(one: Standing, plan: Plan, notice_of: MakeNotice, *, at: int, lasting: int, again: bool) -> Iterable[Notice]:
    told, record, level = one.told, one.record, one.record.level

    def notice(at_level: Level, ends_at: int) -> Notice:
        return notice_of(record, at_level, suspected=one.suspected, at=at, ends_at=ends_at)

    if told.first is None:
        plan.told.append(told._replace(level=level, first=at, ended=None))
        plan.begun.append(told.alert_id)
        return [notice(level, lasting)]
    before = level if told.level is None else told.level
    if one.state is AlertState.FIRING or at - told.first < LEAST_TOLD_MS:
        if before != level:
            plan.told.append(told._replace(level=level, ended=None))
            return [notice(before, at), notice(level, lasting)]
        if told.ended is not None:  # it fires again under its id
            plan.told.append(told._replace(ended=None))
        return [notice(level, lasting)] if again or told.ended is not None else []
    if told.ended is None:
        plan.told.append(told._replace(ended=at))
        return [notice(before, at)]
    if at - told.ended > AGAIN_ENDED_MS:
        plan.done.append(told.alert_id)
        return []
    return [notice(before, told.ended)] if again else []
