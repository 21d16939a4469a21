"""What was refused is read again once the register knows it: as if it had come in order, and once."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from tests.end_to_end.running import Gateway, Running, command, eventually, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import Mosquitto

A, B = ("A,Anshun,section,Wu,Sancha,520103,g1,5", "B,Bijie,section,Wu,Sancha,520103,g1,5")
MINUTE_MS = 60_000


def test_messages_of_a_station_that_was_unknown_are_read_again(tmp_path: Path, mosquitto: Mosquitto) -> None:
    name = tmp_path.name.replace("-", "_")
    settings = {
        "data_dir": str(tmp_path / "var"),
        "mqtt": {"url": mosquitto.url, "client_id": name, "prefix": name},
        "console": {"port": 0},
    }
    config = write_config(tmp_path / "config", settings, [A])
    now = time.time_ns() // 1_000_000
    with Running(config) as service:
        gateway = Gateway(mosquitto, f"{name}-g1")
        both = [{"station": station, "time": now - 10 * MINUTE_MS, "values": {"discharge": 1.5}} for station in "AB"]
        alone = {"station": "B", "time": now - 5 * MINUTE_MS, "values": {"discharge": 1.6}}
        corrected = {"station": "A", "time": now - 10 * MINUTE_MS, "values": {"discharge": 1.25}}
        stranger = {"station": "C", "time": now, "values": {"ph": 7}}
        for number, payload in enumerate((both, alone, corrected, stranger), 1):
            gateway.publish(f"{name}/g1/up/json", json.dumps(payload).encode())
            eventually(lambda number=number: service.count("messages_received") == number, 20, "the message")  # type: ignore[misc]  # bound at once
        gateway.close()
        ids = [letter["id"] for letter in service.get("deadletters")["items"]]
        assert len(ids) == 3
        still = command("deadletters", "retry", *map(str, ids), config=config, ok=False)
        assert still.returncode == 1
        assert "3 read again, 3 refused again" in still.stderr
        assert len(service.get("deadletters")["items"]) == 3
        assert service.stop() == 0

    write_config(config, settings, [A, B])
    with Running(config) as service:
        done = command(
            "deadletters", "retry", "--reason", "unknown_station", "--output", "json", config=config, ok=False
        )
        assert (done.returncode, json.loads(done.stdout)) == (1, {"messages": 3, "refused_again": 1})
        (left,) = service.get("deadletters")["items"]
        assert json.loads(left["payload"]) == stranger
        points = service.get(f"stations/B/series?quantity=discharge&from={now - 3_600_000}&to={now}")["points"]
        assert [value for _, value, _ in points] == [1.5, 1.6]
        # Read again with the arrival that it had: what corrected it since stays.
        (point,) = service.get(f"stations/A/series?quantity=discharge&from={now - 3_600_000}&to={now}")["points"]
        assert point[1] == 1.25
        assert (
            "nothing was refused for bad_json"
            in command("deadletters", "retry", "--reason", "bad_json", config=config).stderr
        )
        unknown = command("deadletters", "retry", "1", config=config, ok=False)
        assert (unknown.returncode, "dead letter 1 is not known" in unknown.stderr) == (1, True)
        received = service.count("messages_received")
        assert received == service.count("messages_decoded") + service.count("messages_dead_lettered")
        assert service.stop() == 0
    nobody = command("deadletters", "retry", "7", config=config, ok=False)
    assert (nobody.returncode, "start it first" in nobody.stderr) == (1, True)
