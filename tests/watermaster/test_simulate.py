"""`watermaster simulate`: the same stream to a file and to a broker, the truth beside it, a clean end at any time."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from storage.recorded import read_recorded
from tests.servers.process import HOST, free_port, require
from tests.simulators.publisher.publishing import listening
from tests.simulators.publisher.scripted import ScriptedBroker
from tests.watermaster.commands import environment, here, run, stopped, with_broker

if TYPE_CHECKING:
    from pathlib import Path

    from storage.message import RawMessage
    from tests.conftest import NewMosquitto
    from tests.servers import Mosquitto

NIGHT = ("simulate", "night-theft", "--start", "2026-03-02", "--duration", "2h", "--seed", "7")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the stream of `NIGHT`, its truth and its config."""
    folder = tmp_path_factory.mktemp("night")
    done = here(*NIGHT, "--record", "a.ndjson", "--truth", "a.truth", "--write-config", "config", cwd=folder)
    assert (done.code, done.out) == (0, ""), done.err
    assert "2026-03-02T00:00:00+08:00 to 2026-03-02T02:00:00+08:00; the same again: --seed 7" in done.err
    return folder


def messages(path: Path) -> list[RawMessage]:
    return list(read_recorded([path]))


def test_the_same_seed_and_start_give_the_same_bytes_whatever_compresses_them(recorded: Path, tmp_path: Path) -> None:
    done = here(*NIGHT, "--record", "b.ndjson.zst", cwd=tmp_path)
    assert done.code == 0, done.err
    found = messages(tmp_path / "b.ndjson.zst")
    assert found == messages(recorded / "a.ndjson")
    assert len(found) > 20
    assert f"b.ndjson.zst: {len(found):,} messages" in done.err
    assert here(*NIGHT[:-1], "8", "--record", "c.ndjson.gz", cwd=tmp_path).code == 0
    assert messages(tmp_path / "c.ndjson.gz") != found


def test_the_config_that_is_written_has_no_mistakes_and_reads_the_whole_stream(recorded: Path, tmp_path: Path) -> None:
    config = ("--config", recorded / "config")
    checked = here("check", *config, cwd=tmp_path)
    assert checked.code == 0, checked.out
    done = here("backtest", recorded / "a.ndjson", "--alerts", "alerts", *config, cwd=tmp_path)
    uplinks = [one for one in messages(recorded / "a.ndjson") if "/up/" in one.topic]
    assert done.err.startswith(f"{len(uplinks)} messages, ")
    assert "dead letters" not in done.err
    assert "rejected" not in done.err


def test_truth_is_one_object_a_line_with_what_when_and_where(recorded: Path) -> None:
    lines = [json.loads(line) for line in (recorded / "a.truth").read_text().splitlines()]
    assert lines
    assert all(set(line) >= {"kind", "subject", "from", "to"} for line in lines)


def test_what_is_published_is_what_would_be_recorded(
    recorded: Path, tmp_path: Path, new_mosquitto: NewMosquitto
) -> None:
    broker = new_mosquitto()
    wanted = messages(recorded / "a.ndjson")
    with listening(broker.port, "watermaster/v1/#", "listener") as listener:
        options = ("--speed", "0", "--clients", "3", "--output", "json", "--truth", "b.truth")
        done = run(*NIGHT, *options, cwd=tmp_path, mqtt__url=broker.url)
        assert done.returncode == 0, done.stderr
        heard = listener.wait(len(wanted))
    assert Counter((one.topic, one.payload, int(one.received_at)) for one in heard) == Counter(
        (one.topic, one.payload, one.received_at) for one in wanted
    )
    assert (tmp_path / "b.truth").read_bytes() == (recorded / "a.truth").read_bytes()
    found = json.loads(done.stdout)
    assert (found["finished"], found["messages"], found["acknowledged"]) == (True, len(wanted), len(wanted))
    assert sum(found["acknowledged_by"]["counts"]) == len(wanted)
    assert found["wait_ms"].keys() == {"p50", "p95", "p99", "max"}
    assert re.search(rf"acknowledged 已确认: {len(wanted)} of {len(wanted)} messages in .* msg/s", done.stderr)
    assert "waited for it 应答时间: median" in done.stderr


def test_topics_have_the_prefix_of_the_settings_and_nobody_there_is_told(tmp_path: Path, mosquitto: Mosquitto) -> None:
    with listening(mosquitto.port, "acme/v9/#", "acme") as listener:
        done = run(*NIGHT, "--speed", "0", cwd=tmp_path, mqtt__url=mosquitto.url, mqtt__prefix="acme/v9")
        assert done.returncode == 0, done.stderr
        assert "no subscriber" not in done.stderr
        assert {one.topic.split("/")[3] for one in listener.wait(20)} == {"up", "status"}
    again = run(*NIGHT, "--speed", "0", cwd=tmp_path, mqtt__url=mosquitto.url, mqtt__prefix="deaf/v9")
    assert re.search(r"no subscriber 无订阅者: \d+ messages, acknowledged and gone", again.stderr)
    assert again.returncode == 0


@pytest.mark.parametrize("wire", ["json", "sl651", "slt427"])
def test_every_station_writes_in_the_format_that_is_chosen(tmp_path: Path, wire: str) -> None:
    assert here(*NIGHT, "--format", wire, "--record", "a.ndjson", cwd=tmp_path).code == 0
    formats = {one.topic.rpartition("/")[2] for one in messages(tmp_path / "a.ndjson")}
    assert formats - {"status"} == {wire}


def test_without_a_start_it_ends_at_the_present(tmp_path: Path) -> None:
    done = here("simulate", "night-theft", "--duration", "1h", "--record", "a.ndjson", cwd=tmp_path)
    assert done.code == 0, done.err
    ends = messages(tmp_path / "a.ndjson")[-1].received_at
    now = (tmp_path / "a.ndjson").stat().st_mtime * 1_000
    assert now - 15 * 60_000 < ends < now + 5 * 60_000


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["simulate", "nigth-theft", "--speed", "0"], 1, "did you mean night-theft"),
        (["simulate", "nowhere.yaml"], 1, "nowhere.yaml: there is no such file"),
        ([*NIGHT, "--speed", "-1"], 2, "-1 is not 0 or above"),
        ([*NIGHT, "--speed", "nan"], 2, "nan is not 0 or above"),
        ([*NIGHT, "--clients", "0"], 2, "greater than or equal to 1"),
        ([*NIGHT, "--format", "xml"], 2, "xml"),
        (["simulate", "night-theft", "--duration", "soon"], 2, "no duration such as 7d"),
        (["simulate", "night-theft", "--duration", "4min"], 2, "less than five minutes"),
        (["simulate", "night-theft", "--start", "yesterday"], 2, "'yesterday' is not a time"),
        ([*NIGHT, "--record", "a.csv"], 1, "a.csv: the name of a recorded stream ends in"),
        ([*NIGHT, "--record", "no/where.ndjson"], 1, "no/where.ndjson: No such file or directory"),
        ([*NIGHT, "--write-config", "/proc/nothing"], 1, "/proc/nothing"),
        ([*NIGHT, "--speed", "0", "--config", "nowhere"], 1, "nowhere: there is no such directory"),
    ],
    ids=lambda value: " ".join(map(str, value[-2:])) if isinstance(value, list) else "",
)
def test_what_cannot_be_is_one_clear_message(tmp_path: Path, options: list[str], code: int, words: str) -> None:
    done = here(*options, cwd=tmp_path)
    assert (done.code, done.out, "Traceback" in done.err) == (code, "", False)
    assert words in " ".join(done.err.split())


def test_a_mistake_in_a_scenario_is_named_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("title: {zh: 坏, en: Bad}\nstart: 2026-03-02\nduration: -1d\n")
    done = here("simulate", "bad.yaml", "--speed", "0", cwd=tmp_path)
    assert done.code == 1
    assert "bad.yaml:3: duration:" in done.err


def test_a_user_who_is_not_let_in_is_told_at_once(tmp_path: Path, new_mosquitto: NewMosquitto) -> None:
    (tmp_path / "passwords").write_text("")
    broker = new_mosquitto(passwords=tmp_path / "passwords")
    settings = {"mqtt__url": broker.url, "mqtt__username": "somebody", "mqtt__password": "secret"}
    done = run(*NIGHT, "--speed", "0", cwd=tmp_path, **settings)
    assert done.returncode == 1
    assert f"watermaster: broker 127.0.0.1:{broker.port} refuses the connection: not authorised" in done.stderr
    assert "secret" not in done.stderr


def test_messages_that_the_broker_refuses_are_a_failure(tmp_path: Path, new_mosquitto: NewMosquitto) -> None:
    """A gateway may publish only below its own name; the simulator speaks for all of them."""
    passwords, secret = tmp_path / "passwords", "pass"
    subprocess.run(
        [str(require("mosquitto_passwd")), "-c", "-b", str(passwords), "gw", secret], check=True, capture_output=True
    )
    passwords.chmod(0o644)
    broker = new_mosquitto(passwords=passwords)
    settings = {"mqtt__url": broker.url, "mqtt__username": "gw", "mqtt__password": secret}
    done = run(*NIGHT, "--speed", "0", "--output", "json", cwd=tmp_path, **settings)
    found = json.loads(done.stdout)
    assert (done.returncode, found["acknowledged"]) == (1, 0)
    assert found["refused"] == {"not_authorized": found["messages"]}
    assert "refused by the broker 被拒绝" in done.stderr


def test_tls_is_spoken_to_a_broker_whose_certificate_is_known_and_to_no_other(
    tmp_path: Path, new_mosquitto: NewMosquitto
) -> None:
    crt, key = tmp_path / "broker.crt", tmp_path / "broker.key"
    ask = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(crt)]
    subprocess.run([str(require("openssl")), *ask.split(), *files], check=True, capture_output=True)
    key.chmod(0o644)
    broker = new_mosquitto(f"certfile {crt}\nkeyfile {key}")
    url = f"mqtts://{HOST}:{broker.port}"
    options = (*NIGHT, "--speed", "0", "--output", "json")
    done = run(*options, cwd=tmp_path, mqtt__url=url, mqtt__ca_file=str(crt))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["acknowledged"] == found["messages"] > 20
    strict = run(*options, cwd=tmp_path, mqtt__url=url)
    assert strict.returncode == 1
    assert "its certificate is not trusted: self-signed certificate" in strict.stderr


def test_ctrl_c_while_it_publishes_says_how_far_it_came(tmp_path: Path) -> None:
    """At real time two minutes are due at most; what was sent is acknowledged: exit code 0."""
    with ScriptedBroker() as broker:
        line = [*NIGHT, "--speed", "60", "--output", "json"]
        ended = stopped(
            line, lambda: len(broker.sent) > 0, cwd=tmp_path, env=with_broker(f"mqtt://{HOST}:{broker.port}")
        )
        assert (ended.code, "Traceback" in ended.err) == (0, False), ended.err
        found = json.loads(ended.out)
        assert found["acknowledged"] == len(broker.sent) == found["messages"]
        assert broker.left == len(broker.connects) > 0
    assert found["finished"] is False
    assert re.search(r"stopped 已中断 at 2026-03-02T00:0.* is acknowledged", ended.err)


def test_ctrl_c_while_the_broker_says_nothing_is_an_end_with_open_questions(tmp_path: Path) -> None:
    with ScriptedBroker(answer=lambda *_: []) as broker:
        line = [*NIGHT, "--speed", "0", "--output", "json"]
        ended = stopped(
            line, lambda: len(broker.sent) > 0, cwd=tmp_path, env=with_broker(f"mqtt://{HOST}:{broker.port}")
        )
    assert (ended.code, "Traceback" in ended.err) == (1, False), ended.err
    found = json.loads(ended.out)
    assert (found["acknowledged"], found["unanswered"]) == (0, len(broker.sent))
    assert f"no answer 未应答: {len(broker.sent)} messages were sent" in ended.err


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_recording_that_is_stopped_can_be_read_and_is_not_taken_for_a_whole_one(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "a.ndjson.zst"
    line: list[str | Path] = ["simulate", "county-100", "--duration", "300d", "--record", path]
    ended = stopped(line, lambda: path.exists() and path.stat().st_size > 0, cwd=tmp_path, number=number)
    assert (ended.code, "Traceback" in ended.err) == (1, False), ended.err
    found = messages(path)
    assert f"a.ndjson.zst: {len(found):,} messages" in ended.err
    assert "stopped 已中断: what is written goes to" in ended.err


INTERRUPTED = """
import os, signal, sys

moment = sys.argv.pop(1)

class CtrlC:
    def find_spec(self, name, path, target=None):
        if name == moment:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, CtrlC())
from watermaster.cli import main
main()
"""
"""Ctrl-C at the moment at which the module is imported that the first argument names."""


@pytest.mark.parametrize(
    "module", ["watermaster.cli.app", "typer", "watermaster.cli.simulate", "zstandard", "simulators.publisher.ahead"]
)
def test_ctrl_c_while_modules_are_imported_ends_it_without_a_word(tmp_path: Path, module: str) -> None:
    line = [sys.executable, "-c", INTERRUPTED, module, *NIGHT, "--speed", "1"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_ctrl_c_before_there_is_a_broker_says_that_nothing_was_sent(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as deaf:  # takes connections and never says a word
        deaf.settimeout(30)
        url = f"mqtt://{HOST}:{deaf.getsockname()[1]}"
        came: list[socket.socket] = []

        def dialled() -> bool:
            came.append(deaf.accept()[0])
            return True

        ended = stopped([*NIGHT, "--speed", "1"], dialled, cwd=tmp_path, env=with_broker(url))
        came[0].close()
    assert ended.code == 1
    assert ended.err.endswith("stopped 已中断: nothing was sent\n")


@pytest.mark.slow
def test_a_broker_that_is_absent_for_thirty_seconds_is_a_failure(tmp_path: Path) -> None:
    done = run(*NIGHT, "--speed", "0", cwd=tmp_path, mqtt__url=f"mqtt://{HOST}:{free_port()}")
    assert done.returncode == 1
    assert "can't be reached: connection refused: nothing listens there" in done.stderr


def on_a_terminal(*arguments: str, cwd: Path, env: dict[str, str]) -> str:
    """What a command shows on a terminal of 120 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    line = [sys.executable, "-m", "watermaster", *arguments]
    process = subprocess.Popen(line, stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=env | {"TERM": "xterm"})
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65_536):
            shown += piece
    except OSError:  # Linux's way to say that nobody writes any more
        pass
    finally:
        os.close(ours)
    assert process.wait(30) == 0, shown
    return shown.decode()


def test_on_a_terminal_a_bar_shows_event_time_rate_and_time_left(tmp_path: Path, mosquitto: Mosquitto) -> None:
    settings = environment(mqtt__url=mosquitto.url, mqtt__prefix="bar/v1")
    shown = on_a_terminal(*NIGHT, "--speed", "7200", cwd=tmp_path, env=settings)
    assert re.search(r"2026-03-02T0\d:\d\d:\d\d\+08:00 .*\d+%.* msg/s  剩余 left 0:00:0\d", shown)
    assert "acknowledged 已确认" in shown


def test_elsewhere_there_is_no_bar(tmp_path: Path, mosquitto: Mosquitto) -> None:
    done = run(*NIGHT, "--speed", "0", cwd=tmp_path, mqtt__url=mosquitto.url, mqtt__prefix="nobar/v1")
    assert "\x1b" not in done.stderr
    assert "\r" not in done.stderr
    assert [line for line in done.stderr.splitlines() if "acknowledged 已确认" in line]


def test_only_the_files_that_are_asked_for_are_written_and_no_broker_is_needed(tmp_path: Path) -> None:
    done = here(*NIGHT, "--truth", "a.truth", "--write-config", "cfg", cwd=tmp_path)
    assert done.code == 0, done.err
    assert {path.name for path in tmp_path.iterdir()} == {"a.truth", "cfg"}
