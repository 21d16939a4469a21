"""The weather of a scenario: its climate, dry and wet spells, storms on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.instants import HOUR_MS
from simulators.basin import STEP_MS, Climate, Script, Spell, Storm
from simulators.scenario.filling import fill

if TYPE_CHECKING:
    from simulators.scenario.build import Build
    from simulators.scenario.entry import Entry

__all__ = ["read_sky"]

_LONGEST_STORM_H: Final = 20.0
_MONTHS: Final = 12


def read_sky(root: Entry, build: Build) -> None:
    """``climate`` and ``weather``.

    Args:
        root: The scenario.
        build: Where it goes.
    """
    build.climate = None if root.is_none("climate") else _climate(root.entry("climate"))
    weather = root.entry("weather")
    if weather is None:
        return
    spells, storms = [], []
    for entry in weather.listed("spells"):
        first, last = entry.interval()
        spells.append(Spell(first, last, entry.number("factor", 0.0, least=0.0)))
        entry.done()
    for number, entry in enumerate(weather.listed("storms")):
        at = entry.time("at")
        hours = entry.number("hours", least=1 / 12, most=_LONGEST_STORM_H)
        storms.append(
            Storm(
                at=at // STEP_MS * STEP_MS,
                steps=max(round(hours * HOUR_MS / STEP_MS), 1),
                x_km=entry.number("x_km", 0.0),
                y_km=entry.number("y_km", 0.0),
                radius_km=max(entry.number("radius_km", 60.0, least=0.1), 0.1),
                depth_mm=entry.number("mm", least=0.0, most=2000.0),
                peak=entry.number("peak", 0.35, least=0.01, most=0.99),
                key=number,
            )
        )
        entry.done()
    build.script = Script(spells=tuple(spells), storms=tuple(storms))
    weather.done()


def _climate(entry: Entry | None) -> Climate:
    if entry is None:
        return Climate()
    usual = Climate()
    found = fill(entry, Climate, usual, shower=usual.shower, front=usual.front)
    for name in ("rain_mm", "shower_share", "evaporation_mm_d"):
        values = getattr(found, name)
        if len(values) != _MONTHS or min(values, default=-1.0) < 0.0:
            entry.wrong(name, f"needs {_MONTHS} numbers, January first, none negative")
    entry.done()
    return found
