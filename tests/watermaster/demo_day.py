"""The demo's stream as the product meets it: some days of it, its register, its readings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hydro.instants import DAY_MS, MINUTE_MS, parse_instant
from hydro.register import Context, Register
from simulators.scenario import load
from storage.message import RawMessage
from watermaster.demo.plan import Plan
from watermaster.demo.stream import Stream, played

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from simulators.play import Arrival
    from simulators.scenario import Scenario

PREFIX: Final = "watermaster/v1"
TURN: Final = parse_instant("2026-03-01T08:00:00+08:00", 0)
SLOT: Final = 5 * MINUTE_MS
GATEWAYS: Final = ("gw-shimen", "gw-xiangshui", "gw-qiaotou", "gw-longdong")
DARK_GATEWAY: Final = "gw-longdong"
MACHAOTAN: Final = "520122S003"


class Reading(NamedTuple):
    """One value as it is published."""

    at: int
    value: float | None


def planned(turn: int = TURN, *, seed: int = 1, live_from: int | None = None) -> Plan:
    """A plan with its turn at a full hour; history ends three minutes before it, or at ``live_from``."""
    scenario = load("demo").starting(turn - DAY_MS)
    return Plan(scenario, scenario.story[0].at if live_from is None else live_from, 60, seed, None)


def gateway_of(topic: str) -> str:
    """Who sent it."""
    return topic.removeprefix(f"{PREFIX}/").split("/")[0]


def arrivals(planned: Plan, until: int) -> list[Arrival]:
    """All that arrives until an instant, states of gateways among it."""
    return Stream(played(planned, PREFIX)).take(until + 1)


def reports(planned: Plan, until: int) -> list[RawMessage]:
    """The same as the recorded stream of a collector, without states."""
    return [
        RawMessage(topic, payload, at)
        for at, topic, payload in arrivals(planned, until)
        if not topic.endswith("/status")
    ]


def loaded(scenario: Scenario) -> Register:
    """The register of a scenario; it has no mistake and nothing that would go unread."""
    result = Register.parse(scenario.contents(), Context(scenario.zone_minutes, 30), {})
    assert (result.mistakes, result.warnings) == ((), ())
    assert result.register is not None
    return result.register


def codes(scenario: Scenario, gateway: str | None = None) -> list[str]:
    """Stations, all or those of a gateway."""
    return [row["station"] for row in scenario.tables["stations"] if gateway in (None, row["gateway"])]


def readings(messages: Iterable[Arrival]) -> dict[tuple[str, str], list[Reading]]:
    """What stations say, by station and quantity, in the order in which it arrives."""
    found: dict[tuple[str, str], list[Reading]] = {}
    for _, topic, payload in messages:
        if not topic.endswith("/status"):
            content = json.loads(payload)
            for element in content if isinstance(content, list) else [content]:
                for quantity, reading in _of_element(element):
                    found.setdefault((element["station"], quantity), []).append(reading)
    return found


def _of_element(element: dict[str, Any]) -> Iterator[tuple[str, Reading]]:
    if "times" in element:
        for at, value in zip(element["times"], element["values"], strict=True):
            yield element["quantity"], Reading(_instant(at), value)
        return
    for quantity, value in element["values"].items():
        yield quantity, Reading(_instant(element["time"]), value)


def _instant(text: str | int) -> int:
    return text if isinstance(text, int) else parse_instant(text, 480)
