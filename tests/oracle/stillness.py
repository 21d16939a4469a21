"""Water that stands still: the class ``flow_stopped``, and the device faults of quantities that don't agree on it.

station with a target | discharge ≤ `zero_below`, or stage ≤ `cease_stage_m`, or `flow_state` 1 or 2, ≥ 60 min and
≥ 2 valid slots; where both quantities exist both must agree, else `device_fault` | first such slot / completing
slot | red | > 2 × `zero_below` (or stage above) for 60 min. It mutes the notification of the shortfall, which stays
on record
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .alert import Alert, Spell
from .clock import HOUR
from .exemption import days_that_name, is_applicable
from .observed import hold
from .register import micro

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .observed import Observed
    from .register import Row

__all__ = ["disagreements", "judge_stopped"]

REASONS = {"discharge": "zero_discharge", "stage": "below_cease_stage", "flow_state": "flow_state"}


@dataclass(frozen=True)
class Claims:
    """What the quantities of a station say in one slot."""

    start: int
    end: int
    stopped: tuple[str, ...]
    flowing: tuple[str, ...]
    recovered: bool
    exactly_zero: bool

    @property
    def disagree(self) -> bool:
        """Whether one says stopped and another flowing."""
        return bool(self.stopped) and bool(self.flowing)

    @property
    def comparable(self) -> bool:
        """Whether at least two of them say anything."""
        return len(self.stopped) + len(self.flowing) >= 2


def judge_stopped(observed: Observed, station: str) -> list[Alert]:
    """Every time in which the flow stood still: raised by 60 min and at least 2 slots, ended by 60 min of flow."""
    interval = observed.register.interval(station) or HOUR
    alerts: list[Alert] = []
    firing: Alert | None = None
    still: list[Claims] = []
    good = 0
    last: int | None = None
    for here in _claims(observed, station, interval):
        if here.disagree:
            continue
        if last is not None and here.start - last > HOUR:
            still, good = [], 0
        last = here.end
        still = [*still, here] if here.stopped else []
        good = good + 1 if here.recovered else 0
        if firing is not None and good >= hold(60, interval):
            firing.resolved_at = here.end
            firing = None
        elif firing is None and len(still) >= max(2, hold(60, interval)):
            firing = Alert(
                kind="station",
                code=station,
                name="flow_stopped",
                reason=REASONS[here.stopped[0]],
                onset=still[0].start,
                raised_at=here.end,
                levels=[("red", here.end)],
            )
            alerts.append(firing)
    return alerts


def disagreements(observed: Observed, station: str) -> list[Spell]:
    """Times in which the quantities disagree for 60 min and at least 2 slots, until they have agreed for 24 h."""
    interval = observed.register.interval(station) or HOUR
    spells: list[Spell] = []
    run: list[Claims] = []
    clean = 0
    last: int | None = None
    for here in _claims(observed, station, interval):
        if not here.comparable:
            continue
        if last is not None and here.start - last > HOUR:
            run, clean = [], 0
        last = here.end
        run = [*run, here] if here.disagree else []
        clean = 0 if here.disagree else clean + 1
        if spells and spells[-1].resolved_at is None:
            if clean >= hold(24 * 60, interval):
                first = spells[-1]
                spells[-1] = Spell(first.reason, first.onset, first.raised_at, here.end)
        elif len(run) >= max(2, hold(60, interval)):
            reason = "zero_for_missing" if all(each.exactly_zero for each in run) else "quantities_disagree"
            spells.append(Spell(reason, run[0].start, here.end, None))
    return spells


def _claims(observed: Observed, station: str, interval: int) -> Iterable[Claims]:
    """Claims of each slot in which anything is known, where the station has a target and no ice or dry season."""
    register = observed.register
    flows, states = observed.slots(station, "discharge"), observed.slots(station, "flow_state")
    stages = observed.slots(station, "stage")
    for end in sorted({*flows, *states, *stages}):
        start = end - interval
        row = register.row_at("stations", end, station=station)
        days = days_that_name("instant", start, end, 0)
        targets = [each for each in register.tables["eflow_targets"] if each["station"] == station]
        if row is None or not any(register.is_valid(each, end) for each in targets):
            continue
        if not is_applicable(register, station, days, end):
            continue
        values = {"discharge": flows.get(end), "stage": stages.get(end), "flow_state": states.get(end)}
        claims = _claims_of_slot(row, register.row_at("points", end, station=station, quantity="discharge"), values)
        if claims is not None:
            yield Claims(start, end, *claims)


def _claims_of_slot(
    station: Row, point: Row | None, values: dict[str, int | None]
) -> tuple[tuple[str, ...], tuple[str, ...], bool, bool] | None:
    """(who says stopped, who says flowing, whether it counts towards the end, whether all who say stopped say 0)."""
    zero = micro((point or {}).get("zero_below", "") or "0")
    flow, stage, state = values["discharge"], values["stage"], values["flow_state"]
    cease = micro(station["cease_stage_m"]) if station.get("cease_stage_m", "") else None
    stopped: list[str] = []
    flowing: list[str] = []
    recovers: list[bool] = []
    if flow is not None:
        (stopped if flow <= zero else flowing).append("discharge")
        recovers.append(flow > 2 * zero)
    if stage is not None and cease is not None:
        (stopped if stage <= cease else flowing).append("stage")
        recovers.append(stage > cease)
    if state is not None and state >= 1_000_000:
        stopped.append("flow_state")
        recovers.append(False)
    elif state is not None and not recovers:
        flowing.append("flow_state")
        recovers.append(True)
    if not recovers:
        return None
    exactly_zero = all(values[quantity] == 0 for quantity in stopped)
    return tuple(stopped), tuple(flowing), all(recovers), exactly_zero
