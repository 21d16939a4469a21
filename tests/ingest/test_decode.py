"""From raw messages to admitted, flagged columns: CONTRACT sections 2, 3 and 8."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.instants import DAY_MS, MINUTE_MS, parse_instant
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from ingest.decode import DecodedBatch, Decoder, Tick, TickSource
from tests.ingest.example_register import make_register

NOW = parse_instant("2026-03-01T08:00:00", 480)
TOPIC = "watermaster/v1/g1/up/json"
DATED = """station,name,kind,basin,river,division,gateway,interval_min,valid_from,valid_to
A,old,section,Wu,Sancha,520103,g1,5,,2026-02-28
A,new,section,Wu,Sancha,520103,g2,10,2026-03-01,
"""
POINTS = """station,quantity,min,max,valid_from,valid_to
A,discharge,0,100,,
A,stage,0,,,
B,discharge,0,10,,2026-02-28
B,discharge,0,20,2026-03-01,
"""


def decoder(ticks: TickSource = TickSource.HEARTBEAT, max_age_days: int = 400, **tables: str) -> Decoder:
    register = make_register({"points": POINTS, **tables})
    return Decoder(
        register, SeriesIndex(register.stations), prefix="watermaster/v1", max_age_days=max_age_days, ticks=ticks
    )


def decode(*payloads: object, topic: str = TOPIC, received_at: int = NOW, using: Decoder | None = None) -> DecodedBatch:
    raw = [payload if isinstance(payload, bytes) else json.dumps(payload).encode() for payload in payloads]
    return (using or decoder()).decode(1, [topic] * len(raw), raw, np.full(len(raw), received_at, np.int64))


def reading(station: str = "A", at: int = NOW, **values: float | None) -> dict[str, object]:
    return {"station": station, "time": at, "values": values or {"discharge": 1}}


@pytest.mark.parametrize(("value", "flag"), [(0, 1), (100, 1), (50, 1), (-0.000001, 4), (100.000001, 4), (None, 9)])
def test_bounds_are_inclusive(value: float | None, flag: int) -> None:
    assert decode(reading(discharge=value)).observations.flag.tolist() == [flag]


def test_a_missing_bound_or_row_is_not_evaluated_but_outside_is_outside() -> None:
    batch = decode(reading(stage=5), reading(stage=-1), reading(ph=7))
    assert batch.observations.flag.tolist() == [2, 4, 2]


def test_the_row_valid_at_event_time_judges_never_todays() -> None:
    """The bound rises from 10 to 20 with 1 March; the reading stamped 00:00 still belongs to February."""
    midnight = parse_instant("2026-03-01T00:00:00", 480)
    batch = decode(reading("B", midnight, discharge=15), reading("B", midnight + 1, discharge=15))
    assert batch.observations.flag.tolist() == [4, 1]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (reading("Z"), "unknown_station"),
        (reading(at=0), "too_old"),
        (reading(at=NOW - 400 * DAY_MS - 1), "too_old"),
        (reading(at=NOW + 10 * MINUTE_MS + 1), "in_future"),
        (reading(at=4_070_908_800_000), "in_future"),
    ],
)
def test_what_can_not_be_is_rejected_with_its_bytes(payload: dict[str, object], reason: str) -> None:
    batch = decode(reading(), payload)
    assert (len(batch.observations), dict(batch.rejected), batch.decoded, batch.messages) == (1, {reason: 1}, 2, 2)
    assert not batch.dead_lettered
    [letter] = batch.dead_letters
    assert (letter.position, letter.kind, letter.reason) == (2, "reading", reason)
    assert json.loads(letter.payload) == payload


@pytest.mark.parametrize("at", [NOW - 400 * DAY_MS, NOW + 10 * MINUTE_MS])
def test_the_limits_of_time_are_inside(at: int) -> None:
    assert len(decode(reading(at=at)).observations) == 1


def test_no_age_is_too_old_without_a_limit() -> None:
    assert len(decode(reading(at=0), using=decoder(max_age_days=0)).observations) == 1


def test_a_gateway_speaks_for_its_own_stations_only() -> None:
    batch = decode(reading("A"), reading("B"), topic="watermaster/v1/g2/up/json")
    assert (len(batch.observations), dict(batch.rejected)) == (1, {"wrong_gateway": 1})


def test_the_tcp_listener_speaks_for_any_station() -> None:
    assert len(decode(reading("B"), topic="watermaster/v1/_tcp/up/json").observations) == 1


def test_gateway_and_existence_of_a_station_are_dated() -> None:
    midnight = parse_instant("2026-03-01T00:00:00", 480)
    using = decoder(stations=DATED, points="station,quantity,min,max\n")
    batch = decode(reading("A", midnight), reading("A", midnight + 1), using=using)
    assert (batch.observations.event_time.tolist(), dict(batch.rejected)) == ([midnight], {"wrong_gateway": 1})


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("watermaster/v1/g1/up/xml", "bad_topic"),
        ("watermaster/v1/_g1/up/json", "bad_topic"),
        ("watermaster/v1/g 1/up/json", "bad_topic"),
        (f"watermaster/v1/{'g' * 65}/up/json", "bad_topic"),
        ("watermaster/v1//up/json", "bad_topic"),
        ("watermaster/v2/g1/up/json", "bad_topic"),
        ("other", "bad_topic"),
        ("", "bad_topic"),
        ("watermaster/v1/" + "g" * 600, "bad_topic"),
        ("!watermaster/v1/_tcp/up/json", "bad_topic"),
    ],
)
def test_a_topic_that_does_not_fit_is_a_dead_letter(topic: str, reason: str) -> None:
    batch = decode(reading(), topic=topic)
    assert (dict(batch.dead_lettered), batch.messages, batch.decoded) == ({reason: 1}, 1, 0)
    assert [(letter.kind, letter.reason, letter.topic) for letter in batch.dead_letters] == [("message", reason, topic)]


def test_status_and_heartbeats_are_no_messages() -> None:
    using = decoder()
    topics = ["watermaster/v1/g1/status", "watermaster/v1/_/heartbeat/c", TOPIC]
    payloads = [b"online", json.dumps({"at": NOW - 5}).encode(), json.dumps(reading()).encode()]
    batch = using.decode(7, topics, payloads, np.full(3, NOW, np.int64))
    assert (batch.messages, batch.decoded, batch.ticks, batch.last) == (1, 1, [Tick(8, NOW - 5)], 9)


@pytest.mark.parametrize("payload", [b"", b"{}", b"null", b'{"at":"x"}', b'{"at":99999999999999}', b"\xff"])
def test_a_heartbeat_never_says_a_later_time_than_its_arrival(payload: bytes) -> None:
    batch = decode(payload, topic="watermaster/v1/_/heartbeat/c")
    assert batch.ticks == [Tick(1, NOW)]


def test_in_a_recorded_stream_full_minutes_of_arrival_tick_and_heartbeats_do_not() -> None:
    using = decoder(TickSource.RECEIVED_AT)
    arrived = np.array([NOW + 1_000, NOW + 900_000, NOW + 2_000, NOW + 61_000], np.int64)
    topics = [TOPIC, "watermaster/v1/_/heartbeat/c", TOPIC, TOPIC]
    batch = using.decode(1, topics, [b"[]", b'{"at":5}', b"[]", b"[]"], arrived)
    assert batch.ticks == [Tick(1, NOW), Tick(4, NOW + MINUTE_MS)]


def test_a_change_of_config_stands_in_the_journal_and_is_no_message() -> None:
    batch = decode({"config": "abc"}, topic="watermaster/v1/_/config")
    assert (batch.messages, batch.dead_letters, batch.last) == (0, [], 1)


def test_columns_carry_series_position_and_arrival() -> None:
    using = decoder()
    batch = decode(reading("A", stage=1), reading("B", discharge=2), using=using)
    rows = batch.observations
    expected = [using.index.number("A", Quantity.STAGE), using.index.number("B", Quantity.DISCHARGE)]
    assert (rows.series.tolist(), rows.position.tolist(), set(rows.received_at.tolist())) == (expected, [1, 2], {NOW})


_PAYLOADS = st.lists(
    st.sampled_from(
        [
            json.dumps(reading()).encode(),
            json.dumps(reading("Z")).encode(),
            json.dumps([reading(), reading("B", discharge=99), {"station": "A"}, 5]).encode(),
            json.dumps([reading(at=0, discharge=1, stage=None), "x"]).encode(),
            json.dumps({"station": "A", "values": {"stage": 1, "ph": 2}}).encode(),
            b"{", b"[]", b"",
        ]
    ),
    max_size=12,
)  # fmt: skip


@given(_PAYLOADS, st.integers(1, 5))
def test_every_reading_and_message_is_accounted_for_however_the_stream_is_cut(payloads: list[bytes], size: int) -> None:
    whole = decode(*payloads)
    assert whole.decoded == len(whole.observations) + whole.rejected.total()
    assert whole.messages == len(payloads)
    using = decoder()
    parts = [
        using.decode(
            1 + start,
            [TOPIC] * len(payloads[start : start + size]),
            payloads[start : start + size],
            np.full(len(payloads[start : start + size]), NOW, np.int64),
        )
        for start in range(0, len(payloads), size)
    ]
    assert sum(part.decoded for part in parts) == whole.decoded
    assert [
        row for part in parts for row in part.observations.position.tolist()
    ] == whole.observations.position.tolist()
    assert [letter for part in parts for letter in part.dead_letters] == whole.dead_letters


def test_a_register_without_stations_knows_none() -> None:
    using = decoder(
        stations="station,name,kind,basin,river,division,gateway,interval_min\n", points="station,quantity,min,max\n"
    )
    assert dict(decode(reading(), using=using).rejected) == {"unknown_station": 1}


def test_a_field_frame_speaks_for_the_station_that_has_its_address() -> None:
    """By the column of the register, else where the code itself is the address; a frame without either is unknown."""
    vectors = json.loads((Path(__file__).parent / "codecs" / "sl651" / "vectors.json").read_text())
    frames = [bytes.fromhex(vector["hex"]) for vector in vectors if vector["crc_ok"]]
    address = {vector["expected"].get("station") for vector in vectors if vector["crc_ok"]} - {None}
    topic = "watermaster/v1/g1/up/sl651"
    bare = decode(*frames, topic=topic, using=decoder(max_age_days=0))
    assert bare.decoded > 50
    assert dict(bare.rejected).keys() <= {"unknown_station", "bad_element", "in_future", "not_a_number", "bad_time"}
    header = "station,name,kind,basin,river,division,gateway,interval_min,sl651_address\n"
    by_column = header + "".join(f"S{number},n,section,,,,,5,{code}\n" for number, code in enumerate(sorted(address)))
    by_code = header + "".join(f"{code},n,section,,,,,5,\n" for code in sorted(address))
    for stations in (by_column, by_code):
        using = decoder(max_age_days=0, stations=stations, points="station,quantity,min,max\n")
        known = decode(*frames, topic=topic, using=using, received_at=NOW + 60 * 366 * DAY_MS)
        assert "unknown_station" not in known.rejected
        assert len(known.observations) > 50
