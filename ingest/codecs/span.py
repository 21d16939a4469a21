"""What a frame reader says about one place of a buffer; every protocol's ``read_frame`` answers with these.

A reader looks at one place only and does a bounded amount of work. The caller moves on: behind a complete frame, or to
the end of what is junk.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Complete", "Junk", "NeedMore", "Reading"]


class Complete(NamedTuple):
    """A whole frame whose check sum is right.

    Attributes:
        end: Index behind its last byte.
    """

    end: int


class NeedMore(NamedTuple):
    """So far a frame may begin here.

    Attributes:
        length: Bytes, counted from the place asked about, without which asking again is useless.
    """

    length: int


class Junk(NamedTuple):
    """No frame begins here.

    Attributes:
        end: Index of the next byte at which one may begin, or of the end of the buffer.
        reason: Word of the protocol's closed list; ``not_a_start`` where nothing looked like a frame.
    """

    end: int
    reason: str


Reading = Complete | NeedMore | Junk
