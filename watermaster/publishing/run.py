"""A stream to the broker, from the first connection to the last acknowledgement."""

from __future__ import annotations

import random
import secrets
import time
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from hydro.errors import WatermasterError
from simulators.publisher import Pace, Publisher

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from simulators.publisher import Broker, Message, Tally
    from watermaster.publishing.interrupt import Interrupt
    from watermaster.publishing.progress import Progress

__all__ = ["Outcome", "begun", "run_publisher"]

T = TypeVar("T")


class Outcome(NamedTuple):
    """What came of it.

    Attributes:
        tally: The publisher's numbers.
        seconds: From the first connection to the end.
        finished: The stream went to its end.
        error: Why it did not, unless somebody wished it.
    """

    tally: Tally
    seconds: float
    finished: bool
    error: WatermasterError | None = None

    @property
    def is_good(self) -> bool:
        """Whether something was sent, unless there was nothing, all of it acknowledged and nothing refused."""
        tally = self.tally
        return bool(self.finished or tally.taken) and not (
            self.error or self.unanswered or tally.refused or tally.unsendable
        )

    @property
    def unanswered(self) -> int:
        """Messages that were sent, and the broker did not say whether it has them."""
        return self.tally.owed - self.tally.unsent


def begun(items: Iterable[T | None], interrupt: Interrupt) -> Iterator[T | None]:
    """The same items, once the first of them is there.

    Args:
        items: With None wherever there is none yet.
        interrupt: Ends the waiting.

    Raises:
        KeyboardInterrupt: Somebody wished so.
        WatermasterError: It can't be made.
    """
    rest = iter(items)
    with interrupt.raising():
        first = next((item for item in rest if item is not None), None)
    return chain((first,), rest)


def run_publisher(
    chunks: Iterable[Iterable[Message]],
    *,
    broker: Broker,
    clients: int,
    speed: float,
    name: str,
    interrupt: Interrupt,
    progress: Progress,
) -> Outcome:
    """Publish a stream; the broker may go and come.

    Args:
        chunks: Messages; an empty chunk means that there are none yet.
        broker: Where to.
        clients: Connections at most.
        speed: Scenario seconds per real second; 0 = as fast as the broker takes it.
        name: Client ids begin with it; what follows tells two runs apart.
        interrupt: Ends it early.
        progress: Shows how far it is.

    Raises:
        BrokerError: There is no broker within 30 s, or it refuses us. What fails later is in the outcome.
    """

    def watch() -> None:
        progress.show(publisher.tally.sent_to, publisher.tally.acknowledged)

    publisher = Publisher(
        broker,
        clients=clients,
        name=f"{name}-{secrets.token_hex(4)}",
        clock=time.monotonic,
        sleep=time.sleep,
        rng=random.Random(),  # noqa: S311  # who comes back when after an outage is no secret
        told=progress.say,
        watch=watch,
    )
    finished, failed = False, None
    interrupt.told = publisher.stop
    try:
        if not interrupt.wished and publisher.open():
            try:
                finished = publisher.publish(chunks, Pace(speed))
            except WatermasterError as error:
                failed = error
    finally:
        interrupt.told = lambda: None
        seconds = time.monotonic() - publisher.tally.began_at
        publisher.close()
    return Outcome(publisher.tally, seconds, finished, failed)
