"""The JSON payload, exactly CONTRACT section 3: nothing raises, nothing else is lost, everything is counted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.codecs.json import _tolerant, decode_json
from ingest.codecs.readings import Readings

NOW = "2026-03-01T08:05:00+08:00"
NOW_MS = 1_772_323_500_000


def decode(payload: object) -> Readings:
    """Readings of one payload, given as an object or as bytes."""
    out = Readings()
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    decode_json(0, raw, 480, out)
    return out


def rows(out: Readings) -> list[tuple[str, int, int, int, bool]]:
    """(station, quantity, event_time, value, missing) of each reading."""
    return list(zip(out.station, out.quantity, out.event_time, out.value, out.missing, strict=True))


def faults(out: Readings) -> list[tuple[str, int]]:
    """(reason, readings) of each fault."""
    return [(fault.reason.value, fault.readings) for fault in out.faults]


def test_the_example_of_the_contract() -> None:
    out = decode(
        {
            "station": "52010300A1", "time": NOW, "seq": 123,
            "values": {"discharge": 3.21, "stage": 1.07, "volume_total": 123456.7, "pump": 1, "voltage": 12.6},
            "units": {"discharge": "L/s"},
        }
    )  # fmt: skip
    assert [(row[1], row[3]) for row in rows(out)] == [
        (0, 3_210), (1, 1_070_000), (4, 123_456_700_000), (6, 1_000_000), (18, 12_600_000),
    ]  # fmt: skip
    assert set(out.event_time) == {NOW_MS}
    assert out.sequence == [("52010300A1", 123)]
    assert (out.faults, out.undecodable) == ([], [])


@pytest.mark.parametrize(
    "time", [NOW, "2026-03-01T00:05:00Z", "2026-03-01T08:05:00", "2026-03-01 08:05:00+08:00", NOW_MS]
)
def test_a_time_is_iso_8601_or_epoch_milliseconds_and_the_zone_of_the_settings_fills_in(time: object) -> None:
    assert decode({"station": "A", "time": time, "values": {"stage": 1}}).event_time == [NOW_MS]


def test_history_is_one_series_in_one_element() -> None:
    out = decode(
        {"station": "A", "quantity": "discharge", "unit": "L/s", "times": [NOW_MS, NOW], "values": [1000, None]}
    )
    assert rows(out) == [("A", 0, NOW_MS, 1_000_000, False), ("A", 0, NOW_MS, 0, True)]


def test_null_is_missing_and_zero_is_data() -> None:
    out = decode({"station": "A", "time": NOW, "values": {"discharge": 0, "stage": None}})
    assert [(row[1], row[3], row[4]) for row in rows(out)] == [(0, 0, False), (1, 0, True)]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("pump", True, [("pump", 1_000_000)]),
        ("door", False, [("door", 0)]),
        ("discharge", True, "not_a_number"),
        ("discharge", "3.2", "not_a_number"),
        ("discharge", [1], "not_a_number"),
        ("discharge", {}, "not_a_number"),
        ("discharge", 1e300, "not_a_number"),
        ("flow", 1, "unknown_quantity"),
        ("", 1, "unknown_quantity"),
        ("Discharge", 1, "unknown_quantity"),
    ],
)
def test_a_bad_value_is_rejected_with_its_reason_and_spoils_no_other(
    name: str, value: object, expected: object
) -> None:
    out = decode({"station": "A", "time": NOW, "values": {"stage": 1.5, name: value}})
    good = [("stage", 1_500_000)]
    if isinstance(expected, str):
        assert faults(out) == [(expected, 1)]
    else:
        good += expected  # type: ignore[arg-type]  # a list here
        assert faults(out) == []
    names = {1: "stage", 6: "pump", 20: "door"}
    assert [(names[row[1]], row[3]) for row in rows(out)] == good
    assert out.undecodable == []


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1" + b"0" * 400])
def test_what_is_not_a_number_is_rejected_alone(literal: bytes) -> None:
    out = decode(b'{"station":"A","time":"' + NOW.encode() + b'","values":{"stage":1.5,"discharge":' + literal + b"}}")
    assert (len(rows(out)), faults(out)) == (1, [("not_a_number", 1)])


@pytest.mark.parametrize("unit", ["gal/min", "m", "", 5, ["L/s"]])
def test_an_unknown_unit_rejects_its_value(unit: object) -> None:
    out = decode({"station": "A", "time": NOW, "values": {"discharge": 1, "stage": 1}, "units": {"discharge": unit}})
    assert (len(rows(out)), faults(out)) == (1, [("unknown_unit", 1)])


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"station": "B", "values": {"discharge": 1, "stage": 2}}, ("bad_time", 2)),
        ({"station": "B", "time": "noon", "values": {"discharge": 1}}, ("bad_time", 1)),
        ({"station": "B", "time": 1.5, "values": {"discharge": 1}}, ("bad_time", 1)),
        ({"station": "B", "time": True, "values": {"discharge": 1}}, ("bad_time", 1)),
        ({"station": "B", "time": "2026-03-01", "values": {"discharge": 1}}, ("bad_time", 1)),
        ({"time": NOW, "values": {"discharge": 1, "stage": 2, "ph": 7}}, ("bad_element", 3)),
        ({"station": 52010300, "time": NOW, "values": {"discharge": 1}}, ("bad_element", 1)),
        ({"station": "B", "time": NOW, "values": [1, 2]}, ("bad_element", 2)),
        ({"station": "B", "time": NOW, "values": 3}, ("bad_element", 1)),
        ({"station": "B", "time": NOW, "values": {"discharge": 1}, "units": "L/s"}, ("bad_element", 1)),
        ({"station": "B", "quantity": "stage", "times": [NOW, NOW], "values": [1]}, ("unequal_lengths", 2)),
        ({"station": "B", "quantity": "stage", "times": NOW, "values": [1, 2]}, ("bad_element", 2)),
        ("text", ("bad_element", 1)),
        (None, ("bad_element", 1)),
        (7, ("bad_element", 1)),
    ],
)
def test_a_bad_element_counts_each_of_its_values_and_spoils_no_other(
    element: object, expected: tuple[str, int]
) -> None:
    good = {"station": "A", "time": NOW, "values": {"discharge": 1.25}}
    out = decode([good, element, good])
    assert (rows(out), faults(out), out.undecodable) == ([("A", 0, NOW_MS, 1_250_000, False)] * 2, [expected], [])
    alone = decode(element)
    assert [fault.reason for fault in alone.undecodable] == ["bad_element"]
    assert faults(alone) == [expected]


def test_a_bad_time_in_a_history_rejects_its_value_alone() -> None:
    out = decode({"station": "A", "quantity": "stage", "times": [NOW, "never"], "values": [1, 2]})
    assert (len(rows(out)), faults(out), out.undecodable) == (1, [("bad_time", 1)], [])


@pytest.mark.parametrize("payload", [b"[]", b"{}", b"[{}]", b'{"station":"A","time":1,"values":{}}',
                                     b'{"station":"A","quantity":"stage","times":[],"values":[]}'])  # fmt: skip
def test_nothing_in_a_message_is_decoded_as_nothing(payload: bytes) -> None:
    out = decode(payload)
    assert (rows(out), out.faults, out.undecodable) == ([], [], [])


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[1,",
        b"\xff\xfe",
        b'{"station":"\xff"}',
        b"nope",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\x00" * 1_000_000,
    ],
)
def test_what_is_no_json_is_one_undecodable_message(payload: bytes) -> None:
    out = decode(payload)
    assert ([fault.reason for fault in out.undecodable], out.faults, rows(out)) == (["bad_json"], [], [])


def test_a_payload_of_a_megabyte_is_read_whole() -> None:
    element = {"station": "A", "time": NOW, "values": {"discharge": 1}}
    out = decode([element] * 20_000)
    assert len(rows(out)) == 20_000


def test_unknown_keys_are_ignored_and_counted() -> None:
    out = decode({"station": "A", "time": NOW, "values": {"stage": 1}, "firmware": "1.2", "rssi": -70})
    assert (len(rows(out)), out.unknown_keys) == (1, 2)


@settings(max_examples=400)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(payload: bytes) -> None:
    out = decode(payload)
    assert len(out.undecodable) <= 1


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([NOW, "A", "stage"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["station", "time", "values", "units", "quantity", "unit", "times", "seq", "discharge", "x"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=600)
@given(_JSON)
def test_arbitrary_structures_never_raise_and_both_ways_agree(payload: object) -> None:
    raw = json.dumps(payload).encode()
    out, slow = Readings(), Readings()
    decode_json(0, raw, 480, out)
    _tolerant(0, raw, 480, slow)
    assert out == slow


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B"]),
            st.integers(0, 10**13) | st.just(NOW),
            st.dictionaries(
                st.sampled_from(["discharge", "stage", "ph"]), st.floats(-1e6, 1e6) | st.none(), max_size=3
            ),
            st.none() | st.integers(0, 99),
        ),
        max_size=4,
    )
)
def test_both_ways_agree_on_well_formed_payloads(elements: list[tuple[str, object, object, object]]) -> None:
    payload = [
        {"station": station, "time": time, "values": values} | ({} if seq is None else {"seq": seq})
        for station, time, values, seq in elements
    ]
    raw = json.dumps(payload).encode()
    out, slow = Readings(), Readings()
    decode_json(0, raw, 480, out)
    _tolerant(0, raw, 480, slow)
    assert out == slow
