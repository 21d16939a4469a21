"""What gateways write is what the contract says, and our reader finds in it exactly what was meant."""

from __future__ import annotations

import json
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hydro.quantity import QUANTITIES, conversion
from ingest.codecs.json import decode_json
from ingest.codecs.readings import Readings
from simulators.devices.message_json import JsonEncoder
from simulators.devices.numerals import decimals
from simulators.devices.reports import ReportKind
from simulators.devices.samples import MISSING
from tests.simulators.devices.zoo import DAY, DEVICES, GATEWAYS, payloads, run, weather, zoo


@given(
    counts=st.lists(st.integers(-(10**14), 10**14) | st.just(MISSING), min_size=1, max_size=20),
    multiple=st.integers(1, 5000),
    digits=st.integers(0, 6),
)
def test_texts_are_exact_and_the_shortest(counts: list[int], multiple: int, digits: int) -> None:
    texts = decimals(np.array(counts), multiple, digits)
    for count, text in zip(counts, texts, strict=True):
        if count == MISSING:
            assert text == "null"
            continue
        assert Decimal(text) == Decimal(count * multiple).scaleb(-digits)
        assert text == f"{Decimal(text).normalize():f}".replace("-0", "0", text == "0")


def test_our_reader_finds_what_was_meant() -> None:
    """Every value of every row, in canonical units, in each manner of writing."""
    field = zoo()
    reports, _ = run(field, weather(field, DAY), [DAY])
    data = reports.take(reports.length > 0)
    out = Readings()
    for number, (_, _, payload) in enumerate(payloads(field, data)):
        decode_json(number, payload, 480, out)
    assert not out.faults
    assert not out.undecodable
    found = {
        (message, station, quantity, event_time, None if missing else value)
        for message, station, quantity, event_time, value, missing in zip(
            out.message, out.station, out.quantity, out.event_time, out.value, out.missing, strict=True
        )
    }
    meant = set()
    messages = np.repeat(np.arange(len(data)), data.length).tolist()
    rows = data.rows
    for message, device, event_time, counts in zip(
        messages, rows.device.tolist(), rows.event_time.tolist(), rows.counts.tolist(), strict=True
    ):
        shown = [sensor for sensor in DEVICES[device].sensors if sensor.shown]
        for sensor, count in zip(shown, counts, strict=False):
            factor = conversion(sensor.quantity, sensor.unit or None)
            assert factor is not None
            shown_as = Decimal(count * sensor.scale.multiple).scaleb(-sensor.scale.digits)
            value = None if count == MISSING else round(shown_as * factor.numerator / factor.denominator)
            meant.add((message, DEVICES[device].station, sensor.quantity, event_time, value))
    assert found == meant


def test_each_gateway_has_its_own_manner() -> None:
    field = zoo()
    reports, _ = run(field, weather(field, DAY), [DAY])
    seen: set[tuple[str, ReportKind, str]] = set()
    for kind, (_, topic, payload) in zip(reports.kind.tolist(), payloads(field, reports), strict=True):
        gateway = topic.split("/")[2]
        if payload in {b"online", b"offline"}:
            assert topic == f"watermaster/v1/{gateway}/status"
            continue
        assert topic == f"watermaster/v1/{gateway}/up/json"
        parsed = json.loads(payload)
        first = parsed[0] if isinstance(parsed, list) else parsed
        shape = "object" if parsed is first else "series" if "quantity" in first else "array"
        times = first.get("times", [first.get("time")])
        assert all(isinstance(time, int) == (gateway == "gw-bundle") for time in times)
        assert json.dumps(parsed, separators=(",", ":"), ensure_ascii=False).encode() == payload
        names = {one["quantity"] for one in parsed} if shape == "series" else set(first["values"])
        assert names <= QUANTITIES.keys()
        seen.add((gateway, ReportKind(kind), shape))
    assert ("gw-plain", ReportKind.LIVE, "object") in seen
    assert ("gw-bundle", ReportKind.LIVE, "array") in seen
    assert ("gw-bundle", ReportKind.BACKFILL, "series") in seen
    assert ("gw-storm", ReportKind.BACKFILL, "array") in seen
    assert ("gw-plain", ReportKind.GATHERED, "array") in seen


def test_station_codes_are_written_as_json() -> None:
    field = zoo()
    reports, _ = run(field, weather(field, 2), [2])
    odd = [type(one)(station=f'"{one.station}\\水', gateway=one.gateway, sensors=one.sensors) for one in DEVICES]
    texts = JsonEncoder(odd, GATEWAYS, prefix="p%s/x").encode(reports)
    objects = [json.loads(text) for text in texts.payload if text not in {b"online", b"offline"}]
    stations = {one["station"] for each in objects for one in (each if isinstance(each, list) else [each])}
    assert stations >= {'"S1\\水', '"Q1\\水'}
    assert all(topic.startswith("p%s/x/gw-") for topic in texts.topic)
