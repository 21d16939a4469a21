"""What is recorded: every byte of every message, the truth beside it, and clear words where that can't be."""

from __future__ import annotations

import json
from contextlib import ExitStack
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.errors import ConfigError, WatermasterError
from simulators.play import Arrival, Play, Recorded, Recorder, TruthFile, record
from simulators.play.recorder import is_compact
from simulators.scenario import WireFormat
from simulators.truth import Truth, TruthKind
from storage.message import RawMessage
from storage.recorded import RecordedWriter, read_recorded
from tests.simulators.play.stage import perfectly, small, with_targets

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = [".ndjson", ".ndjson.gz", ".ndjson.zst"]
FORMS = [*WireFormat, None]
ODD = [
    b'{"a":1.5}',
    b'{"a": 1.5}',
    b"[1e-05,0.00001]",
    b'{"a":1,"a":2}',
    b'{"a":NaN}',
    b'{"a":"\\ud800"}',
    b'{"a":"\\u6c34"}',
    '{"a":"水"}'.encode(),
    b'{"a":123456789012345678901234567890}',
    b'{"a":1e400}',
    b'"text"',
    b"online",
    b"\xff\xfe{}",
    b"",
    b"[" * 70 + b"]" * 70,
    b'{"a":-0.0}',
    b"[] ",
    b"{}",
]


def play(days: int = 1, *, form: WireFormat | None = None, perfect: bool = False) -> Play:
    scenario = with_targets(small(days=days), seed=2)
    scenario = perfectly(scenario) if perfect else scenario
    return Play(scenario, seed=5, end=scenario.end, format=form)


def messages_of(playing: Play) -> list[Arrival]:
    return [arrival for chunk in playing.chunks() for arrival in chunk.messages]


@pytest.mark.parametrize("form", FORMS, ids=["json", "sl651", "slt427", "mix"])
def test_a_recorded_stream_gives_back_every_byte(form: WireFormat | None, tmp_path: Path) -> None:
    paths = [tmp_path / f"stream{suffix}" for suffix in SUFFIXES]
    expected: list[Arrival] = []
    with ExitStack() as files:
        recorders = [files.enter_context(Recorder(path)) for path in paths]
        for chunk in play(form=form).chunks():
            expected += chunk.messages
            for recorder in recorders:
                recorder.write(chunk.messages)
    for path in paths:
        assert [(one.received_at, one.topic, one.payload) for one in read_recorded([path])] == expected


@pytest.mark.parametrize("perfect", [False, True], ids=["as it is", "numbers of a millionth"])
def test_the_product_would_write_the_same_file(tmp_path: Path, *, perfect: bool) -> None:
    """Payloads that are put into their line unseen are those that anybody would put there."""
    playing = play(perfect=perfect)
    record(playing, tmp_path / "ours.ndjson")
    with RecordedWriter(tmp_path / "theirs.ndjson") as writer:
        for received_at, topic, payload in messages_of(playing):
            writer.write(RawMessage(topic, payload, received_at))
    assert (tmp_path / "ours.ndjson").read_bytes() == (tmp_path / "theirs.ndjson").read_bytes()


def test_what_json_can_not_give_back_goes_into_base64(tmp_path: Path) -> None:
    path = tmp_path / "odd.ndjson"
    with Recorder(path) as recorder:
        recorder.write([(number, "t", payload) for number, payload in enumerate(ODD)])
    assert [one.payload for one in read_recorded([path])] == ODD
    for line in path.read_text().splitlines():
        value = json.loads(line)
        assert ("payload" in value) != ("payload_base64" in value)
        assert isinstance(value.get("payload", {}), dict | list)


@given(st.recursive(st.none() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_compact_is_what_comes_back_from_a_decoder_as_it_was(value: object) -> None:
    text = json.dumps([value], ensure_ascii=False, separators=(",", ":"))
    if is_compact(text.encode(errors="surrogatepass")):
        assert json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")) == text
        assert "NaN" not in json.dumps([each for each in json.loads(text) if isinstance(each, float)])


def test_files_are_the_same_however_the_stream_is_cut(tmp_path: Path) -> None:
    """Compressed ones too."""
    playing = play()
    contents = set()
    for steps in (7, 288):
        paths = [tmp_path / f"{steps}{suffix}" for suffix in SUFFIXES]
        truth = tmp_path / f"{steps}.truth"
        with ExitStack() as files:
            recorders = [files.enter_context(Recorder(path)) for path in paths]
            truths = files.enter_context(TruthFile(truth, 480))
            for chunk in playing.chunks(steps=steps):
                truths.write(chunk.truths)
                for recorder in recorders:
                    recorder.write(chunk.messages)
        contents.add(tuple(path.read_bytes() for path in (*paths, truth)))
    assert len(contents) == 1


def test_the_truth_says_what_was_so_where_and_when(tmp_path: Path) -> None:
    playing = play(2)
    said: list[Recorded] = []
    done = record(playing, tmp_path / "s.ndjson.zst", tmp_path / "truth.ndjson", said.append)
    lines = [json.loads(line) for line in (tmp_path / "truth.ndjson").read_text().splitlines()]
    assert done == said[-1] == (len(messages_of(playing)), len(lines), playing.end, done.upto_ms)
    assert all(one.messages <= other.messages and one.at <= other.at for one, other in pairwise(said))
    assert all(line["from"] < line["to"] and line["to"].endswith("+08:00") for line in lines)
    assert [line["to"] for line in lines] == sorted(line["to"] for line in lines)
    by_kind = {line["kind"]: line for line in lines if line.get("quantity") != "stage"}
    assert by_kind["unmetered_intake"].keys() >= {"subject", "theft", "rate_m3s", "volume_m3"}
    assert by_kind["eflow_shortfall"].keys() >= {"subject", "target_id", "basis", "min_ratio", "raised_at", "resolved"}
    by_stage = [line for line in lines if line["kind"] == "eflow_shortfall" and line["quantity"] == "stage"]
    assert by_stage
    assert all(line["max_deficit_m"] > 0 for line in by_stage)
    faults = {line["fault"]: line for line in lines if line["kind"] == "sensor_fault"}
    assert faults["step"].items() >= {"subject": "s1", "quantity": "stage", "size": 0.3}.items()
    assert by_kind["outage"].keys() >= {"subject", "cause", "lost_samples"}
    assert by_kind["discharge"].keys() >= {"subject", "mean_m3s", "min_m3s", "max_m3s"}


def test_what_is_interrupted_is_whole_until_then(tmp_path: Path) -> None:
    """Ctrl-C between two chunks."""
    playing = play(2)
    far: list[Recorded] = []

    def interrupt(done: Recorded) -> None:
        far.append(done)
        if done.messages:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(playing, tmp_path / "s.ndjson.zst", tmp_path / "truth.ndjson", interrupt)
    found = [(one.received_at, one.topic, one.payload) for one in read_recorded([tmp_path / "s.ndjson.zst"])]
    assert len(found) == far[-1].messages > 0
    assert found == messages_of(playing)[: len(found)]
    assert len((tmp_path / "truth.ndjson").read_text().splitlines()) == far[-1].truths


def test_what_can_not_be_recorded_is_said_in_one_line(tmp_path: Path) -> None:
    playing = play()
    with pytest.raises(ConfigError, match=r"s\.txt: the name of a recorded stream ends in \.ndjson"):
        record(playing, tmp_path / "s.txt")
    with pytest.raises(ConfigError, match="can't be one file"):
        record(playing, tmp_path / "s.ndjson", tmp_path / "s.ndjson")
    with pytest.raises(ConfigError, match="a recording needs an end"):
        record(Play(playing.scenario, seed=1), tmp_path / "s.ndjson")
    with pytest.raises(WatermasterError, match="No such file or directory"):
        record(playing, tmp_path / "nowhere" / "s.ndjson")
    with pytest.raises(WatermasterError, match="No such file or directory"):
        record(playing, tmp_path / "s.ndjson", tmp_path / "nowhere" / "truth")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_is_one_clear_error(suffix: str, tmp_path: Path) -> None:
    full = tmp_path / f"full{suffix}"
    full.symlink_to("/dev/full")
    with pytest.raises(WatermasterError, match=r"full.*: No space left on device"), Recorder(full) as recorder:
        recorder.write([(1, "t", b"{}")])
    truth = Truth(TruthKind.OUTAGE, "gw-1", 0, 1)
    with pytest.raises(WatermasterError, match=r"full.*: No space left on device"), TruthFile(full, 480) as truths:
        truths.write([truth])


def test_messages_out_of_order_are_refused(tmp_path: Path) -> None:
    with Recorder(tmp_path / "s.ndjson") as recorder:
        recorder.write([(5, "t", b"{}"), (5, "t", b"{}")])
        for wrong in ([(4, "t", b"{}")], [(7, "t", b"{}"), (6, "t", b"{}")]):
            with pytest.raises(ValueError, match="not in order of arrival"):
                recorder.write(wrong)
        recorder.write([])
    assert recorder.messages == 2
