"""Parts of split messages among frames that came together: which of them make a whole.

Parts count down to 1. A resend repeats the content of the part before. Nothing tells the first part: what stands first
here is taken for it, so frames that came together must not begin in the middle of a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ingest.codecs.slt427.header import Direction

if TYPE_CHECKING:
    from ingest.codecs.slt427.frame import Frame

__all__ = ["Countdown", "is_part"]

_Key: TypeAlias = tuple[str, int, int]
"""Address, function, data type."""


def is_part(frame: Frame) -> bool:
    """Whether a station sent it as a part of a split message."""
    return frame.control.direction is Direction.UP and frame.control.parts_left is not None


class Countdown:
    """Puts parts together.

    Attributes:
        alone: Parts so far that belong to no whole.
    """

    def __init__(self) -> None:
        self.alone = 0
        self._open: dict[_Key, list[Frame]] = {}

    def take(self, part: Frame) -> list[Frame] | None:
        """All parts of the message that this one completes; None where it doesn't."""
        key = (part.address.key, part.function, int(part.control.data_type))
        known = self._open.setdefault(key, [])
        self.alone += 1
        if known and _repeats(part, known[-1]):
            known.pop()
        elif not known or part.control.parts_left != (known[-1].control.parts_left or 0) - 1:
            known.clear()
        known.append(part)
        if part.control.parts_left != 1 or len(known) == 1:
            return None
        self.alone -= len(known)
        return self._open.pop(key)


def _repeats(part: Frame, before: Frame) -> bool:
    return (part.control.parts_left, part.content) == (before.control.parts_left, before.content)
