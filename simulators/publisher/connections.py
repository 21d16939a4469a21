"""All connections to one broker: made when they are needed, served in turns, made anew when they are lost."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING, Final

from hydro.errors import BrokerError
from simulators.publisher.connection import Connection, Stage
from simulators.publisher.outage import Outage

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from simulators.publisher.broker import Broker
    from simulators.publisher.tally import Tally

__all__ = ["NO_CONNECTION_S", "Connections"]

NO_CONNECTION_S: Final = 30.0
"""How long a broker is waited for that has not accepted a connection yet."""

_TEND_S: Final = 0.25
_MOST_VAIN: Final = 8


class Connections:
    """See the module.

    Args:
        broker: Where to.
        name: Client ids begin with it.
        clock: Seconds, never going back.
        rng: For the jitter of attempts to connect.
        told: Gets a line when the broker goes and when it comes back.
        tally: Gets the counts.

    Attributes:
        outage: The present one.
        now: The instant of the latest turn.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        name: str,
        clock: Callable[[], float],
        rng: random.Random,
        told: Callable[[str], None],
        tally: Tally,
    ) -> None:
        self.outage: Outage | None = None
        self.now = clock()
        self._broker = broker
        self._name = name
        self._clock = clock
        self._rng = rng
        self._told = told
        self._tally = tally
        self._poll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll.register(self._wake, select.EPOLLIN)
        self._all: dict[int, Connection] = {}
        self._by_descriptor: dict[int, Connection] = {}
        self._unsent: dict[Connection, None] = {}  # in order
        self._addresses: list[tuple[int, tuple[object, ...]]] = []
        self._last_outage: Outage | None = None
        self._short_since: float | None = None
        self._tended_at = self.now

    def __iter__(self) -> Iterator[Connection]:
        """All that were ever asked for."""
        return iter(self._all.values())

    @property
    def up(self) -> int:
        """How many the broker has accepted."""
        return sum(connection.stage is Stage.UP for connection in self)

    @property
    def was_up(self) -> bool:
        """Whether the broker has ever accepted one."""
        return any(connection.was_up for connection in self)

    def of(self, number: int) -> Connection:
        """The connection of a number; it is made when it is asked for the first time."""
        connection = self._all.get(number)
        if connection is None:
            connection = Connection(f"{self._name}-{number:04d}", self._broker, self._poll, self._tally)
            self._all[number] = connection
            if self.outage is None:
                self._dial(connection, self._clock())
        return connection

    def wake(self) -> None:
        """End a turn that waits; may be called by a signal handler."""
        os.eventfd_write(self._wake, 1)

    def sends(self, connection: Connection) -> None:
        """Note that a connection has something to send."""
        self._unsent[connection] = None

    def turn(self, wait_s: float) -> None:
        """Send what may be sent, take what comes, look after the connections.

        Args:
            wait_s: For something to come, at most.

        Raises:
            BrokerError: There is no sense in going on.
        """
        now = self._clock()
        for connection in tuple(self._unsent):
            try:
                if connection.flush(now):
                    del self._unsent[connection]
            except BrokerError as error:
                self._lose(connection, error, now)
        events = self._poll.poll(wait_s)
        now = self.now = self._clock()
        for descriptor, mask in events:
            if descriptor == self._wake:
                os.eventfd_read(self._wake)
            elif (ready := self._by_descriptor.get(descriptor)) is not None:
                try:
                    ready.ready(mask, now)
                except BrokerError as error:
                    self._lose(ready, error, now)
        if now - self._tended_at >= _TEND_S or (self.outage is not None and now >= self.outage.next_at):
            self._tended_at = now
            self._tend(now)

    def give_up_unsent(self) -> int:
        """Send nothing more.

        Returns:
            How many messages were never sent.
        """
        self._unsent.clear()
        return sum(connection.flight.never_sent for connection in self)

    def close(self) -> None:
        """Take leave of the broker."""
        now = self._clock()
        if self.outage is not None:
            self._end_outage(self.outage, now)
        for connection in self:
            try:
                connection.leave(now)
            except BrokerError:  # it has gone first
                connection.drop(now)
        self._poll.close()
        os.close(self._wake)

    def _tend(self, now: float) -> None:
        for connection in self:
            try:
                connection.tend(now)
            except BrokerError as error:
                self._lose(connection, error, now)
        if self.outage is None:
            return
        up = self.up
        if up == len(self._all):
            self._end_outage(self.outage, now)
        elif now >= self.outage.next_at:
            for connection in self:
                if connection.stage is Stage.DOWN:
                    self._dial(connection, now)
        self._ensure_enough(up, now)

    def _dial(self, connection: Connection, now: float) -> None:
        try:
            if not self._addresses:
                self._addresses = self._broker.addresses()
            connection.dial(*self._addresses[0], now)
        except BrokerError as error:
            self._lose(connection, error, now)
        else:
            self._by_descriptor[connection.descriptor] = connection

    def _lose(self, connection: Connection, why: BrokerError, now: float) -> None:
        """A connection is over, or did not come about.

        Raises:
            BrokerError: There is no sense in trying again.
        """
        self._by_descriptor.pop(connection.descriptor, None)
        again = connection.drop(now)
        self._tally.resent += again
        if connection.flight.unsent:
            self._unsent[connection] = None
        if connection.vain >= _MOST_VAIN:
            raise BrokerError(f"{why}, {connection.vain} times in a row when it was sent {connection.next_topic}")
        if self.outage is None:
            self.outage = Outage(now, why, self._rng, after=self._last_outage)
            if self.was_up:
                self._told(f"{why}; waiting")
        elif self.outage.failed(now, why):
            self._addresses = self._addresses[1:]  # the next one of the host; after the last its name is asked for anew
        self.outage.resent += again

    def _end_outage(self, outage: Outage, now: float) -> None:
        outage.end = now
        self.outage, self._last_outage = None, outage
        if not self.was_up:
            return
        self._tally.outages += 1
        self._tally.outage_s += now - outage.since
        if self.up:
            again = f", {outage.resent:,} messages are sent again" if outage.resent else ""
            self._told(f"broker {self._broker} is back after {now - outage.since:.1f} s{again}")

    def _ensure_enough(self, up: int, now: float) -> None:
        """Don't wait for ever for connections that a broker doesn't grant while it serves others.

        Raises:
            BrokerError: It has refused some for long.
        """
        if not up or all(connection.was_up for connection in self):
            self._short_since = None
        elif self._short_since is None:
            self._short_since = now
        elif now - self._short_since > NO_CONNECTION_S and self.outage is not None:
            raise BrokerError(f"{up} of {len(self._all)} connections came about: {self.outage.why}")
