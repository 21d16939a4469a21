"""A wire between client and broker that a test can cut or make deaf."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.servers.process import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Proxy:
    """Forwards TCP to a broker.

    Attributes:
        port: Where it listens.
        swallows: While set, bytes from the client are taken and thrown away.
        deaf: While set, bytes from the broker are taken and thrown away.
        refuses: While set, new connections are closed at once.
        accepted: Connections so far.
    """

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.swallows = False
        self.deaf = False
        self.refuses = False
        self.accepted = 0
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Break all connections that there are, as a pulled plug does."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection until an end of it is gone."""
        self.accepted += 1
        if self.refuses:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        try:
            up = asyncio.create_task(self._forward(reader, far_writer, from_broker=False))
            down = asyncio.create_task(self._forward(far_reader, writer, from_broker=True))
            try:
                await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                up.cancel()
                down.cancel()
                await asyncio.gather(up, down, return_exceptions=True)
        finally:
            self._writers -= {writer, far_writer}
            writer.transport.abort()
            far_writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_broker: bool) -> None:
        try:
            while piece := await reader.read(65_536):
                if self.deaf if from_broker else self.swallows:
                    continue
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            return


@asynccontextmanager
async def proxied(target: int) -> AsyncIterator[Proxy]:
    """Run a proxy to a broker on this machine."""
    proxy = Proxy(target)
    talks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(proxy.serve(reader, writer))
        talks.add(task)
        task.add_done_callback(talks.discard)

    server = await asyncio.start_server(accept, HOST, proxy.port)
    try:
        yield proxy
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await server.wait_closed()
