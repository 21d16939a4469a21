"""The same lines, received at other times inside the allowed lateness: what no verdict may depend on."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING

from .clock import parse_time
from .tables import ZONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .case import Record

__all__ = ["jostle", "keys_of", "milliseconds", "reassign_received"]


def reassign_received(records: Sequence[Record], seed: int, lateness: int) -> list[Record]:
    """Give every reading a new received_at between its event time and its event time + lateness.

    For streams without corrections and bad elements. A line of several readings stays whole: it is received after the
    last of them, and before the lateness of the first where that is possible.

    Args:
        records: Lines of a case.
        seed: Of the new order.
        lateness: Allowed lateness, ms.
    """
    random = Random(seed)
    changed = []
    for record in records:
        times = [time for _, _, time in keys_of(record["payload"])]
        if times:
            received = random.randint(max(times), max(*times, min(times) + lateness - 1))
            changed.append(record | {"received_at": received})
        else:
            changed.append(dict(record))
    return sorted(changed, key=lambda record: (milliseconds(record["received_at"]), random.random()))


def jostle(records: Sequence[Record], seed: int, lateness: int) -> list[Record]:
    """Give a new received_at to every line that came inside the lateness and shares no key with another.

    Corrections and repetitions stay where they are: which of two values wins is a matter of their order.
    """
    random = Random(seed)
    seen = Counter(key for record in records for key in set(keys_of(record["payload"])))
    changed = []
    for record in records:
        keys = keys_of(record["payload"])
        times = [time for *_, time in keys]
        received = milliseconds(record["received_at"])
        is_free = bool(times) and all(seen[key] == 1 for key in keys)
        if is_free and max(times) <= received < min(times) + lateness:
            changed.append(record | {"received_at": random.randint(max(times), min(times) + lateness - 1)})
        else:
            changed.append(dict(record))
    return sorted(changed, key=lambda record: milliseconds(record["received_at"]))


def keys_of(payload: object) -> list[tuple[object, object, int]]:
    """(station, quantity, event time in epoch ms) of all that a payload says; nothing of broken JSON."""
    if isinstance(payload, list):
        return [key for element in payload for key in keys_of(element)]
    if not isinstance(payload, dict):
        return []
    code, values, times = payload.get("station"), payload.get("values"), payload.get("times")
    if isinstance(times, list):
        pairs = [(payload.get("quantity"), time) for time in times]
    else:
        pairs = [(quantity, payload.get("time")) for quantity in (values if isinstance(values, dict) else [])]
    known = [(quantity, parse_time(time, ZONE)) for quantity, time in pairs]
    return [(code, quantity, time - ZONE) for quantity, time in known if time is not None]


def milliseconds(time: object) -> int:
    """Epoch ms of a time as gateways write it."""
    found = parse_time(time, ZONE)
    if found is None:
        message = f"no time: {time!r}"
        raise ValueError(message)
    return found - ZONE
