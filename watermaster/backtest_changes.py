"""What another config would have changed: the alerts of two backtests of one stream, side by side. Pure.

Two alerts of one class, subject and target are the same one if they began at the same time, or else if they were open
at a common time, the earlier with the earlier. One that has no such partner is gained or lost; one that has, and was
raised, resolved or graded otherwise, is moved. Values and targets that differ without any of that leave an alert as it
was: nobody would have been called at another time, or for another colour.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hydro.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Alert = Mapping[str, Any]
    """As CONTRACT section 6 has it."""

__all__ = ["AlertChange", "ChangeKind", "Comparison", "SubjectCounts", "compare"]

_LOOKED_AT: Final = ("onset", "raised_at", "resolved_at", "levels")
_OPEN: Final = 2**62


class ChangeKind(StrEnum):
    """What became of an alert."""

    GAINED = "gained"
    LOST = "lost"
    MOVED = "moved"


class AlertChange(NamedTuple):
    """One alert that is not what it was.

    Attributes:
        kind: See there.
        before: As the first config judges; None where it is gained.
        after: As the second one does; None where it is lost.
        differs: Of one that moved: which of onset, raised_at, resolved_at, levels.
    """

    kind: ChangeKind
    before: Alert | None
    after: Alert | None
    differs: tuple[str, ...] = ()

    @property
    def alert(self) -> Alert:
        """The one that there is; of two the later."""
        found = self.after if self.after is not None else self.before
        return found or {}

    def as_json(self) -> dict[str, Any]:
        """One line of ``backtest --compare``."""
        alert = self.alert
        return {
            "change": self.kind.value,
            "class": alert["class"],
            "subject": alert["subject"],
            "target_id": alert["target_id"],
            "differs": list(self.differs),
            "before": self.before,
            "after": self.after,
        }


class SubjectCounts(NamedTuple):
    """Alerts of one subject.

    Attributes:
        kind: ``station``, ``gateway``, …
        code: Of the subject.
        gained: With the second config only.
        lost: With the first config only.
        moved: With both, otherwise.
        same: With both, alike.
    """

    kind: str
    code: str
    gained: int
    lost: int
    moved: int
    same: int

    @property
    def changed(self) -> int:
        """How many are not what they were."""
        return self.gained + self.lost + self.moved


class Comparison(NamedTuple):
    """Two backtests.

    Attributes:
        changes: By subject, then by onset.
        subjects: All that have an alert in either, those with most changes first.
    """

    changes: tuple[AlertChange, ...]
    subjects: tuple[SubjectCounts, ...]

    def count(self, kind: ChangeKind) -> int:
        """Changes of a kind."""
        return sum(change.kind is kind for change in self.changes)

    @property
    def same(self) -> int:
        """Alerts that are what they were."""
        return sum(subject.same for subject in self.subjects)


def compare(before: Iterable[Alert], after: Iterable[Alert]) -> Comparison:
    """Alerts of two backtests of one stream."""
    first, second = _by_target(before), _by_target(after)
    changes: list[AlertChange] = []
    same: dict[tuple[str, str], int] = {}
    subjects: dict[tuple[str, str], dict[ChangeKind, int]] = {}
    for key in sorted(first.keys() | second.keys()):
        subject = key[:2]
        counts = subjects.setdefault(subject, dict.fromkeys(ChangeKind, 0))
        for change in _changes(first.get(key, []), second.get(key, [])):
            if change is None:
                same[subject] = same.get(subject, 0) + 1
            else:
                counts[change.kind] += 1
                changes.append(change)
    counted = [
        SubjectCounts(
            *subject,
            gained=counts[ChangeKind.GAINED],
            lost=counts[ChangeKind.LOST],
            moved=counts[ChangeKind.MOVED],
            same=same.get(subject, 0),
        )
        for subject, counts in subjects.items()
    ]
    counted.sort(key=lambda each: (-each.changed, each.kind, each.code))
    changes.sort(key=_place)
    return Comparison(tuple(changes), tuple(counted))


_Key = tuple[str, str, str, str]


def _by_target(alerts: Iterable[Alert]) -> dict[_Key, list[Alert]]:
    """Alerts of each (kind of subject, subject, class, target), by onset."""
    found: dict[_Key, list[Alert]] = {}
    for alert in alerts:
        subject = alert["subject"]
        key = (subject["kind"], subject["code"], alert["class"], alert["target_id"] or "")
        found.setdefault(key, []).append(alert)
    for members in found.values():
        members.sort(key=lambda alert: (_at(alert["onset"]), _at(alert["raised_at"])))
    return found


def _changes(before: Sequence[Alert], after: Sequence[Alert]) -> list[AlertChange | None]:
    """What became of the alerts of one target; None for each that is what it was."""
    partner = _partners(before, after)
    found: list[AlertChange | None] = []
    for number, alert in enumerate(before):
        if number not in partner:
            found.append(AlertChange(ChangeKind.LOST, alert, None))
            continue
        other = after[partner[number]]
        differs = tuple(name for name in _LOOKED_AT if alert[name] != other[name])
        found.append(AlertChange(ChangeKind.MOVED, alert, other, differs) if differs else None)
    taken = set(partner.values())
    found += [AlertChange(ChangeKind.GAINED, None, alert) for place, alert in enumerate(after) if place not in taken]
    return found


def _partners(before: Sequence[Alert], after: Sequence[Alert]) -> dict[int, int]:
    """Which of the alerts after is which of those before."""
    onsets: dict[str, list[int]] = {}
    for place, alert in enumerate(after):
        onsets.setdefault(alert["onset"], []).append(place)
    found: dict[int, int] = {}
    for number, alert in enumerate(before):
        alike = onsets.get(alert["onset"])
        if alike:
            found[number] = alike.pop(0)
    taken = set(found.values())
    rest = [place for place in range(len(after)) if place not in taken]
    left = [number for number in range(len(before)) if number not in found]
    first = second = 0
    while first < len(left) and second < len(rest):  # alerts of one target follow one another
        one, other = before[left[first]], after[rest[second]]
        meet = _meet(one, other)
        if meet:
            found[left[first]] = rest[second]
        is_earlier = _end(one) <= _end(other)
        first += meet or is_earlier
        second += meet or not is_earlier
    return found


def _meet(one: Alert, other: Alert) -> bool:
    """Whether both were open at some time."""
    return _at(one["onset"]) < _end(other) and _at(other["onset"]) < _end(one)


def _end(alert: Alert) -> int:
    return _OPEN if alert["resolved_at"] is None else _at(alert["resolved_at"])


def _place(change: AlertChange) -> tuple[str, str, int, str, str]:
    alert = change.alert
    subject = alert["subject"]
    return subject["kind"], subject["code"], _at(alert["onset"]), alert["class"], alert["target_id"] or ""


def _at(time: str) -> int:
    return parse_instant(time, 0)
