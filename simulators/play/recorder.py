"""A recorded stream: messages as lines of JSON, so that not one byte of them changes.

A line is ``{"received_at":…,"topic":…,"payload":…}`` where the payload is the compact encoding of an object or an
array, and the same with ``payload_base64`` where it is anything else. Payloads of which `Arrivals.compact` says so are
put into the line as they stand; all others are looked at.

The same messages make the same bytes: nothing of the present time gets into the file.

Source: the contract, section 3 "Recorded streams"; RFC 8259 (JSON), RFC 4648 (base64).
"""

from __future__ import annotations

import binascii
import gzip
import json
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Final, NoReturn, Self

import numpy as np
import zstandard

from hydro.errors import ConfigError, WatermasterError
from simulators.play.arrivals import Arrivals

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

    from simulators.play.arrivals import Arrival

__all__ = ["Recorder", "is_compact"]

_SUFFIXES: Final = (".ndjson", ".ndjson.gz", ".ndjson.zst")
_GZIP_LEVEL: Final = 6
_ZSTD_LEVEL: Final = 3
_DEEPEST: Final = 64
"""Readers refuse values nested deeper than some hundreds."""


class Recorder:
    """Writes a recorded stream; the suffix of the name says how it is compressed.

    Args:
        path: The file, replaced if it is there.

    Raises:
        ConfigError: The name has none of the three suffixes.
        WatermasterError: It can't be written; so do `write` and `close`.

    Attributes:
        messages: Written so far.
    """

    def __init__(self, path: Path) -> None:
        if not path.name.endswith(_SUFFIXES):
            raise ConfigError(f"{path}: the name of a recorded stream ends in {', '.join(_SUFFIXES)}")
        self.messages = 0
        self._path = path
        self._latest: int | None = None
        try:
            self._file: IO[bytes] = path.open("wb")
        except OSError as error:
            raise self._failed(error) from error
        self._stream: IO[bytes] | gzip.GzipFile | zstandard.ZstdCompressionWriter = self._file
        if path.suffix == ".gz":
            self._stream = gzip.GzipFile("", "wb", compresslevel=_GZIP_LEVEL, fileobj=self._file, mtime=0)
        elif path.suffix == ".zst":
            compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
            self._stream = compressor.stream_writer(self._file, closefd=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def write(self, messages: Iterable[Arrival]) -> None:
        """Add messages.

        Args:
            messages: In order of arrival, behind those written before.

        Raises:
            ValueError: One arrives before the one in front of it.
        """
        arrivals = messages if isinstance(messages, Arrivals) else _unknown(messages)
        if not len(arrivals):
            return
        times = arrivals.received_at
        if sorted(times) != times or (self._latest is not None and times[0] < self._latest):
            raise ValueError(f"{self._path}: messages are not in order of arrival, behind {self._latest} ms")
        self._latest = times[-1]
        text = b"".join(_lines(arrivals))
        try:
            self._stream.write(text)
        except OSError as error:
            raise self._failed(error) from error
        self.messages += len(arrivals)

    def close(self) -> None:
        """Write out what is left, and the end that a compressed file needs."""
        if self._file.closed:
            return
        try:
            with self._file:
                if self._stream is not self._file:
                    self._stream.close()
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> WatermasterError:
        return WatermasterError(f"{self._path}: {error.strerror or error}")


def _lines(arrivals: Arrivals) -> list[bytes]:
    topics = map(_quoted, arrivals.topic)
    if arrivals.compact.all():
        parts = zip(arrivals.received_at, topics, arrivals.payload, strict=True)
        return [b'{"received_at":%d,"topic":%b,"payload":%b}\n' % part for part in parts]
    fields = [
        b'"payload":%b' % payload
        if compact or is_compact(payload)
        else b'"payload_base64":"%b"' % binascii.b2a_base64(payload, newline=False)
        for payload, compact in zip(arrivals.payload, arrivals.compact.tolist(), strict=True)
    ]
    return [
        b'{"received_at":%d,"topic":%b,%b}\n' % part for part in zip(arrivals.received_at, topics, fields, strict=True)
    ]


def is_compact(text: bytes) -> bool:
    """Whether bytes are an object or an array just as ``json.dumps(json.loads(text))`` would write it compactly.

    >>> is_compact(b'{"a":1.5}'), is_compact(b'{"a": 1.5}'), is_compact(b'{"a":0.00001}'), is_compact(b"online")
    (True, False, False, False)
    """
    if text[:1] not in {b"{", b"["}:
        return False
    try:
        value = _DECODER.decode(text.decode())
        return _ENCODER.encode(value).encode() == text and _depth(value) <= _DEEPEST
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or too deep
        return False


def _depth(value: object) -> int:
    """How deep objects and arrays are nested."""
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if members is None else 1 + max(map(_depth, members), default=0)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=65_536)
def _quoted(topic: str) -> bytes:
    return json.dumps(topic, ensure_ascii=False).encode()


def _unknown(messages: Iterable[Arrival]) -> Arrivals:
    """Messages of which nobody knows how they were written."""
    listed = list(messages)
    return Arrivals(
        [received_at for received_at, _, _ in listed],
        [topic for _, topic, _ in listed],
        [payload for _, _, payload in listed],
        np.zeros(len(listed), np.bool_),
    )
