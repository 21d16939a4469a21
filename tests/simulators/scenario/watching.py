"""Shipped scenarios as they really go, and as their devices report them; each worked out once."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from hydro.instants import HOUR_MS, MINUTE_MS, parse_instant
from hydro.quantity import Quantity
from simulators.play import Play
from simulators.scenario import Course, WireFormat, load, true_course
from simulators.truth import TruthKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulators.basin.step import Floats, Marks
    from simulators.scenario import Scenario
    from simulators.truth import Truth

__all__ = [
    "DAY",
    "HOUR",
    "Heard",
    "Reading",
    "changes",
    "course",
    "flow",
    "heard",
    "hour_of_day",
    "hourly",
    "means",
    "shipped",
]

HOUR: Final = 12
DAY: Final = 288
"""Steps."""


class Reading(NamedTuple):
    """A value as it arrived.

    Attributes:
        received_at: Epoch milliseconds.
        time: Of the value.
        value: In the unit of the message; None where it is missing.
    """

    received_at: int
    time: int
    value: float | None


class Heard(NamedTuple):
    """What arrived of a scenario, and what was true.

    Attributes:
        readings: By station and quantity, in order of arrival.
        statuses: (received_at, gateway, text).
        truths: By the observer.
    """

    readings: dict[tuple[str, str], list[Reading]]
    statuses: list[tuple[int, str, str]]
    truths: list[Truth]


@cache
def shipped(name: str) -> Scenario:
    """One of those that are shipped."""
    return load(name)


@cache
def course(name: str) -> Course:
    """What is true in it."""
    return true_course(shipped(name))


def flow(name: str, station: str) -> Floats:
    """True discharge at a section, m3/s, a number a step."""
    return course(name).values[station, Quantity.DISCHARGE]


def hour_of_day(name: str, first: float, last: float) -> Marks:
    """Steps whose middle lies in these hours of the local day."""
    middles = course(name).ends - 150_000 + shipped(name).zone_minutes * MINUTE_MS
    hours = middles % (24 * HOUR_MS) / HOUR_MS
    inside: Marks = (first <= hours) & (hours < last) if first < last else (first <= hours) | (hours < last)
    return inside


@cache
def heard(name: str) -> Heard:
    """What arrives of it, as JSON."""
    found = Heard({}, [], [])
    scenario = shipped(name)
    for chunk in Play(scenario, seed=1, end=scenario.end, format=WireFormat.JSON).chunks():
        found.truths.extend(chunk.truths)
        for received_at, topic, payload in chunk.messages:
            _, _, gateway, *rest = topic.split("/")
            if rest == ["status"]:
                found.statuses.append((received_at, gateway, payload.decode()))
                continue
            decoded = json.loads(payload)
            for station, quantity, time, value in _values(decoded if isinstance(decoded, list) else [decoded]):
                found.readings.setdefault((station, quantity), []).append(Reading(received_at, time, value))
    return found


def hourly(name: str, station: str) -> tuple[Floats, Floats]:
    """Ends of full hours and true mean flow in them, by the observer who watched what was heard."""
    found = [
        (truth.end, truth.details["mean_m3s"])
        for truth in heard(name).truths
        if truth.kind is TruthKind.DISCHARGE and truth.subject == station
    ]
    ends, flows = np.array(sorted(found), np.float64).T
    return ends, flows


def _values(elements: list[dict[str, Any]]) -> Iterator[tuple[str, str, int, float | None]]:
    for one in elements:
        if isinstance(one["values"], dict):
            for quantity, value in one["values"].items():
                yield one["station"], quantity, _instant(one["time"]), value
        else:
            for time, value in zip(one["times"], one["values"], strict=True):
                yield one["station"], one["quantity"], _instant(time), value


def _instant(time: str | int) -> int:
    return time if isinstance(time, int) else parse_instant(time, 0)


def means(series: Floats, steps: int = HOUR) -> Floats:
    """Means of full hours, or of other spans."""
    whole: Floats = series[: len(series) // steps * steps].reshape(-1, steps).mean(axis=1)
    return whole


def changes(series: Floats) -> Floats:
    """Absolute change from step to step."""
    moved: Floats = np.abs(np.diff(series))
    return moved
