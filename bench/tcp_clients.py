"""RTUs in a process of their own: connect, report once within a window, wait for the answer.

Arguments: host, port, how many, seconds of the window. Prints one JSON object: milliseconds from sending to the answer,
and how many had none.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from typing import cast

from hydro.instants import DAY_MS
from ingest.codecs.sl651 import encode_frame
from ingest.codecs.sl651.compose import number, slots
from ingest.codecs.sl651.control import Coding, Control, Direction, Function
from ingest.codecs.sl651.frame import Frame, Message, StationMark, TimeMark
from ingest.codecs.sl651.wiretime import digits_of

FROM_ONE_ADDRESS = 500
CONNECTING_TOGETHER = 200
ANSWER_S = 30.0


def address(index: int) -> str:
    """Address of a station on the wire."""
    return f"00{10_000_000 + index}"


def hourly(index: int, at: int) -> bytes:
    """An hourly report: twelve slots of rain and of stage, a stage, a voltage."""
    sent = digits_of(at, 480)
    items = (
        StationMark(address(index), "H"),
        TimeMark(sent[:10]),
        slots("F4", [0] * 12),
        slots("F5", [100 + index % 100] * 12),
        number("39", 7),
        number("38", 12),
    )
    message = Message(index % 65_535 + 1, sent, items)
    frame = Frame(Coding.HEX, Direction.UP, 1, address(index), "1234", Function.HOURLY, None, Control.ETX, message)
    return encode_frame(frame)


class Client(asyncio.Protocol):
    """One RTU."""

    def __init__(self) -> None:
        self.sent_at = 0.0
        self.answered = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self._transport = cast("asyncio.Transport", transport)

    def report(self, data: bytes) -> None:
        """Send."""
        assert self._transport is not None
        self.sent_at = time.perf_counter()
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        """Note when the answer came."""
        del data
        if not self.answered.done():
            self.answered.set_result((time.perf_counter() - self.sent_at) * 1_000)


async def main(host: str, port: int, count: int, window_s: float) -> None:
    """Run them."""
    loop = asyncio.get_running_loop()
    clients: list[Client] = []
    for first in range(0, count, CONNECTING_TOGETHER):
        made = await asyncio.gather(
            *(
                loop.create_connection(Client, host, port, local_addr=(f"127.0.0.{2 + index // FROM_ONE_ADDRESS}", 0))
                for index in range(first, min(count, first + CONNECTING_TOGETHER))
            )
        )
        clients += [client for _, client in made]
    at = time.time_ns() // 1_000_000 // DAY_MS * DAY_MS
    frames = [hourly(index, at) for index in range(count)]
    rng = random.Random(5_000)
    began = loop.time() + 1.0
    for client, data in zip(clients, frames, strict=True):
        loop.call_at(began + rng.uniform(0, window_s), client.report, data)
    done, missing = await asyncio.wait([client.answered for client in clients], timeout=window_s + ANSWER_S)
    print(json.dumps({"ms": [future.result() for future in done], "unanswered": len(missing)}))
    sys.stdout.flush()
    sys.stdin.readline()  # stay connected until told


if __name__ == "__main__":
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
