"""One consumer of a queue, in a process of its own: ``CLIENT PORT CLIENT_ID COUNT FOLDER``; prints seconds."""

from __future__ import annotations

import asyncio
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TOPIC = "watermaster/v1/+/up/+"


def paho(port: int, client_id: str, count: int, _folder: Path) -> float:
    """paho-mqtt, merely counting."""
    import paho.mqtt.client as mqtt  # noqa: PLC0415  # one client a process
    from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415
    from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415
    from paho.mqtt.properties import Properties  # noqa: PLC0415

    seen = 0
    done = threading.Event()

    def on_message(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            done.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
    client.on_message = on_message
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 600
    properties.ReceiveMaximum = 65_535
    began = time.perf_counter()
    client.connect("127.0.0.1", port, clean_start=False, properties=properties)
    client.loop_start()
    done.wait(300)
    seconds = time.perf_counter() - began
    client.disconnect()
    client.loop_stop()
    return seconds


def aiomqtt(port: int, client_id: str, count: int, _folder: Path) -> float:
    """Aiomqtt, merely counting."""
    import aiomqtt as library  # noqa: PLC0415  # one client a process
    from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415
    from paho.mqtt.properties import Properties  # noqa: PLC0415

    async def drain() -> float:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 600
        properties.ReceiveMaximum = 65_535
        began = time.perf_counter()
        async with library.Client(
            "127.0.0.1", port, identifier=client_id, protocol=library.ProtocolVersion.V5, clean_start=False,
            properties=properties,
        ) as client:  # fmt: skip
            seen = 0
            async for _ in client.messages:
                seen += 1
                if seen == count:
                    break
        return time.perf_counter() - began

    return asyncio.run(drain())


def journal(port: int, client_id: str, count: int, folder: Path, *, decode: bool = False) -> float:
    """Ours: on the disk before it is acknowledged; with ``decode`` up to line protocol."""
    from ingest.collector import JournalSink  # noqa: PLC0415  # one client a process
    from ingest.mqtt import BrokerAddress, Receiver  # noqa: PLC0415
    from storage.journal import Journal  # noqa: PLC0415

    async def drain() -> float:
        thread = ThreadPoolExecutor(1)
        log = Journal.open(folder / "journal", keep_days=1, max_gb=10)
        enough = asyncio.Event()
        after = _lines(folder, count, enough) if decode else None

        def appended() -> None:
            if after is not None:
                after.wake()
            elif log.last_position >= count:
                enough.set()

        sink = JournalSink(log, thread, clock=_now, trust_replay=False, appended=appended)
        began = time.perf_counter()
        receiver = Receiver(
            BrokerAddress.parse(f"mqtt://127.0.0.1:{port}"), client_id=client_id, prefix="watermaster/v1", sink=sink,
            clock=_now, rng=random.Random(),
        )  # fmt: skip
        tasks = [asyncio.create_task(receiver.run())]
        if after is not None:
            tasks.append(asyncio.create_task(after.run()))
        await enough.wait()
        seconds = time.perf_counter() - began
        await receiver.stop()
        for task in tasks:
            task.cancel()
        return seconds

    return asyncio.run(drain())


class _lines:  # noqa: N801  # a part of one consumer
    """Decode, quality, duplicates and line protocol behind the journal."""

    def __init__(self, folder: Path, count: int, enough: asyncio.Event) -> None:
        from hydro.register import Register  # noqa: PLC0415  # one client a process
        from hydro.series import SeriesIndex  # noqa: PLC0415
        from ingest.decode import Decoder, TickSource  # noqa: PLC0415
        from ingest.follow import Follower  # noqa: PLC0415
        from ingest.store_reader import STATE_KIND, STATE_VERSION, StoreReader  # noqa: PLC0415
        from storage.journal import JournalReader  # noqa: PLC0415
        from storage.lineprotocol import LineEncoder  # noqa: PLC0415
        from storage.state_file import StateFile  # noqa: PLC0415

        register = Register.load(
            folder / "registry", zone_minutes=480, default_lateness_min=30, time_settings={}
        ).register
        assert register is not None
        index = SeriesIndex(register.stations)
        decoder = Decoder(register, index, prefix="watermaster/v1", max_age_days=400, ticks=TickSource.HEARTBEAT)
        self._follower = Follower(JournalReader.open(folder / "journal"), decoder, lambda _: None)
        self.wake = self._follower.wake
        self._reader = StoreReader(index, StateFile(folder / "state", STATE_KIND, STATE_VERSION), 0)
        self._encoder = LineEncoder(index)
        self._count, self._enough = count, enough

    async def run(self) -> None:
        """Until everything is a line."""
        while self._reader.totals.messages_received < self._count:
            batch = await self._follower.next(self._reader.position, 4_000)
            if batch is not None:
                self._encoder.encode(self._reader.step(batch))
        assert self._reader.totals.observations_stored == 3 * self._count
        self._enough.set()


def _now() -> int:
    return time.time_ns() // 1_000_000


def main() -> None:
    """Make ready, say so, wait for the word, drain, print seconds."""
    name, port, client_id, count, folder = sys.argv[1:]
    drains: dict[str, Callable[[int, str, int, Path], float]] = {
        "paho": paho,
        "aiomqtt": aiomqtt,
        "journal": journal,
        "lines": lambda *rest: journal(*rest, decode=True),
    }
    print(drains[name](int(port), client_id, int(count), Path(folder)))


if __name__ == "__main__":
    main()
