"""`watermaster replay`: recorded messages again, their bytes unchanged, each with its arrival."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hydro.instants import format_instant
from storage.message import RawMessage
from storage.recorded import RecordedWriter, read_recorded
from tests.end_to_end.running import Running, eventually, write_config
from tests.servers.process import HOST
from tests.simulators.publisher.publishing import START, listening, stream
from tests.simulators.publisher.scripted import ScriptedBroker
from tests.watermaster.commands import here, run, stopped, with_broker

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.conftest import NewMosquitto
    from tests.servers import Mosquitto

STRANGE = [b"", b"online", b"\x7e\x7e\x01", b'{"a": 1.10}', b'{"a":1e5}', b"[]", "[水]".encode(), bytes(range(256))]


@pytest.fixture(autouse=True)
def config(tmp_path: Path) -> None:
    """A config directory in the working directory; the broker is given by the environment."""
    write_config(tmp_path / "config", {"data_dir": str(tmp_path / "var")}, ["S1,N,section,W,S,520103,,5"])


def record(path: Path, messages: Iterable[RawMessage]) -> Path:
    with RecordedWriter(path) as writer:
        for message in messages:
            writer.write(message)
    return path


def replay(*arguments: str | Path, cwd: Path, url: str) -> dict[str, object]:
    """What a replay with exit code 0 says of itself."""
    done = run("replay", *arguments, "--speed", "0", "--output", "json", cwd=cwd, mqtt__url=url)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_bytes_topics_and_arrivals_are_those_of_the_record(tmp_path: Path, mosquitto: Mosquitto) -> None:
    messages = [RawMessage("bytes/v1/g1/up/json", payload, START + at) for at, payload in enumerate(STRANGE)]
    path = record(tmp_path / "a.ndjson.gz", messages)
    with listening(mosquitto.port, "bytes/#", "replay-bytes") as listener:
        found = replay(path, cwd=tmp_path, url=mosquitto.url)
        heard = listener.wait(len(STRANGE))
    assert [RawMessage(one.topic, one.payload, int(one.received_at)) for one in heard] == messages
    assert (found["finished"], found["acknowledged"], found["unheard"]) == (True, len(STRANGE), 0)


def test_several_files_go_in_the_order_of_arrival(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """Those of equal arrival as the files are named."""
    even = [RawMessage("order/g1/up/json", b"[%d]" % number, START + number) for number in range(0, 40, 2)]
    odd = [RawMessage("order/g1/up/json", b"[%d]" % number, START + number) for number in range(1, 40, 2)]
    same = [RawMessage("order/g1/up/json", b"[%d]" % (number + 100), START + number) for number in range(3)]
    files = [
        record(tmp_path / "odd.ndjson.zst", odd),
        record(tmp_path / "even.ndjson", reversed(even)),
        record(tmp_path / "same.ndjson.gz", same),
    ]
    with listening(mosquitto.port, "order/#", "replay-order") as listener:
        replay(*files, cwd=tmp_path, url=mosquitto.url)
        heard = listener.wait(43)
    assert [int(one.payload[1:-1]) for one in heard] == [0, 100, 1, 101, 2, 102, *range(3, 40)]


def test_what_a_collector_wrote_itself_is_left_out(tmp_path: Path, mosquitto: Mosquitto) -> None:
    """A heartbeat of last year on its own topic would be a proof of life."""
    own = RawMessage("watermaster/v1/_/heartbeat/watermaster", b'{"at": 1}', START)
    tcp = RawMessage("watermaster/v1/_tcp/up/sl651", b"\x7e\x7e", START)
    path = record(tmp_path / "a.ndjson", [own, tcp, own])
    with listening(mosquitto.port, "watermaster/v1/#", "replay-own") as listener:
        done = run("replay", path, "--speed", "0", cwd=tmp_path, mqtt__url=mosquitto.url)
        heard = listener.wait(1)
    assert done.returncode == 0, done.stderr
    assert [one.topic for one in heard] == [tcp.topic]
    assert "left out: 2 messages below watermaster/v1/_/" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"received_at": 1, "topic": "t", "payload": []}\n{"received_at": 1, "topic"\n', "bad.ndjson:2: "),
        ('\n{"received_at": "soon", "topic": "t", "payload": []}\n', "bad.ndjson:2: "),
        ('{"received_at": 1, "topic": "t"}\n', "bad.ndjson:1: neither payload nor payload_base64"),
        ('{"received_at": 1, "topic": "t", "payload": 5}\n', "bad.ndjson:1: payload is neither"),
        ('{"received_at": 1, "topic": "t", "payload_base64": "?"}\n', "bad.ndjson:1: "),
    ],
    ids=["cut short", "no time", "no payload", "a number", "no base64"],
)
def test_a_line_that_cannot_be_read_is_named_with_file_and_number(
    tmp_path: Path, mosquitto: Mosquitto, text: str, words: str
) -> None:
    (tmp_path / "bad.ndjson").write_text(text)
    done = run("replay", "bad.ndjson", "--speed", "0", cwd=tmp_path, mqtt__url=mosquitto.url)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (1, "", False)
    assert words in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere.ndjson"], 1, "nowhere.ndjson: No such file or directory"),
        (["a.csv"], 1, "a.csv: the name of a recorded stream ends in"),
        (["config"], 1, "config: the name of a recorded stream ends in"),
        (["a.ndjson", "--speed", "-2"], 2, "-2 is not 0 or above"),
        (["a.ndjson", "--speed", "inf"], 2, "inf is not 0 or above"),
        (["a.ndjson", "--config", "nowhere"], 1, "nowhere: there is no such directory"),
        ([], 2, "Missing argument"),
    ],
    ids=["absent", "suffix", "folder", "negative", "infinite", "config", "nothing"],
)
def test_what_cannot_be_is_one_clear_message(tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    done = here("replay", *arguments, cwd=tmp_path)
    assert (done.code, done.out, "Traceback" in done.err) == (code, "", False)
    assert words in " ".join(done.err.split())


def test_a_file_without_messages_is_replayed_at_once(tmp_path: Path, mosquitto: Mosquitto) -> None:
    (tmp_path / "empty.ndjson").write_text("")
    assert replay("empty.ndjson", cwd=tmp_path, url=mosquitto.url)["messages"] == 0


def test_ctrl_c_ends_it_and_what_was_sent_is_acknowledged(tmp_path: Path) -> None:
    path = record(tmp_path / "a.ndjson", [RawMessage(topic, payload, at) for at, topic, payload in stream(500)])
    with ScriptedBroker() as broker:
        ended = stopped(
            ["replay", path, "--output", "json"],
            lambda: len(broker.sent) >= 100,
            cwd=tmp_path,
            env=with_broker(f"mqtt://{HOST}:{broker.port}"),
        )
    assert (ended.code, "Traceback" in ended.err) == (0, False), ended.err
    found = json.loads(ended.out)
    assert (found["acknowledged"], found["finished"]) == (100, False)
    assert f"all to {format_instant(START + 99, 480)} is acknowledged" in ended.err


def test_a_simulated_stream_is_journaled_recorded_and_still_the_same(
    tmp_path: Path, new_mosquitto: NewMosquitto
) -> None:
    """A collector that trusts replays journals arrivals, topics and bytes as they were simulated."""
    broker = new_mosquitto()
    night = ("simulate", "night-theft", "--start", "2026-03-02", "--duration", "1h")
    done = here(*night, "--record", "a.ndjson.zst", "--write-config", "config", cwd=tmp_path)
    assert done.code == 0, done.err
    settings = {
        "data_dir": str(tmp_path / "var"),
        "mqtt": {"url": broker.url},
        "time": {"max_age_days": 0},
        "ingest": {"trust_replay": True},
        "console": {"port": 0},
    }
    (tmp_path / "config" / "watermaster.yaml").write_text(json.dumps(settings))
    wanted = list(read_recorded([tmp_path / "a.ndjson.zst"]))
    uplinks = sum("/up/" in one.topic for one in wanted)
    with Running(tmp_path / "config") as service:
        found = replay("a.ndjson.zst", cwd=tmp_path, url=broker.url)
        assert (found["acknowledged"], found["unheard"]) == (len(wanted), 0)
        eventually(lambda: service.count("messages_received") == uplinks, 30, "every message in the journal")
        assert service.stop() == 0
    dates = ("--from", "2026-03-01", "--to", "2026-03-03", "--config", "config")
    assert here("record", *dates, "--out", "b.ndjson.gz", cwd=tmp_path).code == 0
    journaled = [one for one in read_recorded([tmp_path / "b.ndjson.gz"]) if "/_/" not in one.topic]
    assert sorted(journaled) == sorted(wanted)
