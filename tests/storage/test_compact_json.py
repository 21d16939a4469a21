"""The compact encoding: nothing changes but white space and needless escapes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.compact_json import compact, is_compact

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
CONTAINERS = st.lists(VALUES, max_size=4) | st.dictionaries(st.text(max_size=5), VALUES, max_size=4)


def dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@given(value=CONTAINERS)
def test_what_json_writes_compactly_is_compact_and_stays_as_it_is(value: object) -> None:
    text = dumped(value)
    assert is_compact(text)
    assert compact(text) == text


@given(value=CONTAINERS, indent=st.sampled_from([None, 0, 2, "\t"]), ensure_ascii=st.booleans())
def test_however_it_was_written_it_is_encoded_as_json_would(
    value: object, indent: int | str | None, *, ensure_ascii: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ensure_ascii).encode()
    assert compact(text) == dumped(value)


@given(
    text=st.binary(max_size=60)
    | st.text(alphabet='{}[]",:\\u0123456789eE+-. ntf\x00\x7f流', max_size=40).map(str.encode)
)
def test_only_what_comes_back_from_json_is_compact(text: bytes) -> None:
    if not is_compact(text):
        return
    assert dumped(json.loads(text)) == text
    assert compact(text) == text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (b'{"a": 1.10, "b": [1e3, -0.0, 1E+2]}', b'{"a":1.10,"b":[1e3,-0.0,1E+2]}'),
        (b'{"a": 123456789012345678901234567890}', b'{"a":123456789012345678901234567890}'),
        (b'{"a": "b  c"}', b'{"a":"b  c"}'),
        (b'{"a":"\\u6d41\\u91cf"}', '{"a":"流量"}'.encode()),
        (b'{"a":"\\/\\u0041"}', b'{"a":"/A"}'),
        (b'{"a":"\\"\\\\\\n\\u001f\\u0008"}', b'{"a":"\\"\\\\\\n\\u001f\\b"}'),
        (b'{"a":"\\ud83d\\ude00"}', '{"a":"😀"}'.encode()),
        (b'{"a":"\\ud83d","b":"\\u0041"}', b'{"a":"\\ud83d","b":"A"}'),
        (b'{"a" : 1 , "a" : 2}', b'{"a":1,"a":2}'),
        (b"[ ]", b"[]"),
    ],
)
def test_numbers_stay_as_they_are_written_and_strings_lose_needless_escapes(written: bytes, expected: bytes) -> None:
    assert compact(written) == expected


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"1",
        b'"text"',
        b"null",
        b"[NaN]",
        b"[Infinity]",
        b"[1.10]",
        b"[1e3]",
        b"[1, 2]",
        b"[1]\n",
        b" [1]",
        b'["\\u0041"]',
        b'{"a":1,"a":2}',
        b"[01]",
        b"[1",
        b"\xff\xfe[\x001\x00]\x00",
        b"[" * 65 + b"]" * 65,
        b"[" * 5000 + b"]" * 5000,
        b'["\\ud800"]',
    ],
)
def test_what_a_decoder_would_change_or_refuse_is_not_compact(text: bytes) -> None:
    assert not is_compact(text)


def test_many_brackets_are_not_deep() -> None:
    assert is_compact(dumped([{"a": [n], "b": "[[[[" * 40} for n in range(500)]))
    assert is_compact(b"[" * 64 + b"]" * 64)
