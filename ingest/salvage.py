"""Decoding that no message can stop: what breaks the decoder becomes a dead letter, and the others are decoded.

That is for mistakes of our own. What a sender can do wrong has reasons of its own in the decoder.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.columns import Observations
from ingest.decode import DeadLetter, DeadLetterKind, DecodedBatch, Heard, Tick
from ingest.reasons import DeadLetterReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ingest.decode import Decoder

__all__ = ["Undecodable", "decode_all", "merged"]

_DETAIL: Final = 200


class Undecodable(NamedTuple):
    """A message that broke the decoder.

    Attributes:
        position: Of the message in the journal.
        topic: Of the message.
        error: What the decoder raised.
    """

    position: int
    topic: str
    error: Exception


def decode_all(
    decoder: Decoder,
    first: int,
    topics: Sequence[str],
    payloads: Sequence[bytes],
    received_at: NDArray[np.int64],
    broke: Callable[[Undecodable], None],
) -> DecodedBatch:
    """Decode messages ``first``, ``first`` + 1, …, at least one, whatever they do to the decoder.

    Args:
        decoder: For the register in force.
        first: Journal position of the first one.
        topics: One per message.
        payloads: One per message.
        received_at: Epoch milliseconds, one per message.
        broke: Told of each message that could not be decoded; it is among the dead letters.
    """
    try:
        return decoder.decode(first, topics, payloads, received_at)
    except Exception as error:  # noqa: BLE001  # whatever it is, the next start would meet the same message again
        found = error
    if len(topics) == 1:
        broke(Undecodable(first, topics[0], found))
        return _set_aside(first, topics[0], payloads[0], int(received_at[0]), found)
    half = len(topics) // 2
    return merged(
        decode_all(decoder, first + cut.start, topics[cut], payloads[cut], received_at[cut], broke)
        for cut in (slice(0, half), slice(half, len(topics)))
    )


def merged(batches: Iterable[DecodedBatch]) -> DecodedBatch:
    """One batch of several that follow each other: the same as if their messages had been decoded together.

    Only ticks that say the same as the one before are left out; where they come from `received_at`, a batch begins with
    one whether the minute is new or not.
    """
    parts = list(batches)
    ticks: list[Tick] = []
    for part in parts:
        ticks += part.ticks[1:] if ticks and part.ticks and part.ticks[0].at == ticks[-1].at else part.ticks
    heard: dict[str, Heard] = {}
    for part in parts:
        for each in part.heard:
            heard.setdefault(each.gateway, each)
    return DecodedBatch(
        first=parts[0].first,
        last=parts[-1].last,
        observations=Observations.concatenate([part.observations for part in parts]),
        messages=sum(part.messages for part in parts),
        decoded=sum(part.decoded for part in parts),
        dead_lettered=sum((part.dead_lettered for part in parts), Counter()),
        rejected=sum((part.rejected for part in parts), Counter()),
        dead_letters=[letter for part in parts for letter in part.dead_letters],
        ticks=ticks,
        sequence=[number for part in parts for number in part.sequence],
        unknown_keys=sum(part.unknown_keys for part in parts),
        clocks=[clock for part in parts for clock in part.clocks],
        attachments=[attachment for part in parts for attachment in part.attachments],
        heard=list(heard.values()),
        ahead=Observations.concatenate([part.ahead for part in parts]),
        tick_source=next((part.tick_source for part in parts if part.ticks), parts[0].tick_source),
        strangers=[stranger for part in parts for stranger in part.strangers],
    )


def _set_aside(position: int, topic: str, payload: bytes, received_at: int, error: Exception) -> DecodedBatch:
    """A batch of one message that can't be decoded. It counts as received whatever it is: nobody can tell."""
    reason = DeadLetterReason.INTERNAL_ERROR
    detail = f"{type(error).__name__}: {error}"[:_DETAIL]
    return DecodedBatch(
        first=position,
        last=position,
        observations=Observations.empty(),
        messages=1,
        decoded=0,
        dead_lettered=Counter({reason.value: 1}),
        rejected=Counter(),
        dead_letters=[DeadLetter(position, DeadLetterKind.MESSAGE, reason, 0, topic, payload, received_at, detail)],
        ticks=[],
        sequence=[],
        unknown_keys=0,
    )
