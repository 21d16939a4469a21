"""Dead letters read once more: after a station was registered, or a decoder mended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeAlias

from storage.message import RawMessage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from storage.dead_letters import DeadLetterFile
    from storage.journal import JournalBatch

__all__ = ["Reread"]

Append: TypeAlias = "Callable[[Sequence[RawMessage]], Awaitable[JournalBatch]]"

_MOST_BYTES: Final = 8_000_000


class Reread:
    """Puts the messages of dead letters into the journal again, and lets go of the letters when that is safe.

    What is refused again is a dead letter again, under its new number. After a crash in between a message may be in
    the journal twice more, which changes nothing.

    Args:
        letters: Where they lie.
        appending: Gives the way into the journal, None until something collects in this process.
    """

    def __init__(self, letters: DeadLetterFile, appending: Callable[[], Append | None]) -> None:
        self._letters = letters
        self._appending = appending

    async def __call__(self, positions: Sequence[int]) -> dict[str, int | None] | None:
        """See :class:`dashboards.console.admin_routes.Reread`."""
        append = self._appending()
        if append is None:
            return None
        messages = 0
        first: int | None = None
        last: int | None = None
        for part in self._parts(await asyncio.to_thread(self._messages, positions)):
            batch = await append([message for _, message in part])
            await asyncio.to_thread(self._letters.remove, [position for position, _ in part])
            messages += len(part)
            first = batch.first if first is None else first
            last = batch.first + len(part) - 1
        return {"messages": messages, "first": first, "last": last}

    def _messages(self, positions: Sequence[int]) -> list[tuple[int, RawMessage]]:
        """In the order in which they came; those that are not there any more are left out."""
        found = []
        for position in sorted(set(positions)):
            letters = self._letters.at(position)
            if letters:
                one = letters[0]
                found.append((position, RawMessage(one.topic, one.payload, one.received_at)))
        return found

    @staticmethod
    def _parts(messages: Sequence[tuple[int, RawMessage]]) -> Iterator[list[tuple[int, RawMessage]]]:
        part: list[tuple[int, RawMessage]] = []
        size = 0
        for each in messages:
            if part and size + len(each[1].payload) > _MOST_BYTES:
                yield part
                part, size = [], 0
            part.append(each)
            size += len(each[1].payload)
        if part:
            yield part
