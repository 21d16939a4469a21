"""Outages of gateways: those of a scenario, and those by chance, which come with storms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import MINUTE_MS
from simulators.basin.chance import subject_keys
from simulators.basin.step import STEP_MS, Floats, Integers, Marks
from simulators.devices.gateway import Trouble
from simulators.dice import Purpose, exponential, uniforms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.devices.gateway import Gateway

__all__ = ["Cause", "Outage", "Outages", "OutagesState"]

_STEPS_A_YEAR: Final = 365 * 288
_STEPS_AN_HOUR: Final = 12
_LONGEST: Final = 6.0


class Cause(StrEnum):
    """Why a gateway is gone."""

    NETWORK = "network"
    """No way to the broker; its stations measure and keep."""
    GATEWAY = "gateway"
    """It died itself; its stations measure and keep."""
    POWER = "power"
    """A power cut: its stations measure nothing."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A gateway is gone from ``start`` on, before ``end``.

    Attributes:
        gateway: Which.
        start: Epoch milliseconds; a sample of that instant is not sent any more.
        end: Epoch milliseconds; a sample of that instant is sent again.
        cause: Why.
    """

    gateway: str
    start: int
    end: int
    cause: Cause = Cause.NETWORK


@dataclass(frozen=True, slots=True)
class OutagesState:
    """Outages between two chunks.

    Attributes:
        at: End of the last step.
        waiting: Of the scenario, not begun, in order of their beginning.
        running: Begun, not ended.
    """

    at: int
    waiting: tuple[Outage, ...]
    running: tuple[Outage, ...]


class Outages:
    """Outages of many gateways.

    Args:
        gateways: In the order of the columns.
        seed: Of all chance.
        planned: Of the scenario.

    Raises:
        ValueError: An outage is of no known gateway, or ends before it begins.
    """

    def __init__(self, gateways: Sequence[Gateway], *, seed: int, planned: Sequence[Outage] = ()) -> None:
        self._names = [gateway.name for gateway in gateways]
        self._numbers = {name: number for number, name in enumerate(self._names)}
        mistakes = [
            f"outage of gateway {one.gateway!r} from {one.start} to {one.end} ms: "
            + ("no such gateway" if one.gateway not in self._numbers else "it ends before it begins")
            for one in planned
            if one.gateway not in self._numbers or one.start >= one.end
        ]
        if mistakes:
            raise ValueError("\n".join(mistakes))
        self._planned = tuple(sorted(planned, key=_order))
        self._seed = seed
        self._keys = subject_keys(self._names)
        never = Trouble(calm_per_year=0.0, storm_per_hour=0.0)
        troubles = [gateway.trouble or never for gateway in gateways]
        self._calm = np.array([trouble.calm_per_year / _STEPS_A_YEAR for trouble in troubles], np.float64)
        self._storm = np.array([trouble.storm_per_hour / _STEPS_AN_HOUR for trouble in troubles], np.float64)
        self._mean_min = [trouble.mean_min for trouble in troubles]
        self._power = [trouble.power_share for trouble in troubles]
        self._by_chance = bool((self._calm + self._storm).any())

    def start(self, at: int) -> OutagesState:
        """State at the beginning of a simulation."""
        return OutagesState(at, tuple(one for one in self._planned if one.end > at), ())

    def go_on(
        self, state: OutagesState, ends: Integers, storm: Marks | None
    ) -> tuple[OutagesState, tuple[Outage, ...]]:
        """The outages of a chunk.

        Args:
            state: Before it.
            ends: Ends of its steps.
            storm: Whether there is a storm over a gateway: steps × gateways; None: there is none.

        Returns:
            The state after it, and all outages that are there in it, with ends that are final if they lie in it.
        """
        final = int(ends[-1])
        begun = [one for one in state.waiting if one.start <= final]
        waiting = state.waiting[len(begun) :]
        planned = set(begun)
        there: list[Outage] = []
        last: dict[str, int] = {}
        for one in sorted([*state.running, *begun, *self._drawn(ends, storm)], key=_order):
            index = last.get(one.gateway)
            if index is None or one.start >= there[index].end:
                last[one.gateway] = len(there)
                there.append(one)
            elif one in planned and one.end > there[index].end:
                there[index] = replace(there[index], end=one.end)
        return OutagesState(final, waiting, tuple(one for one in there if one.end > final)), tuple(there)

    def marks(self, outages: Sequence[Outage], ends: Integers) -> tuple[Marks, Marks]:
        """Whether gateways can't send, and whether their stations are without power: steps × gateways each."""
        offline = np.zeros((len(ends), len(self._names)), np.bool_)
        dark = offline.copy()
        for one in outages:
            first, last = np.searchsorted(ends, [one.start, one.end]).tolist()
            offline[first:last, self._numbers[one.gateway]] = True
            if one.cause is Cause.POWER:
                dark[first:last, self._numbers[one.gateway]] = True
        return offline, dark

    def _drawn(self, ends: Integers, storm: Marks | None) -> list[Outage]:
        if not self._by_chance:
            return []
        draws = uniforms(self._seed, Purpose.OUTAGE, self._keys, ends // STEP_MS)
        hazard: Floats = np.broadcast_to(self._calm, draws.shape[1:])
        if storm is not None:
            hazard = np.where(storm, self._storm, hazard)
        found = []
        for row, column in np.argwhere(draws[0] < hazard).tolist():
            offset, length, cause = (float(draws[number, row, column]) for number in (1, 2, 3))
            start = int(ends[row]) - STEP_MS + 1000 * (1 + int(offset * 298))
            minutes = self._mean_min[column] * min(exponential(length), _LONGEST)
            found.append(
                Outage(
                    gateway=self._names[column],
                    start=start,
                    end=start + max(round(minutes), 1) * MINUTE_MS,
                    cause=Cause.POWER if cause < self._power[column] else Cause.NETWORK,
                )
            )
        return found


def _order(outage: Outage) -> tuple[int, str, int]:
    return (outage.start, outage.gateway, outage.end)
