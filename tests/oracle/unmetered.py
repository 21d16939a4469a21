"""The class ``unmetered_intake`` of an intake, by its own pumps and meters.

intake | `pump_no_flow`: pump on or power > 20 % of rated for 30 min, flow ≤ zero_below and total still, ≥ 3 valid
slots each; `energy_no_volume`: the same over 24 h by energy; […] | first slot / completing slot | yellow, never above
orange before verified | pump and flow agree for 2 h
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .clock import HOUR, MINUTE
from .estimating import by_capacity
from .take import Finding, changes_between, design_max, intakes_of, number_of, points_at, slots_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .alert import Alert
    from .observed import Observed, Slots
    from .register import Register
    from .take import Estimate

__all__ = ["REASONS", "Sight", "estimate_of", "judge_unmetered", "sights_of"]

REASONS = ("pump_no_flow", "energy_no_volume", "no_meter")
HALF = 500_000


@dataclass(frozen=True)
class Sight:
    """What the points of an intake say in one slot; totals and energies by station."""

    start: int
    end: int
    is_running: bool | None
    flows_above: bool
    knows_flow: bool
    totals: dict[str, int] = field(default_factory=dict)
    energies: dict[str, int] = field(default_factory=dict)

    @property
    def is_metered(self) -> bool:
        """Whether flow or total is known."""
        return self.knows_flow or bool(self.totals)


def sights_of(observed: Observed, intake: str) -> list[Sight]:
    """Slots of an intake in order, those of which anything is known."""
    register = observed.register
    stations = intakes_of(register)[intake]
    interval = max(register.interval(code) or MINUTE for code in stations)
    slots = {code: slots_for(observed, code, interval) for code in stations}
    ends = {end for each in slots.values() for values in each.values.values() for end in values}
    found = []
    for end in sorted(ends):
        here = {row["station"]: slots[row["station"]] for row in points_at(register, intake, end)}
        if here:
            found.append(_sight(register, here, end, interval))
    return found


def _sight(register: Register, here: dict[str, Slots], end: int, interval: int) -> Sight:
    turning: list[bool] = []
    above: list[bool] = []
    for code, slots in here.items():
        pump, power, flow = (slots.get(quantity, end) for quantity in ("pump", "power", "discharge"))
        rated = number_of(register, code, "power", "rated_kw", end)
        if pump is not None:
            turning.append(pump >= HALF)
        if power is not None and rated is not None:
            turning.append(5 * power > rated)
        if flow is not None:
            above.append(flow > (number_of(register, code, "discharge", "zero_below", end) or 0))
    totals = {code: slots.get("volume_total", end) for code, slots in here.items()}
    energies = {code: slots.get("energy_total", end) for code, slots in here.items()}
    return Sight(
        start=end - interval,
        end=end,
        is_running=any(turning) if turning else None,
        flows_above=any(above),
        knows_flow=bool(above),
        totals={code: value for code, value in totals.items() if value is not None},
        energies={code: value for code, value in energies.items() if value is not None},
    )


def estimate_of(observed: Observed, alert: Alert) -> Estimate | None:
    """What an alert estimates."""
    sights = sights_of(observed, alert.code)
    if alert.reason == "energy_no_volume":
        known = [sight.end for sight in sights if sight.energies and sight.is_metered]
        return by_capacity(observed.register, alert, known, None)
    verdicts = [(sight, _is_against(sight)) for sight in sights]
    against = [(sight.start, sight.end) for sight, verdict in verdicts if verdict]
    known = [sight.end for sight, verdict in verdicts if verdict is not None]
    return by_capacity(observed.register, alert, known, against) if alert.reason == "pump_no_flow" else None


def judge_unmetered(observed: Observed, intake: str) -> list[Finding]:
    """Every spell of ``pump_no_flow`` and ``energy_no_volume``, in no order."""
    sights = sights_of(observed, intake)
    return [*_pump_no_flow(observed, intake, sights), *_energy_no_volume(observed, intake, sights)]


def _pump_no_flow(observed: Observed, intake: str, sights: Sequence[Sight]) -> list[Finding]:
    register = observed.register
    found: list[Finding] = []
    run: list[Sight] = []
    clean = 0
    last: int | None = None
    totals: dict[str, int] = {}
    for here in sights:
        interval = here.end - here.start
        verdict = _is_against(here)
        firing = found[-1] if found and found[-1].resolved_at is None else None
        if verdict is not None and last is not None and here.start - last > HOUR:
            run, clean, totals = [], 0, {}
        last = last if verdict is None else here.end
        if firing is None:
            if verdict and _is_still(register, [*run, here]):
                run = [*run, here]
            elif verdict is not None:
                run = []
            if _completes(register, intake, run, max(3, -(-30 * MINUTE // interval))):
                found.append(Finding("pump_no_flow", run[0].start, here.end))
                run, clean = [], 0
        elif verdict is not None:
            clean = 0 if verdict and not _moves(register, totals, here) else clean + 1
            if clean >= max(1, -(-120 * MINUTE // interval)):
                firing.resolved_at = here.end
                run, clean = [], 0
        totals = totals if verdict is None else totals | here.totals
    return found


def _moves(register: Register, totals: Mapping[str, int], here: Sight) -> bool:
    """Whether a total moved by more than its resolution since it was last known."""
    return any(
        abs(total - totals[code]) > _step(register, code, here.end)
        for code, total in here.totals.items()
        if code in totals
    )


def _is_against(here: Sight) -> bool | None:
    """Whether a slot speaks against the intake, as far as it goes by itself; None where it says nothing."""
    if here.is_running is False or here.flows_above:
        return False
    return True if here.is_running and here.is_metered else None


def _step(register: Register, code: str, moment: int) -> int:
    return number_of(register, code, "volume_total", "resolution", moment) or 0


def _is_still(register: Register, run: Sequence[Sight]) -> bool:
    """Whether no total of the run moved by more than its resolution."""
    codes = {code for sight in run for code in sight.totals}
    for code in codes:
        totals = [sight.totals[code] for sight in run if code in sight.totals]
        if max(totals) - min(totals) > _step(register, code, run[-1].end):
            return False
    return True


def _completes(register: Register, intake: str, run: Sequence[Sight], needed: int) -> bool:
    """Whether a run is long enough, and knows enough of flow and total."""
    if len(run) < needed:
        return False
    flows, totals = sum(sight.knows_flow for sight in run), sum(bool(sight.totals) for sight in run)
    if 0 < flows < 3 or 0 < totals < 3:
        return False
    return flows > 0 or _would_show(register, intake, run)


def _would_show(register: Register, intake: str, run: Sequence[Sight]) -> bool:
    """Whether 5 % of the design rate would have made 10 steps of the coarsest total in so many slots."""
    end = run[-1].end
    rows = points_at(register, intake, end)
    design = design_max(rows)
    known = {code for sight in run for code in sight.totals} & {row["station"] for row in rows}
    if design is None or not known:
        return False
    length = len(run) * (run[0].end - run[0].start)
    return design * length >= 20 * 1000 * 10 * max(_step(register, code, end) for code in known)


def _energy_no_volume(observed: Observed, intake: str, sights: Sequence[Sight]) -> list[Finding]:
    register = observed.register
    found: list[Finding] = []
    run: list[Sight] = []
    for here in sights:
        if found and (found[-1].resolved_at is None or here.end <= found[-1].resolved_at):
            continue
        if not (here.energies and here.is_metered):
            continue
        if run and (here.start - run[-1].end > HOUR or _energy_broke(observed, run[-1], here)):
            run = []
        run = [*run, here]
        needed = max(3, -(-24 * HOUR // (here.end - here.start)))
        window = run[-needed:]
        if len(window) == needed and _draws_for_nothing(register, intake, window):
            ended = _agreement(register, sights, here.end)
            found.append(Finding("energy_no_volume", window[0].start, here.end, ended))
            run = []
    return found


def _energy_broke(observed: Observed, before: Sight, here: Sight) -> bool:
    """Whether an energy total fell, or was changed, from one known slot to the next."""
    for code, energy in here.energies.items():
        if code in before.energies:
            moments = slots_for(observed, code, here.end - here.start).moments["energy_total"]
            first, second = moments[before.end], moments[here.end]
            if energy < before.energies[code]:
                return True
            if changes_between(observed.register, code, "energy_total", first, second):
                return True
    return False


def _draws_for_nothing(register: Register, intake: str, window: Sequence[Sight]) -> bool:
    if any(sight.flows_above for sight in window) or not _is_still(register, window):
        return False
    flows, totals = sum(sight.knows_flow for sight in window), sum(bool(sight.totals) for sight in window)
    if 0 < flows < 3 or 0 < totals < 3 or not (flows or _would_show(register, intake, window)):
        return False
    first, last = window[0], window[-1]
    gained = rated = 0
    for code in first.energies.keys() & last.energies.keys():
        full = number_of(register, code, "power", "rated_kw", last.end)
        full = number_of(register, code, "energy_total", "rated_kw", last.end) if full is None else full
        if full is not None:
            gained += last.energies[code] - first.energies[code]
            rated += full
    return rated > 0 and gained * 5 * HOUR > rated * (last.end - first.end)


def _agreement(register: Register, sights: Sequence[Sight], raised_at: int) -> int | None:
    """End of the slot that completes 2 h in which pump and flow agree."""
    clean = 0
    last: int | None = None
    totals: dict[str, int] = {}
    for here in sights:
        verdict = _is_against(here)
        if verdict is None:
            continue
        if last is not None and here.start - last > HOUR:
            clean, totals = 0, {}
        last = here.end
        if here.end > raised_at:
            clean = 0 if verdict and not _moves(register, totals, here) else clean + 1
            if clean >= max(1, -(-120 * MINUTE // (here.end - here.start))):
                return here.end
        totals = totals | here.totals
    return None
