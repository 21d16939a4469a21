"""Which alerts a scenario is meant to raise, said in its file, so that people and tests know what to look for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hydro.register import AlertClass, AlertLevel
from simulators.scenario.mistakes import near, shown

if TYPE_CHECKING:
    from simulators.scenario.build import Build
    from simulators.scenario.entry import Entry

__all__ = ["Expected", "read_expected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An alert that rules for its class raise, whatever the seed.

    Attributes:
        alert_class: Its class.
        subject: Station, gateway, permit or reach of the register; of reaches, and of unknown addresses, any name.
        reason: As the class has them; empty where any may be given.
        level: The highest that it gets; None: that depends.
    """

    alert_class: AlertClass
    subject: str
    reason: str = ""
    level: AlertLevel | None = None


def read_expected(root: Entry, build: Build) -> None:
    """``expect``: a list, empty where nothing is to be raised; without it nobody knows.

    Args:
        root: The scenario.
        build: Where they go; stations, gateways and permits are there.
    """
    if "expect" not in root:
        root.ask("expect")
        return
    build.expected = []
    permits = [row["permit"] for row in build.tables.get("permits", ())]
    for entry in root.listed("expect"):
        found = entry.choice("class", AlertClass)
        if found is None and not entry.has("class"):
            entry.missing("class", f": {', '.join(AlertClass)}")
        subject, reach = entry.text("subject", ""), entry.text("reach", "")
        known = (*build.devices, *build.gateways, *permits)
        if bool(subject) == bool(reach):
            entry.wrong("", "needs either `subject`, a station, gateway or permit, or `reach`, any name of one")
        elif subject and subject not in known:
            entry.wrong(
                "subject", f"{shown(subject)} is neither a station, a gateway nor a permit{near(subject, known)}"
            )
        reason, level = entry.text("reason", ""), entry.choice("level", AlertLevel)
        entry.done()
        if found is not None:
            build.expected.append(Expected(alert_class=found, subject=subject or reach, reason=reason, level=level))
