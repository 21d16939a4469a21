"""A decoder with a mistake: some payloads break it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydro.series import SeriesIndex
from ingest.decode import DecodedBatch, Decoder, TickSource
from tests.ingest.example_register import make_register

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["POISON", "FragileDecoder", "fragile"]

POISON = b'{"poison": 1}'


class FragileDecoder(Decoder):
    """Fails at batches with a certain payload in them."""

    def decode(
        self, first: int, topics: Sequence[str], payloads: Sequence[bytes], received_at: NDArray[np.int64]
    ) -> DecodedBatch:
        """Decode, if it can."""
        if POISON in payloads:
            message = "a case that nobody thought of"
            raise ZeroDivisionError(message)
        return super().decode(first, topics, payloads, received_at)


def fragile(ticks: TickSource = TickSource.HEARTBEAT) -> FragileDecoder:
    """One for the example register, prefix ``w``."""
    register = make_register({})
    return FragileDecoder(register, SeriesIndex(register.stations), prefix="w", max_age_days=400, ticks=ticks)
