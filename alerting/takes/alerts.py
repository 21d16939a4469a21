"""Alerts of all subjects: what was found of each, and what of it is settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.record import SubjectAlerts
from alerting.takes.judges import CLASSES, UNMETERED
from alerting.takes.merging import merged, record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerting.record import Late
    from alerting.takes.groups import Groups, Subject
    from alerting.takes.judge import Finding
    from alerting.takes.unmetered.no_meter import NoMeter
    from hydro.register import Register

__all__ = ["TakeAlerts", "withdrawn"]

_NEVER: Final = -(2**62)


class TakeAlerts:
    """See the module.

    Args:
        register: Master data.
        groups: Who judges whom.
        no_meter: What the register itself says against intakes.

    Attributes:
        first_event: Where the stream begins, epoch milliseconds; None before it does.
        stream: Up to where it is complete.
        without_meter: Intakes against which the register speaks itself, at some time.
    """

    def __init__(self, register: Register, groups: Groups, no_meter: NoMeter) -> None:
        self._register = register
        self._groups = groups
        self._no_meter = no_meter
        self.first_event: int | None = None
        self.stream = _NEVER
        self._is_new_day = False
        self.without_meter: set[str] = set()
        self._to_tell: set[Subject] = set()
        self._found: dict[Subject, list[Finding]] = {}
        self._settled: dict[Subject, int] = {}

    def begin(self, first_event: int) -> None:
        """The stream begins here, or earlier than was known."""
        if self.first_event is None or first_event < self.first_event:
            self.first_event = first_event
            self._is_new_day = True

    def come_to(self, at: int) -> None:
        """The stream is complete up to here."""
        if at > self.stream:
            midnight = self._no_meter.midnight
            self._is_new_day |= self.stream == _NEVER or midnight(at) > midnight(self.stream)
            self.stream = at

    def of_a_new_day(self) -> dict[Subject, int]:
        """Subjects of which the register may say otherwise in a day that has come, with their groups; once."""
        is_new, self._is_new_day = self._is_new_day, False
        codes = self._no_meter.intakes if is_new and self.first_event is not None else ()
        points = self._register.taking.structures
        return {
            (UNMETERED, code): self._groups.of(points[code][0])
            for code in {*codes, *(code for _, code in self._to_tell)}
        }

    def go_on(self, first_event: int | None, stream: int, without_meter: Iterable[str]) -> None:
        """After a restart: the register may say otherwise than before, which is told, whatever it is."""
        self.first_event, self.stream, self._is_new_day = first_event, stream, True
        told = {(UNMETERED, code) for code in without_meter}
        self._to_tell = {subject for subject in told if subject in self._groups.about}

    def find(self, subject: Subject) -> bool:
        """Find the alerts of a subject anew; whether they are others than before."""
        alert_class, code = subject
        before, settled = self._found.get(subject, []), self.settled(subject)
        findings = [finding for docket, number in self._groups.about[subject] for finding in docket.findings(number)]
        if alert_class == UNMETERED and code in self._no_meter.intakes and self.first_event is not None:
            lacking = self._no_meter.findings(code, self.first_event, self.stream)
            findings += lacking
            (self.without_meter.add if lacking else self.without_meter.discard)(code)
        found = [
            each
            for each in merged(findings, CLASSES[alert_class])
            if each.resolved_at is None or each.resolved_at > settled
        ]
        self._found[subject] = found
        if not found:
            del self._found[subject]
        is_new = found != before or subject in self._to_tell
        self._to_tell.discard(subject)
        return is_new

    def described(self, subject: Subject, late: Late | None) -> SubjectAlerts:
        """Alerts of a subject."""
        alert_class, code = subject
        rule = CLASSES[alert_class]
        docket, number = self._groups.about[subject][0]
        station = docket.judge.places[number].points[0]
        found = self._found.get(subject, [])
        records = tuple(
            record(each, sum(other.onset == each.onset for other in found[:row]), rule, code, station, self._register)
            for row, each in enumerate(found)
        )
        return SubjectAlerts(alert_class, code, None, self.settled(subject), records, subject_kind=rule.kind, late=late)

    def all_alerts(self) -> list[SubjectAlerts]:
        """Of every subject that has any."""
        return [self.described(subject, None) for subject in sorted(self._found)]

    def settled(self, subject: Subject) -> int:
        """Alerts that were over at or before this instant stand."""
        return self._settled.get(subject, _NEVER)

    def settle(self, subject: Subject, horizon: int) -> None:
        """Let those stand that were over by an instant, with the findings that led to them."""
        over = [
            each.resolved_at
            for each in self._found.get(subject, [])
            if each.resolved_at is not None and each.resolved_at <= horizon
        ]
        if over:
            # Findings that overlap are one alert: with it all go that were over by its end.
            self._settled[subject] = max(over)
        for docket, number in self._groups.about[subject]:
            docket.forget_before(number, horizon, self.settled(subject))
        if over:
            self.find(subject)

    def take_up(self, subject: Subject, settled: int) -> None:
        """What was settled before a restart."""
        if settled > _NEVER and subject in self._groups.about:
            self._settled[subject] = settled


def withdrawn(subject: Subject, settled: int, late: Late) -> SubjectAlerts:
    """Nothing is left of a subject that the register doesn't have any more."""
    alert_class, code = subject
    return SubjectAlerts(alert_class, code, None, settled, (), subject_kind=CLASSES[alert_class].kind, late=late)
