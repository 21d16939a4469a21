"""Trying again for ever, with a wait that grows and is never the same for two who failed together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from hydro.errors import WatermasterError

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable

__all__ = ["until_done"]

T = TypeVar("T")

_FIRST_S: Final = 0.1
_LONGEST_S: Final = 5.0


async def until_done(
    work: Callable[[], Awaitable[T]], rng: random.Random, on_failure: Callable[[WatermasterError | None], None]
) -> T:
    """Result of ``work``, tried again after each retryable error.

    Args:
        work: May be called any number of times.
        rng: For the jitter.
        on_failure: Told of each failure, and with None of the success.

    Raises:
        WatermasterError: One that trying again can't mend.
    """
    wait = _FIRST_S
    while True:
        try:
            result = await work()
        except WatermasterError as error:
            if not error.retryable:
                raise
            on_failure(error)
            await asyncio.sleep(rng.uniform(0.5, 1.0) * max(wait, error.retry_after_s or 0.0))
            wait = min(2 * wait, _LONGEST_S)
        else:
            on_failure(None)
            return result
