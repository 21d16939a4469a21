"""All takers at once: what they want, and what follows from what the river gives. Pure, seeded, in chunks of any size.

A chunk goes through in two halves, because the river stands between them::

    state, demand = takers.demand(state, steps)          what each wants to take in each step
    taken = …                                            the river: at most demand.total_m3s
    state, taking = takers.settle(state, demand, taken)  what meters see, pumps, power, returns, truths

All rates are whole counts of 1e-6 m3/s, so that volumes add up exactly: taken = metered + unmetered. What the river
doesn't give is not caught up: demand doesn't depend on what was taken, thus chunk sizes change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import DAY_MS
from simulators.basin.chance import subject_keys
from simulators.basin.step import STEP_MS, STEP_S, Floats, Integers, Marks, step_ends
from simulators.dice import Purpose, normals, uniforms
from simulators.takers.calendar import Calendar
from simulators.takers.episodes import Episode, closed, follow
from simulators.takers.habit import Habits
from simulators.takers.loot import Loot, Wanted
from simulators.takers.permit import Permit, Permits, Used
from simulators.takers.pump import PumpHouses
from simulators.takers.taker import Taker, mistakes_of
from simulators.takers.theft import TheftKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.truth import Truth

__all__ = ["Demand", "Takers", "TakersState", "Taking"]

_MICRO: Final = 1e6
_STEP: Final = int(STEP_S)
_LEVEL_AT_START: Final = 0.75
_WET_HALF_LIFE: Final = 2 * DAY_MS / STEP_MS
_WET_DECAY: Final = round(0.5 ** (1.0 / _WET_HALF_LIFE), 12)
_UNBOUNDED: Final = Permit(max_m3s=1e6)


@dataclass(frozen=True, slots=True)
class TakersState:
    """Where the takers are between two chunks.

    Attributes:
        at: End of the last step, epoch milliseconds.
        level: Of their tanks, 0 to 1.
        running: Pumps that run.
        wet_mm: Rain of the last days that still counts.
        day: Local day of ``turn``.
        turn: 1 where that day is one on which water is taken.
        used: Of permits and plans.
        pipe_empty: Whether the water above the meter has run back.
        past: What was taken in the last steps, for returns: oldest first.
        episodes: Open thefts.
    """

    at: int
    level: Floats
    running: Floats
    wet_mm: Floats
    day: int
    turn: Floats
    used: Used
    pipe_empty: Integers
    past: Floats
    episodes: tuple[Episode | None, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """What takers want: steps × takers, rates in 1e-6 m3/s.

    Attributes:
        ends: Ends of the steps.
        own: Of their honest business, through the meter.
        backwash: The part of ``own`` that goes back at once.
        wanted: Of their thefts.
        running: Pumps that run.
        started: Those of them that start in the step.
        total: All together.
    """

    ends: Integers
    own: Integers
    backwash: Integers
    wanted: Wanted
    running: Floats
    started: Floats
    total: Integers

    @property
    def total_m3s(self) -> Floats:
        """What the river is asked for, m3/s."""
        return self.total / _MICRO


@dataclass(frozen=True, slots=True)
class Taking:
    """What happened: steps × takers, except where it says otherwise.

    Attributes:
        ends: Ends of the steps.
        taken_m3s: Taken from the river.
        through_m3s: Passed the metering point.
        seen_m3s: What a perfect meter there shows: less with a magnet on it, negative where the pipe runs back.
        unmetered_m3s: Taken without being counted.
        pump: 1 where a pump ran.
        power_kw: Drawn, standby included; 0 without pumps.
        returned_m3s: Comes back to the river.
        truths: Thefts that have ended.
    """

    ends: Integers
    taken_m3s: Floats
    through_m3s: Floats
    seen_m3s: Floats
    unmetered_m3s: Floats
    pump: Floats
    power_kw: Floats
    returned_m3s: Floats
    truths: tuple[Truth, ...]

    @property
    def energy_kwh(self) -> Floats:
        """Drawn in each step."""
        return self.power_kw * (STEP_S / 3600.0)


class Takers:
    """Many takers.

    Args:
        takers: In the order of all columns.
        seed: Of all chance.
        zone_minutes: Of their clocks.

    Raises:
        ValueError: A taker is wrong; all mistakes are in the message, a line each.
    """

    def __init__(self, takers: Sequence[Taker], *, seed: int, zone_minutes: int = 480) -> None:
        mistakes = mistakes_of(takers)
        if mistakes:
            raise ValueError("\n".join(mistakes))
        self.takers = tuple(takers)
        self._seed = seed
        self._zone = zone_minutes
        self._keys = subject_keys(taker.name for taker in takers)
        self._means = np.array([taker.mean_m3s for taker in takers], np.float64)
        self._habits = Habits([taker.habits for taker in takers])
        self._permits = Permits([taker.permit or _UNBOUNDED for taker in takers])
        self._houses = PumpHouses([taker.house for taker in takers], self._means)
        self._loot = Loot(takers)
        self._returned = np.array([taker.returns.share if taker.returns else 0.0 for taker in takers], np.float64)
        delays = [taker.returns.delay_min * 60.0 / STEP_S if taker.returns else 0.0 for taker in takers]
        self._delay = np.array([round(delay) for delay in delays], np.intp)

    def start(self, at: int) -> TakersState:
        """State of takers who begin at ``at``, an end of a step: tanks three quarters full, nothing taken yet."""
        count = len(self.takers)
        calendar = Calendar.of(np.array([at + STEP_MS], np.int64), self._zone)
        year, month, day = int(calendar.year[0]), int(calendar.month[0]), int(calendar.day[0])
        nothing = np.zeros(count, np.int64)
        wet = np.zeros(count)
        return TakersState(
            at=at,
            level=np.full(count, _LEVEL_AT_START),
            running=np.zeros(count),
            wet_mm=wet,
            day=day,
            turn=self._turn(day, month, wet),
            used=Used(year, month, nothing, nothing),
            pipe_empty=nothing,
            past=np.zeros((int(self._delay.max(initial=0)), count)),
            episodes=(None,) * len(self._loot.thefts),
        )

    def demand(self, state: TakersState, steps: int, rain_mm: Floats | None = None) -> tuple[TakersState, Demand]:
        """What is wanted in the next steps.

        Args:
            state: Before them.
            steps: How many.
            rain_mm: That falls on the fields of each in each step, steps × takers; None: none.
        """
        ends = step_ends(state.at, steps)
        calendar = Calendar.of(ends, self._zone)
        opened = self._permits.open(calendar)
        wanted = self._loot.wanted(calendar, opened)
        present = opened * (1 - wanted.absent) * (1 - self._obeyed(ends))
        wish = self._habits.shares(calendar) * self._means * self._day_factors(calendar)
        rinse = self._backwash(calendar) * present
        own = np.zeros(wish.shape, np.int64)
        running, started = np.zeros(wish.shape), np.zeros(wish.shape)
        houses = self._houses
        level, turning, used, wet, day, turn = (
            state.level, state.running, state.used, state.wet_mm, state.day, state.turn,
        )  # fmt: skip
        for row in range(steps):
            month = int(calendar.month[row])
            if calendar.day[row] != day:
                day = int(calendar.day[row])
                turn = self._turn(day, month, wet)
            if rain_mm is not None:
                wet = wet * _WET_DECAY + rain_mm[row]
            use = wish[row] * turn + rinse[row]
            turned = houses.turn(level, turning)
            may = present[row]
            flow = np.where(
                houses.present,
                houses.delivered(turned.running, turned.started, STEP_S),
                np.minimum(use, self._permits.max_m3s),
            )
            asked = np.rint(flow * may * _MICRO).astype(np.int64)
            used, own[row] = self._permits.within(used, int(calendar.year[row]), month, asked, _STEP)
            works = (own[row] == asked) * may
            running[row], started[row] = turned.running * works, turned.started * works
            turning = running[row]
            level = np.clip(level + (own[row] / _MICRO - use) * (STEP_S / houses.tank_m3), 0.0, 1.0)
        demand = Demand(
            ends=ends,
            own=own,
            backwash=np.where(houses.present, 0, np.minimum(np.rint(rinse * _MICRO).astype(np.int64), own)),
            wanted=wanted,
            running=running,
            started=started,
            total=own + self._loot.added(wanted.rates, np.arange(len(self._loot.thefts))),
        )
        moved = replace(
            state, at=int(ends[-1]), level=level, running=turning, wet_mm=wet, day=day, turn=turn, used=used
        )
        return moved, demand

    def settle(self, state: TakersState, demand: Demand, taken_m3s: Floats) -> tuple[TakersState, Taking]:
        """What follows from what the river gave.

        Args:
            state: After `demand`.
            demand: What was wanted.
            taken_m3s: What could be taken, steps × takers; ``demand.total_m3s`` where there is enough.
        """
        loot, houses, total = self._loot, self._houses, demand.total
        taken = np.clip(np.rint(taken_m3s * _MICRO).astype(np.int64), 0, total)
        some = np.maximum(total, 1)
        stolen = demand.wanted.rates * taken[:, loot.taker] // some[:, loot.taker]
        past_pump = loot.added(stolen, loot.past_pump)
        by_pump = loot.added(stolen, loot.by_pump)
        out_of_season = loot.added(stolen, loot.through_meter)
        through = taken - past_pump - by_pump
        counted = np.rint(through * demand.wanted.seen).astype(np.int64)
        share = taken / some
        extra = (by_pump + out_of_season) / _MICRO
        power = houses.power(demand.running, demand.started, share, extra, STEP_S)
        power = np.where(houses.present, np.rint((power + houses.standby_kw) * _MICRO) / _MICRO, 0.0)
        pipe_empty, drained = self._drained(state, demand, demand.wanted.seen)
        past, returned = self._come_back(state, taken / _MICRO)
        losses = stolen.copy()
        for column, theft in enumerate(loot.thefts):
            if theft.kind in {TheftKind.MAGNET, TheftKind.METER_OFF, TheftKind.UNREGISTERED}:
                now = (theft.start < demand.ends) & (demand.ends <= theft.end)
                losses[:, column] = np.where(now, (through - counted)[:, loot.taker[column]], 0)
            elif theft.kind is TheftKind.OVER_RATE:
                taker = loot.taker[column]
                most = round(float(self._permits.max_m3s[taker]) * _MICRO)
                losses[:, column] = np.where(stolen[:, column] > 0, np.maximum(through[:, taker] - most, 0), 0)
            elif theft.kind is TheftKind.IN_BAN:
                now = (theft.start < demand.ends) & (demand.ends <= theft.end)
                taker = loot.taker[column]
                losses[:, column] = np.where(now & self._banned(demand.ends, int(taker)), through[:, taker], 0)
        episodes, truths = self._follow(state, demand.ends, losses)
        taking = Taking(
            ends=demand.ends,
            taken_m3s=taken / _MICRO,
            through_m3s=through / _MICRO,
            seen_m3s=(counted + drained) / _MICRO,
            unmetered_m3s=(taken - counted) / _MICRO,
            pump=((demand.running > 0.0) | (by_pump > 0) | (houses.present & (out_of_season > 0))).astype(np.float64),
            power_kw=power,
            returned_m3s=returned + np.minimum(demand.backwash, taken) / _MICRO,
            truths=truths,
        )
        return replace(state, pipe_empty=pipe_empty, past=past, episodes=episodes), taking

    def finish(self, state: TakersState) -> tuple[Truth, ...]:
        """Thefts that are still under way."""
        return tuple(closed(state.episodes))

    def _day_factors(self, calendar: Calendar) -> Floats:
        days, rows = np.unique(calendar.day, return_inverse=True)
        drawn = normals(self._seed, Purpose.TAKERS_DAY, self._keys, days)[0]
        factors: Floats = np.maximum(1.0 + self._habits.day_spread * drawn, 0.0)[rows]
        return factors

    def _banned(self, ends: Integers, column: int) -> Marks:
        """Steps in which a taker must take nothing."""
        found: Marks = np.zeros(len(ends), np.bool_)
        for start, end in self.takers[column].bans:
            found |= (start < ends) & (ends <= end)
        return found

    def _obeyed(self, ends: Integers) -> Integers:
        """1 where a taker keeps a ban: steps × takers."""
        found = np.zeros((len(ends), len(self.takers)), np.int64)
        for column, taker in enumerate(self.takers):
            if taker.bans:
                kept = self._banned(ends, column)
                for theft in taker.thefts:
                    if theft.kind is TheftKind.IN_BAN:
                        kept &= (ends <= theft.start) | (theft.end < ends)
                found[:, column] = kept
        return found

    def _turn(self, day: int, month: int, wet_mm: Floats) -> Floats:
        drawn = uniforms(self._seed, Purpose.TAKERS_DAY, self._keys, np.array([day]), block=1)[0, 0]
        goes: Marks = (drawn < self._habits.turns[month]) & (wet_mm < self._habits.rain_stops_mm)
        return goes.astype(np.float64)

    def _backwash(self, calendar: Calendar) -> Floats:
        found = np.zeros((len(calendar.ends), len(self.takers)))
        for column, taker in enumerate(self.takers):
            if taker.backwash is not None:
                last = (taker.backwash.hour + taker.backwash.minutes / 60.0) % 24.0
                now = calendar.minute_inside(taker.backwash.hour, last)
                found[:, column] = np.where(now, taker.backwash.rate_m3s, 0.0)
        return found

    def _drained(self, state: TakersState, demand: Demand, seen: Floats) -> tuple[Integers, Integers]:
        """Water that runs back when the last pump stops, and is pumped again first: 1e-6 m3/s, steps × takers."""
        drained = np.zeros(demand.own.shape, np.int64)
        empty = state.pipe_empty
        rate = np.rint(self._houses.drain_m3 / STEP_S * _MICRO).astype(np.int64)
        if not rate.any():
            return empty, drained
        for row, running in enumerate(demand.running):
            runs_back = (running == 0.0) & (empty == 0)
            fills = (running > 0.0) & (empty == 1)
            change = fills.astype(np.int64) - runs_back.astype(np.int64)
            drained[row] = np.rint(rate * change * seen[row])
            empty = empty - change
        return empty, drained

    def _come_back(self, state: TakersState, taken_m3s: Floats) -> tuple[Floats, Floats]:
        longest = len(state.past)
        history = np.concatenate([state.past, taken_m3s])
        rows = longest + np.arange(len(taken_m3s))[:, None] - self._delay
        returned: Floats = np.rint(history[rows, np.arange(len(self.takers))] * self._returned * _MICRO) / _MICRO
        return history[len(history) - longest :], returned

    def _follow(
        self, state: TakersState, ends: Integers, losses: Integers
    ) -> tuple[tuple[Episode | None, ...], tuple[Truth, ...]]:
        listed: list[int] = ends.tolist()
        episodes: list[Episode | None] = []
        truths: list[Truth] = []
        for column, theft in enumerate(self._loot.thefts):
            name = self.takers[int(self._loot.taker[column])].name
            episode, ended = follow(state.episodes[column], name, theft.kind, listed, losses[:, column])
            episodes.append(episode)
            truths += ended
        return tuple(episodes), tuple(truths)
