"""Gateways of a scenario; what nobody says about their failures doesn't happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.devices import Backlog, Gateway, Trouble
from simulators.scenario.filling import fill

if TYPE_CHECKING:
    from simulators.scenario.build import Build
    from simulators.scenario.entry import Entry

__all__ = ["read_gateways"]


def read_gateways(root: Entry, build: Build) -> None:
    """``gateways``.

    Args:
        root: The scenario.
        build: Where they go; the catchments are there.
    """
    perfect = root.flag("perfect", default=False)
    catchments = tuple(catchment.name for catchment in build.catchments)
    for entry in root.entries("gateways"):
        trouble = None
        if entry.is_word("trouble", "usual"):
            trouble = Trouble()
        elif not entry.is_none("trouble") and (said := entry.entry("trouble")) is not None:
            trouble = fill(said, Trouble)
            said.done()
        backlog = entry.choice("backlog", Backlog, Backlog.OBJECTS) or Backlog.OBJECTS
        gateway = fill(entry, Gateway, name=entry.name, backlog=backlog, trouble=trouble)
        over = entry.words("over") if entry.has("over") else catchments
        for name in set(over) - set(catchments):
            entry.wrong("over", f"{name!r} is no catchment")
        entry.ask("over")
        build.gateways[entry.name] = gateway.perfect() if perfect else gateway
        build.gateway_places[entry.name] = entry.place
        build.skies[entry.name] = tuple(name for name in over if name in catchments)
        entry.done()
