"""Counts of what a station has seen on its line."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Tally"]

_LAST: Final = 1_000


@dataclass(slots=True)
class Tally:
    """What has happened on the line so far.

    Attributes:
        sent: Exchanges sent for the first time.
        resent: Exchanges sent again.
        confirmed: Exchanges confirmed.
        late: Of these, those that caught up on older samples.
        gave_up: Exchanges without confirmation after the last resend.
        packets_again: Packets sent again because the centre asked for them.
        asked: Questions and commands.
        unanswered: Of these, those that got no answer.
        dropped: Answers dropped because too many waited.
        waited_ms: From sending to confirmation, of the last exchanges that were confirmed at the first attempt.
    """

    sent: int = 0
    resent: int = 0
    confirmed: int = 0
    late: int = 0
    gave_up: int = 0
    packets_again: int = 0
    asked: int = 0
    unanswered: int = 0
    dropped: int = 0
    waited_ms: deque[int] = field(default_factory=lambda: deque(maxlen=_LAST))
