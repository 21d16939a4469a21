"""Lists in pages: ``{"items": […], "next": cursor}``. A cursor is opaque and stays good whatever is added."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from typing import Annotated, Any, Final

import msgspec
from fastapi import Query
from starlette.responses import Response

from hydro.errors import ConfigError

__all__ = ["Cursor", "Limit", "as_json", "decode_cursor", "encode_cursor", "page"]

_LONGEST_CURSOR: Final = 1_000

Limit = Annotated[int, Query(ge=1, le=1_000, description="At most so many items.")]
Cursor = Annotated[str | None, Query(max_length=_LONGEST_CURSOR, description="`next` of the page before.")]


def encode_cursor(text: str) -> str:
    """The cursor that stands for a place in a list."""
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """The place that a cursor stands for.

    Raises:
        ConfigError: It is none of ours.

    >>> decode_cursor(encode_cursor("站"))
    '站'
    """
    try:
        return b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except ValueError as error:
        raise ConfigError("cursor is none that a page ended with") from error


def as_json(content: Any, status: int = 200) -> Response:  # noqa: ANN401  # whatever JSON has
    """An answer in JSON."""
    return Response(msgspec.json.encode(content), status, {"cache-control": "no-store"}, "application/json")


def page(items: Any, following: str | None) -> Response:  # noqa: ANN401  # whatever JSON has
    """One page of a list."""
    return as_json({"items": items, "next": following})
