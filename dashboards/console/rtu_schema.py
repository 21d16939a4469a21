"""Shapes of requests and answers about RTUs; see :mod:`dashboards.console.schema`."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ingest.tcp.commands import Verb
from ingest.tcp.exchange import Outcome

__all__ = ["Rtu", "RtuCommand", "RtuCommandShown", "RtuCommands", "Rtus"]

_WEEK_S = 604_800
_DAY_MIN = 1_440


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Rtu(_Shape):
    """An RTU that was heard since the start of the collector."""

    station: str | None = Field(description="Null for an address that the register doesn't know.")
    protocol: str
    address: str = Field(description="Ten hex digits.")
    connected: bool
    peer: str | None = Field(description="Address and port, or the gateway's name.")
    since: AwareDatetime | None
    heard_at: AwareDatetime
    frames: int
    clock_offset_s: int | None = Field(description="How far its clock is ahead, as it last told it.")


class Rtus(_Shape):
    """A page of RTUs."""

    items: list[Rtu]
    next: str | None


class RtuCommand(_Shape):
    """What an RTU is asked or told."""

    command: Verb
    elements: list[str] = Field(
        [], max_length=64, description="Of `now` and `history`: quantities, or identifiers such as `39`; `all`."
    )
    from_: str | None = Field(None, alias="from", max_length=40, description="Of `history`, ISO 8601.")
    to: str | None = Field(None, max_length=40, description="Of `history`, ISO 8601.")
    step_min: int = Field(5, ge=0, le=99 * _DAY_MIN, description="Of `history` over SL 651: minutes between values.")
    parameters: list[str] = Field([], max_length=64, description="Of `read`: identifiers; one function of SL/T 427.")
    values: dict[str, str] = Field({}, max_length=64, description="Of `set`: identifier and value.")
    password: str = Field("0000", pattern="^[0-9]{4}$", description="Of settings over SL/T 427.")
    by: str | None = Field(None, max_length=64, description="Who; the address of the client where nothing is said.")
    comment: str = Field("", max_length=1_000, description="Why.")
    valid_s: int = Field(60, ge=1, le=_WEEK_S, description="So long it waits for an RTU that is off line.")
    wait_s: int = Field(30, ge=0, le=60, description="So long the answer to this request is held back.")


class RtuCommandShown(_Shape):
    """A command as it stands in the log."""

    id: int
    station: str
    protocol: str | None
    address: str | None
    command: dict[str, Any]
    by: str
    comment: str
    asked_at: AwareDatetime
    sent_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    tries: int
    outcome: Outcome
    detail: str
    sent: str = Field(description="Bytes that were last sent, hex.")
    answer: str = Field(description="Bytes that came back, hex; at most 65,536.")
    explained: list[dict[str, Any]] = Field(description="What the answer says, a frame each.")


class RtuCommands(_Shape):
    """A page of the log of commands."""

    items: list[RtuCommandShown]
    next: str | None
