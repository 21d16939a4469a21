"""What was published and what the broker said of it: counts, waits, and how many in which second."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.publisher.flight import Acknowledged

__all__ = ["Tally", "Timeline", "Waits"]

_STEPS_PER_DOUBLING: Final = 32  # 2.2 % from one to the next
_LEAST_S: Final = 1e-6
_LONGEST_TIMELINE: Final = 3_600


class Waits:
    """How long acknowledgements took: a histogram with steps of 2 %, whatever their number.

    Attributes:
        longest_s: The worst, exact.
    """

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._counts: Counter[int] = Counter()

    def add(self, waited_s: float, count: int) -> None:
        """Note that so many took so long."""
        self.longest_s = max(self.longest_s, waited_s)
        self._counts[round(_STEPS_PER_DOUBLING * math.log2(max(waited_s, _LEAST_S) / _LEAST_S))] += count

    def share_s(self, share: float) -> float | None:
        """What this share of them did not exceed; None without any.

        >>> waits = Waits()
        >>> waits.add(0.010, 99)
        >>> waits.add(0.5, 1)
        >>> round(waits.share_s(0.5), 3), round(waits.share_s(0.99), 3), waits.longest_s
        (0.01, 0.01, 0.5)
        """
        remaining = share * self._counts.total()
        for step in sorted(self._counts):
            remaining -= self._counts[step]
            if remaining <= 0:
                return min(_LEAST_S * math.exp2(step / _STEPS_PER_DOUBLING), self.longest_s)
        return None


class Timeline:
    """Counts by second since the beginning; when there are too many seconds, by two, then by four, and so on.

    Attributes:
        every_s: Seconds of each count.
    """

    def __init__(self) -> None:
        self.every_s = 1
        self._counts: list[int] = []

    def add(self, elapsed_s: float, count: int) -> None:
        """Note so many at an instant."""
        while (place := int(elapsed_s) // self.every_s) >= _LONGEST_TIMELINE:
            pairs = [*self._counts, 0][: len(self._counts) + len(self._counts) % 2]
            self._counts = [first + second for first, second in zip(pairs[::2], pairs[1::2], strict=True)]
            self.every_s *= 2
        self._counts.extend([0] * (place + 1 - len(self._counts)))
        self._counts[place] += count

    @property
    def counts(self) -> Sequence[int]:
        """From the beginning to the last that was noted."""
        return self._counts

    @property
    def peak_per_s(self) -> float:
        """The best of them."""
        return max(self._counts, default=0) / self.every_s


class Tally:
    """Numbers of one publisher; messages of the stream unless another thing is named.

    Args:
        began_at: The real clock, seconds.

    ``taken = acknowledged + sum(refused) + sum(unsendable) + those that are still owed``.

    Attributes:
        taken: Taken over from the stream.
        acknowledged: That the broker acknowledged.
        unheard: Of these, those for which it knew no subscriber: acknowledged, and gone.
        refused: That it refused, by its reason; not sent again.
        unsendable: That MQTT or this broker can't carry, by reason; never sent.
        examples: Topic of the first one with each reason.
        unsent: Taken, and never sent, since somebody stopped.
        resent: Sent once more after a connection was lost.
        outages: How often there was no broker.
        outage_s: How long, together.
        waits: From the last sending to the acknowledgement.
        timeline: Acknowledged, by real second.
        sent_to: `received_at` of the last one taken, epoch milliseconds; None before the first.
        safe_to: All up to this `received_at` are settled; None before the first minute is.
    """

    def __init__(self, began_at: float) -> None:
        self.began_at = began_at
        self.taken = 0
        self.acknowledged = 0
        self.unheard = 0
        self.refused: Counter[str] = Counter()
        self.unsendable: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.resent = 0
        self.unsent = 0
        self.outages = 0
        self.outage_s = 0.0
        self.waits = Waits()
        self.timeline = Timeline()
        self.sent_to: int | None = None
        self.safe_to: int | None = None

    def note_acknowledged(self, found: Acknowledged, now: float) -> None:
        """Count what the broker acknowledged.

        Args:
            found: How many, and how long it took.
            now: The real clock, seconds.
        """
        self.acknowledged += found.messages
        self.waits.add(found.waited_s, found.messages)
        self.timeline.add(now - self.began_at, found.messages)

    def note_refused(self, reason: str, topic: str) -> None:
        """Count what the broker refused."""
        self.refused[reason] += 1
        self.examples.setdefault(reason, topic)

    def note_unsendable(self, reason: str, topic: str) -> None:
        """Count what can't be sent."""
        self.unsendable[reason] += 1
        self.examples.setdefault(reason, topic)

    @property
    def owed(self) -> int:
        """Messages taken that are not settled."""
        return self.taken - self.acknowledged - self.refused.total() - self.unsendable.total()
