"""RTUs over TCP, the whole way: nothing that was confirmed is lost, nothing counts twice, and they can be asked.

::

    20 RTUs      report ─▶ wait for the confirmation ─▶ next report …   (none: resend, on a new connection if need be)
    service      |────── kill -9 ──|────── kill -9 ──|───── kill -9 ──|──────── SIGTERM
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import time
from collections import Counter
from contextlib import closing, suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from dashboards.console.rtu_schema import Rtu, RtuCommandShown
from hydro.instants import DAY_MS, MINUTE_MS
from ingest.codecs.framing import Received, Splitter
from ingest.codecs.sl651 import decode_frame, encode_frame
from ingest.codecs.sl651.control import Control, Direction
from ingest.codecs.sl651.frame import Element, Message, StationMark, TimeMark
from ingest.codecs.sl651.wiretime import digits_of
from storage.journal import JournalReader
from tests.end_to_end.running import Running, command, eventually
from tests.ingest.tcp.running import Rtu as Client
from tests.ingest.tcp.running import report
from tests.servers.process import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import NewInfluxDB, NewMosquitto
    from tests.servers import InfluxDB, Mosquitto

RTUS = 20
REPORTS = 40
STATIONS = "station,name,kind,basin,river,division,gateway,interval_min,sl651_address\n"


def address(number: int) -> str:
    """Address of a station on the wire."""
    return f"00{77_000_000 + number}"


def configure(folder: Path, broker: Mosquitto, database: InfluxDB, port: int, gateway: str = "") -> Path:
    """A config directory with a TCP listener."""
    registry = folder / "config" / "registry"
    registry.mkdir(parents=True)
    settings = {
        "data_dir": str(folder / "var"),
        "mqtt": {"url": broker.url},
        "store": {"url": database.store_url("tcp")},
        "console": {"port": 0},
        "ingest": {"tcp": f"{HOST}:{port}"},
    }
    (folder / "config" / "watermaster.yaml").write_text(json.dumps(settings))
    rows = (f"T{number},N,section,Wu,Sancha,520103,{gateway},5,{address(number)}\n" for number in range(RTUS))
    (registry / "stations.csv").write_text(STATIONS + "".join(rows))
    return folder / "config"


def reports(number: int, first: int) -> Iterator[bytes]:
    """A stage every five minutes; the last one comes twice."""
    for slot in (*range(REPORTS), REPORTS - 1):
        yield report(slot + 1, station=address(number), sent=digits_of(first + slot * 5 * MINUTE_MS, 480))


async def tireless(port: int, frames: Iterator[bytes], confirmed: list[bytes]) -> None:
    """An RTU that sends each report until it is confirmed."""
    rtu: Client | None = None
    for frame in frames:
        while True:
            try:
                if rtu is None:
                    rtu = await Client.connect(port)
                await rtu.send(frame)
                answer = await rtu.answer(5.0)
            except (OSError, EOFError):
                if rtu is not None:
                    await rtu.close()
                rtu = None
                await asyncio.sleep(0.05)
                continue
            if answer[14:16] == frame[14:16]:
                confirmed.append(frame)
                break
    if rtu is not None:
        await rtu.close()


def journaled(path: Path) -> Counter[bytes]:
    """How often each payload is in the journal."""
    found: Counter[bytes] = Counter()
    after = 0
    with JournalReader.open(path) as reader:
        while batches := reader.read(after):
            for batch in batches:
                found.update(
                    payload for topic, payload in zip(batch.topics, batch.payloads, strict=True) if "/_tcp/" in topic
                )
            after = batches[-1].first + batches[-1].count - 1
    return found


@pytest.mark.timeout(170)
def test_what_was_confirmed_is_in_the_journal_whatever_is_killed(
    tmp_path: Path, new_mosquitto: NewMosquitto, new_influxdb: NewInfluxDB
) -> None:
    broker, database, port = new_mosquitto(), new_influxdb(), free_port()
    config = configure(tmp_path, broker, database, port)
    first = time.time_ns() // 1_000_000 // DAY_MS * DAY_MS - DAY_MS
    confirmed: list[list[bytes]] = [[] for _ in range(RTUS)]
    rng = random.Random(651)
    with Running(config) as service:

        async def all_rtus() -> None:
            await asyncio.gather(*(tireless(port, reports(number, first), confirmed[number]) for number in range(RTUS)))

        sending = Thread(target=lambda: asyncio.run(all_rtus()))
        sending.start()
        for kill in range(1, 4):
            wanted = kill * RTUS * REPORTS // 5 + rng.randrange(50)
            eventually(lambda wanted=wanted: sum(map(len, confirmed)) >= wanted, 60, "reports confirmed")  # type: ignore[misc]  # the value of now
            service.kill()
            before = {frame for each in confirmed for frame in list(each)}
            assert before <= set(journaled(tmp_path / "var" / "journal"))
            service.start()
        sending.join(100)
        assert not sending.is_alive()
        frames = RTUS * REPORTS
        eventually(lambda: service.count("observations_stored") >= frames, 60, "all readings in the store")
        in_journal = journaled(tmp_path / "var" / "journal")
        assert len(in_journal) == frames
        assert in_journal.total() >= frames + RTUS  # each station's last report was sent twice at least
        eventually(lambda: service.count("messages_received") == in_journal.total(), 30, "all messages read")
        counts = {
            name: service.count(f"observations_{name}") for name in ("decoded", "stored", "duplicate", "rejected")
        }
        assert counts == {
            "decoded": in_journal.total(),
            "stored": frames,
            "duplicate": in_journal.total() - frames,
            "rejected": 0,
        }
        assert service.stop() == 0


class Device:
    """An RTU in a thread: reports once, then answers whatever it is asked with one stage."""

    def __init__(self, port: int, station: str) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=20)
        self._station = station
        self.heard: list[bytes] = []
        self._thread = Thread(target=self._live)
        self._thread.start()

    def _live(self) -> None:
        self._socket.sendall(report(1, station=self._station))
        splitter = Splitter()
        with suppress(OSError):
            while data := self._socket.recv(65_536):
                for event in splitter.feed(data):
                    if isinstance(event, Received):
                        self.heard.append(event.data)
                        self._answer(event.data)

    def _answer(self, data: bytes) -> None:
        asked = decode_frame(data)
        if asked.end is Control.ENQ and isinstance(asked.body, Message):
            stage = Element("39", 0x23, bytes.fromhex("00007654"))
            items = (StationMark(asked.station, "H"), TimeMark(asked.body.sent[:10]), stage)
            body = Message(0, asked.body.sent, items)
            frame = msgspec.structs.replace(asked, direction=Direction.UP, end=Control.ETX, body=body)
            self._socket.sendall(encode_frame(frame))

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


def lines(text: str) -> list[dict[str, Any]]:
    """One object a line."""
    return [json.loads(line) for line in text.splitlines()]


def test_an_rtu_is_seen_asked_and_read_over_rest_and_command_line(
    tmp_path: Path, new_mosquitto: NewMosquitto, new_influxdb: NewInfluxDB
) -> None:
    broker, database, port = new_mosquitto(), new_influxdb(), free_port()
    config = configure(tmp_path, broker, database, port)
    with Running(config) as service, closing(Device(port, address(3))) as device:
        eventually(lambda: bool(device.heard), 20, "a confirmation")
        (shown,) = service.get("rtus?connected=true")["items"]
        assert (shown["station"], shown["protocol"], shown["address"], shown["frames"]) == (
            "T3",
            "sl651",
            address(3),
            1,
        )
        assert Rtu.model_validate(shown).connected
        assert shown["peer"].startswith(f"{HOST}:")
        (listed,) = lines(command("rtu", "list", "--output", "json", config=config).stdout)
        assert listed == shown

        found = command(
            "rtu", "T3", "now", "stage", "--by", "li", "--comment", "look", "--output", "json", config=config
        )
        (entry,) = lines(found.stdout)
        assert (entry["outcome"], entry["by"], entry["comment"], entry["tries"]) == ("answered", "li", "look", 1)
        assert entry["command"] == {"verb": "now", "elements": ["stage"]}
        assert RtuCommandShown.model_validate(entry).id == 1
        assert bytes.fromhex(entry["sent"]) in device.heard
        assert entry["explained"][0]["groups"][0]["elements"][0]["value"] == "7.654"
        assert lines(command("rtu", "T3", "log", "--output", "json", config=config).stdout) == [entry]
        assert service.get(f"commands/{entry['id']}") == entry
        assert service.get("commands?station=T4") == {"items": [], "next": None}
        # The answer is a report like any other: its reading is stored.
        eventually(lambda: service.count("observations_stored") == 2, 20, "both readings stored")
        for words in (["clock"], ["set-clock"], ["settings"], ["settings", "--set", "20=1"], ["version"], ["status"]):
            assert "answered" in command("rtu", "T3", *words, config=config).stdout

        refused = command("rtu", "T3", "history", "stage", config=config, ok=False)
        assert (refused.returncode, refused.stderr) == (1, "watermaster: history: from and to are needed\n")
        away = command("rtu", "T4", "now", "--valid", "1", config=config, ok=False)
        assert away.returncode == 1
        assert "T4: not_connected" in away.stderr
        assert "not in the register" in command("rtu", "X", "now", config=config, ok=False).stderr
        health = service.get("health")
        assert health["parts"]["tcp"]["status"] == "ok"
        metrics = service.metrics()
        assert metrics['watermaster_rtu_commands_total{reason="answered"}'] == 7
        assert metrics["watermaster_tcp_connections"] == 1
        assert service.stop() == 0
    assert "rtus are asked" in command("rtu", "T3", "log", config=config, ok=False).stderr.lower()


def test_what_is_no_good_frame_becomes_a_dead_letter_and_the_sums_add_up(
    tmp_path: Path, new_mosquitto: NewMosquitto, new_influxdb: NewInfluxDB
) -> None:
    broker, database, port = new_mosquitto(), new_influxdb(), free_port()
    config = configure(tmp_path, broker, database, port)
    broken = bytearray(report(2, station=address(1)))
    broken[-1] ^= 1
    with Running(config) as service, socket.create_connection((HOST, port)) as rtu:
        unknown = report(3, station="0099999999")
        rtu.sendall(b"REG:1\r\n" + report(1, station=address(1)) + bytes(broken) + unknown)
        eventually(lambda: service.count("messages_received") == 3, 20, "three messages")
        assert service.count("messages_decoded") == 2
        metrics = service.metrics()
        assert metrics['watermaster_messages_dead_lettered_total{reason="bad_frame"}'] == 1
        assert metrics['watermaster_observations_rejected_total{reason="unknown_station"}'] == 1
        assert metrics["watermaster_tcp_broken_frames_total"] == metrics["watermaster_tcp_unknown_frames_total"] == 1
        assert metrics['watermaster_tcp_skipped_bytes_total{reason="registration"}'] == 7
        letters = lines(command("deadletters", "list", "--output", "json", config=config).stdout)
        assert {(letter["kind"], letter["reason"]) for letter in letters} == {
            ("message", "bad_frame"),
            ("reading", "unknown_station"),
        }
        (bad,) = [letter for letter in letters if letter["kind"] == "message"]
        assert (bad["topic"], address(1) in bad["detail"]) == ("watermaster/v1/_tcp/up/sl651", True)
        assert service.stop() == 0


def test_frames_over_mqtt_are_answered_on_the_gateways_own_topic(
    tmp_path: Path, new_mosquitto: NewMosquitto, new_influxdb: NewInfluxDB
) -> None:
    broker, database, port = new_mosquitto(), new_influxdb(), free_port()
    config = configure(tmp_path, broker, database, port, gateway="g1")
    answers: list[tuple[str, bytes]] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="g1", protocol=mqtt.MQTTv5)
    client.on_message = lambda _client, _data, message: answers.append((message.topic, bytes(message.payload)))
    client.connect(HOST, broker.port)
    client.subscribe("watermaster/v1/g1/down/+", qos=1)
    client.loop_start()
    try:
        with Running(config) as service:
            sent = [report(number + 1, station=address(number)) for number in range(3)]
            client.publish("watermaster/v1/g1/up/sl651", b"".join(sent), qos=1)
            eventually(lambda: len(answers) == 3, 20, "three confirmations")
            assert {topic for topic, _ in answers} == {"watermaster/v1/g1/down/sl651"}
            confirmed = [decode_frame(payload) for _, payload in answers]
            assert [(frame.station, frame.end) for frame in confirmed] == [
                (address(number), Control.ESC) for number in range(3)
            ]
            assert [rtu["peer"] for rtu in service.get("rtus")["items"]] == ["g1"] * 3
            assert service.stop() == 0
    finally:
        client.disconnect()
        client.loop_stop()


def test_a_port_in_use_ends_the_start_with_one_line(tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB) -> None:
    port = free_port()
    config = configure(tmp_path, mosquitto, influxdb, port)
    with socket.create_server((HOST, port)):
        done = command("run", config=config, ok=False)
    assert done.returncode == 1
    assert (
        done.stderr.splitlines()[-1]
        == f"watermaster: ingest.tcp: {HOST}:{port}: Address already in use; choose another one"
    )
