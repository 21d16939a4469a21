"""A test in a rule file: a small register, series, and the alerts that must come of them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alerting.rule_files.notation import parse_series
from hydro.instants import DAY_MS, MINUTE_MS, day_start, local_date, parse_instant
from hydro.quantity import QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alerting.rule_files.entry import Entry
    from alerting.rule_files.notation import Token

__all__ = ["TRIAL_KEYS", "Expected", "Trial", "read_trial"]

STATION: Final = "S"
"""The station of series that name none."""

_START: Final = "2026-03-01T00:00"
_LEVELS: Final = ("blue", "yellow", "orange", "red")
_TIME: Final = re.compile(r"(?:(?P<day>\d{1,3}) )?(?P<hour>\d\d):(?P<minute>\d\d)")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d)?")
_INTERVALS: Final = "divides 60, or is a multiple of 60 that divides 1440"
TRIAL_KEYS: Final = ("name", "interval_min", "start", "station", "points", "targets", "series", "expect")
_EXPECTED_KEYS: Final = ("reason", "subject", "target", "onset", "raised", "resolved", "levels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An alert that must come, or one that came; what is None in the former is not asked for, but for ``resolved``.

    Attributes:
        line: In the file.
        subject: Code.
        onset: Epoch milliseconds, as are the next two.
        raised: See there.
        resolved: None while it fires.
        reason: Of the closed enum of the class.
        target: ``target_id``.
        levels: From the first.
    """

    line: int
    subject: str
    onset: int
    raised: int
    resolved: int | None
    reason: str | None = None
    target: str | None = None
    levels: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A test.

    Attributes:
        name: For people.
        line: In the file.
        path: Keys down to it.
        interval_min: Length of the slots.
        start: Where the first slot begins, epoch milliseconds.
        station: Further columns of the stations.
        points: Columns of ``points`` by quantity.
        targets: Rows of ``eflow_targets``.
        series: By station and quantity.
        expected: In the order of the file.
    """

    name: str
    line: int
    path: str
    interval_min: int
    start: int
    station: Mapping[str, str]
    points: Mapping[str, Mapping[str, str]]
    targets: tuple[Mapping[str, str], ...]
    series: Mapping[tuple[str, str], list[Token]]
    expected: tuple[Expected, ...]

    @property
    def end(self) -> int:
        """End of the last slot, epoch milliseconds."""
        return self.start + max(map(len, self.series.values()), default=0) * self.interval_min * MINUTE_MS


def read_trial(entry: Entry, zone_minutes: int) -> Trial | None:
    """A test; None where it has a mistake, which is noted.

    Args:
        entry: Its place.
        zone_minutes: Zone of its times.
    """
    sheet, before = entry.sheet, len(entry.sheet.findings)
    fields = entry.fields(TRIAL_KEYS, ("name", "series", "expect"))
    name = fields["name"].text() if "name" in fields else None
    interval = fields["interval_min"].whole(1, 1_440) if "interval_min" in fields else 60
    if interval is not None and (60 % interval and (interval % 60 or 1_440 % interval)):
        fields["interval_min"].mistake(f"{interval} is no interval: it {_INTERVALS}")
    start = _start(fields.get("start"), zone_minutes)
    station = _cells(fields.get("station"))
    points = {}
    if "points" in fields:
        points = {name: _cells(each) for name, each in fields["points"].fields(tuple(QUANTITIES)).items()}
    targets = tuple(_cells(each) for each in fields["targets"].items()) if "targets" in fields else ()
    series = dict(_series(fields.get("series"), interval or 60))
    expected: tuple[Expected, ...] = ()
    if "expect" in fields:
        midnight = day_start(local_date(start, zone_minutes), zone_minutes)
        expected = tuple(one for each in fields["expect"].items() for one in _expected(each, midnight))
    if len(sheet.findings) > before or name is None or interval is None:
        return None
    return Trial(
        name=name,
        line=entry.line,
        path=entry.path,
        interval_min=interval,
        start=start,
        station=station,
        points=points,
        targets=targets,
        series=series,
        expected=expected,
    )


def _start(entry: Entry | None, zone_minutes: int) -> int:
    text = _START if entry is None else entry.text() or _START
    if _DATE.fullmatch(text):
        with suppress(ValueError):  # no such day
            return parse_instant(text.replace(" ", "T") if ":" in text else f"{text}T00:00", zone_minutes)
    if entry is not None:
        entry.mistake(f"{text!r} is not a date such as 2026-03-01, or 2026-03-01 08:00")
    return parse_instant(_START, zone_minutes)


def _cells(entry: Entry | None) -> dict[str, str]:
    """Columns and their texts."""
    if entry is None:
        return {}
    return {column: each.text() or "" for column, each in entry.any_fields().items()}


def _series(entry: Entry | None, interval_min: int) -> list[tuple[tuple[str, str], list[Token]]]:
    found = []
    for key, each in {} if entry is None else entry.any_fields().items():
        station, _, quantity = key.rpartition(".")
        text = each.text()
        if quantity not in QUANTITIES:
            each.mistake(f"{quantity!r} is no quantity")
        elif text is not None:
            try:
                found.append(((station or STATION, quantity), parse_series(text, interval_min)))
            except ValueError as error:
                each.mistake(str(error))
    return found


def _expected(entry: Entry, midnight: int) -> list[Expected]:
    fields = entry.fields(_EXPECTED_KEYS, ("onset", "raised"))
    instants = {key: _instant(fields[key], midnight) for key in ("onset", "raised", "resolved") if key in fields}
    levels = _levels(fields["levels"]) if "levels" in fields else None
    onset, raised = instants.get("onset"), instants.get("raised")
    if onset is None or raised is None:
        return []
    return [
        Expected(
            line=entry.line,
            subject=fields["subject"].text() or STATION if "subject" in fields else STATION,
            onset=onset,
            raised=raised,
            resolved=instants.get("resolved"),
            reason=fields["reason"].text() if "reason" in fields else None,
            target=fields["target"].text() if "target" in fields else None,
            levels=levels,
        )
    ]


def _instant(entry: Entry, midnight: int) -> int | None:
    """``HH:MM`` of the first day, or ``D HH:MM`` with days from 1; a day ends at 24:00."""
    text = entry.text()
    match = None if text is None else _TIME.fullmatch(text)
    if match is None or int(match["hour"]) * 60 + int(match["minute"]) > DAY_MS // MINUTE_MS or match["day"] == "0":
        entry.mistake(f"{text!r} is not HH:MM, or D HH:MM with days from 1")
        return None
    minutes = (int(match["day"] or 1) - 1) * 1_440 + int(match["hour"]) * 60 + int(match["minute"])
    return midnight + minutes * MINUTE_MS


def _levels(entry: Entry) -> tuple[str, ...]:
    words = tuple(word for text in entry.texts() for word in text.replace(",", " ").split())
    for word in words:
        if word not in _LEVELS:
            entry.mistake(f"{word!r} is no level; known: {', '.join(_LEVELS)}")
    return words
