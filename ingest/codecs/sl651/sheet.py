"""Rows of one station in one report, until all of it has been read.

Three things can't be told before that: whether an element of a higher rank is needed, what the relative stages of an
hour are relative to, and hence which rows there are.

Relative stages are stage less a base that the frame doesn't carry. Where the profile knows the base it is added. Else
the report's own stage gives it: at the slot of the same time both are the same water, so base = stage - slot, to the
centimetre that a slot has. Without either the group is not read: a guessed base would be a false fall of the river.

Source: SL 651-2014 annex C (F5 to FC), in the approval drafts; conventions of the hourly report as in the frames V005,
V095, V129, V137 and V147.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.instants import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.codecs.readings import Readings
    from ingest.codecs.sl651.mapping import Profile

__all__ = ["NO_STAGE", "SLOT_MS", "Relative", "Second", "Sheet", "first_slot"]

SLOT_MS: Final = 5 * MINUTE_MS
_HOUR_OF_SLOTS: Final = 11 * SLOT_MS
NO_STAGE: Final = 0xFFFF
"""A relative stage that is missing."""
_CENTIMETRE: Final = 10_000  # millionths of a metre
_PROMPT: Final = range(50 * MINUTE_MS, 60 * MINUTE_MS + 1)


Second = tuple[int, str | None, int, int, int | None]
"""Rank, station (None: the sender), quantity, time and value (None: missing) of a row that counts only where no row of
a lower rank has its station, quantity and time."""


class Relative(NamedTuple):
    """Relative stages of whole hours.

    Attributes:
        tag: Identifier.
        first: Time of the first, the others follow every five minutes.
        counts: Centimetres, :data:`NO_STAGE` where missing.
    """

    tag: str
    first: int
    counts: Sequence[int]


class Sheet:
    """Rows of one station; items of the four lists at one place belong together.

    Args:
        station: Its code.
        profile: How its elements are read.
    """

    __slots__ = (
        "ignored", "missing", "profile", "quantity", "relative", "seconds", "station", "time", "value",
    )  # fmt: skip

    def __init__(self, station: str, profile: Profile) -> None:
        self.station = station
        self.profile = profile
        self.quantity: list[int] = []
        self.time: list[int] = []
        self.value: list[int] = []
        self.missing: list[bool] = []
        self.seconds: list[Second] = []
        self.relative: list[Relative] = []
        self.ignored = 0

    def add(self, quantity: int, time: int, value: int | None) -> None:
        """Append a row; None is missing."""
        self.quantity.append(quantity)
        self.time.append(time)
        self.value.append(value or 0)
        self.missing.append(value is None)

    def put(self, station: str | None, quantity: int, time: int, value: int | None) -> None:
        """Append a row of another station, or with None of this one."""
        if station is None:
            self.add(quantity, time, value)
        else:
            self.seconds.append((0, station, quantity, time, value))

    def settle(self, message: int, out: Readings) -> None:
        """Append the rows to ``out``; the sheet is used up."""
        elsewhere: list[Second] = []
        if self.seconds:
            self._rank(elsewhere)
        for relative in self.relative:
            self._raise(relative, elsewhere)
        size = len(self.quantity)
        out.message += [message] * size
        out.station += [self.station] * size
        out.quantity += self.quantity
        out.event_time += self.time
        out.value += self.value
        out.missing += self.missing
        for _, station, quantity, time, value in elsewhere:
            out.message.append(message)
            out.station.append(station or self.station)
            out.quantity.append(quantity)
            out.event_time.append(time)
            out.value.append(value or 0)
            out.missing.append(value is None)
        out.unknown_keys += self.ignored

    def _rank(self, elsewhere: list[Second]) -> None:
        """Take the rows of a higher rank whose quantity and time are free."""
        taken: set[tuple[str, int, int]] = set()
        for row in sorted(self.seconds, key=itemgetter(0)):
            _, station, quantity, time, value = row
            if station is not None:
                key = station, quantity, time
                if key in taken:
                    self.ignored += 1
                else:
                    taken.add(key)
                    elsewhere.append(row)
            elif quantity in self.quantity and (quantity, time) in zip(self.quantity, self.time, strict=True):
                self.ignored += 1
            else:
                self.add(quantity, time, value)

    def _raise(self, relative: Relative, elsewhere: list[Second]) -> None:
        """Take the stages of a group whose base is known or can be told; of another group what is missing."""
        tag, first, counts = relative
        rule = self.profile.rules[tag]
        quantity = int(rule.quantity)
        size = len(counts)
        own = self._own_rows(quantity, first, size) if rule.station is None else {}
        base = self.profile.stage_base.get(tag)
        if base is None:
            for number, row in own.items():
                if counts[number] != NO_STAGE and not self.missing[row]:
                    base = self.value[row] - counts[number] * _CENTIMETRE
        if base is not None and NO_STAGE not in counts and own.keys() == {size - 1}:
            # As in nearly every report: all there, and the last slot is the stage that was read already.
            self.quantity += [quantity] * (size - 1)
            self.time += range(first, first + (size - 1) * SLOT_MS, SLOT_MS)
            self.value += [base + count * _CENTIMETRE for count in counts[:-1]]
            self.missing += [False] * (size - 1)
            return
        unknown = 0
        for number, count in enumerate(counts):
            if number in own:
                continue
            if base is None and count != NO_STAGE:
                unknown = 1
                continue
            value = None if base is None or count == NO_STAGE else base + count * _CENTIMETRE
            if rule.station is None:
                self.add(quantity, first + number * SLOT_MS, value)
            else:
                elsewhere.append((0, rule.station, quantity, first + number * SLOT_MS, value))
        self.ignored += unknown

    def _own_rows(self, quantity: int, first: int, size: int) -> dict[int, int]:
        """Rows of a quantity by the number of the slot whose time they have, the latest slot last."""
        found = {}
        row = -1
        for _ in range(self.quantity.count(quantity)):
            row = self.quantity.index(quantity, row + 1)
            number, rest = divmod(self.time[row] - first, SLOT_MS)
            if not rest and 0 <= number < size:
                found[number] = row
        return dict(sorted(found.items())) if len(found) > 1 else found


def first_slot(observed: int, sent: int, zone_minutes: int) -> int | None:
    """When the first slot of an hourly group ends, by the convention that the times show; None where they don't.

    (a) The standard: observed is the first slot, and the report is sent at the end of the hour. (b) Observed is a full
    hour and the last slot. (c) Observed is now, and the slots that haven't come yet hold FF or even zero: then the
    group is not to be read. A back-filled report is sent hours later; its group is read where it begins at minute 5,
    which is where the standard's begins.

    Args:
        observed: Observation time, epoch milliseconds.
        sent: Send time.
        zone_minutes: Zone of the wire.
    """
    after = sent - observed
    if after in _PROMPT:
        return observed
    minute = (observed // MINUTE_MS + zone_minutes) % 60
    if minute == 0:
        return observed - _HOUR_OF_SLOTS
    if after > HOUR_MS and minute == 5:  # noqa: PLR2004  # the first slot of the standard's hour
        return observed
    return None
