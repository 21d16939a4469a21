"""Reports as JSON of the contract, section 3: our own writer, so that the reader has an independent counterpart.

Numbers are exact decimals, never with an exponent; texts are compact, so that a recorded stream can state them as they
are. One template a layout (the same sensors with the same units) is filled for all rows at once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.instants import format_instant
from simulators.devices.gateway import Backlog
from simulators.devices.numerals import decimals
from simulators.devices.reports import ReportKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simulators.basin.step import Integers, Marks
    from simulators.devices.device import Device
    from simulators.devices.gateway import Gateway
    from simulators.devices.reports import Reports, Rows
    from simulators.devices.sensor import Scale

__all__ = ["JsonEncoder", "Messages"]

_STATUS: Final = {ReportKind.ONLINE: b"online", ReportKind.OFFLINE: b"offline"}


class Messages(NamedTuple):
    """Messages as columns.

    Attributes:
        received_at: Epoch milliseconds.
        topic: Of each.
        payload: Of each.
    """

    received_at: list[int]
    topic: list[str]
    payload: list[bytes]

    def rows(self) -> Iterator[tuple[int, str, bytes]]:
        """One after the other."""
        return zip(self.received_at, self.topic, self.payload, strict=True)


class _Layout(NamedTuple):
    """What devices have in common that have the same sensors with the same resolutions and units."""

    names: tuple[str, ...]
    scales: tuple[Scale, ...]
    units: tuple[str, ...]

    def template(self) -> str:
        values = ",".join(f'"{name}":%s' for name in self.names)
        given = {name: unit for name, unit in zip(self.names, self.units, strict=True) if unit}
        units = f',"units":{json.dumps(given, separators=(",", ":"))}' if given else ""
        return f'{{"station":%s,"time":%s,"seq":%d,"values":{{{values}}}{units.replace("%", "%%")}}}'


class JsonEncoder:
    """Writes what gateways send.

    Args:
        devices: In the order of the reports' numbers.
        gateways: In the order of the reports' numbers.
        prefix: Of all topics.
        zone_minutes: Of times in ISO 8601.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        gateways: Sequence[Gateway],
        *,
        prefix: str = "watermaster/v1",
        zone_minutes: int = 480,
    ) -> None:
        self._zone = zone_minutes
        self._up = [f"{prefix}/{gateway.name}/up/json" for gateway in gateways]
        self._status = [f"{prefix}/{gateway.name}/status" for gateway in gateways]
        self._stations = [json.dumps(device.station, ensure_ascii=False) for device in devices]
        self._bundled = np.array([gateway.bundled for gateway in gateways], np.bool_)
        self._history = np.array([gateway.backlog is Backlog.HISTORY for gateway in gateways], np.bool_)
        numbers = {gateway.name: number for number, gateway in enumerate(gateways)}
        self._epoch = np.array([gateways[numbers[device.gateway]].epoch for device in devices], np.bool_)
        known: dict[_Layout, int] = {}
        of = [known.setdefault(_layout(device), len(known)) for device in devices]
        self._layout_of = np.array(of, np.intp)
        self._layouts = list(known)
        self._templates = [layout.template() for layout in known]

    def encode(self, reports: Reports) -> Messages:
        """Topics and payloads, in the order of the reports."""
        kinds, gateways, lengths = reports.kind.tolist(), reports.gateway.tolist(), reports.length.tolist()
        received_at: list[int] = reports.received_at.tolist()
        if not len(reports.rows):
            return Messages(
                received_at, [self._status[one] for one in gateways], [_STATUS[ReportKind(kind)] for kind in kinds]
            )
        texts = self._texts(reports.rows)
        plain = (reports.length == 1) & ~self._bundled[reports.gateway]
        if plain.all():
            return Messages(received_at, [self._up[one] for one in gateways], [text.encode() for text in texts])
        history = self._history[reports.gateway] & (
            (reports.kind == ReportKind.BACKFILL) | (reports.kind == ReportKind.GATHERED)
        )
        topics, payloads = [], []
        first = 0
        shapes = zip(kinds, gateways, lengths, plain.tolist(), history.tolist(), strict=True)
        for kind, gateway, length, single, series in shapes:
            if length == 0:
                topics.append(self._status[gateway])
                payloads.append(_STATUS[ReportKind(kind)])
                continue
            topics.append(self._up[gateway])
            if series and length > 1:
                payloads.append(self._series(reports.rows, first, first + length).encode())
            elif single:
                payloads.append(texts[first].encode())
            else:
                payloads.append(f"[{','.join(texts[first : first + length])}]".encode())
            first += length
        return Messages(received_at, topics, payloads)

    def _texts(self, rows: Rows) -> list[str]:
        """Each row as an object."""
        texts = [""] * len(rows)
        layouts = self._layout_of[rows.device]
        for number in np.unique(layouts).tolist():
            layout, template = self._layouts[number], self._templates[number]
            mine = np.flatnonzero(layouts == number)
            device = rows.device[mine]
            stations = [self._stations[one] for one in device.tolist()]
            times = self._times(rows.event_time[mine], self._epoch[device])
            counts = rows.counts[mine]
            values = [
                decimals(counts[:, slot], scale.multiple, scale.digits) for slot, scale in enumerate(layout.scales)
            ]
            filled = [
                template % row for row in zip(stations, times, rows.sequence[mine].tolist(), *values, strict=True)
            ]
            if len(mine) == len(texts):
                return filled
            for index, text in zip(mine.tolist(), filled, strict=True):
                texts[index] = text
        return texts

    def _times(self, event_time: Integers, epoch: Marks) -> list[str]:
        known, rows = np.unique(event_time, return_inverse=True)
        iso = [f'"{format_instant(one, self._zone)}"' for one in known.tolist()]
        if not epoch.any():
            return [iso[row] for row in rows.tolist()]
        numbers = list(map(str, known.tolist()))
        return [numbers[row] if plain else iso[row] for row, plain in zip(rows.tolist(), epoch.tolist(), strict=True)]

    def _series(self, rows: Rows, first: int, last: int) -> str:
        """Samples of one device as an array of series."""
        device = int(rows.device[first])
        layout = self._layouts[self._layout_of[device]]
        times = ",".join(self._times(rows.event_time[first:last], np.full(last - first, self._epoch[device])))
        series = []
        for slot, (name, scale, unit) in enumerate(zip(*layout, strict=True)):
            values = ",".join(decimals(rows.counts[first:last, slot], scale.multiple, scale.digits))
            given = f',"unit":{json.dumps(unit)}' if unit else ""
            series.append(
                f'{{"station":{self._stations[device]},"quantity":"{name}"{given},'
                f'"times":[{times}],"values":[{values}]}}'
            )
        return f"[{','.join(series)}]"


def _layout(device: Device) -> _Layout:
    shown = [sensor for sensor in device.sensors if sensor.shown]
    return _Layout(
        tuple(sensor.quantity.text for sensor in shown),
        tuple(sensor.scale for sensor in shown),
        tuple(sensor.unit for sensor in shown),
    )
