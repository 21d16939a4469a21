"""What a backup says of itself: its head, which is read before anything else, and its manifest at the end."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from hydro.errors import FormatVersionError, WatermasterError

__all__ = ["FORMAT", "Head", "Manifest", "Member", "Positions", "decode_head", "decode_manifest"]

FORMAT: Final = 1

T = TypeVar("T")


class Member(msgspec.Struct, frozen=True):
    """A file in the archive.

    Attributes:
        name: As in :mod:`watermaster.backup.members`.
        size: Bytes.
        sha256: Of its bytes, hexadecimal.
    """

    name: str
    size: int
    sha256: str


class Positions(msgspec.Struct, frozen=True):
    """Journal positions; each reader's is at most the journal's last.

    Attributes:
        journal_first: First message held; one past the last where there is none.
        journal_last: Last message held.
        store: Up to where the state of the store's reader is true; None where this reader kept nothing here.
        store_file: Up to where the embedded store has everything; None where there is none.
        rules: Up to where the state of the rules is true; None likewise.
        ledger: Up to where the ledger has the rules' effect, not below ``rules``; None where it is a server's.
    """

    journal_first: int = 1
    journal_last: int = 0
    store: int | None = None
    store_file: int | None = None
    rules: int | None = None
    ledger: int | None = None


class Head(msgspec.Struct, frozen=True):
    """Of which format a backup is, and where it comes from.

    Attributes:
        format: Of the archive; members have formats of their own.
        version: Of the program that made it.
        created_at: ISO 8601.
        store: Kind of the store, as in its address: ``duckdb``, ``influxdb`` …
        ledger: Kind of the ledger, likewise.
        config: Hash of the register and of ``time.*``.
    """

    format: int
    version: str
    created_at: str
    store: str
    ledger: str
    config: str


class Manifest(msgspec.Struct, frozen=True):
    """The last member.

    Attributes:
        members: All others, in their order.
        positions: Of what is in them.
        left_out: What was not copied, with the reason, for people.
    """

    members: list[Member]
    positions: Positions
    left_out: list[str]


def decode_head(text: bytes, archive: str) -> Head:
    """Read the first member.

    Args:
        text: Its bytes.
        archive: Name of the archive, for messages.

    Raises:
        FormatVersionError: A later version of the program made it.
        WatermasterError: It is no head.
    """
    found: object = _decoded(text, dict[str, object], archive).get("format")
    if found != FORMAT:
        raise FormatVersionError(archive, found, FORMAT)
    return _decoded(text, Head, archive)


def decode_manifest(text: bytes, archive: str) -> Manifest:
    """Read the last member.

    Raises:
        WatermasterError: It is no manifest.
    """
    return _decoded(text, Manifest, archive)


def _decoded(text: bytes, shape: type[T], archive: str) -> T:
    try:
        return msgspec.json.decode(text, type=shape)
    except msgspec.MsgspecError as error:
        raise WatermasterError(f"{archive}: not a backup of this program: {error}") from error
