"""Reports as messages: JSON, frames, or to each station its own format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from simulators.devices.message_json import JsonEncoder
from simulators.devices.reports import Reports
from simulators.play.arrivals import Arrivals
from simulators.play.frames import Sl651Writer, Slt427Writer
from simulators.play.plain_numbers import PlainNumbers
from simulators.rtu.slt427.profile import Profile
from simulators.scenario.model import WireFormat

if TYPE_CHECKING:
    from simulators.devices.device import Device
    from simulators.devices.wiring import Indices
    from simulators.play.frames import FrameWriter
    from simulators.scenario.model import Scenario

__all__ = ["Encoding"]

_OLD_EDITION: Final = "szy206"
_IN_FRAMES: Final = (WireFormat.SL651, WireFormat.SLT427)


class _Part(NamedTuple):
    """Some messages, or parts of them.

    Attributes:
        numbers: Of the whole messages.
        reports: They.
    """

    numbers: Indices
    reports: Reports


class Encoding:
    """Writes the messages of a scenario.

    Args:
        scenario: Whose.
        form: Of all messages; None: to each station its own.
        prefix: Of all topics.
    """

    def __init__(self, scenario: Scenario, form: WireFormat | None, prefix: str) -> None:
        self._json = JsonEncoder(scenario.devices, scenario.gateways, prefix=prefix, zone_minutes=scenario.zone_minutes)
        self._plain = PlainNumbers(scenario.devices)
        forms = list(WireFormat)
        self._form = np.array(
            [forms.index(form or scenario.wires[device.station].format) for device in scenario.devices], np.int64
        )
        self._only_json = bool((self._form == forms.index(WireFormat.JSON)).all())
        self._topics = {
            one: [f"{prefix}/{gateway.name}/up/{one.value}" for gateway in scenario.gateways] for one in _IN_FRAMES
        }
        editions = {row["station"]: row.get("slt427_edition", "") for row in scenario.tables.get("stations", ())}
        self._writers = [
            _writer(device, forms[number], scenario, editions.get(device.station, ""))
            for device, number in zip(scenario.devices, self._form.tolist(), strict=True)
        ]

    def encode(self, reports: Reports) -> Arrivals:
        """Messages in the order of the reports; one of stations of several formats becomes one of each."""
        if self._only_json:
            return self._as_json(reports)
        parts = [self._part(reports, form) for form in WireFormat]
        order = np.argsort(np.concatenate([part.numbers for part in parts]), kind="stable").tolist()
        written = [
            self._as_json(part.reports) if form is WireFormat.JSON else self._as_frames(part.reports, form)
            for form, part in zip(WireFormat, parts, strict=True)
        ]
        received_at = [at for one in written for at in one.received_at]
        topic = [text for one in written for text in one.topic]
        payload = [data for one in written for data in one.payload]
        return Arrivals(
            [received_at[place] for place in order],
            [topic[place] for place in order],
            [payload[place] for place in order],
            np.concatenate([one.compact for one in written])[order],
        )

    def _part(self, reports: Reports, form: WireFormat) -> _Part:
        """What is written in one format; what gateways say of themselves goes with JSON."""
        mine = self._form[reports.rows.device] == list(WireFormat).index(form)
        message = np.repeat(np.arange(len(reports)), reports.length)
        length = np.bincount(message[mine], minlength=len(reports)).astype(np.int64)
        numbers = np.flatnonzero((length > 0) | ((reports.length == 0) & (form is WireFormat.JSON)))
        part = Reports(
            reports.received_at[numbers],
            reports.gateway[numbers],
            reports.kind[numbers],
            length[numbers],
            reports.rows.take(mine),
        )
        return _Part(numbers, part)

    def _as_json(self, reports: Reports) -> Arrivals:
        return Arrivals(*self._json.encode(reports), compact=self._plain.where(reports))

    def _as_frames(self, reports: Reports, form: WireFormat) -> Arrivals:
        rows = reports.rows
        columns = (rows.device, rows.measured_at, rows.event_time, rows.sequence)
        device, measured_at, event_time, sequence = (column.tolist() for column in columns)
        received_at: list[int] = reports.received_at.tolist()
        arrives = np.repeat(reports.received_at, reports.length).tolist()
        texts = []
        for row, counts in enumerate(rows.counts.tolist()):
            writer = self._writers[device[row]]
            assert writer is not None  # noqa: S101  # rows of this part are of devices of this format
            # What its clock is ahead of the true time, it is ahead when it sends as well.
            sent_at = arrives[row] + event_time[row] - measured_at[row]
            texts.append(writer.write(event_time[row], sent_at, sequence[row], counts))
        first = reports.first.tolist()
        payload = [
            b"".join(texts[one : one + length]) for one, length in zip(first, reports.length.tolist(), strict=True)
        ]
        topic = [self._topics[form][gateway] for gateway in reports.gateway.tolist()]
        return Arrivals(received_at, topic, payload, np.zeros(len(payload), np.bool_))


def _writer(device: Device, form: WireFormat, scenario: Scenario, edition: str) -> FrameWriter | None:
    wire = scenario.wires.get(device.station)
    if form is WireFormat.JSON or wire is None:
        return None
    if form is WireFormat.SL651:
        return Sl651Writer(device, wire.sl651)
    return Slt427Writer(device, wire.slt427, Profile.SZY206 if edition == _OLD_EDITION else Profile.SLT427_2021)
