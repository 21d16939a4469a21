"""The pieces of the demo: its clock, when its story is played, where it lives, its gateways on a real broker."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from queue import Queue
from typing import TYPE_CHECKING, Self

import pytest
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from hydro.errors import ConfigError, WatermasterError
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS, parse_instant
from tests.end_to_end.running import command, eventually
from tests.watermaster.demo_day import GATEWAYS, planned
from watermaster.demo.browser import has_screen
from watermaster.demo.clock import ScenarioClock
from watermaster.demo.gateway import Broker, Gateway
from watermaster.demo.ground import Keys, data_folder, make_ground, make_keys
from watermaster.demo.plan import plan

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from simulators.play import Arrival
    from tests.conftest import NewMosquitto
    from tests.servers import Mosquitto

NOON = parse_instant("2026-03-01T12:34:56+08:00", 0)


class Seconds:
    """A steady clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Now."""
        return self.now


def test_the_clock_stands_until_it_is_told_to_run_and_then_runs_at_its_speed() -> None:
    seconds = Seconds()
    clock = ScenarioClock(NOON, 60, seconds)
    seconds.now += 5
    assert clock() == NOON
    clock.run()
    seconds.now += 2
    assert clock() == NOON + 2 * MINUTE_MS
    clock.stand(NOON + HOUR_MS)
    seconds.now += 2
    assert clock() == NOON + HOUR_MS


def test_the_clock_never_goes_back() -> None:
    seconds = Seconds()
    clock = ScenarioClock(NOON, 60, seconds)
    clock.run()
    seconds.now += 10
    clock.stand(NOON)
    assert clock() == NOON + 10 * MINUTE_MS
    clock.run()
    assert clock() == NOON + 10 * MINUTE_MS


def test_a_scaled_demo_plays_the_last_morning_and_a_real_one_the_hour_to_come() -> None:
    scaled = plan(NOON, speed=60, seed=1, for_s=None)
    assert (scaled.live_from, scaled.real) == (parse_instant("2026-03-01T07:57:00+08:00", 0), False)
    real = plan(NOON, speed=1, seed=1, for_s=None)
    assert (real.live_from, real.real) == (NOON, True)
    assert real.scenario.start == parse_instant("2026-03-01T13:00:00+08:00", 0) - DAY_MS


@pytest.mark.parametrize(
    ("now", "day"), [("03-01T07:56:59", "02-28"), ("03-01T07:57:00", "03-01"), ("03-01T23:00:00", "03-01")]
)
def test_a_morning_that_has_begun_is_played_and_none_of_the_future(now: str, day: str) -> None:
    instant = parse_instant(f"2026-{now}+08:00", 0)
    live_from = plan(instant, speed=60, seed=1, for_s=None).live_from
    assert live_from == parse_instant(f"2026-{day}T07:57:00+08:00", 0)


@pytest.mark.parametrize(("now", "turn"), [("12:59:59", "13:00"), ("13:00:00", "14:00")])
def test_on_the_real_clock_the_turn_is_the_next_full_hour(now: str, turn: str) -> None:
    scenario = plan(parse_instant(f"2026-03-01T{now}+08:00", 0), speed=1, seed=1, for_s=None).scenario
    assert scenario.start + DAY_MS == parse_instant(f"2026-03-01T{turn}:00+08:00", 0)


@pytest.mark.parametrize("visitors", [False, True])
def test_the_config_that_a_demo_writes_passes_the_check_of_any_config(tmp_path: Path, *, visitors: bool) -> None:
    keys = make_keys(GATEWAYS, open_to_others=visitors)
    ground = make_ground(
        tmp_path / "var", planned().scenario, kept=True, keys=keys, console_port=8080, visitors=visitors
    )
    checked = command("check", config=ground.config)
    assert "0 mistakes" in checked.stderr
    # The scenario's register may have tables that only other rules need.
    remarks = [line for line in checked.stdout.splitlines() if "registry/" in line]
    assert [line for line in remarks if "accepted unread" not in line] == []
    assert ground.settings.ingest.trust_replay
    assert (ground.settings.mqtt.password is None) == visitors


def test_at_its_own_speed_a_demo_gives_no_key_to_anybody_else(tmp_path: Path) -> None:
    """Where there is an access list each gateway has a password; without one the topics can't be guessed."""
    keys = make_keys(GATEWAYS, open_to_others=False)
    if keys.password is None:
        assert re.fullmatch(r"demo-[0-9a-f]{16}", keys.prefix)
        return
    assert set(keys.gateways) == set(GATEWAYS)
    assert len({*keys.gateways.values(), keys.password}) == len(GATEWAYS) + 1
    make_ground(tmp_path / "var", planned().scenario, kept=True, keys=keys, console_port=0, visitors=False)
    written = b"".join(path.read_bytes() for path in (tmp_path / "var").rglob("*") if path.is_file())
    assert not any(password.encode() in written for password in (*keys.gateways.values(), keys.password))


def test_a_data_directory_that_is_named_stays_and_one_that_is_not_goes(tmp_path: Path) -> None:
    with data_folder({"WATERMASTER_DATA_DIR": str(tmp_path / "mine")}) as (folder, kept):
        assert (folder, kept) == (tmp_path / "mine", True)
    with data_folder({}) as (folder, kept):
        (folder / "something").write_text("x")
        assert not kept
    assert not folder.exists()


@pytest.mark.parametrize("made", ["file in it", "file"])
def test_a_data_directory_with_something_in_it_is_refused(tmp_path: Path, made: str) -> None:
    named = tmp_path / "mine"
    if made == "file":
        named.write_text("x")
    else:
        named.mkdir()
        (named / "journal").write_text("x")
    with (
        pytest.raises(ConfigError, match=f"WATERMASTER_DATA_DIR {re.escape(str(named))}: "),
        data_folder({"WATERMASTER_DATA_DIR": str(named)}),
    ):
        pass


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The single line that says what is wrong."""
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    [line] = done.stderr.splitlines()
    return line


def test_a_taken_port_is_named_and_port_0_is_offered() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = one_line(command("demo", "--no-browser", "--port", str(port), ok=False))
    assert f"port {port}" in line
    assert "--port 0" in line


def test_a_data_directory_in_use_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "journal").mkdir()
    monkeypatch.setenv("WATERMASTER_DATA_DIR", str(tmp_path))
    assert "is not empty" in one_line(command("demo", "--no-browser", "--port", "0", ok=False))


@pytest.mark.parametrize("option", [("--speed", "0"), ("--speed", "nan"), ("--speed", "9999"), ("--for", "-1")])
def test_a_time_that_does_not_run_is_a_usage_error(option: tuple[str, str]) -> None:
    done = command("demo", "--no-browser", *option, ok=False)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


@pytest.mark.parametrize(
    ("environ", "expected"), [({}, False), ({"DISPLAY": ":0"}, True), ({"WAYLAND_DISPLAY": "wayland-0"}, True)]
)
def test_a_browser_is_opened_only_where_there_is_a_screen(environ: dict[str, str], *, expected: bool) -> None:
    assert has_screen(environ) == expected


class Listener:
    """Hears everything below a prefix."""

    def __init__(self, broker: Mosquitto, prefix: str) -> None:
        self.heard: list[MQTTMessage] = []
        self._prefix = prefix
        self._port = broker.port
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self._subscribed: Queue[bool] = Queue()
        self._client.on_message = lambda _client, _data, message: self.heard.append(message)
        self._client.on_subscribe = lambda *_: self._subscribed.put(True)  # noqa: FBT003  # a queue of signs

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        self._client.subscribe(f"{self._prefix}/#", 1)
        self._subscribed.get(timeout=10)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def of(self, suffix: str) -> list[bytes]:
        """Payloads on one topic."""
        return [bytes(message.payload) for message in self.heard if message.topic == f"{self._prefix}/{suffix}"]


def reports(prefix: str, count: int) -> list[Arrival]:
    """Some reports of a gateway."""
    return [(NOON + number, f"{prefix}/g1/up/json", json.dumps(number).encode()) for number in range(count)]


def test_a_gateway_that_falls_off_the_network_leaves_its_will_and_comes_back(mosquitto: Mosquitto) -> None:
    prefix, told = "demo-will", list[WatermasterError | None]()

    async def live() -> None:
        gateway = Gateway("g1", Broker("127.0.0.1", mosquitto.port, prefix, {}), told.append)
        await gateway.connect(NOON)
        await gateway.fall()
        await asyncio.to_thread(eventually, lambda: len(listener.of("g1/status")) == 2, 10, "the will")
        await gateway.publish(reports(prefix, 3))
        await gateway.close()

    with Listener(mosquitto, prefix) as listener:
        asyncio.run(live())
        eventually(lambda: len(listener.of("g1/up/json")) == 3, 10, "the reports")
    assert told == [None, None]
    assert listener.of("g1/status") == [b"online", b"offline", b"online"]
    assert listener.of("g1/up/json") == [b"0", b"1", b"2"]
    arrived = [
        message.properties.UserProperty  # type: ignore[union-attr]  # MQTT 5 has them
        for message in listener.heard
        if message.topic.endswith("json")
    ]
    assert arrived == [[("received_at", str(NOON + number))] for number in range(3)]
    with Listener(mosquitto, prefix) as later:
        eventually(lambda: later.of("g1/status") == [b"online"], 10, "what is retained")


def test_a_gateway_repeats_until_the_broker_has_everything(new_mosquitto: NewMosquitto) -> None:
    broker = new_mosquitto()
    told: list[WatermasterError | None] = []

    async def live() -> None:
        gateway = Gateway("g1", Broker("127.0.0.1", broker.port, "demo", {}), told.append)
        await gateway.connect(NOON)
        await asyncio.to_thread(broker.stop)
        publishing = asyncio.create_task(gateway.publish(reports("demo", 3)))
        await asyncio.to_thread(eventually, lambda: len(told) > 1, 20, "a failure to connect")
        assert not publishing.done()
        await asyncio.to_thread(broker.start)
        await asyncio.wait_for(publishing, 60)
        await asyncio.to_thread(broker.stop)
        await asyncio.to_thread(broker.start)
        with Listener(broker, "demo") as listener:
            await asyncio.wait_for(gateway.publish(reports("demo", 100)), 60)
            await asyncio.to_thread(eventually, lambda: len(set(listener.of("g1/up/json"))) == 100, 20, "all reports")
        await gateway.close()

    asyncio.run(live())
    assert (told[0], told[-1]) == (None, None)
    assert "gateway g1" in str(told[1])


def test_keys_are_not_printed_with_the_settings(tmp_path: Path) -> None:
    keys = Keys("watermaster/v1", "s3cret", {"gw-shimen": "s3cret too"})
    ground = make_ground(tmp_path / "var", planned().scenario, kept=False, keys=keys, console_port=0, visitors=False)
    assert "s3cret" not in repr((keys, ground))
