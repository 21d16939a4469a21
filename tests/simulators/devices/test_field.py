"""What happens between the truth and the broker: nothing is lost but what truth files say, and order is the field's."""

from __future__ import annotations

import itertools
from collections import Counter as Tally
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydro.instants import HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from simulators.basin.step import STEP_MS
from simulators.devices.device import Device
from simulators.devices.field import Field
from simulators.devices.gateway import Gateway
from simulators.devices.outage import Cause, Outage
from simulators.devices.reports import ReportKind
from simulators.devices.samples import MISSING
from simulators.truth import TruthKind
from tests.simulators.devices.zoo import (
    DAY,
    DEVICES,
    GATEWAYS,
    START,
    delivered,
    gauge,
    meter,
    payloads,
    run,
    weather,
    zoo,
)

ONCE = (ReportKind.LIVE, ReportKind.BACKFILL, ReportKind.GATHERED)


@given(cuts=st.lists(st.integers(1, 200), min_size=1, max_size=7), seed=st.integers(0, 2**40))
@settings(max_examples=12, deadline=None)
def test_the_size_of_chunks_changes_nothing(cuts: list[int], seed: int) -> None:
    """Not a byte, not a time, not a truth."""
    field = zoo(seed)
    truth = weather(field, sum(cuts))
    whole, truths = run(field, truth, [sum(cuts)])
    pieces, same = run(field, truth, cuts)
    assert payloads(field, whole) == payloads(field, pieces)
    assert (whole.kind == pieces.kind).all()
    assert truths == same


def test_step_by_step_is_the_same_as_two_days_at_once() -> None:
    field = zoo()
    truth = weather(field, 2 * DAY)
    whole, truths = run(field, truth, [2 * DAY])
    pieces, same = run(field, truth, [1] * (2 * DAY))
    assert payloads(field, whole) == payloads(field, pieces)
    assert truths == same


def test_the_same_seed_gives_the_same_bytes_another_one_others() -> None:
    truth = weather(zoo(), DAY)
    first, again, other = (payloads(zoo(), run(zoo(seed), truth, [DAY])[0]) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_device_is_the_same_whoever_else_is_there() -> None:
    calm = [replace(gateway, trouble=None) for gateway in GATEWAYS]
    alone, together = Field(DEVICES[:1], calm, seed=1), Field(DEVICES, calm, seed=1)
    mine, _ = run(alone, weather(alone, DAY), [DAY])
    theirs, _ = run(together, weather(together, DAY), [DAY])
    of_mine = [payload for _, _, payload in payloads(alone, mine)]
    assert [one for _, _, one in payloads(together, theirs) if b'"S1"' in one] == [
        one for one in of_mine if b'"S1"' in one
    ]


def test_messages_come_in_order_of_arrival_and_samples_not_from_the_future() -> None:
    field = zoo()
    reports, _ = run(field, weather(field, 2 * DAY), [50] * 12)
    assert (np.diff(reports.received_at) >= 0).all()
    measured_at = np.maximum.reduceat(reports.rows.measured_at, reports.first[reports.length > 0])
    assert (reports.received_at[reports.length > 0] > measured_at - STEP_MS // 2).all()


def test_every_sample_arrives_once_or_truth_says_that_it_is_lost_or_it_is_still_kept() -> None:
    """Duplicates are marked; what a full memory gave up is counted in the truth of the outage."""
    field = zoo()
    steps = 2 * DAY
    reports, truths = run(field, weather(field, steps), [steps])
    arrived = Tally(delivered(reports, ONCE))
    assert set(arrived.values()) == {1}
    numbers: dict[int, list[int]] = {}
    for device, number in arrived:
        numbers.setdefault(device, []).append(number)
    lost = 0
    for device, found in numbers.items():
        missing = sorted(set(range(1, max(found) + 1)) - set(found))
        if DEVICES[device].station == "Q4":  # its memory keeps 20 samples, the outage lasts three hours and more
            lost += len(missing)
        else:
            assert missing == []
    said = {truth.start: truth.details["lost_samples"] for truth in truths if truth.subject == "gw-bundle"}
    assert said[START + 10 * HOUR_MS + 95_000] == lost == 36 - 20


def test_duplicates_are_messages_that_came_before() -> None:
    field = zoo()
    reports, _ = run(field, weather(field, DAY), [DAY])
    sent = payloads(field, reports)
    again = np.flatnonzero(reports.kind == ReportKind.DUPLICATE)
    assert len(again) > 5
    before: set[bytes] = set()
    for index, (_, _, payload) in enumerate(sent):
        assert (payload in before) == (index in again)
        if reports.length[index]:
            before.add(payload)


def test_what_was_kept_is_handed_in_oldest_first_and_not_faster_than_allowed() -> None:
    """gw-bundle sends a message in 50 s, of at most three samples of a station.

    ::

    samples   |  |  |  |  |  |  |  |
    gateway   ────┐ dark  ┌────────────
    arrivals  |  |        1..2..3..4..5    live reports go on beside it
    """
    field = zoo()
    reports, _ = run(field, weather(field, DAY), [DAY])
    mine = (reports.kind == ReportKind.BACKFILL) & (reports.gateway == 1)
    at, first, length = reports.received_at[mine], reports.first[mine], reports.length[mine]
    back = START + 13 * HOUR_MS + 250_000
    assert at[0] >= back
    assert (np.diff(at) >= 50_000).all()
    assert length.max() == 3
    oldest = reports.rows.measured_at[first]
    assert (np.diff(oldest) >= 0).all()
    live = (reports.kind == ReportKind.LIVE) & (reports.gateway == 1)
    assert ((reports.received_at[live] > at[0]) & (reports.received_at[live] < at[-1])).any()
    gone = (reports.received_at > START + 10 * HOUR_MS + 95_000 + 10_000) & (reports.received_at < back)
    assert not (live & gone).any()


def test_a_gateway_that_dies_leaves_its_will_and_says_when_it_is_back() -> None:
    """After one and a half keep-alives; a minute's outage is over before."""
    field = zoo(chances=None)
    reports, _ = run(field, weather(field, 2 * DAY), [2 * DAY])
    of_plain = [
        (at, topic, payload) for at, topic, payload in payloads(field, reports) if topic.endswith("gw-plain/status")
    ]
    died, back = START + 25 * HOUR_MS, START + 26 * HOUR_MS
    assert [(at, payload) for at, _, payload in of_plain] == [
        (START + 500, b"online"),
        (died + 90_000, b"offline"),
        (back, b"online"),
    ]


def test_in_a_power_cut_nothing_is_measured_and_in_a_dead_network_everything_is() -> None:
    field = zoo(chances=None)
    reports, truths = run(field, weather(field, 2 * DAY), [2 * DAY])
    rows = reports.rows
    power = (START + 25 * HOUR_MS, START + 26 * HOUR_MS)
    inside = (rows.measured_at >= power[0]) & (rows.measured_at < power[1])
    assert not inside[rows.device == 0].any()
    network = (START + 10 * HOUR_MS + 95_000, START + 13 * HOUR_MS + 250_000)
    inside = (rows.measured_at >= network[0]) & (rows.measured_at < network[1])
    assert inside[rows.device == 1].sum() == 36
    causes = {(one.subject, one.start): one.details["cause"] for one in truths if one.kind is TruthKind.OUTAGE}
    assert causes["gw-plain", power[0]] == "power"
    assert causes["gw-bundle", network[0]] == "network"


def test_outages_come_with_storms() -> None:
    gateways = [Gateway(name=f"gw{number}") for number in range(60)]
    field = Field([gauge(f"S{number}", f"gw{number}") for number in range(60)], gateways, seed=4)
    truth = weather(field, 2 * DAY)
    _, truths = run(field, truth, [2 * DAY])
    starts = [one.start for one in truths if one.kind is TruthKind.OUTAGE]
    stormy = [start for start in starts if START + 28 * HOUR_MS <= start < START + 31 * HOUR_MS]
    assert len(stormy) > 0.7 * len(starts)
    assert len(stormy) > 5


def test_a_meter_that_sends_once_a_day_sends_hourly_samples() -> None:
    field = zoo(chances=None, outages=())
    reports, _ = run(field, weather(field, 2 * DAY), [2 * DAY])
    mine = np.flatnonzero(reports.kind == ReportKind.GATHERED)
    rows = reports.rows.device[reports.first[mine]]
    assert {DEVICES[device].station for device in rows.tolist()} == {"Q3"}
    assert reports.length[mine].tolist() == [2, 24]
    due = [START + 127 * MINUTE_MS, START + (1440 + 127) * MINUTE_MS]
    assert all(0 <= at - wanted < 15_000 for at, wanted in zip(reports.received_at[mine].tolist(), due, strict=True))


def test_at_flood_time_an_hourly_gauge_reports_every_five_minutes() -> None:
    field = zoo(chances=None, outages=(), faults=())
    reports, _ = run(field, weather(field, DAY), [DAY])
    times = np.sort(reports.rows.measured_at[reports.rows.device == 2])
    hours = (times - START) / HOUR_MS
    assert np.sum((hours > 20) & (hours < 23)) == 3 * 12 - 1
    assert np.sum(hours <= 20) == 20


def test_rain_since_the_last_sample_is_stated_and_none_is_lost() -> None:
    """Half a millimetre a tip: 0.7 mm in five minutes is rounded, of an hour it is nearer to the truth."""
    field = zoo(chances=None, outages=(), faults=())
    truth = weather(field, DAY)
    flat = replace(truth, flood=np.zeros_like(truth.flood))
    reports, _ = run(field, flat, [DAY])
    slot = 3
    mine = reports.rows.counts[(reports.rows.device == 2), slot] * 0.5
    fell = truth.signals[Quantity.RAIN][:, 2].sum()
    assert mine.sum() == pytest.approx(fell, abs=0.25 * (mine > 0).sum())


def test_perfect_devices_report_the_truth_exactly_and_at_once() -> None:
    """Resolution 1e-6, no noise, no errors, no delay: totals are the integral, every value the truth's."""
    devices = [one.perfect() for one in (gauge("S1"), meter("Q1"))]
    field = Field(devices, [gateway.perfect() for gateway in GATEWAYS], seed=1)
    truth = weather(field, DAY)
    reports, truths = run(field, truth, [100, 100, 88])
    assert truths == []
    data = reports.take(reports.length > 0)
    assert (data.received_at == data.rows.event_time).all()
    for number, station in enumerate(("S1", "Q1")):
        rows = data.rows.take(data.rows.device == number)
        assert (rows.event_time == truth.ends).all()
        for slot, sensor in enumerate(devices[number].sensors):
            if sensor.quantity in field.inputs:
                column = field.inputs[sensor.quantity].index(station)
                exact = np.rint(truth.signals[sensor.quantity][:, column] * 1e6 / sensor.multiplier)
                assert (rows.counts[:, slot] == exact * (1000 if sensor.unit else 1)).all()
    flow = np.rint(truth.signals[Quantity.DISCHARGE][:, 1] * 1e6).astype(np.int64)
    total = 95_000_000_000 + np.cumsum(np.maximum(flow, 0)) * 300
    assert (data.rows.counts[data.rows.device == 1, 1] == total % (99_990_000_000 + 1)).all()


def test_reports_cluster_on_the_minute() -> None:
    devices = [gauge(f"S{number}") for number in range(200)]
    field = Field(devices, [replace(GATEWAYS[0], late_share=0.0, duplicate_share=0.0)], seed=1)
    reports, _ = run(field, weather(field, 24), [24])
    after = (reports.received_at[reports.length > 0]) % STEP_MS
    assert after.max() <= 10_200
    assert np.median(after) < 4_500


def test_all_mistakes_are_named_at_once() -> None:
    wrong = [Gateway(name="_bad"), Gateway(name="gw")]
    with pytest.raises(ValueError, match="begin with _") as caught:
        Field([gauge("S1", "nowhere"), gauge("S2", "gw")], wrong, seed=1)
    assert "device 'S1': no such gateway 'nowhere'" in str(caught.value)
    with pytest.raises(ValueError, match="no such gateway"):
        zoo(outages=(Outage("gone", 0, 1, Cause.POWER),))


@pytest.mark.parametrize(
    ("device", "said"),
    [
        (meter("Q", sample_min=7), "sample_min is 7"),
        (meter("Q", sample_min=60, report_min=90), "report_min is 90"),
        (meter("Q", sample_min=60, report_min=1440, memory=10), "its memory keeps 10 samples"),
        (Device(station="Q", gateway="gw-plain", sensors=meter("Q").sensors[1:2]), "has no sensor of discharge"),
        (Device(station="Q", gateway="gw-plain", sensors=meter("Q").sensors[:1] * 2), "has 2 sensors of discharge"),
    ],
    ids=["odd minutes", "odd report", "small memory", "a total of nothing", "twice"],
)
def test_what_a_device_cannot_be_is_said(device: Device, said: str) -> None:
    with pytest.raises(ValueError, match="device 'Q'") as caught:
        Field([device], GATEWAYS, seed=1)
    assert said in str(caught.value)


def test_an_input_that_is_missing_is_named() -> None:
    field = zoo()
    with pytest.raises(ValueError, match="discharge needs 1 steps × 9 stations"):
        field.advance(field.start(START), np.array([START + STEP_MS]), {})


def test_missing_is_null_and_old_firmware_makes_it_zero() -> None:
    field = zoo(chances=None, outages=())
    reports, truths = run(field, weather(field, DAY), [DAY])
    shown = {one.subject: one.details["shown"] for one in truths if one.details.get("fault") == "missing"}
    assert shown == {"S4": "zero", "Q1": "null"}
    rows = reports.rows
    hour = (rows.measured_at > START + 6 * HOUR_MS) & (rows.measured_at <= START + 7 * HOUR_MS)
    assert set(rows.counts[hour & (rows.device == 3), 0].tolist()) == {0}
    assert set(rows.counts[hour & (rows.device == 4), 3].tolist()) == {MISSING}


def test_pairs_of_live_samples_are_in_order_where_the_network_is_good() -> None:
    field = Field(DEVICES, [replace(one, late_share=0.0, trouble=None) for one in GATEWAYS], seed=1)
    reports, _ = run(field, weather(field, DAY), [DAY])
    live = np.flatnonzero(np.repeat(reports.kind == ReportKind.LIVE, reports.length))
    for number in range(len(DEVICES)):
        times = reports.rows.event_time[live][reports.rows.device[live] == number].tolist()
        assert all(one < other for one, other in itertools.pairwise(times))
