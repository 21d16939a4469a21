"""From samples to what arrives: live reports on the minute, what was kept in an outage, gathered days, status.

Messages of a step arrive after ``end − 150 s`` (a clock that is ahead) and possibly much later. So a chunk gives out
what arrives until 150 s before its last end, in order, and keeps the rest for the next chunk: whatever the chunks, the
stream is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import MINUTE_MS
from simulators.basin.chance import subject_keys
from simulators.basin.step import STEP_MS, Floats, Integers, Marks
from simulators.devices.clocks import EARLIEST_MS
from simulators.devices.kept import Kept, pieces
from simulators.devices.reports import ReportKind, Reports, Rows
from simulators.dice import Purpose, uniforms
from simulators.truth import Truth, TruthKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.devices.device import Device
    from simulators.devices.gateway import Gateway
    from simulators.devices.outage import Outage
    from simulators.devices.samples import Samples
    from simulators.devices.wiring import Indices
    from simulators.truth import Detail

__all__ = ["Reporting", "ReportingState"]

_BACK_MS: Final = 2_000
"""From the return of a gateway to its first message of what it had kept."""
_ONLINE_MS: Final = 500
_AGAIN_MS: Final = (1_000, 29_000)
_GATHERED_MOST: Final = 200
_GATHERED_GAP_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class ReportingState:
    """What is under way between two chunks.

    Attributes:
        kept: By stations.
        due: Devices that gather and whose time to send has come.
        lost: Samples that full memories gave up, by gateway, in the outage that is there.
        on_the_way: Messages that arrive later.
    """

    kept: Kept
    due: Marks
    lost: Integers
    on_the_way: Reports


class Reporting:
    """Gateways of many devices.

    Args:
        devices: In the order of their columns.
        gateways: In the order of their columns; every device's is among them.
        seed: Of all chance.
        zone_minutes: Of the devices' clocks.
    """

    def __init__(self, devices: Sequence[Device], gateways: Sequence[Gateway], *, seed: int, zone_minutes: int) -> None:
        self._numbers = {gateway.name: number for number, gateway in enumerate(gateways)}
        self._of = np.array([self._numbers[device.gateway] for device in devices], np.int64)
        self._seed, self._zone = seed, zone_minutes
        self._keys = subject_keys(device.station for device in devices)
        self._gathers = np.array([device.gathers for device in devices], np.bool_)
        self._at_once = np.array([device.flood_reports for device in devices], np.bool_)
        self._period = np.array([device.report_min or device.sample_min for device in devices], np.int64) * MINUTE_MS
        self._offset = np.array([device.report_at_min for device in devices], np.int64) * MINUTE_MS
        self._memory = np.array([device.memory for device in devices], np.int64)
        self._delay = np.array([gateway.delay_ms for gateway in gateways], np.float64)[self._of]
        self._spread = np.array([gateway.spread_ms for gateway in gateways], np.float64)[self._of]
        self._twice = np.array([gateway.duplicate_share for gateway in gateways], np.float64)[self._of]
        self._late = np.array([gateway.late_share for gateway in gateways], np.float64)[self._of]
        self._late_ms = np.array([gateway.late_s * 1000.0 for gateway in gateways], np.float64)[self._of]
        self._gap_ms = np.array([1000.0 / gateway.backfill_per_s for gateway in gateways], np.float64)
        self._pack = np.array([gateway.backfill_samples for gateway in gateways], np.int64)[self._of]
        self._will_ms = [round(gateway.keep_alive_s * 1500.0) for gateway in gateways]
        bundled = np.array([gateway.bundled for gateway in gateways], np.bool_)[self._of]
        # Devices of one message have one speaker: the gateway, or each device itself.
        self._speaker = np.where(bundled, self._of, len(gateways) + np.arange(len(devices)))
        self._bundles = bool(bundled.any())
        self._width = max((sum(sensor.shown for sensor in device.sensors) for device in devices), default=0)

    def start(self, at: int) -> ReportingState:
        """State at the beginning: all gateways say that they are there."""
        count = len(self._of)
        kept = Kept((), np.zeros(count, np.int64))
        online = self._status(ReportKind.ONLINE, [(number, at + _ONLINE_MS) for number in self._numbers.values()])
        return ReportingState(kept, np.zeros(count, np.bool_), np.zeros(len(self._numbers), np.int64), online)

    def send(
        self, state: ReportingState, samples: Samples, outages: Sequence[Outage], offline: Marks, flood: Marks | None
    ) -> tuple[ReportingState, Reports, list[Truth]]:
        """What arrives of a chunk.

        Args:
            state: Before it.
            samples: Of it.
            outages: That are there in it.
            offline: Whether a gateway can't send: steps × gateways.
            flood: Whether a station has a flood: steps × devices.

        Returns:
            The state after it, messages in order of arrival, and outages that have ended.
        """
        ends = samples.ends
        draws = uniforms(self._seed, Purpose.ARRIVAL, self._keys, ends // STEP_MS)
        messages = [state.on_the_way, *self._statuses(outages, ends)]
        kept, due, lost = state.kept, state.due, state.lost.copy()
        truths: list[Truth] = []
        for row, end in enumerate(ends.tolist()):
            gone = offline[row, self._of]
            sampled = samples.sampled[row]
            at_once = ~self._gathers if flood is None else ~self._gathers | (flood[row] & self._at_once)
            live = sampled & ~gone & at_once
            messages += self._live(samples, row, np.flatnonzero(live), draws[:, row])
            waits = np.flatnonzero(sampled & ~live)
            if len(waits):
                kept, gave_up = kept.with_rows(_rows(samples, row, waits), self._memory)
                np.add.at(lost, self._of[gave_up], 1)
            since_report = (end + self._zone * MINUTE_MS - self._offset) % self._period
            due = due | (self._gathers & (since_report < STEP_MS) & (kept.number > 0))
            ended = {one.gateway: one.end for one in outages if end - STEP_MS < one.end <= end}
            if kept.blocks:
                kept, sent = self._hand_in(kept, due & ~gone, gone, end, since_report, draws[0, row], ended)
                messages += sent
            due = due & gone
            for one in outages:
                if end - STEP_MS < one.end <= end:
                    number = self._numbers[one.gateway]
                    truths.append(_truth(one, one.end, int(lost[number])))
                    lost[number] = 0
        whole = Reports.concatenate(messages, self._width)
        arrived = whole.received_at <= int(ends[-1]) - EARLIEST_MS
        moved = ReportingState(kept, due, lost, whole.take(~arrived))
        return moved, whole.take(arrived).ordered(), truths

    def finish(self, state: ReportingState, running: Sequence[Outage], at: int) -> tuple[Reports, list[Truth]]:
        """The messages that were under way, and outages that are still there."""
        truths = [_truth(one, at, int(state.lost[self._numbers[one.gateway]])) for one in running]
        return state.on_the_way.ordered(), truths

    def _live(self, samples: Samples, row: int, devices: Indices, draws: Floats) -> list[Reports]:
        if not len(devices):
            return []
        if self._bundles:
            devices = devices[np.argsort(self._speaker[devices], kind="stable")]
            speakers = self._speaker[devices]
            firsts = np.flatnonzero(np.r_[True, speakers[1:] != speakers[:-1]])
            length = np.diff(np.r_[firsts, len(devices)])
            heads = devices[firsts]
        else:
            heads, length = devices, np.ones(len(devices), np.int64)
        first, second, third, fourth = draws[:, heads]
        late = np.where(third < self._late[heads], fourth * self._late_ms[heads], 0.0)
        delay = np.floor(self._delay[heads] + self._spread[heads] * first * first + late).astype(np.int64)
        received_at = int(samples.ends[row]) - samples.early[row, heads] + delay
        gateway = self._of[heads]
        live = Reports.of(ReportKind.LIVE, received_at, gateway, length, _rows(samples, row, devices))
        again = np.flatnonzero(second < self._twice[heads])
        if not len(again):
            return [live]
        copies = live.take(again)
        wait = np.floor(_AGAIN_MS[0] + _AGAIN_MS[1] * fourth[again]).astype(np.int64)
        received_at = copies.received_at + wait
        return [live, Reports.of(ReportKind.DUPLICATE, received_at, copies.gateway, copies.length, copies.rows)]

    def _hand_in(
        self,
        kept: Kept,
        due: Marks,
        gone: Marks,
        end: int,
        since_report: Integers,
        draws: Floats,
        ended: dict[str, int],
    ) -> tuple[Kept, list[Reports]]:
        """Send what can be sent of what was kept, within the step that ends at ``end``."""
        back = ~self._gathers & ~gone
        if not (due | (back & (kept.number > 0))).any():
            return kept, []
        rows = kept.whole()
        sent: list[Reports] = []
        stays = np.ones(len(rows), np.bool_)
        gathered = np.flatnonzero(due[rows.device] & (rows.measured_at <= end - since_report[rows.device]))
        if len(gathered):
            cut = pieces(rows.device[gathered], rows.measured_at[gathered], np.full(len(gathered), _GATHERED_MOST))
            order = gathered[cut.order]
            number = _numbered(cut.device)
            delay = np.floor(self._delay[cut.device] + self._spread[cut.device] * draws[cut.device] ** 2)
            instant = np.maximum(end - since_report[cut.device], self._since(cut.device, end, ended))
            received_at = instant + delay.astype(np.int64) + number * _GATHERED_GAP_MS
            gateway = self._of[cut.device]
            sent.append(Reports.of(ReportKind.GATHERED, received_at, gateway, cut.length, rows.take(order)))
            stays[gathered] = False
        backlog = np.flatnonzero(back[rows.device] & (rows.measured_at < end))
        if len(backlog):
            cut = pieces(rows.device[backlog], rows.measured_at[backlog], self._pack[rows.device[backlog]])
            gateway = self._of[cut.device]
            number = _numbered(gateway)
            received_at = self._since(cut.device, end, ended) + np.floor(number * self._gap_ms[gateway]).astype(
                np.int64
            )
            # The next step begins anew, so its first message must not come too soon after this one's last.
            fits = received_at + np.ceil(self._gap_ms[gateway]).astype(np.int64) <= end + 1
            chosen = np.repeat(fits, cut.length)
            order = backlog[cut.order[chosen]]
            sent.append(
                Reports.of(ReportKind.BACKFILL, received_at[fits], gateway[fits], cut.length[fits], rows.take(order))
            )
            stays[order] = False
        return kept.only(stays), sent

    def _since(self, devices: Integers, end: int, ended: Mapping[str, int]) -> Integers:
        """From when in the step that ends at ``end`` the gateways of some devices can hand in."""
        begins = np.full(len(self._numbers), end - STEP_MS + 1, np.int64)
        for name, at in ended.items():
            begins[self._numbers[name]] = at + _BACK_MS
        return begins[self._of[devices]]

    def _statuses(self, outages: Sequence[Outage], ends: Integers) -> list[Reports]:
        """Wills and returns of outages that begin or end in the chunk."""
        first, last = int(ends[0]) - STEP_MS, int(ends[-1])
        wills, returns = [], []
        for one in outages:
            number = self._numbers[one.gateway]
            will = one.start + self._will_ms[number]
            # Only now, when it is time for the will, is it sure that the gateway has not come back before.
            if first < will <= last and will < one.end:
                wills.append((number, will))
            if first < one.end <= last and will < one.end:
                returns.append((number, one.end))
        return [self._status(ReportKind.OFFLINE, wills), self._status(ReportKind.ONLINE, returns)]

    def _status(self, kind: ReportKind, found: Sequence[tuple[int, int]]) -> Reports:
        gateway, received_at = np.array(found, np.int64).reshape(-1, 2).T
        none = Rows.concatenate([], self._width)
        return Reports.of(kind, received_at, gateway, np.zeros(len(gateway), np.int64), none)


def _truth(outage: Outage, until: int, lost: int) -> Truth:
    details: dict[str, Detail] = {"cause": outage.cause.value, "lost_samples": lost}
    return Truth(TruthKind.OUTAGE, outage.gateway, outage.start, until, details)


def _rows(samples: Samples, row: int, devices: Indices) -> Rows:
    return Rows(
        device=devices,
        measured_at=np.full(len(devices), samples.ends[row]),
        event_time=samples.event_time[row, devices],
        sequence=samples.sequence[row, devices],
        counts=samples.counts[row, devices],
    )


def _numbered(owners: Integers) -> Integers:
    """Number of each message among those of its owner, in the order given.

    >>> _numbered(np.array([4, 2, 4, 4])).tolist()
    [0, 0, 1, 2]
    """
    order = np.argsort(owners, kind="stable")
    sorted_owners = owners[order]
    starts = np.flatnonzero(np.r_[True, sorted_owners[1:] != sorted_owners[:-1]])
    numbers = np.empty(len(owners), np.int64)
    numbers[order] = np.arange(len(owners)) - np.repeat(starts, np.diff(np.r_[starts, len(owners)]))
    return numbers
