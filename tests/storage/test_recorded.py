"""Recorded streams: the same bytes, in the one order, and a plain word about a line that can't be read."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hydro.errors import ConfigError, DecodeError, WatermasterError
from storage.message import RawMessage
from storage.recorded import RecordedWriter, read_recorded
from tests.storage.open_files import open_files

if TYPE_CHECKING:
    from pathlib import Path

START = 1_772_323_500_000
SUFFIXES = pytest.mark.parametrize("suffix", [".ndjson", ".ndjson.gz", ".ndjson.zst"])

PAYLOADS = (
    st.binary(max_size=60)
    | st.text(alphabet='{}[]",:\\u0123456789eE+-. ntf', max_size=40).map(str.encode)
    | st.dictionaries(st.text(max_size=5), st.floats() | st.text() | st.integers(), max_size=4).map(
        lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    )
)
MESSAGES = st.lists(
    st.builds(
        RawMessage,
        topic=st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        payload=PAYLOADS,
        received_at=st.integers(START, START + 5) | st.integers(-(10**12), 10**14),
    ),
    max_size=12,
)


def write(path: Path, messages: list[RawMessage]) -> Path:
    with RecordedWriter(path) as writer:
        for message in messages:
            writer.write(message)
    return path


def lines(path: Path, *texts: str | bytes) -> Path:
    """A file as somebody else wrote it."""
    path.write_bytes(b"".join(text.encode() if isinstance(text, str) else text for text in texts))
    return path


def line(received_at: object = START, topic: object = "t", **fields: object) -> str:
    return json.dumps({"received_at": received_at, "topic": topic, **fields}) + "\n"


@SUFFIXES
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=MESSAGES)
def test_recording_what_was_replayed_gives_the_same_file(
    tmp_path: Path, suffix: str, messages: list[RawMessage]
) -> None:
    messages.sort(key=lambda message: message.received_at)
    first = write(tmp_path / f"first{suffix}", messages)
    found = list(read_recorded([first]))
    assert found == messages
    assert write(tmp_path / f"second{suffix}", found).read_bytes() == first.read_bytes()


@given(messages=MESSAGES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_other_programs_read_the_same_bytes(tmp_path: Path, messages: list[RawMessage]) -> None:
    found = []
    for text in write(tmp_path / "a.ndjson", messages).read_bytes().splitlines():
        entry = json.loads(text)
        if "payload" in entry:
            payload = json.dumps(entry["payload"], separators=(",", ":"), ensure_ascii=False).encode()
        else:
            payload = base64.b64decode(entry["payload_base64"])
        found.append(RawMessage(entry["topic"], payload, entry["received_at"]))
    assert found == messages


def test_a_payload_stands_as_a_value_only_where_that_says_everything(tmp_path: Path) -> None:
    payloads = [b'{"a":1.5}', b'{"a":1.50}', b'{"a": 1.5}', b"[]", b"7", b"", b"\xff"]
    path = write(tmp_path / "a.ndjson", [RawMessage("t", payload, START + n) for n, payload in enumerate(payloads)])
    assert path.read_bytes().splitlines() == [
        b'{"received_at":1772323500000,"topic":"t","payload":{"a":1.5}}',
        b'{"received_at":1772323500001,"topic":"t","payload_base64":"eyJhIjoxLjUwfQ=="}',
        b'{"received_at":1772323500002,"topic":"t","payload_base64":"eyJhIjogMS41fQ=="}',
        b'{"received_at":1772323500003,"topic":"t","payload":[]}',
        b'{"received_at":1772323500004,"topic":"t","payload_base64":"Nw=="}',
        b'{"received_at":1772323500005,"topic":"t","payload_base64":""}',
        b'{"received_at":1772323500006,"topic":"t","payload_base64":"/w=="}',
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(line(payload={"a": 1}), RawMessage("t", b'{"a":1}', START), id="spaces after separators"),
        pytest.param(line(payload=["流"]), RawMessage("t", '["流"]'.encode(), START), id="escaped needlessly"),
        pytest.param(
            '{"payload":{"v":1.10,"w":[1e3]},"received_at":1772323500000,"topic":"t"}',
            RawMessage("t", b'{"v":1.10,"w":[1e3]}', START),
            id="numbers as written, keys in another order, no end of line",
        ),
        pytest.param(line(payload_base64="AP8="), RawMessage("t", b"\x00\xff", START), id="base64"),
        pytest.param(line(payload_base64=""), RawMessage("t", b"", START), id="empty payload"),
        pytest.param(line(payload={}, qos=1), RawMessage("t", b"{}", START), id="another key"),
        pytest.param(line(payload={})[:-1] + "\r\n", RawMessage("t", b"{}", START), id="Windows end of line"),
        pytest.param(line("2026-03-01T08:05:00+08:00", payload={}), RawMessage("t", b"{}", START), id="ISO, offset"),
        pytest.param(line("2026-03-01T00:05:00Z", payload={}), RawMessage("t", b"{}", START), id="ISO, UTC"),
        pytest.param(line("2026-03-01T08:05:00", payload={}), RawMessage("t", b"{}", START), id="ISO, no offset"),
        pytest.param(
            line("2026-03-01T08:05:00.123456+08:00", payload={}),
            RawMessage("t", b"{}", START + 123),
            id="ISO, fraction",
        ),
        pytest.param(line(topic="a b/\\u流", payload={}), RawMessage("a b/\\u流", b"{}", START), id="odd topic"),
    ],
)
def test_a_line_of_another_program_is_read(tmp_path: Path, text: str, expected: RawMessage) -> None:
    assert list(read_recorded([lines(tmp_path / "a.ndjson", text)])) == [expected]


def test_a_time_without_offset_is_read_in_the_zone_given(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.ndjson", line("2026-03-01T00:05:00", payload={}))
    assert [message.received_at for message in read_recorded([path], zone_minutes=0)] == [START]


GOOD = line(payload={})


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        pytest.param('{"received_at":1,"topic":"t","payl', "truncated", id="cut off"),
        pytest.param("nonsense\n", "malformed", id="no JSON"),
        pytest.param("[]\n", "Expected `object`", id="no object"),
        pytest.param(GOOD[:-1] + GOOD, "malformed: trailing characters", id="two objects in a line"),
        pytest.param('{"topic":"t","payload":{}}\n', "missing required field `received_at`", id="no time"),
        pytest.param('{"received_at":1,"payload":{}}\n', "missing required field `topic`", id="no topic"),
        pytest.param(line(topic=7, payload={}), "Expected `str`, got `int`", id="topic is a number"),
        pytest.param(line(1.5, payload={}), "got `float`", id="time with a fraction"),
        pytest.param(line(payload={}).replace(str(START), "true"), "got `bool`", id="time is true"),
        pytest.param(line("yesterday", payload={}), "'yesterday' is not an ISO 8601", id="time is a word"),
        pytest.param(line("2026-03-01", payload={}), "'2026-03-01' is not an ISO 8601", id="time is a date"),
        pytest.param(line(10**18, payload={}), "<= 253402300799999", id="time far off"),
        pytest.param(line(), "neither payload nor payload_base64", id="no payload"),
        pytest.param(line(payload={}, payload_base64=""), "payload and payload_base64", id="two payloads"),
        pytest.param(line(payload="x"), "neither an object nor an array", id="payload is a string"),
        pytest.param(line(payload=None), "neither an object nor an array", id="payload is null"),
        pytest.param(line(payload_base64="A"), "Incorrect padding|Invalid base64", id="base64 cut off"),
        pytest.param(line(payload_base64="A-_="), "Only base64 data", id="another alphabet"),
        pytest.param(b'{"received_at":1,"topic":"t","payload":{"a":"\xff"}}\n', "utf-8", id="no UTF-8"),
        pytest.param(
            '{"received_at":1,"topic":"t",\n"payload":{}}\n', "truncated|malformed", id="object over two lines"
        ),
        pytest.param(line(payload=[]).replace("[]", "[" * 3000 + "]" * 3000), "recursion depth", id="too deep"),
    ],
)
@pytest.mark.parametrize("is_in_order", [True, False], ids=["in order", "out of order"])
def test_a_bad_line_is_told_with_file_and_number(
    tmp_path: Path, bad: str | bytes, complaint: str, *, is_in_order: bool
) -> None:
    before = [line(START - 1, payload={}), "\n", GOOD, GOOD]
    if not is_in_order:
        before.append(line(START - 5, payload={}))
    path = lines(tmp_path / "a.ndjson", *before, bad)
    with pytest.raises(DecodeError, match=complaint) as error:
        list(read_recorded([path]))
    assert error.value.reason == "bad_line"
    assert error.value.detail.startswith(f"{path}:{len(before) + 1}: ")


def test_a_bad_line_is_found_wherever_it_is(tmp_path: Path) -> None:
    texts = [line(START + n, payload={"n": n}) for n in range(20_000)]
    texts[15_000] = line(START + 15_000, payload=7)
    with pytest.raises(DecodeError, match=r"a\.ndjson:15001: payload is neither"):
        list(read_recorded([lines(tmp_path / "a.ndjson", *texts)]))
    random.Random(1).shuffle(texts)
    number = next(n for n, text in enumerate(texts, 1) if '"payload": 7' in text)
    with pytest.raises(DecodeError, match=rf"a\.ndjson:{number}: payload is neither"):
        list(read_recorded([lines(tmp_path / "a.ndjson", *texts)]))


@SUFFIXES
def test_a_file_that_is_not_there_is_told(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    with pytest.raises(WatermasterError, match=f"{path}: No such file"):
        list(read_recorded([path]))
    with pytest.raises(WatermasterError, match=f"{path.parent}/missing/a{suffix}: No such file"):
        RecordedWriter(tmp_path / "missing" / path.name)


def test_a_name_says_the_format(tmp_path: Path) -> None:
    for name in ("a.json", "a", "a.ndjson.bz2", "ndjson"):
        with pytest.raises(ConfigError, match=r"ends in \.ndjson, \.ndjson\.gz, \.ndjson\.zst"):
            list(read_recorded([tmp_path / name]))
        with pytest.raises(ConfigError, match=r"ends in \.ndjson"):
            RecordedWriter(tmp_path / name)
        assert not (tmp_path / name).exists()


MANY = [RawMessage(f"t/{n % 5}", os.urandom(30), START + n // 3) for n in range(10_000)]


@pytest.mark.parametrize("suffix", [".ndjson.gz", ".ndjson.zst"])
@pytest.mark.parametrize("kept", [0.3, 0.999])
def test_a_compressed_file_that_is_cut_short_is_told(tmp_path: Path, suffix: str, kept: float) -> None:
    path = write(tmp_path / f"a{suffix}", MANY)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(WatermasterError, match=f"{path}: damaged or cut short"):
        list(read_recorded([path]))


@pytest.mark.parametrize("suffix", [".ndjson.gz", ".ndjson.zst"])
def test_a_compressed_file_that_is_damaged_is_told(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", MANY)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(WatermasterError, match=str(path)):
        list(read_recorded([path]))
    path.write_bytes(b"plain text\n" * 100)
    with pytest.raises(WatermasterError, match=f"{path}: damaged or cut short"):
        list(read_recorded([path]))


@pytest.mark.parametrize("suffix", [".ndjson.gz", ".ndjson.zst"])
def test_compressed_files_put_together_are_one(tmp_path: Path, suffix: str) -> None:
    parts = [write(tmp_path / f"{n}{suffix}", MANY[n : n + 10]) for n in range(0, 30, 10)]
    path = tmp_path / f"all{suffix}"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert list(read_recorded([path])) == MANY[:30]


def test_the_writer_s_files_are_read_by_the_usual_tools(tmp_path: Path) -> None:
    plain = write(tmp_path / "a.ndjson", MANY).read_bytes()
    assert gzip.decompress(write(tmp_path / "a.ndjson.gz", MANY).read_bytes()) == plain
    packed = write(tmp_path / "a.ndjson.zst", MANY).read_bytes()
    assert zstandard.ZstdDecompressor().stream_reader(packed).read() == plain


@SUFFIXES
def test_nothing_was_recorded(tmp_path: Path, suffix: str) -> None:
    assert list(read_recorded([write(tmp_path / f"a{suffix}", [])])) == []
    assert list(read_recorded([lines(tmp_path / f"b{suffix}")])) == []
    assert list(read_recorded([])) == []


@SUFFIXES
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    files=st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=4),
    data=st.data(),
)
def test_the_order_is_that_of_time_file_and_line(
    tmp_path: Path, suffix: str, files: list[list[int]], data: st.DataObject
) -> None:
    """In order or not, overlapping or not, empty or not: as if everything had been read and sorted once."""
    if data.draw(st.booleans()):
        files = [sorted(times) for times in files]
    everything = []
    paths = []
    for index, times in enumerate(files):
        messages = [RawMessage(f"{index}", b"%d" % number, START + at) for number, at in enumerate(times)]
        everything += messages
        paths.append(write(tmp_path / f"{index}{suffix}", messages))
    everything.sort(key=lambda message: message.received_at)
    assert list(read_recorded(paths)) == everything


@SUFFIXES
def test_a_long_file_out_of_order_is_sorted(tmp_path: Path, suffix: str) -> None:
    shuffled = MANY.copy()
    random.Random(2).shuffle(shuffled)
    path = write(tmp_path / f"a{suffix}", shuffled)
    expected = sorted(shuffled, key=lambda message: message.received_at)
    assert list(read_recorded([path])) == expected


def test_order_is_looked_at_across_the_pieces_that_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every piece is one line, so in order by itself."""
    messages = [RawMessage("t", b"{}", START + n) for n in (3, 1, 2)]
    path = write(tmp_path / "a.ndjson", messages)
    monkeypatch.setattr("storage.recorded._PIECE_BYTES", path.stat().st_size // 3)
    assert list(read_recorded([path])) == sorted(messages, key=lambda message: message.received_at)


def test_a_line_longer_than_what_is_read_at_a_time(tmp_path: Path) -> None:
    messages = [RawMessage("t", os.urandom(3_000_000), START), RawMessage("t", b"{}", START + 1)]
    for suffix in (".ndjson", ".ndjson.gz", ".ndjson.zst"):
        assert list(read_recorded([write(tmp_path / f"a{suffix}", messages)])) == messages


def test_a_line_without_end_is_not_read_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.recorded._MAX_LINE_BYTES", 5_000_000)
    path = lines(tmp_path / "a.ndjson", GOOD, b"x" * 9_000_000)
    with pytest.raises(DecodeError, match=r"a\.ndjson:2: longer than 5000000 bytes"):
        list(read_recorded([path]))


def test_many_files_are_not_open_at_once(tmp_path: Path) -> None:
    """Hour after hour, as a recorder rolls over: each is opened when the one before is through."""
    paths = [write(tmp_path / f"{n}.ndjson", [RawMessage("t", b"{}", START + n)]) for n in range(50)]
    opened = 0
    for _ in read_recorded(paths):
        opened = max(opened, len(open_files(tmp_path)))
    assert opened <= 2


def test_lines_are_read_as_they_are_asked_for(tmp_path: Path) -> None:
    """The order is found out beforehand, the messages are not held."""
    path = write(tmp_path / "a.ndjson", MANY)
    messages = read_recorded([path])
    assert next(messages) == MANY[0]
    assert open_files(tmp_path) == {"a.ndjson"}
    del messages
    assert open_files(tmp_path) == set()


def test_times_may_be_written_either_way(tmp_path: Path) -> None:
    instants = [START + 7 * n for n in range(300)]
    texts = [
        line(
            datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds") if n % 2 else at, payload={"n": n}
        )
        for n, at in enumerate(instants)
    ]
    found = list(read_recorded([lines(tmp_path / "a.ndjson", *texts)]))
    assert [message.received_at for message in found] == instants
    assert [message.payload for message in found] == [b'{"n":%d}' % n for n in range(300)]
