"""The compact encoding of a JSON value: no white space between tokens, UTF-8, escapes only where JSON demands them.

A recorded stream states a payload as a value only where this encoding gives the received bytes back.
"""

from __future__ import annotations

import json
import re
from typing import Final, NoReturn

import msgspec

__all__ = ["compact", "is_compact"]

_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
# Decoders refuse a depth somewhere near 1,000; who reads the line may have used up some of that.
_MAX_DEPTH: Final = 64


def compact(text: bytes) -> bytes:
    r"""The compact encoding of a JSON value, numbers as they are written.

    Args:
        text: Valid JSON.

    >>> compact(b'{"a": [1.10, 1e3], "b": "x \\u6d41\\/"}').decode()
    '{"a":[1.10,1e3],"b":"x 流/"}'
    """
    if b" " in text or b"\t" in text or b"\r" in text or b"\n" in text:
        text = msgspec.json.format(text, indent=-1)
    if b"\\" in text:
        text = _STRING.sub(_unescaped, text)
    return text


def is_compact(text: bytes) -> bool:
    """Whether bytes are an object or an array just as ``json.dumps(json.loads(text))`` would write it compactly.

    Not so: what is no JSON; numbers written otherwise (``1.10``, ``1e3``), needless escapes, a key that occurs twice.
    False also for values nested deeper than 64, which not every decoder takes.

    >>> is_compact(b'{"a":1.5}'), is_compact(b'{"a": 1.5}'), is_compact(b'{"a":1.50}'), is_compact(b"NaN")
    (True, False, False, False)
    """
    if text[:1] not in {b"{", b"["}:
        return False
    try:
        return _ENCODER.encode(_DECODER.decode(text.decode())).encode() == text and not _is_deep(text)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or too deep
        return False


def _unescaped(token: re.Match[bytes]) -> bytes:
    string = token[0]
    if b"\\" not in string:
        return string
    try:
        return json.dumps(json.loads(string), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return string  # half of a surrogate pair has no UTF-8: it can only stand as an escape


def _is_deep(text: bytes) -> bool:
    if text.count(b"[") + text.count(b"{") <= _MAX_DEPTH:
        return False
    depth = deepest = 0
    for bracket in _STRING.sub(b"", text).translate(None, _BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest > _MAX_DEPTH


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
