"""What the running service says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hydro.instants import DAY_MS, parse_instant
from watermaster.doctor.advice import ADVICE
from watermaster.doctor.finding import Finding, Part, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from watermaster.ask import Service

__all__ = ["backlog", "device_clocks", "parts", "refused", "session"]

_BEHIND: Final = 100_000
"""Messages between journal and database from which a look is due: some minutes of a province."""
_MOST_LETTERS: Final = 1_000
_CONDITION: Final = {"ok": State.OK, "degraded": State.LOOK, "failed": State.FAILED}


def parts(service: Service) -> list[Finding]:
    """How its parts are, as in ``/api/v1/health``."""
    report: dict[str, Any] = service.get("health")
    found = [
        Finding(Part.SERVICE, _CONDITION[part["status"]], f"{name}: {part.get('detail', 'ok')}", ADVICE["service_part"])
        for name, part in report["parts"].items()
        if part["status"] != "ok"
    ]
    return found or [Finding(Part.SERVICE, State.OK, f"runs, all of {', '.join(report['parts'])} ok")]


def session(numbers: Mapping[tuple[str, str], float]) -> list[Finding]:
    """Whether the broker keeps what comes while the collector is away."""
    present = numbers.get(("mqtt_session_present", ""))
    lost = numbers.get(("mqtt_sessions_lost_total", ""), 0)
    if present is None:
        return []
    if lost:
        said = f"the broker had forgotten our session {lost:.0f} times since the service started"
        return [Finding(Part.SESSION, State.LOOK, said, ADVICE["session_lost"])]
    how = "was kept by the broker" if present else "is new: this was the first connection, or it had expired"
    return [Finding(Part.SESSION, State.OK, f"the collector's session {how}")]


def backlog(numbers: Mapping[tuple[str, str], float]) -> list[Finding]:
    """How far the database is behind the journal."""
    newest, stored = (numbers.get(("journal_position", reader)) for reader in ("journal", "store"))
    if newest is None or stored is None:
        return []
    behind = newest - stored
    said = f"{behind:.0f} messages of the journal are not in the database yet"
    if behind > _BEHIND:
        return [Finding(Part.STORE, State.LOOK, said, ADVICE["store_behind"])]
    return [Finding(Part.STORE, State.OK, said)]


def device_clocks(numbers: Mapping[tuple[str, str], float]) -> list[Finding]:
    """Stations whose clock is wrong."""
    wrong = numbers.get(("stations_clock_skewed", ""), 0)
    if not wrong:
        return []
    said = f"{wrong:.0f} stations have a clock that is more than 10 min off"
    return [Finding(Part.CLOCK, State.LOOK, said, ADVICE["device_clocks"])]


def refused(service: Service, zone_minutes: int, now: int) -> list[Finding]:
    """What was refused in the last 24 h, by reason."""
    letters, _ = service.items("deadletters", most=_MOST_LETTERS)
    reasons: dict[str, int] = {}
    for letter in letters:
        if parse_instant(letter["received_at"], zone_minutes) > now - DAY_MS:
            reasons[letter["reason"]] = reasons.get(letter["reason"], 0) + 1
    if not reasons:
        return [Finding(Part.FIELD, State.OK, "nothing was refused in the last 24 h")]
    named = ", ".join(f"{count} × {reason}" for reason, count in sorted(reasons.items(), key=lambda one: -one[1]))
    return [Finding(Part.FIELD, State.LOOK, f"refused in the last 24 h: {named}", ADVICE["refused"])]
