"""Classes that the rules switch off: they are judged all the same, so that they can be switched on again, but not told.

Pure. Whoever is told of no alerts any more takes back what was said of a class, as if its evidence had gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from alerting.record import SubjectAlerts

__all__ = ["as_text", "silenced", "switched"]


def as_text(off: Collection[str]) -> str:
    """Classes as they stand in the state file.

    >>> as_text({"flow_stopped", "data_loss"})
    'data_loss flow_stopped'
    """
    return " ".join(sorted(off))


def silenced(changes: Iterable[SubjectAlerts], off: Collection[str]) -> list[SubjectAlerts]:
    """What is told of what was judged."""
    if not off:
        return list(changes)
    return [one._replace(alerts=()) if one.alert_class in off else one for one in changes]


def switched(
    everything: Iterable[SubjectAlerts], before: str, off: Collection[str], since: int
) -> Iterator[SubjectAlerts]:
    """What is to be told anew at a start, because other classes are off than before.

    Args:
        everything: All that the state knows.
        before: Classes that were off, as text.
        off: Those that are.
        since: What was over before is let go of by some engine, and stands; epoch milliseconds.
    """
    changed = set(before.split()) ^ set(off)
    for one in everything:
        if one.alert_class in changed:
            yield one._replace(since=max(one.since, since))
