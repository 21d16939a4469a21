"""Nothing is lost and nothing counts twice, whatever dies meanwhile.

::

    s   0    4    8       12      16        22      28      ~40
        |publishers send 20,000 messages and resend what the broker did not acknowledge
             kill -9      kill -9           kill -9
                  InfluxDB down ................... up
                                  mosquitto restarted
"""

from __future__ import annotations

import json
import random
import time
import urllib.parse
import urllib.request
from collections import Counter
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from hydro.instants import day_start, format_instant, local_date
from storage.message import RawMessage
from storage.recorded import RecordedWriter
from tests.end_to_end.running import Gateway, Running, command, eventually, sign_of_life, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import NewInfluxDB, NewMosquitto
    from tests.servers import InfluxDB

STATIONS = 100
SLOTS = 200
SLOT_MS = 300_000
MESSAGES = STATIONS * SLOTS
LATENESS_MS = 30 * 60_000


def make_stream(first: int) -> list[tuple[str, bytes]]:
    """(gateway, payload) in the order of sending: every station reports every slot, some of them twice."""
    rng = random.Random(20260301)
    flows = [rng.uniform(1.2, 3.0) for _ in range(STATIONS)]
    stream = []
    for slot in range(SLOTS):
        for station in range(STATIONS):
            flows[station] = max(0.2, flows[station] + rng.gauss(0, 0.12) + 0.02 * (2.1 - flows[station]))
            values = {
                "discharge": round(flows[station], 3),
                "stage": round(1 + flows[station] / 10, 3),
                "voltage": 12.6,
            }
            time_text = format_instant(first + (slot + 1) * SLOT_MS, 480)
            payload = json.dumps({"station": f"S{station:03d}", "time": time_text, "seq": slot, "values": values})
            stream.append((f"g{station % 4}", payload.encode()))
    return stream


def stored_points(server: InfluxDB, database: str) -> Counter[tuple[str, str, int]]:
    """How often each (station, quantity, time) is in the database."""
    query = urllib.parse.urlencode(
        {"db": database, "epoch": "ms", "q": 'SELECT "value" FROM "observation" GROUP BY "station", "quantity"'}
    )
    with urllib.request.urlopen(f"{server.url}/query?{query}", timeout=30) as answer:  # noqa: S310  # our own server
        result: Any = json.load(answer)
    found: Counter[tuple[str, str, int]] = Counter()
    for series in result["results"][0].get("series", ()):
        tags = series["tags"]
        found.update((tags["station"], tags["quantity"], point[0]) for point in series["values"])
    return found


def say_that_all_live(gateways: dict[str, Gateway]) -> None:
    """A reading of now from each station, and the gateways leave."""
    for number in range(STATIONS):
        sign = sign_of_life(f"S{number:03d}", water_temperature=12.0, conductivity=300.0, ph=7.0)
        gateways[f"g{number % 4}"].publish(f"watermaster/v1/g{number % 4}/up/json", sign)
    for client in gateways.values():
        client.wait((MESSAGES + STATIONS) // 4)
        client.close()


@pytest.mark.timeout(170)
def test_kills_and_outages_lose_nothing_and_repeat_nothing(  # noqa: PLR0915  # one story, told in order
    tmp_path: Path, new_mosquitto: NewMosquitto, new_influxdb: NewInfluxDB
) -> None:
    broker, database = new_mosquitto(), new_influxdb()
    # The stream ends with a day of the zone, which is over for the clock as well: what ticks judge live, and what the
    # end of the stream judges in a backtest, are then the same periods at any time of the day.
    last = day_start(local_date(time.time_ns() // 1_000_000 - LATENESS_MS - 10 * 60_000, 480), 480)
    stream = make_stream(last - SLOTS * SLOT_MS)
    bases = ["instant", "hour", "day"]
    targets = "station,quantity,from_day,to_day,value,basis\n" + "".join(
        f"S{number:03d},discharge,01-01,12-31,2.0,{bases[number % 3]}\n" for number in range(STATIONS)
    )
    config = write_config(
        tmp_path / "config",
        {
            "data_dir": str(tmp_path / "var"),
            "mqtt": {"url": broker.url},
            "store": {"url": database.store_url("river")},
            "console": {"port": 0},
        },
        [f"S{number:03d},N{number},section,Wu,Sancha,520103,g{number % 4},5" for number in range(STATIONS)],
        {"eflow_targets": targets},
    )
    recorded = tmp_path / "sent.ndjson.zst"
    with RecordedWriter(recorded) as writer:
        for gateway, payload in stream:
            writer.write(RawMessage(f"watermaster/v1/{gateway}/up/json", payload, last + 1))

    with Running(config) as service:
        gateways = {name: Gateway(broker, name) for name in ("g0", "g1", "g2", "g3")}
        began = time.monotonic()

        def publish() -> None:
            for number, (name, payload) in enumerate(stream):
                gateways[name].publish(f"watermaster/v1/{name}/up/json", payload)
                if number % 100 == 99:  # 600 a second, so that every fault meets a stream
                    time.sleep(max(0.0, began + number / 600 - time.monotonic()))

        publisher = Thread(target=publish)
        publisher.start()

        def at(second: float) -> None:
            time.sleep(max(0.0, began + second - time.monotonic()))

        at(4)
        service.kill()
        service.start()
        at(8)
        database.kill()
        at(12)
        service.kill()
        service.start()
        at(16)
        broker.restart()
        at(22)
        service.kill()
        service.start()
        at(28)
        database.start()
        publisher.join()
        for client in gateways.values():
            client.wait(MESSAGES // 4)
        expected = {
            (f"S{number:03d}", quantity) for number in range(STATIONS) for quantity in ("discharge", "stage", "voltage")
        }

        def settled() -> bool:
            points = stored_points(database, "river")
            return len(points) == 3 * MESSAGES and service.count("observations_stored") == 3 * MESSAGES

        eventually(settled, 40, "everything sent in the store")
        points = stored_points(database, "river")
        assert set(points.values()) == {1}
        assert {key[:2] for key in points} == expected

        say_that_all_live(gateways)
        eventually(lambda: service.count("observations_stored") == 3 * (MESSAGES + STATIONS), 40, "the signs of life")

        out = tmp_path / "alerts.ndjson"
        command("backtest", recorded, "--alerts", out, config=config)
        backtested = [json.loads(line) | {"case": None, "revised": []} for line in out.read_text().splitlines()]
        assert len(backtested) > 20

        def live() -> list[dict[str, Any]]:
            text = command("alerts", "export", "--output", "json", config=config).stdout
            return [json.loads(line) | {"case": None, "revised": []} for line in text.splitlines()]

        eventually(lambda: len(live()) == len(backtested), 30, "the alerts")
        assert live() == backtested

        received = service.count("messages_received")
        assert received >= MESSAGES
        assert received == service.count("messages_decoded") + service.count("messages_dead_lettered")
        assert service.count("observations_decoded") == 3 * received
        stored, duplicate = service.count("observations_stored"), service.count("observations_duplicate")
        assert service.count("observations_decoded") == stored + duplicate + service.count("observations_rejected")
        assert len(points) + 3 * STATIONS == stored - service.count("observations_corrected")
        assert service.stop() == 0
