"""The demo's stream as the product meets it: some days of it, its register, its readings."""

from __future__ import annotations

import json
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

from hydro.instants import DAY_MS, parse_instant
from hydro.register import Context, Register
from simulators.demo.places import PLACES
from simulators.demo.register import tables
from simulators.demo.story import ZONE_MINUTES, Story
from simulators.demo.stream import Event, EventKind, stream
from storage.message import RawMessage

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = "watermaster/v1"
TURN = parse_instant("2026-03-01T08:00:00+08:00", 0)
CODES = {place.key: place.code for place in PLACES}


class Reading(NamedTuple):
    """One value as it is published."""

    at: int
    quantity: str
    value: float | None
    unit: str | None


def loaded(*, visitors: bool = False) -> Register:
    """The register that belongs to the stream; it has no mistake and nothing that would go unread."""
    files = {f"{name}.csv": text.encode() for name, text in tables(visitors=visitors).items()}
    result = Register.parse(files, Context(ZONE_MINUTES, 30), {})
    assert (result.mistakes, result.warnings) == ((), ())
    assert result.register is not None
    return result.register


def events(story: Story, *, seed: int = 1, days: int = 1, live_from: int | None = None) -> list[Event]:
    """Everything up to the end of the story's last day."""
    until = story.live_until + (days - 1) * DAY_MS
    return list(takewhile(lambda event: event.at <= until, stream(story, seed=seed, live_from=live_from)))


def messages(published: Iterable[Event]) -> list[RawMessage]:
    """The same as a recorded stream."""
    return [
        RawMessage(f"{PREFIX}/{event.gateway}/up/json", event.payload, event.at)
        for event in published
        if event.kind is EventKind.REPORT
    ]


def readings(published: Iterable[Event], key: str) -> list[Reading]:
    """What a station says, in the order in which it arrives."""
    found: list[Reading] = []
    for event in published:
        if event.kind is EventKind.REPORT:
            content = json.loads(event.payload)
            for element in content if isinstance(content, list) else [content]:
                if element["station"] == CODES[key]:
                    found += _of_element(element)
    return found


def series(published: Iterable[Event], key: str, quantity: str) -> dict[int, float | None]:
    """One series, by event time."""
    return {reading.at: reading.value for reading in readings(published, key) if reading.quantity == quantity}


def _of_element(element: dict[str, Any]) -> list[Reading]:
    if "times" in element:
        pairs = zip(element["times"], element["values"], strict=True)
        return [Reading(_instant(at), element["quantity"], value, element.get("unit")) for at, value in pairs]
    units = element.get("units", {})
    return [
        Reading(_instant(element["time"]), quantity, value, units.get(quantity))
        for quantity, value in element["values"].items()
    ]


def _instant(text: str | int) -> int:
    return text if isinstance(text, int) else parse_instant(text, ZONE_MINUTES)
