"""The doctor before real servers: what it finds, in the words of the one who is called at night."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from hydro.instants import DAY_MS, HOUR_MS
from tests.end_to_end.running import Gateway, Running, command, eventually, write_config
from tests.servers.alertmanager import Alertmanager, Duty
from tests.servers.process import HOST, free_port
from watermaster.doctor import Finding, Part, State, examine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import NewMosquitto
    from tests.servers import InfluxDB, Mosquitto

STATION = "A,Anshun,section,Wu,Sancha,520103,g1,5"
MINUTE_MS = 60_000


def now() -> int:
    return time.time_ns() // 1_000_000


def configured(tmp_path: Path, mqtt: dict[str, Any], **settings: object) -> Path:
    name = tmp_path.name.replace("-", "_")
    given = {
        "data_dir": str(tmp_path / "var"),
        "console": {"port": 0},
        "mqtt": {"client_id": name, "prefix": name, **mqtt},
    }
    return write_config(tmp_path / "config", given | settings, [STATION])


def looked_at(config: Path, ahead_ms: int = 0) -> dict[Part, list[Finding]]:
    """All findings by part."""

    async def all_of_it() -> dict[Part, list[Finding]]:
        found: dict[Part, list[Finding]] = {part: [] for part in Part}
        async for finding in examine(config, {}, lambda: now() + ahead_ms):
            found[finding.part].append(finding)
        return found

    return asyncio.run(all_of_it())


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_where_nothing_is_wrong_it_says_so_and_disturbs_nobody(
    tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB
) -> None:
    with Duty() as duty, Alertmanager(tmp_path / "am", duty.url) as server:
        store = {"url": influxdb.store_url("doctor")}
        config = configured(tmp_path, {"url": mosquitto.url}, store=store, alertmanager={"url": server.url})
        with Running(config) as service:
            done = command("doctor", config=config)
            assert "一切正常。 Nothing is wrong." in done.stderr, done.stdout
            shown = [
                json.loads(line) for line in command("doctor", "--output", "json", config=config).stdout.splitlines()
            ]
            assert {one["state"] for one in shown} <= {"ok", "off"}
            assert [one["part"] for one in shown if one["state"] == "off"] == ["certificate", "grafana"]
            assert {one["part"] for one in shown} >= {
                "config",
                "disk",
                "service",
                "broker",
                "session",
                "store",
                "ledger",
            }
            assert service.count("mqtt_reconnects") == 0
            assert service.stop() == 0


def test_mistakes_of_the_config_are_named_and_the_rest_is_looked_at_as_far_as_it_goes(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    config = configured(tmp_path, {"url": mosquitto.url})
    (config / "registry" / "stations.csv").write_text("station,name\nA,Anshun\n")
    found = looked_at(config)
    assert only(found[Part.CONFIG]).state is State.FAILED
    assert "stations.csv" in only(found[Part.CONFIG]).found
    assert only(found[Part.BROKER]).state is State.OK


@pytest.mark.parametrize(
    ("url", "said", "advised"),
    [
        ("mqtt://127.0.0.1:{port}", "nothing listens there", "The broker isn't running"),
        ("mqtt://broker.invalid:1883", "host name not found", "The host name isn't known here"),
    ],
    ids=["nobody there", "an unknown name"],
)
def test_a_broker_that_cannot_be_reached(tmp_path: Path, url: str, said: str, advised: str) -> None:
    done = command("doctor", config=configured(tmp_path, {"url": url.format(port=free_port())}), ok=False)
    assert done.returncode == 1
    assert said in done.stdout
    assert advised in done.stdout


def test_a_wrong_password(tmp_path: Path, new_mosquitto: NewMosquitto) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    broker = new_mosquitto(passwords=passwords)
    config = configured(tmp_path, {"url": broker.url, "username": "watermaster", "passwords": str(passwords)})
    (tmp_path / "secret").write_text("wrong")
    settings = json.loads((config / "watermaster.yaml").read_text())
    settings["mqtt"]["password_file"] = str(tmp_path / "secret")
    (config / "watermaster.yaml").write_text(json.dumps(settings))
    found = looked_at(config)
    broken = only(found[Part.BROKER])
    assert (broken.state, "not authorised" in broken.found) == (State.FAILED, True)
    assert broken.advice is not None
    assert "User name or password" in broken.advice.en
    (logins,) = found[Part.FIELD]
    assert (logins.state, logins.found) == (State.LOOK, "gateways without a password: g1")


def test_another_collector_with_our_name(tmp_path: Path, mosquitto: Mosquitto) -> None:
    config = configured(tmp_path, {"url": mosquitto.url})
    with Running(config):
        settings = json.loads((config / "watermaster.yaml").read_text())
        (tmp_path / "here").mkdir()
        (config / "watermaster.yaml").write_text(json.dumps(settings | {"data_dir": str(tmp_path / "here")}))
        found = only(looked_at(config)[Part.BROKER])
    assert found.state is State.FAILED
    assert f"another collector is connected as '{settings['mqtt']['client_id']}'" in found.found


def test_a_database_and_an_alertmanager_that_are_away(tmp_path: Path, mosquitto: Mosquitto) -> None:
    store = {"url": f"influxdb://{HOST}:{free_port()}/x"}
    away = {"url": f"http://{HOST}:{free_port()}"}
    config = configured(tmp_path, {"url": mosquitto.url}, store=store, alertmanager=away)
    found = looked_at(config)
    for part, advised in (
        (Part.STORE, "Collecting and alerts go on"),
        (Part.ALERTMANAGER, "Alerts wait in the ledger"),
    ):
        finding = only(found[part])
        assert finding.state is State.FAILED
        assert "connection refused" in finding.found
        assert finding.advice is not None
        assert advised in finding.advice.en


def test_something_else_in_the_place_of_alertmanager(tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB) -> None:
    elsewhere = {"url": influxdb.url}
    found = looked_at(configured(tmp_path, {"url": mosquitto.url}, alertmanager=elsewhere))
    assert (only(found[Part.ALERTMANAGER]).state, "404" in only(found[Part.ALERTMANAGER]).found) == (State.FAILED, True)


def test_a_clock_that_is_off(tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB) -> None:
    config = configured(tmp_path, {"url": mosquitto.url}, store={"url": influxdb.store_url("doctor_clock")})
    states = {ahead: only(looked_at(config, ahead)[Part.CLOCK]) for ahead in (0, 2 * MINUTE_MS, -2 * HOUR_MS)}
    assert [finding.state for finding in states.values()] == [State.OK, State.LOOK, State.FAILED]
    # Servers give their time by the second, so the least that fits is said.
    for ahead, way in ((2 * MINUTE_MS, "s ahead of"), (-2 * HOUR_MS, "s behind")):
        seconds, _, rest = states[ahead].found.partition(" ")
        assert abs(ahead) / 1000 - 2 <= int(seconds) <= abs(ahead) / 1000
        assert rest.startswith(way)


def test_a_disk_that_will_be_full_before_the_journal_has_what_it_is_to_keep(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    config = configured(tmp_path, {"url": mosquitto.url}, journal={"max_gb": 10_000_000})
    journal = tmp_path / "var" / "journal"
    journal.mkdir(parents=True)
    with (journal / "0000000000000001.sqlite").open("wb") as sparse:
        sparse.truncate(7_000_000_000_000)
    finding = only(looked_at(config)[Part.DISK])
    assert finding.state is State.LOOK
    assert "took 7000.00 GB in the last 24 h" in finding.found
    assert "at this rate the disk is full in" in finding.found
    assert only(looked_at(config, 2 * DAY_MS)[Part.DISK]).state is State.OK  # nothing came since: nothing is wanted


def test_how_long_the_collector_was_away(tmp_path: Path, mosquitto: Mosquitto) -> None:
    config = configured(tmp_path, {"url": mosquitto.url})
    with Running(config) as service:
        assert service.stop() == 0
    soon, late = looked_at(config), looked_at(config, 8 * DAY_MS)
    assert only(soon[Part.SESSION]).state is State.UNKNOWN
    assert only(late[Part.SESSION]).state is State.LOOK
    assert "8 d ago, longer than mqtt.session_expiry_s" in only(late[Part.SESSION]).found
    assert only(soon[Part.SERVICE]).state is State.LOOK
    assert only(soon[Part.LEDGER]).state is State.OK


def test_what_was_refused_of_late_is_counted_by_reason(tmp_path: Path, mosquitto: Mosquitto) -> None:
    config = configured(tmp_path, {"url": mosquitto.url})
    prefix = json.loads((config / "watermaster.yaml").read_text())["mqtt"]["prefix"]
    with Running(config) as service:
        gateway = Gateway(mosquitto, f"{prefix}-g1")
        for _ in range(2):
            gateway.publish(
                f"{prefix}/g1/up/json", json.dumps({"station": "B", "time": now(), "values": {"ph": 7}}).encode()
            )
        gateway.publish(f"{prefix}/g1/up/json", b"{")
        gateway.wait(3)
        gateway.close()
        eventually(lambda: service.count("messages_received") == 3, 20, "the messages")
        (refused,) = [one for one in looked_at(config)[Part.FIELD] if "refused" in one.found]
        assert service.stop() == 0
    assert refused.state is State.LOOK
    assert refused.found.startswith("refused in the last 24 h: 2 × unknown_station, 1 × ")


def test_a_data_directory_of_somebody_else(
    tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may do anything, so what the system answers to somebody else is given here."""
    config = configured(tmp_path, {"url": mosquitto.url})
    (tmp_path / "var").mkdir()
    monkeypatch.setattr("os.access", lambda *_: False)
    finding = only(looked_at(config)[Part.DISK])
    assert (finding.state, "can't be written by this user" in finding.found) == (State.FAILED, True)
