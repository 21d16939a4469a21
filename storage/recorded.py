"""Recorded streams: raw messages as lines of JSON, written and read so that not one byte of a message changes.

A line is ``{"received_at": …, "topic": …, "payload": …}``, or the same with ``payload_base64``, in ``.ndjson``,
``.ndjson.gz`` or ``.ndjson.zst``; ``received_at`` in epoch milliseconds (which the writer uses) or ISO 8601. A
``payload``, an object or an array, stands for the bytes of its compact encoding. The reader takes these from the line
as they stand, numbers as they are written (``1.10`` stays ``1.10``), and encodes anew only if there are spaces or
escapes to take away. The writer is stricter: it states a payload as a value only where decoding it and encoding it
again gives the received bytes, so that other programs get them too, and as base64 everywhere else.

Messages come in the order of (`received_at`, file, line). Each file is read through once beforehand to see whether its
lines are in that order already, as those of a recorder are. If not, an index of it is sorted (16 bytes a line), not its
content; that stays in the file, or decompressed in a temporary one.

Source: the contract, section 3 "Recorded streams"; RFC 8259 (JSON), RFC 4648 (base64).
"""

from __future__ import annotations

import binascii
import gzip
import heapq
import mmap
import tempfile
import zlib
from collections import deque
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import IO, TYPE_CHECKING, Annotated, Final, NamedTuple, Self

import msgspec
import numpy as np
import zstandard

from hydro.errors import ConfigError, DecodeError, WatermasterError
from hydro.instants import parse_instant
from storage.compact_json import compact, is_compact
from storage.message import RawMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

__all__ = ["RecordedWriter", "read_recorded"]

_SUFFIXES: Final = (".ndjson", ".ndjson.gz", ".ndjson.zst")
_PIECE_BYTES: Final = 1024 * 1024
_COMPRESSED_PIECE_BYTES: Final = 64 * 1024
_MAX_LINE_BYTES: Final = 512 * 1024 * 1024  # the largest MQTT payload, 256 MiB, in base64
_SORTED_LINES: Final = 4096  # decoded at a time where lines are picked one by one
_BUFFERED_LINES: Final = 1024

# Years 1 to 9999, beyond which no calendar of ours can say when it was.
_Instant = Annotated[int, msgspec.Meta(ge=-62_135_596_800_000, le=253_402_300_799_999)]
_ABSENT: Final = msgspec.Raw()
_OPENERS: Final = frozenset({b"{", b"["})


class _Line(msgspec.Struct, gc=False):
    received_at: _Instant | str
    topic: str
    payload: msgspec.Raw = _ABSENT
    payload_base64: str | msgspec.UnsetType = msgspec.UNSET


class _Time(msgspec.Struct, gc=False):
    received_at: _Instant | str


_LINES: Final = msgspec.json.Decoder(_Line)
_TIMES: Final = msgspec.json.Decoder(_Time)


def read_recorded(
    paths: Sequence[Path], *, zone_minutes: int = 480, scanned: Callable[[int, int], None] = lambda _first, _last: None
) -> Iterator[RawMessage]:
    """Messages of recorded streams in the order of (`received_at`, file, line).

    Args:
        paths: Files; of lines with equal `received_at` those of an earlier file come first.
        zone_minutes: Zone of a `received_at` without offset, minutes east of UTC.
        scanned: Gets the first and the last `received_at` of them all, before the first message; nothing where there
            are no messages.

    Raises:
        ConfigError: A name has none of the three suffixes.
        DecodeError: A line can't be read; the message names file and line.
        WatermasterError: A file can't be read.
    """
    for path in paths:
        _require_suffix(path)
    files = [_RecordedFile(path, zone_minutes) for path in paths]
    # (first received_at, index, file) of those not begun yet; a file is opened only when its turn has come.
    waiting = deque(sorted((at, index, file) for index, file in enumerate(files) if (at := file.scan()) is not None))
    if waiting:
        scanned(waiting[0][0], max(file.latest for file in files if file.latest is not None))
    if len(waiting) == 1:
        yield from waiting[0][2].messages()
        return
    heads: list[tuple[int, int, RawMessage, Iterator[RawMessage]]] = []
    while heads or waiting:
        while waiting and (not heads or waiting[0][:2] < heads[0][:2]):
            _, index, file = waiting.popleft()
            messages = file.messages()
            message = next(messages)
            heapq.heappush(heads, (message.received_at, index, message, messages))
        _, index, message, messages = heads[0]
        yield message
        following = next(messages, None)
        if following is None:
            heapq.heappop(heads)
        else:
            heapq.heapreplace(heads, (following.received_at, index, following, messages))


class RecordedWriter:
    """Writes a recorded stream; the suffix of the name says how it is compressed.

    The same messages make the same bytes: nothing of the present time gets into the file.

    Args:
        path: The file, replaced if it is there.

    Raises:
        ConfigError: The name has none of the three suffixes.
        WatermasterError: It can't be written; so do `write` and `close`.
    """

    def __init__(self, path: Path) -> None:
        _require_suffix(path)
        self._path = path
        self._lines: list[bytes] = []
        with _naming(path):
            self._file: IO[bytes] = path.open("wb")
        self._stream: IO[bytes] | gzip.GzipFile | zstandard.ZstdCompressionWriter = self._file
        if path.suffix == ".gz":
            self._stream = gzip.GzipFile("", "wb", compresslevel=6, fileobj=self._file, mtime=0)
        elif path.suffix == ".zst":
            self._stream = zstandard.ZstdCompressor(write_checksum=True).stream_writer(self._file, closefd=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def write(self, message: RawMessage) -> None:
        """Add a line."""
        payload = message.payload
        if is_compact(payload):
            field = b'"payload":%b' % payload
        else:
            field = b'"payload_base64":"%b"' % binascii.b2a_base64(payload, newline=False)
        self._lines.append(b'{"received_at":%d,"topic":%b,%b}\n' % (message.received_at, _quoted(message.topic), field))
        if len(self._lines) >= _BUFFERED_LINES:
            self._flush()

    def close(self) -> None:
        """Write out what is left, and the end that a compressed file needs."""
        if self._file.closed:
            return
        try:
            self._flush()
            with _naming(self._path):
                if self._stream is not self._file:
                    self._stream.close()
        finally:
            self._file.close()

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        with _naming(self._path):
            self._stream.write(b"".join(lines))


class _Block(NamedTuple):
    """Whole lines of a file, the last one perhaps without its end."""

    number: int
    text: bytes


class _RecordedFile:
    """One file; its lines are counted from 1.

    Attributes:
        latest: Greatest `received_at`, once it was scanned; None where there is no line.
    """

    def __init__(self, path: Path, zone_minutes: int) -> None:
        self._path = path
        self._zone_minutes = zone_minutes
        self._in_order = True
        self.latest: int | None = None

    def scan(self) -> int | None:
        """Least `received_at`, None where there is no line; finds out whether the lines are in order."""
        least = previous = None
        for block in self._blocks():
            times = np.array(self._times(block), dtype=np.int64)
            if not len(times):
                continue
            if (previous is not None and times[0] < previous) or bool((times[1:] < times[:-1]).any()):
                self._in_order = False
            lowest = int(times.min())
            highest = int(times.max())
            least = lowest if least is None else min(least, lowest)
            self.latest = highest if self.latest is None else max(self.latest, highest)
            previous = times[-1]
        return least

    def messages(self) -> Iterator[RawMessage]:
        """All messages, ordered by (`received_at`, line)."""
        if not self._in_order:
            yield from self._sorted_messages()
            return
        for block in self._blocks():
            yield from self._decode(block.text, block.number.__add__)

    def _sorted_messages(self) -> Iterator[RawMessage]:
        times: list[NDArray[np.int64]] = []
        starts: list[NDArray[np.int64]] = []
        at = 0
        for block in self._blocks():
            lines = block.text.split(b"\n")
            ends = np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)) + 1)
            is_line = np.fromiter(map(bool, map(bytes.strip, lines)), np.bool_, len(lines))
            begins = np.concatenate(([0], ends[:-1]))
            starts.append(at + begins[is_line])
            times.append(np.array(self._times(block), dtype=np.int64))
            at += len(block.text)
        start_of = np.concatenate(starts)
        order = np.argsort(np.concatenate(times), kind="stable")
        with self._plain() as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            for begin in range(0, len(order), _SORTED_LINES):
                chosen = start_of[order[begin : begin + _SORTED_LINES]].tolist()
                lines = [text[start : _end_of_line(text, start)] for start in chosen]
                yield from self._decode(b"\n".join(lines), partial(_number_of_line, text, chosen))

    def _decode(self, text: bytes, number_of: Callable[[int], int]) -> list[RawMessage]:
        """Messages of whole lines; `number_of` tells the number in the file of the nth of them, from 0."""
        try:
            lines = _LINES.decode_lines(text)
            times = _instants([line.received_at for line in lines], self._zone_minutes)
            return list(map(RawMessage, [line.topic for line in lines], _payloads(lines, text), times))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise self._bad_line(text, number_of, error) from error

    def _times(self, block: _Block) -> list[int]:
        """`received_at` of the lines of a block; every line is JSON if this returns."""
        text = block.text
        try:
            text.decode()  # what is skipped over would not be looked at
            times = _instants([line.received_at for line in _TIMES.decode_lines(text)], self._zone_minutes)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise self._bad_line(text, block.number.__add__, error) from error
        # One object a line. Usually every line begins with one; where not, the lines are looked at one by one.
        lines = text.count(b"\n") + (not text.endswith(b"\n"))
        is_usual = len(times) == lines == text.count(b"\n{") + text.startswith(b"{")
        if not is_usual and len(times) != sum(map(bool, map(bytes.strip, text.split(b"\n")))):
            raise self._bad_line(text, block.number.__add__, ValueError("more or less than one object in a line"))
        return times

    def _bad_line(self, text: bytes, number_of: Callable[[int], int], error: Exception) -> DecodeError:
        """The error that names the first line at fault of those whose decoding at one go failed."""
        for index, line in enumerate(text.split(b"\n")):
            if not line.strip():
                continue
            try:
                line.decode()
                decoded = _LINES.decode(line)
                _instants([decoded.received_at], self._zone_minutes)
                _payload(decoded)
            except (msgspec.MsgspecError, ValueError, RecursionError) as found:
                return DecodeError("bad_line", f"{self._path}:{number_of(index)}: {found}")
        return DecodeError("bad_line", f"{self._path}: in lines {number_of(0)} and following: {error}")

    def _blocks(self) -> Iterator[_Block]:
        """The text in blocks of whole lines."""
        number = 1
        rest: list[bytes] = []
        for piece in self._pieces():
            end = piece.rfind(b"\n") + 1
            if not end:
                rest.append(piece)
                if sum(map(len, rest)) > _MAX_LINE_BYTES:
                    raise DecodeError("bad_line", f"{self._path}:{number}: longer than {_MAX_LINE_BYTES} bytes")
                continue
            text = b"".join((*rest, piece[:end]))
            rest = [piece[end:]]
            yield _Block(number, text)
            number += text.count(b"\n")
        text = b"".join(rest)
        if text:
            yield _Block(number, text)

    def _pieces(self) -> Iterator[bytes]:
        """The decompressed text in pieces as they come."""
        with _naming(self._path), self._path.open("rb") as file:
            if self._path.suffix == ".zst":
                yield from _zstd_pieces(file)
                return
            stream = gzip.GzipFile(fileobj=file) if self._path.suffix == ".gz" else file
            while piece := stream.read(_PIECE_BYTES):
                yield piece

    @contextmanager
    def _plain(self) -> Iterator[IO[bytes]]:
        """The file, or its decompressed text in a temporary one that has no name."""
        with _naming(self._path):
            if self._path.suffix == ".ndjson":
                with self._path.open("rb") as file:
                    yield file
                return
            with tempfile.TemporaryFile() as file:
                file.writelines(self._pieces())
                file.flush()
                yield file


def _payloads(lines: list[_Line], text: bytes) -> list[bytes]:
    """The received bytes of lines, which were read from this text."""
    # Mostly there is nothing to take away in a whole block, and nothing in base64.
    if not (b" " in text or b"\\" in text or b"\r" in text or b"\t" in text or b"payload_base64" in text):
        payloads = [bytes(line.payload) for line in lines]
        if {payload[:1] for payload in payloads} <= _OPENERS:
            return payloads
    return list(map(_payload, lines))


def _payload(line: _Line) -> bytes:
    """The received bytes of a line."""
    raw, encoded = line.payload, line.payload_base64
    if raw is _ABSENT:
        if encoded is msgspec.UNSET:
            raise ValueError("neither payload nor payload_base64")
        return binascii.a2b_base64(encoded, strict_mode=True)
    if encoded is not msgspec.UNSET:
        raise ValueError("payload and payload_base64")
    payload = bytes(raw)
    if payload[:1] not in _OPENERS:
        raise ValueError("payload is neither an object nor an array")
    return compact(payload)


def _instants(times: list[int | str], zone_minutes: int) -> list[int]:
    return [time if isinstance(time, int) else parse_instant(time, zone_minutes) for time in times]


@lru_cache(maxsize=65536)
def _quoted(topic: str) -> bytes:
    return msgspec.json.encode(topic)


def _end_of_line(text: mmap.mmap, start: int) -> int:
    end = text.find(b"\n", start)
    return len(text) if end < 0 else end


def _number_of_line(text: mmap.mmap, starts: list[int], index: int) -> int:
    """Number in the file of the line that starts at the nth of some offsets."""
    start, number = starts[index], 1
    for begin in range(0, start, _PIECE_BYTES):
        number += text[begin : min(begin + _PIECE_BYTES, start)].count(b"\n")
    return number


def _zstd_pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Decompressed text of one zstd frame after the other."""
    decompressor = zstandard.ZstdDecompressor()
    frame = None
    while compressed := file.read(_COMPRESSED_PIECE_BYTES):
        while compressed:
            frame = frame or decompressor.decompressobj()
            yield frame.decompress(compressed)
            compressed = b""
            if frame.eof:
                compressed, frame = frame.unused_data, None
    if frame is not None:
        raise EOFError("the file ends in the midst of a frame")


def _require_suffix(path: Path) -> None:
    if not path.name.endswith(_SUFFIXES):
        raise ConfigError(f"{path}: the name of a recorded stream ends in {', '.join(_SUFFIXES)}")


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Say which file it is that the system or a decompressor complains about."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
        raise WatermasterError(f"{path}: damaged or cut short: {error}") from error
    except OSError as error:
        raise WatermasterError(f"{path}: {error.strerror or error}") from error
