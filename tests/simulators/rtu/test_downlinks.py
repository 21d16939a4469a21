"""What the centre of `ingest` says the simulated stations understand, and what they answer it reads again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.fixed import MICRO, parse_decimal
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS, parse_instant
from hydro.quantity import Quantity
from ingest.codecs.sl651 import Frame, decode_frame, encode_frame, explain_bytes
from ingest.codecs.sl651 import downlink as centre651
from ingest.codecs.sl651.compose import parameter
from ingest.codecs.sl651.control import Coding as ReadCoding
from ingest.codecs.sl651.control import Control as ReadControl
from ingest.codecs.sl651.control import Function as ReadFunction
from ingest.codecs.slt427 import Address, DataType
from ingest.codecs.slt427 import Frame as Frame427
from ingest.codecs.slt427 import Profile as ReadProfile
from ingest.codecs.slt427 import commands as centre427
from ingest.codecs.slt427 import decode_frame as decode_427
from ingest.codecs.slt427 import encode_frame as encode_427
from ingest.codecs.slt427.answers import answer as confirm_427
from ingest.codecs.slt427.explain import explain as explain_427
from simulators.rtu.sample import Channel, Memory, Sample
from simulators.rtu.sl651 import hex_body
from simulators.rtu.sl651.answer import answer_body, switches
from simulators.rtu.sl651.carriage import carriers
from simulators.rtu.sl651.frame import Coding, Control, Direction, Link, frame
from simulators.rtu.sl651.station import Sl651Station
from simulators.rtu.slt427.profile import Profile
from simulators.rtu.slt427.station import Slt427Station
from simulators.rtu.speech import After, Answer, Asked, Confirmed, Heard, Occasion, PacketWanted
from tests.simulators.rtu.agreement import AT, read_sl651, read_slt427

STATION = "0011223344"
ADDRESS = "5201030700"
RTU = Address.parse(ADDRESS)
TO = centre651.Recipient(STATION, 1, "1234")
CODINGS = pytest.mark.parametrize("coding", Coding, ids=lambda coding: coding.value)
PROFILES = pytest.mark.parametrize("profile", Profile, ids=lambda profile: profile.value)
STAGE, DISCHARGE, RAIN = Channel(Quantity.STAGE), Channel(Quantity.DISCHARGE), Channel(Quantity.RAIN)
TOTAL, DOOR, PUMP = Channel(Quantity.VOLUME_TOTAL), Channel(Quantity.DOOR), Channel(Quantity.PUMP)
_HOURS = 5


def _memory() -> Memory:
    """Five hours of samples up to 08:05, one of them without a stage."""
    memory = Memory(1_000)
    for place in range(_HOURS * 12, -1, -1):
        stage = None if place == 7 else 1_000_000 + place * 1_000
        states = {DOOR: MICRO, PUMP: MICRO}
        values = {STAGE: stage, DISCHARGE: place * 10_000, RAIN: place % 3 * 100_000, TOTAL: place * MICRO, **states}
        memory.keep(Sample(AT - place * 5 * MINUTE_MS, values), owed=False)
    return memory


def _station(coding: Coding = Coding.HEX) -> Sl651Station:
    return Sl651Station(Link(STATION, coding=coding), carriers([STAGE, DISCHARGE, RAIN]), stage_base=500_000)


def _answered(heard: list[Heard], now: int = AT + 60_000) -> Answer:
    (asked,) = heard
    assert isinstance(asked, Asked)
    return asked.reply(_memory(), now)


def _answer(ask: Frame, station: Sl651Station | None = None) -> dict[str, Any]:
    """What the centre reads in the answer to one question."""
    answer = _answered((station or _station()).hear(encode_frame(ask)))
    assert answer.exchange is not None
    (text,) = answer.exchange.frames
    found = explain_bytes(text)
    assert (found["station"], int(found["func"], 16)) == (STATION, ask.function)
    assert found["serial"] == 0, "the serial number of the question"
    assert found["end"] == "ETX"
    return found


@CODINGS
@pytest.mark.parametrize(
    ("end", "after"),
    [(ReadControl.ESC, After.STAY), (ReadControl.EOT, After.HANG_UP)],
    ids=["ESC", "EOT"],
)
@given(serial=st.integers(0, 65_534), at=st.integers(AT, AT + 20 * 365 * DAY_MS))
def test_a_report_is_confirmed(end: ReadControl, after: After, coding: Coding, serial: int, at: int) -> None:
    station = Sl651Station(Link(STATION, coding=coding), carriers([STAGE]), serial=serial)
    (report,) = station.reports([Sample(AT, {STAGE: MICRO})], AT, Occasion.SCHEDULED, more=False)
    confirmation = encode_frame(centre651.confirm(decode_frame(report.frames[0]), at, 480, end=end))
    wanted = Confirmed(report.function, report.serial, after, at // 1_000 * 1_000)
    assert station.hear(confirmation) == [wanted]
    assert report.serial == serial + 1


@CODINGS
def test_a_report_with_more_to_follow_is_acknowledged(coding: Coding) -> None:
    station = _station(coding)
    (report,) = station.reports([Sample(AT, {STAGE: MICRO})], AT, Occasion.LATE, more=True)
    confirmation = encode_frame(centre651.confirm(decode_frame(report.frames[0]), AT, 480))
    assert station.hear(confirmation) == [Confirmed(report.function, report.serial, After.GO_ON, AT)]


@CODINGS
def test_a_packet_of_a_picture_is_asked_for_again_and_the_whole_confirmed(coding: Coding) -> None:
    station = _station(coding)
    picture = station.picture(AT, bytes(5_000), AT)
    first, second, *_ = (decode_frame(text) for text in picture.frames)
    again = centre651.want_again(second, 2, AT, 480, serial=picture.serial)
    assert station.hear(encode_frame(again)) == [PacketWanted(0x36, picture.serial or 0, 2)]
    packet = station.packet_again(picture, 2)
    assert packet is not None
    resent = decode_frame(packet)
    assert (resent.packet, resent.body, resent.end) == (second.packet, second.body, ReadControl.ETX)
    confirmation = encode_frame(centre651.confirm(first, AT, 480))
    assert station.hear(confirmation) == [Confirmed(0x36, picture.serial, After.STAY, AT)]


@CODINGS
@given(data=st.data())
def test_downlinks_are_found_in_any_segments_and_junk(coding: Coding, data: st.DataObject) -> None:
    station = _station(coding)
    (report,) = station.reports([Sample(AT, {STAGE: MICRO})], AT, Occasion.SCHEDULED, more=False)
    text = encode_frame(centre651.confirm(decode_frame(report.frames[0]), AT, 480))
    junk = st.binary(max_size=20).map(lambda noise: noise.replace(b"\x01", b"").replace(b"\x7e\x7e", b"~"))
    stream = b"".join(data.draw(junk) + text for _ in range(3)) + data.draw(junk)
    heard: list[Heard] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        heard += station.hear(stream[:cut])
        stream = stream[cut:]
    assert len(heard) == 3


def test_what_is_meant_for_another_or_has_a_wrong_password_is_not_heard() -> None:
    other = centre651.Recipient("0011223345", 1, "1234")
    guess = centre651.Recipient(STATION, 1, "1235")
    for to in (other, guess):
        assert _station().hear(encode_frame(centre651.ask(to, ReadFunction.CURRENT, AT, 480))) == []


@CODINGS
def test_present_values_are_told(coding: Coding) -> None:
    to = centre651.Recipient(STATION, 1, "1234", ReadCoding(coding.value))
    answer = _answered(_station(coding).hear(encode_frame(centre651.ask(to, ReadFunction.CURRENT, AT, 480))))
    assert answer.exchange is not None
    rows = {row[1:] for row in read_sl651(answer.exchange.frames)}
    assert {(Quantity.STAGE, AT, MICRO), (Quantity.DOOR, AT, MICRO), (Quantity.PUMP, AT, MICRO)} <= rows


def test_history_is_told_value_by_value() -> None:
    """38H: from an hour to an hour, both included; what is not in the memory is missing."""
    hour = AT // HOUR_MS * HOUR_MS
    ask = centre651.history(TO, "39", hour - 3 * HOUR_MS, hour, 5, AT, 480)
    answer = _answered(_station().hear(encode_frame(ask)))
    assert answer.exchange is not None
    kept = {sample.observed_at: sample.values[STAGE] for sample in _memory().between(hour - 3 * HOUR_MS, hour)}
    rows = read_sl651(answer.exchange.frames)
    assert rows == {(STATION, Quantity.STAGE, at, value) for at, value in kept.items()}
    assert len(rows) == 37


def test_long_history_comes_in_frames_that_say_that_more_follows() -> None:
    ask = centre651.history(TO, "27", AT // HOUR_MS * HOUR_MS - 10 * DAY_MS, AT // HOUR_MS * HOUR_MS, 5, AT, 480)
    answer = _answered(_station().hear(encode_frame(ask)))
    assert answer.exchange is not None
    assert answer.exchange.paced
    ends = [explain_bytes(text)["end"] for text in answer.exchange.frames]
    assert ends == ["ETB"] * (len(ends) - 1) + ["ETX"]
    rows = read_sl651(answer.exchange.frames)
    assert len(rows) == 10 * 288 + 1
    assert sum(value is not None for *_, value in rows) == _HOURS * 12


@pytest.mark.parametrize("tag", ["F4", "F5"])
def test_history_in_groups_of_an_hour(tag: str) -> None:
    hour = AT // HOUR_MS * HOUR_MS
    ask = centre651.history(TO, tag, hour - 2 * HOUR_MS, hour, 5, AT, 480)
    found = _answer(ask)
    assert [group["obs_time"][11:] for group in found["groups"]] == ["06:05", "07:05"]
    channel = RAIN if tag == "F4" else STAGE
    base = 0 if tag == "F4" else 500_000
    kept = {sample.observed_at: sample.values[channel] for sample in _memory().between(0, AT)}
    for group in found["groups"]:
        first = parse_instant(group["obs_time"], 480)
        values = [kept[first + place * 5 * MINUTE_MS] for place in range(12)]
        unit = 100_000 if tag == "F4" else 10_000
        told = [None if text is None else parse_decimal(text) for text in group["elements"][-1]["values"]]
        assert told == [None if value is None else round((value - base) / unit) * unit for value in values]


def test_chosen_elements_are_told() -> None:
    found = _answer(centre651.query_elements(TO, ["39", "45"], AT, 480))
    told = [(element["tag"], element["value"]) for group in found["groups"] for element in group["elements"]]
    assert told == [("39", "1.000"), ("45", "00000000")]


def test_the_clock_is_told_and_set() -> None:
    assert _answer(centre651.ask(TO, ReadFunction.CLOCK, AT, 480))["send_time"] == "2026-03-01T08:06:00"
    at = AT + 7 * HOUR_MS
    answer = _answered(_station().hear(encode_frame(centre651.ask(TO, ReadFunction.SET_CLOCK, at, 480))))
    assert answer.set_clock == at
    assert answer.exchange is not None
    assert explain_bytes(answer.exchange.frames[0])["send_time"] == "2026-03-01T15:05:00"


def test_parameters_are_set_and_read() -> None:
    station = _station()
    settings = [parameter("20", Decimal(2)), parameter("28", Decimal("12.345"))]
    told = _answer(centre651.set_parameters(TO, ReadFunction.SET_RUNNING, settings, AT, 480), station)
    assert [(one["param"], one["value"]) for one in told["params"]] == [("20", "2"), ("28", "12.345")]
    told = _answer(centre651.read_parameters(TO, ReadFunction.READ_RUNNING, ["28", "22"], AT, 480), station)
    assert [(one["param"], one["value"]) for one in told["params"]] == [("28", "12.345"), ("22", "8")]
    told = _answer(centre651.read_parameters(TO, ReadFunction.READ_BASIC, ["02"], AT, 480), station)
    assert [(one["param"], one["raw"]) for one in told["params"]] == [("02", STATION)]


def test_version_status_and_counters_are_told() -> None:
    assert _answer(centre651.ask(TO, ReadFunction.SOFTWARE_VERSION, AT, 480))["version"] == "WATERMASTER-SIM-1"
    assert len(_answer(centre651.ask(TO, ReadFunction.EVENT_COUNTERS, AT, 480))["event_counts"]) == 32
    status = _answer(centre651.ask(TO, ReadFunction.STATUS, AT, 480))
    assert (status["status"], status["bits_set"]) == ("00000000", [])  # door open, pump running


def test_a_password_is_changed_from_the_next_session_on() -> None:
    station = _station()
    assert _answer(centre651.change_password(TO, "4321", AT, 480), station)["new_password"] == "4321"
    assert _answer(centre651.ask(TO, ReadFunction.CLOCK, AT, 480), station)["password"] == "1234"
    station.hung_up()
    new = centre651.Recipient(STATION, 1, "4321")
    assert _answer(centre651.ask(new, ReadFunction.CLOCK, AT, 480), station)["password"] == "4321"


@pytest.mark.parametrize("function", [ReadFunction.PUMP_CONTROL, ReadFunction.VALVE_CONTROL])
def test_switches_answer_with_the_state_commanded(function: ReadFunction) -> None:
    ask = centre651.switch(TO, function, [True, False, True], AT, 480)
    answer = _answered(_station().hear(encode_frame(ask)))
    assert answer.exchange is not None
    body, command = decode_frame(answer.exchange.frames[0]).body, ask.body
    assert body.items[-1] == command.items[-1]  # type: ignore[union-attr]  # both are messages


@given(states=st.lists(st.booleans(), min_size=1, max_size=20))
def test_pump_states_are_told_bit_by_bit(states: list[bool]) -> None:
    text = frame(Link(STATION), 0x4C, answer_body(9, AT, STATION, switches(states)))
    body = decode_frame(text).body
    wanted = centre651.switch(TO, ReadFunction.PUMP_CONTROL, states, AT, 480).body
    assert body.items[-1] == wanted.items[-1]  # type: ignore[union-attr]  # both are messages


def test_storage_is_emptied() -> None:
    ask = centre651.reset(TO, ReadFunction.INITIALISE_STORAGE, AT, 480)
    assert _answered(_station().hear(encode_frame(ask))).forgets


@CODINGS
def test_what_the_simulators_write_downwards_ingest_reads(coding: Coding) -> None:
    link = Link(STATION, coding=coding)
    body = hex_body.opening(9, AT) if coding is Coding.HEX else b"0009260301080500"
    text = frame(link, 0x32, body, end=Control.ESC, direction=Direction.DOWN)
    found = explain_bytes(text)
    assert [found[key] for key in ("direction", "station", "func", "serial", "end")] == [
        "down",
        STATION,
        "32",
        9,
        "ESC",
    ]


# --- SL/T 427


def _security(profile: Profile) -> centre427.Security:
    return centre427.Security(centre427.password_of(1, 234), AT, 480, ReadProfile(profile.value))


def _told(ask: Frame427, station: Slt427Station, profile: Profile) -> dict[str, Any]:
    answer = _answered(station.hear(encode_427(ask)))
    assert answer.exchange is not None
    (text,) = answer.exchange.frames
    told: dict[str, Any] = explain_427(decode_427(text, ReadProfile(profile.value)))
    assert (told["direction"], told["address_hex"], int(told["afn"], 16)) == ("up", ADDRESS, ask.function)
    assert "faults" not in told
    return told


@PROFILES
def test_reports_and_logins_are_confirmed(profile: Profile) -> None:
    station = Slt427Station(ADDRESS, profile)
    greeting = station.greeting()
    assert greeting is not None
    exchanges = [greeting, *station.reports([_memory().latest or Sample(AT, {})], AT, Occasion.SCHEDULED, more=False)]
    for exchange in exchanges:
        for attempt in range(4):
            (text,) = station.again(exchange, attempt)
            uplink = decode_427(text)
            assert uplink.control.tries_left == 3 - attempt
            for keep_type in (False, True):
                confirmation = confirm_427(uplink, AT, 480, keep_type=keep_type)
                assert confirmation is not None
                (heard,) = station.hear(encode_427(confirmation))
                assert isinstance(heard, Confirmed)
                assert heard.function == exchange.function
                is_dated = profile is Profile.SLT427_2021 and exchange is not greeting
                assert heard.sent_at == (AT if is_dated else None)


@PROFILES
@pytest.mark.parametrize(
    ("data_type", "rows"),
    [
        (DataType.STAGE, {(Quantity.STAGE, MICRO)}),
        (DataType.FLOW, {(Quantity.DISCHARGE, 0), (Quantity.VOLUME_TOTAL, 0)}),
        (DataType.STATISTICS, {(Quantity.STAGE, MICRO), (Quantity.DISCHARGE, 0), (Quantity.VOLUME_TOTAL, 0)}),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, DataType) else "",
)
def test_present_values_of_a_type_are_told(
    data_type: DataType, rows: set[tuple[Quantity, int]], profile: Profile
) -> None:
    answer = _answered(Slt427Station(ADDRESS, profile).hear(encode_427(centre427.query_current(RTU, data_type))))
    assert answer.exchange is not None
    read = {(quantity, value) for _, quantity, _, value in read_slt427(answer.exchange.frames)}
    assert rows | {(Quantity.DOOR, MICRO), (Quantity.PUMP, MICRO)} <= read


@PROFILES
def test_stored_stages_are_told_hour_by_hour(profile: Profile) -> None:
    hour = AT // HOUR_MS * HOUR_MS
    ask = centre427.query_history(RTU, DataType.STAGE, hour - 8 * HOUR_MS, hour, 480)
    answer = _answered(Slt427Station(ADDRESS, profile).hear(encode_427(ask)))
    assert answer.exchange is not None
    told: list[str | None] = []
    for text in answer.exchange.frames:
        found: Any = explain_427(decode_427(text, ReadProfile(profile.value)))
        assert "faults" not in found
        told += [one["stage_m"] for one in found["values"]]
    kept = {sample.observed_at: sample.values[STAGE] for sample in _memory().between(0, hour)}
    times = range(hour - 8 * HOUR_MS + 5 * MINUTE_MS, hour + 1, 5 * MINUTE_MS)
    assert [None if text is None else parse_decimal(text) for text in told] == [kept.get(at) for at in times]


@PROFILES
def test_the_memory_is_told_as_reports(profile: Profile) -> None:
    answer = _answered(Slt427Station(ADDRESS, profile).hear(encode_427(centre427.query(RTU, 0xB2))))
    assert answer.exchange is not None
    rows = {row for text in answer.exchange.frames for row in read_slt427([text])}
    assert (ADDRESS, Quantity.STAGE, AT, MICRO) in rows


@PROFILES
def test_settings_need_the_password(profile: Profile) -> None:
    station = Slt427Station(ADDRESS, profile, password="1234")
    at = AT + 3 * HOUR_MS
    ask = centre427.set_clock(RTU, at, 480, _security(profile))
    answer = _answered(station.hear(encode_427(ask)))
    assert answer.set_clock == at
    assert _told(ask, station, profile)["clock"] == "2026-03-01T11:05:00"
    wrong = centre427.Security(centre427.password_of(4, 321), AT, 480, ReadProfile(profile.value))
    assert _answered(station.hear(encode_427(centre427.set_clock(RTU, at, 480, wrong)))) == Answer()


@PROFILES
def test_settings_are_made_and_told(profile: Profile) -> None:
    station = Slt427Station(ADDRESS, profile, password="1234")
    security = _security(profile)
    assert _told(centre427.set_mode(RTU, 3, security), station, profile)["work_mode"] == 3
    assert _told(centre427.query(RTU, 0x52), station, profile)["work_mode"] == 3
    intervals = _told(centre427.set_report_intervals(RTU, {0: 10, 1: 60}, security), station, profile)
    assert intervals["interval_min"] == _told(centre427.query(RTU, 0x53), station, profile)["interval_min"]
    assert intervals["kinds_mask"] == 3
    assert _told(centre427.query(RTU, 0x51), station, profile)["clock"] == "2026-03-01T08:06:00"
    assert _told(centre427.query(RTU, 0x50), station, profile)["station_address"] == ADDRESS
    assert len(_told(centre427.query(RTU, 0x5D), station, profile)["counters"]) == 18
    states = _told(centre427.query(RTU, 0x5E), station, profile)
    assert (states["alarm_bits"], states["status_bits"]) == ([13], [0])  # the door is open


@PROFILES
def test_a_new_address_counts_from_the_next_session_on(profile: Profile) -> None:
    station = Slt427Station(ADDRESS, profile, password="1234")
    new = Address.of("530381", 13)
    told = _told(centre427.set_address(RTU, new, _security(profile)), station, profile)
    assert told["station_address"] == "5303810D00"
    assert station.hear(encode_427(centre427.query(new, 0x51))) == []
    station.hung_up()
    assert len(station.hear(encode_427(centre427.query(new, 0x51)))) == 1
