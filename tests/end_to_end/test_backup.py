"""A backup of a running service is enough to go on from: nothing judged is lost, nothing counts twice.

::

    |publishing ─────────────────────────────────▶
        ack  backup   backup   kill -9
                                  wipe, restore, start   |everything sent again
"""

from __future__ import annotations

import json
import random
import shutil
import time
from threading import Event, Semaphore, Thread
from typing import TYPE_CHECKING, Any

import pytest

from hydro.instants import day_start, format_instant, local_date
from storage.message import RawMessage
from storage.recorded import RecordedWriter
from tests.end_to_end.running import Gateway, Running, command, eventually, sign_of_life, write_config

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.conftest import NewMosquitto
    from tests.servers import InfluxDB

STATIONS = 12
SLOTS = 200
SLOT_MS = 300_000
MESSAGES = STATIONS * SLOTS
LATENESS_MS = 30 * 60_000
TOPIC = "watermaster/v1/g1/up/json"
PARTS = 4
"""Of the stream: before the first backup, during each, after the last; so no machine is too slow or too fast."""


def make_stream(first: int) -> list[bytes]:
    """Payloads in the order of sending: every station reports every slot."""
    rng = random.Random(20260301)
    flows = [rng.uniform(1.2, 3.0) for _ in range(STATIONS)]
    stream = []
    for slot in range(1, SLOTS + 1):
        for station in range(STATIONS):
            flows[station] = max(0.2, flows[station] + rng.gauss(0, 0.12) + 0.02 * (2.1 - flows[station]))
            values = {"discharge": round(flows[station], 3), "stage": round(1 + flows[station] / 10, 3)}
            at = format_instant(first + slot * SLOT_MS, 480)
            stream.append(json.dumps({"station": f"S{station:03d}", "time": at, "values": values}).encode())
    return stream


def publish(broker_gateway: Gateway, stream: Sequence[bytes], released: Semaphore, ended: Event) -> None:
    """Send 400 messages a second, a part of the stream each time one is released, until told to end."""
    size = -(-len(stream) // PARTS)
    for first in range(0, len(stream), size):
        while not released.acquire(timeout=0.1):
            if ended.is_set():
                return
        began = time.monotonic()
        for number, payload in enumerate(stream[first : first + size]):
            broker_gateway.publish(TOPIC, payload)
            if ended.wait(max(0.0, began + number / 400 - time.monotonic()) if number % 40 == 0 else 0):
                return


def judged(text: str) -> list[dict[str, Any]]:
    """Alerts without what depends on people and on arrival."""
    return [json.loads(line) | {"case": None, "revised": []} for line in text.splitlines()]


@pytest.mark.timeout(170)
@pytest.mark.parametrize("store", ["influxdb", "duckdb"])
def test_a_restored_service_goes_on_as_if_nothing_had_happened(  # noqa: PLR0915  # one story, told in order
    tmp_path: Path, new_mosquitto: NewMosquitto, influxdb: InfluxDB, store: str
) -> None:
    broker = new_mosquitto()
    # As in the kill test: a whole day that is over, so that ticks and the end of a stream judge the same periods.
    last = day_start(local_date(time.time_ns() // 1_000_000 - LATENESS_MS - 10 * 60_000, 480), 480)
    first = last - SLOTS * SLOT_MS
    stream = make_stream(first)
    bases = ["instant", "hour", "day"]
    targets = "station,quantity,from_day,to_day,value,basis\n" + "".join(
        f"S{number:03d},discharge,01-01,12-31,2.0,{bases[number % 3]}\n" for number in range(STATIONS)
    )
    config = write_config(
        tmp_path / "config",
        {
            "data_dir": str(tmp_path / "var"),
            "mqtt": {"url": broker.url},
            "store": {"url": influxdb.store_url("backup") if store == "influxdb" else "duckdb:"},
            "console": {"port": 0},
        },
        [f"S{number:03d},N{number},section,Wu,Sancha,520103,g1,5" for number in range(STATIONS)],
        {"eflow_targets": targets},
    )
    recorded = tmp_path / "sent.ndjson.zst"
    with RecordedWriter(recorded) as writer:
        for payload in stream:
            writer.write(RawMessage(TOPIC, payload, last + 1))
    out = tmp_path / "alerts.ndjson"
    command("backtest", recorded, "--alerts", out, config=config)
    undisturbed = judged(out.read_text())
    assert len(undisturbed) > 5

    with Running(config) as service:
        released, ended, gateway = Semaphore(1), Event(), Gateway(broker, "g1")
        publisher = Thread(target=publish, args=(gateway, stream, released, ended))
        publisher.start()
        eventually(lambda: len(service.get("alerts")["items"]) > 0, 30, "the first alert")
        worked = service.get("alerts")["items"][-1]["id"]
        command("alerts", "ack", worked, "--by", "li", config=config)
        positions: dict[str, Any] = {}
        for number in (1, 2):
            before = service.count("messages_received")
            released.release()
            eventually(lambda reached=before: service.count("messages_received") > reached + 50, 30, "more messages")  # type: ignore[misc]  # bound at once
            made = command("backup", tmp_path / f"{number}.tar.zst", "--output", "json", config=config)
            positions = json.loads(made.stdout)["positions"]
            assert json.loads(made.stdout)["store_copied_by_service"] == (store == "duckdb")
        assert (positions["store_file"] is not None) == (store == "duckdb")
        assert 0 < max(positions["rules"], positions["store"]) <= positions["journal_last"]
        assert positions["rules"] <= positions["ledger"] <= positions["journal_last"]
        reached = service.count("messages_received")
        released.release()
        eventually(lambda: service.count("messages_received") > reached, 30, "messages behind the backup")
        service.kill()
        ended.set()
        publisher.join()
        gateway.close()

        shutil.rmtree(tmp_path / "var")
        command("restore", tmp_path / "2.tar.zst", config=config)
        service.start()
        [case] = [alert["case"] for alert in service.get("alerts")["items"] if alert["id"] == worked]
        assert (case["state"], case["history"][-1]["by"]) == ("accepted", "li")
        again = Gateway(broker, "g1-again")
        for payload in stream:
            again.publish(TOPIC, payload)
        for number in range(STATIONS):
            again.publish(TOPIC, sign_of_life(f"S{number:03d}", water_temperature=12.0, ph=7.0))
        again.wait(MESSAGES + STATIONS)
        again.close()

        def points() -> int:
            return sum(
                len(service.get(f"stations/S{number:03d}/series?quantity={quantity}&from={first}&to={last}")["points"])
                for number in range(STATIONS)
                for quantity in ("discharge", "stage")
            )

        eventually(lambda: points() == 2 * MESSAGES, 40, "everything sent in the store")
        eventually(lambda: service.count("observations_stored") == 2 * (MESSAGES + STATIONS), 20, "all counted")

        def live() -> list[dict[str, Any]]:
            return judged(command("alerts", "export", "--output", "json", config=config).stdout)

        def untouched(alerts: list[dict[str, Any]]) -> list[dict[str, Any]]:
            """What a person's hand keeps as it was may differ from what the rules say by now."""
            return [alert for alert in alerts if alert["id"] != worked]

        eventually(lambda: untouched(live()) == untouched(undisturbed), 30, "the alerts of an undisturbed run")
        assert worked in {alert["id"] for alert in live()}
        received = service.count("messages_received")
        assert received > MESSAGES
        assert received == service.count("messages_decoded") + service.count("messages_dead_lettered")
        stored, duplicate = service.count("observations_stored"), service.count("observations_duplicate")
        assert service.count("observations_decoded") == 2 * received
        assert 2 * received == stored + duplicate + service.count("observations_rejected")
        assert stored - service.count("observations_corrected") == points() + 2 * STATIONS
        assert service.get("health")["status"] == "ok"
        assert service.stop() == 0
