"""What one write request to InfluxDB 1.x holds, and what the server's refusal says about its lines.

A batch is freed of repeated keys (overwriting inside one request isn't dependable on every InfluxDB), cut into requests
of at most 10,000 points and compressed. Where the server refuses a request, its words tell in which order the bad lines
are likely to lie together, so that a few halvings find them however many there are.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from storage.store import Rejection

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hydro.columns import Observations
    from storage.lineprotocol import LineEncoder

__all__ = [
    "MAX_POINTS",
    "Refusal",
    "WriteRequest",
    "compress",
    "last_of_each_key",
    "observation_requests",
    "request_of_lines",
]

MAX_POINTS: Final = 10_000
"""Points in a request. Source: InfluxDB 1.x, "Write data": batches of 5,000 to 10,000 points."""

# Level 1 of zlib takes 0.3 us a line and leaves 17 %; level 6 four times as long for 13 %. 16 + 15: gzip, full window.
_GZIP_LEVEL: Final = 1
_GZIP_WINDOW: Final = 31

_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
"""2**64 / golden ratio: spreads series numbers so that different keys seldom mix to the same word."""


@dataclass(frozen=True, slots=True, eq=False)
class WriteRequest:
    """One body.

    Attributes:
        body: The lines, gzip.
        row: Row of the batch, per line.
        series: What the lines of one series have in common, per line.
        event_time: Epoch milliseconds, per line.
    """

    body: bytes
    row: NDArray[np.intp]
    series: NDArray[np.int64]
    event_time: NDArray[np.int64]

    def lines(self) -> list[bytes]:
        """The lines, without line ends."""
        return zlib.decompress(self.body, _GZIP_WINDOW).removesuffix(b"\n").split(b"\n")

    def order(self, refusal: Refusal) -> list[int]:
        """Numbers of the lines in an order in which those that ``refusal`` speaks of lie together."""
        by_series = (self.event_time, self.series)
        by_time = (self.series, self.event_time)
        order: list[int] = np.lexsort(by_series if refusal.concerns_series else by_time).tolist()
        return order


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the server didn't take all lines of a request.

    Attributes:
        reason: The server's words.
        dropped: How many lines of the request it is known to have dropped, at least; all of them when none was taken.
        concerns_series: A limit on series or tag values was reached, so that the bad lines are those of certain series.
    """

    reason: str
    dropped: int
    concerns_series: bool

    @classmethod
    def of(cls, message: str, lines: int) -> Refusal | None:
        """Read the message of an answer 400.

        Args:
            message: What stands under ``error``.
            lines: Number of lines in the request.

        Returns:
            None where the message isn't about lines: then the whole request is at fault.

        Source: InfluxDB 1.6.7, tried. Points of one shard that conflict are counted and the others written; a message
        that begins with "unable to parse" means that no line could be read.
        """
        if message.startswith("unable to parse"):
            return cls(message, lines, concerns_series=False)
        if not message.startswith(("partial write", "field type conflict")):
            return None
        found = re.search(r" dropped=(\d+)$", message)
        reason = message.removeprefix("partial write: ")
        if found:
            reason = reason.removesuffix(found[0])
        return cls(reason, int(found[1]) if found else 0, concerns_series="limit exceeded" in message)

    @classmethod
    def too_large(cls) -> Refusal:
        """An answer 413: fewer lines may pass."""
        return cls("larger than the server takes", 0, concerns_series=False)


def compress(lines: bytes) -> bytes:
    """Gzip."""
    return zlib.compress(lines, _GZIP_LEVEL, _GZIP_WINDOW)


def last_of_each_key(series: NDArray[np.int64], event_time: NDArray[np.int64]) -> NDArray[np.intp]:
    """Rows that no later row with the same series and event time replaces, in their order.

    >>> last_of_each_key(np.array([7, 7, 8, 7]), np.array([1, 2, 1, 1])).tolist()
    [1, 2, 3]
    """
    # Equal keys mix to equal words, so distinct words prove distinct keys; sorting words is cheaper than sorting pairs.
    mixed = np.sort(series.astype(np.uint64) * _ODD + event_time.astype(np.uint64))
    if not (mixed[1:] == mixed[:-1]).any():
        return np.arange(len(series))
    order = np.lexsort((event_time, series))  # stable: rows of one key stay in their order
    sorted_series, sorted_time = series[order], event_time[order]
    last = np.ones(len(order), np.bool_)
    last[:-1] = (sorted_series[1:] != sorted_series[:-1]) | (sorted_time[1:] != sorted_time[:-1])
    return np.sort(order[last])


def observation_requests(rows: Observations, encoder: LineEncoder) -> tuple[list[WriteRequest], list[Rejection]]:
    """Requests that write a batch, in its order, and the rows that can't be written at all."""
    encodable = encoder.encodable(rows.series)
    refused = [Rejection(row, "the station's code can't be a tag") for row in np.flatnonzero(~encodable).tolist()]
    kept = np.flatnonzero(encodable)
    kept = kept[last_of_each_key(rows.series[kept], rows.event_time[kept])]
    requests = []
    for start in range(0, len(kept), MAX_POINTS):
        row = kept[start : start + MAX_POINTS]
        part = rows.take(row)
        requests.append(WriteRequest(compress(encoder.encode(part)), row, part.series, part.event_time))
    return requests, refused


def request_of_lines(lines: list[bytes], rows: list[int]) -> WriteRequest:
    """A request of lines that are encoded already; ``rows`` says where they come from."""
    same = np.zeros(len(lines), np.int64)
    return WriteRequest(compress(b"\n".join(lines)), np.array(rows, np.intp), same, same)
