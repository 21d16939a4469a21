"""Browsers that look at the first page: each listens to events and fetches the parts that changed.

``python -m bench.page_clients PORT BROWSERS SECONDS STATION``; prints events and parts received.
"""

from __future__ import annotations

import asyncio
import json
import sys

import aiohttp


async def _browser(session: aiohttp.ClientSession, query: str, counts: dict[str, int]) -> None:
    etags: dict[str, str] = {}
    async with session.get(f"/api/v1/events?{query}") as events:
        async for line in events.content:
            if not line.startswith(b"data: "):
                continue
            counts["events"] += 1
            for part in json.loads(line.removeprefix(b"data: "))["parts"]:
                headers = {"If-None-Match": etags[part]} if part in etags else {}
                async with session.get(f"/page/fragment/{part}?{query}&lang=zh", headers=headers) as answer:
                    counts["bytes"] += len(await answer.read())
                    counts["parts"] += 1
                    etags[part] = answer.headers["etag"]


async def _main(port: int, browsers: int, seconds: float, station: str) -> None:
    counts = {"events": 0, "parts": 0, "bytes": 0}
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", connector=connector, timeout=timeout) as session:
        looking = [asyncio.create_task(_browser(session, f"station={station}", counts)) for _ in range(browsers)]
        await asyncio.sleep(seconds)
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
    print(json.dumps(counts))


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]))
