"""Messages of the usual size (JSON, three values, 170 bytes on the wire), and a publisher that is never the bound."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import mqtt5

from hydro.instants import format_instant

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SLOT_MS", "make_messages", "make_session", "publish", "write_registry"]

SLOT_MS = 300_000
_WINDOW = 2_000


def station(number: int) -> str:
    """Code of a station."""
    return f"52{number:06d}"


def write_registry(folder: Path, stations: int, *, interval_min: int = 5, targets: str = "hour") -> None:
    """A register with one point and one target a station."""
    registry = folder / "registry"
    registry.mkdir(parents=True, exist_ok=True)
    codes = [station(number) for number in range(stations)]
    (registry / "stations.csv").write_text(
        "station,name,kind,basin,river,division,gateway,interval_min\n"
        + "".join(f"{code},N{code},section,Wu,Sancha,520103,,{interval_min}\n" for code in codes)
    )
    (registry / "points.csv").write_text(
        "station,quantity,min,max\n" + "".join(f"{code},discharge,0,1000\n" for code in codes)
    )
    (registry / "eflow_targets.csv").write_text(
        "station,quantity,from_day,to_day,value,basis\n"
        + "".join(f"{code},discharge,01-01,12-31,2.0,{targets}\n" for code in codes)
    )


def make_messages(count: int, stations: int, *, prefix: str = "watermaster/v1") -> list[tuple[str, bytes]]:
    """Topic and payload; every station reports slot after slot, the last one about now."""
    slots = -(-count // stations)
    now = time.time_ns() // 1_000_000 // SLOT_MS * SLOT_MS
    found = []
    for number in range(count):
        slot, place = divmod(number, stations)
        at = format_instant(now - (slots - slot) * SLOT_MS, 480)
        values = {"discharge": round(2.2 + number * 7919 % 1000 / 1000, 3), "stage": 1.07, "voltage": 12.6}
        payload = json.dumps({"station": station(place), "time": at, "seq": slot, "values": values})
        found.append((f"{prefix}/g{place % 50:02d}/up/json", payload.encode()))
    return found


async def _connect(port: int, client_id: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(mqtt5.ConnectPacket(client_id, session_expiry_interval=600, keep_alive=0).write())
    await reader.readexactly(2)
    return reader, writer


async def make_session(port: int, client_id: str, topic: str) -> None:
    """A persistent session with a QoS 1 subscription, left behind in the broker."""
    reader, writer = await _connect(port, client_id)
    await reader.read(65_536)
    writer.write(mqtt5.SubscribePacket(1, [mqtt5.TopicFilter(topic, max_qos=mqtt5.QoS.AT_LEAST_ONCE)]).write())
    await reader.read(65_536)
    writer.write(mqtt5.DisconnectPacket(session_expiry_interval=600).write())
    await writer.drain()
    writer.close()


async def publish(port: int, messages: list[tuple[str, bytes]]) -> None:
    """Publish with QoS 1; returns when the broker has acknowledged all."""
    reader, writer = await _connect(port, f"publisher-{time.time_ns()}")
    data = bytearray(await reader.read(65_536))
    data.clear()
    acknowledged = sent = 0
    while acknowledged < len(messages):
        while sent < len(messages) and sent - acknowledged < _WINDOW:
            topic, payload = messages[sent]
            packet = mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=sent % 60_000 + 1)
            writer.write(packet.write())
            sent += 1
        await writer.drain()
        data += await reader.read(65_536)
        at = 0
        while len(data) - at > 1 and len(data) - at >= 2 + data[at + 1]:
            acknowledged += data[at] == 0x40  # noqa: PLR2004  # PUBACK
            at += 2 + data[at + 1]
        del data[:at]
    writer.write(mqtt5.DisconnectPacket().write())
    await writer.drain()
    writer.close()
