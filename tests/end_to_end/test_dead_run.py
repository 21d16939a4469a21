"""A real record, published through mosquitto: every value in InfluxDB, every verdict as the slow oracle gives it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

from storage.recorded import RecordedWriter
from tests.alerting.eflow.judging import Bench, messages_of
from tests.end_to_end.running import Gateway, Running, command, eventually
from tests.oracle.dead_run import dead_run_case

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import InfluxDB, Mosquitto


def test_dead_run_is_stored_whole_and_judged_as_by_hand(
    tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB
) -> None:
    config = tmp_path / "config"
    config.mkdir()
    case = dead_run_case()
    case.write_config(config)
    name = "dead_run_live"
    settings = yaml.safe_load((config / "watermaster.yaml").read_text()) or {}
    settings.setdefault("time", {})["max_age_days"] = 0
    settings |= {
        "data_dir": str(tmp_path / "var"),
        "mqtt": {"url": mosquitto.url, "client_id": name, "prefix": name},
        "store": {"url": influxdb.store_url(name)},
        "console": {"port": 0},
    }
    (config / "watermaster.yaml").write_text(json.dumps(settings))
    messages = [
        message._replace(topic=message.topic.replace("watermaster/v1", name)) for message in messages_of(case.records)
    ]
    readings = [json.loads(message.payload) for message in messages]
    sent = {
        (reading["time"], quantity): value
        for reading in readings
        for quantity, value in reading["values"].items()
        if value is not None
    }
    station = readings[0]["station"]
    with Running(config) as service:
        gateway = Gateway(mosquitto, f"{name}-gateway")
        for message in messages:
            gateway.publish(message.topic, message.payload)
        gateway.wait(len(messages))
        gateway.close()
        eventually(lambda: service.count("messages_decoded") == len(messages), 30, "decoding")
        stored = service.count("observations_stored")
        for quantity in sorted({quantity for _, quantity in sent}):
            line = ["series", station, quantity, "--from", "2018-06-01", "--to", "2018-07-31", "--output", "json"]

            def values(line: list[str] = line) -> list[dict[str, object]]:
                return [json.loads(row) for row in command(*line, config=config).stdout.splitlines()]

            expected = [value for (_, known), value in sorted(sent.items()) if known == quantity]
            eventually(lambda expected=expected: len(values()) >= len(expected), 20, f"{quantity} in the store")  # type: ignore[misc]  # bound now
            assert [row["value"] for row in values() if row["value"] is not None] == expected
        assert stored >= len(sent)
        plain = tmp_path / "plain"
        plain.mkdir()
        oracle = Bench(case, plain).oracle().alerts

        def live() -> list[dict[str, object]]:
            text = command("alerts", "export", "--output", "json", config=config).stdout
            return [
                {key: value for key, value in json.loads(row).items() if key in oracle[0]} for row in text.splitlines()
            ]

        eventually(lambda: len(live()) == len(oracle), 30, "the alerts")
        assert live() == oracle
        assert service.stop() == 0
    recorded = tmp_path / "dead_run.ndjson"
    with RecordedWriter(recorded) as writer:
        for message in messages:
            writer.write(message)
    out = tmp_path / "alerts.ndjson"
    command("backtest", recorded, "--alerts", out, config=config)
    again = [
        {key: value for key, value in json.loads(row).items() if key in oracle[0]}
        for row in out.read_text().splitlines()
    ]
    assert again == oracle
