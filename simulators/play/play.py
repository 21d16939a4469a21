"""A scenario played: river, takers and field together, chunk after chunk, as messages in order of arrival.

::

    rain ─▶ takers.demand ─▶ river.advance ─▶ takers.settle ─┬─▶ signals ─▶ field.advance ─▶ encoding ─▶ messages
                              orders, supplies ──┘           └─▶ signals ─▶ witness.look ─▶ truths
                                                 storms, floods ────────────────┘ (outages, ratings)

Pure: the state goes in and comes out. The same scenario, seed and start give the same bytes, however it is cut into
chunks; nothing is kept but what is under way, so that a year needs no more memory than a day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hydro.errors import ConfigError
from hydro.instants import HOUR_MS, format_instant
from simulators.basin import STEP_MS, River
from simulators.devices import Field
from simulators.devices.clocks import EARLIEST_MS
from simulators.play.encoding import Encoding
from simulators.play.held import Held, release
from simulators.play.reality import true_sources
from simulators.play.section_flows import SectionFlows
from simulators.play.witness import Judged, Witness
from simulators.scenario.signals import Signals
from simulators.takers import Takers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulators.basin import Flows, State
    from simulators.devices import FieldState
    from simulators.devices.reports import Reports
    from simulators.play.arrivals import Arrivals
    from simulators.play.section_flows import FlowHour
    from simulators.play.witness import WitnessState
    from simulators.scenario.model import Scenario, WireFormat
    from simulators.takers import TakersState, Taking
    from simulators.truth import Truth

__all__ = ["Chunk", "Play", "PlayState"]

_HELD_BACK_MS: Final = 12 * HOUR_MS
"""Truths are given out so long after their end: a theft is over when nothing was taken for six hours."""

_FOR_EVER: Final = 2**62
_MESSAGES_OF_A_CHUNK: Final = 180_000
_LONGEST_CHUNK: Final = 288
_WARM_UP_STEPS: Final = 48


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """What became known in a stretch of time.

    Attributes:
        messages: In order of arrival: ``(received_at, topic, payload)``.
        truths: What ended, in the order of the ends, 12 hours after the end.
        judged: Slots and periods of targets that ended: attained or not.
        upto_ms: All that arrives until then has been given out.
        at: True time until which it was played.
    """

    messages: Arrivals
    truths: tuple[Truth, ...]
    judged: Judged
    upto_ms: int
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class PlayState:
    """Between two chunks.

    Attributes:
        at: End of the last step.
        river: Where the water is.
        takers: Where the takers are.
        field: Where devices and gateways are.
        witness: Where the observer is.
        hour: Of true flow, that has begun.
        held: What is known to be true and was not given out.
    """

    at: int
    river: State
    takers: TakersState
    field: FieldState
    witness: WitnessState
    hour: FlowHour | None
    held: Held


class Play:
    """A scenario with a seed, a start, an end and a wire format.

    Args:
        scenario: What is played.
        seed: Of all chance.
        start: When it begins, epoch milliseconds; inside a step that step's beginning. None: when the scenario says.
        end: When it ends, likewise; None: never.
        format: In which all stations write; None: each in its own, which the command line calls ``mix``.
        prefix: Of all topics.

    Raises:
        ConfigError: It ends before it begins.
        ScenarioError: The scenario can't be at that time.

    Attributes:
        scenario: As it is played: at its start.
        start: When it begins.
        end: When it ends.
        witness: Who looks at the truth; its ``duties`` are what `Chunk.judged` counts.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        seed: int,
        start: int | None = None,
        end: int | None = None,
        format: WireFormat | None = None,  # noqa: A002  # as the option is called
        prefix: str = "watermaster/v1",
    ) -> None:
        self.start = _step_of(scenario.start if start is None else start)
        self.end = None if end is None else _step_of(end)
        if self.end is not None and self.end <= self.start:
            begins, ends = (format_instant(at, scenario.zone_minutes) for at in (self.start, self.end))
            raise ConfigError(f"{scenario.place or scenario.name}: ends at {ends}, but begins at {begins}")
        self.scenario = scenario = scenario.starting(self.start)
        zone = scenario.zone_minutes
        self._river = River(scenario.network, seed=seed, climate=scenario.climate, script=scenario.script)
        self._takers = Takers(scenario.takers, seed=seed, zone_minutes=zone)
        self._field = Field(
            scenario.devices,
            scenario.gateways,
            seed=seed,
            faults=scenario.faults,
            outages=scenario.outages,
            chances=scenario.chances,
            zone_minutes=zone,
        )
        self._signals = Signals(scenario, self._field.inputs)
        real = true_sources(scenario.sources)
        self.witness = Witness(scenario.tables, real.keys(), zone_minutes=zone, at=self.start)
        self._seen = Signals(replace(scenario, sources=real), self.witness.inputs)
        self._flows = SectionFlows(scenario.network, real, zone)
        self._encoding = Encoding(scenario, format, prefix)

    def begin(self) -> PlayState:
        """River and takers live through the time before; the field is switched on at the start."""
        at = self.start - self.scenario.warm_up_ms // STEP_MS * STEP_MS
        river = self._river.initial(at, inflows=self.scenario.inflows(at, 1)[0])
        takers = self._takers.start(at)
        before: list[Truth] = []
        while at < self.start:
            steps = min(_WARM_UP_STEPS, (self.start - at) // STEP_MS)
            river, takers, _, taking = self._live(river, takers, at, steps)
            before += taking.truths
            at += steps * STEP_MS
        return PlayState(
            at=at,
            river=river,
            takers=takers,
            field=self._field.start(at),
            witness=self.witness.start(),
            hour=None,
            held=Held(tuple(truth for truth in before if truth.end > at)),
        )

    def advance(self, state: PlayState, steps: int) -> tuple[PlayState, Chunk]:
        """Some steps.

        Args:
            state: Before them.
            steps: How many; at least 1.
        """
        river, takers, flows, taking = self._live(state.river, state.takers, state.at, steps)
        field, reports, failed = self._field.advance(
            state.field,
            flows.at,
            self._signals.of(flows, taking),
            storm=self._signals.storm(flows),
            flood=self._signals.flood(flows),
        )
        witness, seen = self.witness.look(state.witness, flows.at, self._seen.of(flows, taking))
        at = state.at + steps * STEP_MS
        hour, ended = self._flows.go_on(state.hour, flows)
        new = [*taking.truths, *failed, *seen.truths]
        held, given = release(state.held, new, ended, self._flows, at - _HELD_BACK_MS)
        moved = PlayState(at, river, takers, field, witness, hour, held)
        return moved, self._chunk(reports, given, seen.judged, at - EARLIEST_MS, at)

    def finish(self, state: PlayState) -> Chunk:
        """What was under way, and all truths as they stand."""
        reports, failed = self._field.finish(state.field)
        last = [] if state.hour is None else [state.hour]
        new = [
            *self._takers.finish(state.takers),
            *failed,
            *self.witness.finish(state.witness, state.at),
        ]
        upto = int(reports.received_at[-1]) if len(reports) else state.at
        _, truths = release(state.held, new, last, self._flows, _FOR_EVER)
        return self._chunk(reports, truths, Judged.join([]), max(upto, state.at), state.at)

    def chunks(self, *, steps: int | None = None, state: PlayState | None = None) -> Iterator[Chunk]:
        """All of it, to the end if there is one.

        Args:
            steps: Of each chunk; None: as many as make a chunk that is large and fits into some hundred megabytes.
            state: From where on; None: from the start.
        """
        each = steps or min(max(_MESSAGES_OF_A_CHUNK // max(len(self.scenario.devices), 1), 1), _LONGEST_CHUNK)
        state = state or self.begin()
        while self.end is None or state.at < self.end:
            left = each if self.end is None else (self.end - state.at) // STEP_MS
            state, chunk = self.advance(state, min(each, left))
            yield chunk
        yield self.finish(state)

    def _live(self, river: State, takers: TakersState, at: int, steps: int) -> tuple[State, TakersState, Flows, Taking]:
        """River and takers; the river stands between what they want and what they get."""
        rain = self._signals.on_fields(self._river.weather.rain(at, steps))
        takers, demand = self._takers.demand(takers, steps, rain)
        river, flows = self._river.advance(river, steps, self.scenario.actions(at, steps, demand.total_m3s))
        takers, taking = self._takers.settle(takers, demand, flows.taken)
        return river, takers, flows, taking

    def _chunk(self, reports: Reports, truths: tuple[Truth, ...], judged: Judged, upto: int, at: int) -> Chunk:
        return Chunk(self._encoding.encode(reports), truths, judged, upto, at)


def _step_of(at: int) -> int:
    return at // STEP_MS * STEP_MS
