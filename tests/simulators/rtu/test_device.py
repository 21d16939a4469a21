"""How a simulated station behaves on its line, event by event."""

from __future__ import annotations

import pytest

from hydro.instants import HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from ingest.codecs.framing import Wire
from ingest.codecs.sl651 import decode_frame, encode_frame
from ingest.codecs.sl651 import downlink as centre
from ingest.codecs.sl651.control import Control, Function
from ingest.codecs.slt427 import decode_frame as decode_427
from simulators.rtu.behaviour import Behaviour, Mode, Modem
from simulators.rtu.clock import DeviceClock
from simulators.rtu.sl651.station import Style
from simulators.rtu.slt427.profile import Profile
from tests.simulators.rtu.agreement import AT, Row, read_sl651, read_slt427
from tests.simulators.rtu.virtual import (
    ADDRESS,
    DISCHARGE,
    STAGE,
    STATION,
    Line,
    measured,
    sl651_device,
    slt427_device,
)

# AT is 08:05:00; a station switched on then measures at 08:10 first.
_FIRST = AT + 5 * MINUTE_MS
_TO = centre.Recipient(STATION, 1, "1234")


def _functions(line: Line) -> list[int]:
    return [decode_frame(data).function for wire, data in line.heard if wire is Wire.SL651]


def _rows(line: Line) -> set[Row]:
    """All readings that the centre could have, repetitions once."""
    rows: set[Row] = set()
    for wire, data in line.heard:
        rows |= (
            read_sl651([data], received_at=line.now)
            if wire is Wire.SL651
            else read_slt427([data], received_at=line.now)
        )
    return rows


def _expected(address: str, start: int, end: int, step_min: int = 5) -> set[Row]:
    return {
        (address, channel.quantity, at, value)
        for at in range(start, end + 1, step_min * MINUTE_MS)
        for channel, value in measured(at).items()
    }


def _river(rows: set[Row]) -> set[Row]:
    return {row for row in rows if row[1] in {Quantity.STAGE, Quantity.DISCHARGE}}


def test_reports_come_at_full_minutes_with_the_delay_of_the_station() -> None:
    """One after the other: sample 08:10:00, report 08:10:03, confirmation 300 ms later, sample 08:15:00, and so on."""
    device = sl651_device(Behaviour(send_delay_ms=3_000, keep_alive_ms=0))
    line = Line(device)
    line.run(AT + HOUR_MS)
    assert [at for at, _ in line.sent] == [_FIRST + place * 5 * MINUTE_MS + 3_000 for place in range(11)]
    assert line.dialled == [AT]
    assert list(device.tally.waited_ms) == [300] * 11
    assert _rows(line) == _expected(STATION, _FIRST, AT + HOUR_MS - 5 * MINUTE_MS)


def test_the_same_calls_give_the_same_actions() -> None:
    lines = []
    for _ in range(2):
        line = Line(sl651_device(Behaviour(), clock=DeviceClock(AT, ahead_ms=700, drift_ppm=90)))
        line.run(AT + 6 * HOUR_MS)
        lines.append(line.sent)
    assert lines[0] == lines[1]


def test_a_report_without_confirmation_is_sent_again_twice_and_then_left_for_the_next_session() -> None:
    device = sl651_device(Behaviour(send_delay_ms=0, keep_alive_ms=0, answer_wait_ms=10_000, redial_ms=60_000))
    line = Line(device)
    line.silent = True
    line.run(_FIRST + 31_000)
    times = [at - _FIRST for at, _ in line.sent]
    assert times == [0, 10_000, 20_000]
    assert len({data for _, data in line.sent}) == 1, "a resend keeps its serial number"
    assert line.hung_up == [_FIRST + 30_000]
    assert (device.tally.resent, device.tally.gave_up) == (2, 1)
    line.silent = False
    line.run(_FIRST + 2 * MINUTE_MS)
    assert line.dialled[-1] == _FIRST + 90_000
    assert device.tally.confirmed == 1


@pytest.mark.parametrize("profile", Profile, ids=lambda profile: profile.value)
def test_frames_of_slt427_are_sent_again_three_times_with_a_falling_count(profile: Profile) -> None:
    device = slt427_device(Behaviour(send_delay_ms=0, keep_alive_ms=0, answer_wait_ms=10_000), profile=profile)
    line = Line(device)
    line.silent = True
    line.run(AT + 50_000)
    counts = [decode_427(data).control.tries_left for _, data in line.sent]
    assert counts == [3, 2, 1, 0]
    assert line.hung_up == [AT + 40_000]


@pytest.mark.parametrize("make", [sl651_device, slt427_device])
def test_after_an_outage_the_newest_report_comes_first_and_then_all_older_ones(make: object) -> None:
    """No network from 09:02 to 14:02; then 14:00, 09:05, 09:10, … 13:55, 14:05: nothing is missing in the end."""
    device = sl651_device(Behaviour()) if make is sl651_device else slt427_device(Behaviour())
    line = Line(device)
    line.run(AT + 57 * MINUTE_MS)
    line.cut()
    line.run(AT + 5 * HOUR_MS + 57 * MINUTE_MS)
    line.down = False
    before = len(line.heard)
    line.run(AT + 6 * HOUR_MS + 2 * MINUTE_MS)
    address = STATION if make is sl651_device else ADDRESS
    read = read_sl651 if make is sl651_device else read_slt427
    assert _river(_rows(line)) == _expected(address, _FIRST, AT + 6 * HOUR_MS)
    times: list[int] = []
    for _, data in line.heard[before:]:
        times += sorted({row[2] for row in _river(read([data], received_at=line.now))})
    caught_up = list(dict.fromkeys(times))
    newest = AT + 5 * HOUR_MS + 55 * MINUTE_MS
    older = range(AT + HOUR_MS, newest, 5 * MINUTE_MS)
    assert caught_up == [newest, *older, newest + 5 * MINUTE_MS]
    assert device.tally.late == len(older)
    assert device.recorder.memory.lost == 0


def test_what_the_memory_cannot_hold_is_lost_and_counted() -> None:
    device = sl651_device(Behaviour(memory=12))
    line = Line(device)
    line.cut()
    line.run(AT + 3 * HOUR_MS)
    line.down = False
    line.run(AT + 3 * HOUR_MS + 4 * MINUTE_MS)
    assert device.recorder.memory.lost == 24
    assert _rows(line) == _expected(STATION, AT + 2 * HOUR_MS + 5 * MINUTE_MS, AT + 3 * HOUR_MS)


@pytest.mark.parametrize("style", [Style.UNIFORM, Style.HOURLY], ids=lambda style: style.value)
def test_an_hour_of_samples_is_reported_at_the_full_hour_and_later_if_need_be(style: Style) -> None:
    """31H carries every element, 34H the stage of every 5 minutes and the rest of the full hour."""
    device = sl651_device(Behaviour(report_min=60), style=style)
    line = Line(device)
    line.run(AT + 3 * HOUR_MS)
    line.cut()
    line.run(AT + 9 * HOUR_MS)
    line.down = False
    line.run(AT + 12 * HOUR_MS)
    last = AT + 12 * HOUR_MS - 5 * MINUTE_MS
    expected = _expected(STATION, _FIRST, last)
    if style is Style.HOURLY:
        expected = {row for row in expected if row[1] is Quantity.STAGE or row[2] % HOUR_MS == 0}
        assert set(_functions(line)) == {Function.HOURLY, Function.KEEP_ALIVE}
    # Of the first hour the station has no samples before 08:10.
    assert {row for row in _rows(line) if row[3] is not None} == expected


def test_a_station_that_sleeps_dials_for_each_report_and_hangs_up_on_eot() -> None:
    device = sl651_device(Behaviour(always_online=False, send_delay_ms=2_000, keep_alive_ms=0))
    line = Line(device)
    line.end = Control.EOT
    line.run(AT + 21 * MINUTE_MS)
    times = [_FIRST + place * 5 * MINUTE_MS + 2_000 for place in range(4)]
    assert line.dialled == times
    assert line.hung_up == [at + 300 for at in times]


def test_a_station_that_is_told_to_stay_goes_to_sleep_after_ten_quiet_minutes() -> None:
    device = sl651_device(Behaviour(always_online=False, report_min=60, send_delay_ms=0, keep_alive_ms=0))
    line = Line(device)
    line.run(AT + HOUR_MS + 20 * MINUTE_MS)
    report = AT + 55 * MINUTE_MS
    assert line.dialled == [report]
    assert line.hung_up == [line.sent[-1][0] + 300 + 10 * MINUTE_MS]


def test_a_station_in_mode_m1_waits_for_nothing() -> None:
    device = sl651_device(Behaviour(mode=Mode.M1_SEND, always_online=False, keep_alive_ms=0))
    line = Line(device)
    line.silent = True
    line.run(AT + HOUR_MS)
    assert device.tally.resent == 0
    assert len(line.sent) == len(line.dialled) == len(line.hung_up) == 11


def test_a_station_in_mode_m4_reports_nothing_and_answers() -> None:
    device = sl651_device(Behaviour(mode=Mode.M4_ANSWER, keep_alive_ms=0))
    line = Line(device)
    line.run(AT + HOUR_MS)
    assert line.sent == []
    line.say(encode_frame(centre.ask(_TO, Function.CURRENT, line.now, 480)))
    assert _functions(line) == [Function.CURRENT]
    assert {row[2] for row in _rows(line)} == {AT + HOUR_MS}


def test_history_is_answered_in_frames_that_wait_for_their_acknowledgement() -> None:
    device = sl651_device(Behaviour(keep_alive_ms=0))
    line = Line(device)
    device.recorder.recall(AT - 48 * HOUR_MS)
    line.run(AT + MINUTE_MS)
    start = (AT - 47 * HOUR_MS) // HOUR_MS * HOUR_MS
    line.say(encode_frame(centre.history(_TO, "39", start, start + 47 * HOUR_MS, 5, line.now, 480)))
    assert len(line.heard) == 1
    assert decode_frame(line.heard[0][1]).end is Control.ETB
    line.say(encode_frame(centre.confirm(decode_frame(line.heard[0][1]), line.now, 480)))
    assert decode_frame(line.heard[1][1]).end is Control.ETX
    kept = range(start, start + 47 * HOUR_MS + 1, 5 * MINUTE_MS)
    rows = {row for row in _rows(line) if row[3] is not None}
    assert rows == {(STATION, Quantity.STAGE, at, measured(at)[STAGE]) for at in kept if at > AT - 48 * HOUR_MS}


def test_an_answer_does_not_disturb_a_report_that_waits() -> None:
    device = sl651_device(Behaviour(send_delay_ms=0, keep_alive_ms=0))
    line = Line(device)
    line.delay_ms = 5_000
    line.run(_FIRST)
    line.say(encode_frame(centre.ask(_TO, Function.CURRENT, line.now, 480)))
    line.run(_FIRST + 6_000)
    assert _functions(line) == [Function.SCHEDULED, Function.CURRENT]
    assert device.tally.confirmed == 1


def test_a_picture_goes_in_packets_and_a_damaged_one_is_sent_again() -> None:
    picture = bytes(range(256)) * 20
    device = sl651_device(
        Behaviour(picture_min=60, report_min=60, keep_alive_ms=0, answer_wait_ms=60_000),
        camera=lambda at: picture,  # noqa: ARG005
    )
    line = Line(device)
    lost: list[bytes] = []

    def damage(data: bytes) -> bool:
        packet = decode_frame(data).packet
        if packet and packet.number == 3 and not lost:
            lost.append(data)
            return False
        return True

    line.damage = damage
    line.run(AT + 55 * MINUTE_MS + 30_000)
    assert sorted(line.packets) == [1, 2, 4, 5]
    first = line.packets[1]
    again = centre.want_again(first, 3, line.now, 480)
    line.say(encode_frame(again))
    line.run(line.now + 1_000)
    assert sorted(line.packets) == [1, 2, 3, 4, 5]
    assert line.packets[3].end is Control.ETX
    assert (device.tally.packets_again, device.tally.gave_up) == (1, 0)
    assert not device.recorder.pictures
    assert device.tally.confirmed == 12  # eleven samples and the picture


def test_a_jump_of_the_stage_is_reported_at_once() -> None:
    behaviour = Behaviour(report_min=60, reports_all=False, jumps={Quantity.STAGE: 140_000}, keep_alive_ms=0)
    device = sl651_device(behaviour)
    line = Line(device)
    line.run(AT + 86 * MINUTE_MS)  # 9:00 is reported, 9:15 is 15 cm higher
    assert _functions(line) == [Function.SCHEDULED, Function.ADD_ON, Function.ADD_ON]
    assert sorted({row[2] for row in _rows(line)}) == [AT + place * MINUTE_MS for place in (55, 70, 85)]
    assert {at for at, _ in line.sent} == {AT + 55 * MINUTE_MS + 2_000, AT + 70 * MINUTE_MS, AT + 85 * MINUTE_MS}


def test_the_first_connection_begins_with_a_test_report_that_nobody_stores() -> None:
    line = Line(sl651_device(Behaviour(announces=True, keep_alive_ms=0)))
    line.run(_FIRST - 1)
    assert _functions(line) == [Function.TEST]
    assert _rows(line) == set()
    line.cut()
    line.down = False
    line.run(_FIRST + MINUTE_MS)
    assert _functions(line) == [Function.TEST, Function.SCHEDULED]


def test_a_modem_registers_itself_and_beats() -> None:
    modem = Modem(b"866123045678901\r\n", b"\xfe", 60_000)
    line = Line(sl651_device(Behaviour(modem=modem, report_min=60, keep_alive_ms=0)))
    line.run(AT + 10 * MINUTE_MS)
    assert line.sent[0] == (AT, b"866123045678901\r\n")
    assert [at - AT for at, data in line.sent if data == b"\xfe"] == [minute * MINUTE_MS for minute in range(1, 11)]


def test_silence_is_broken_by_a_keep_alive_with_the_serial_of_the_last_report() -> None:
    line = Line(sl651_device(Behaviour(send_delay_ms=0, keep_alive_ms=40_000)))
    line.run(_FIRST + MINUTE_MS)
    assert [(at - AT) // 1_000 for at, _ in line.sent] == [40, 80, 120, 160, 200, 240, 280, 300, 340]
    last = decode_frame(line.sent[-1][1])
    assert (last.function, last.body.serial) == (Function.KEEP_ALIVE, 1)  # type: ignore[union-attr]  # a message


def test_a_clock_that_drifts_labels_by_itself_and_is_set_by_the_centre() -> None:
    """It is a minute ahead and loses 100 ppm: 08:10 by its clock is measured at 08:09."""
    clock = DeviceClock(AT, ahead_ms=60_000, drift_ppm=-100)
    device = sl651_device(Behaviour(send_delay_ms=0, keep_alive_ms=0), clock=clock)
    line = Line(device)
    line.run(AT + HOUR_MS)
    (first, *_) = sorted(row for row in _rows(line) if row[1] is Quantity.DISCHARGE)
    assert first[2] == _FIRST
    assert first[3] == measured(_FIRST - MINUTE_MS)[DISCHARGE]
    line.say(encode_frame(centre.ask(_TO, Function.SET_CLOCK, line.now, 480)))
    assert clock.reading(line.now) == line.now
    before = len(line.sent)
    line.run(AT + HOUR_MS + 6 * MINUTE_MS)
    assert abs(line.sent[before][0] - (AT + HOUR_MS + 5 * MINUTE_MS)) <= 31  # 100 ppm of five minutes


def test_a_station_that_follows_the_centre_sets_its_clock_by_confirmations() -> None:
    clock = DeviceClock(AT, ahead_ms=-90_000)
    behaviour = Behaviour(follows_centre=True, keep_alive_ms=0)
    line = Line(sl651_device(behaviour, clock=clock))
    line.run(AT + HOUR_MS)
    assert abs(clock.reading(line.now) - line.now) < 1_000
