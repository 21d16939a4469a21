"""An iterable worked ahead in a process of its own, so that making messages takes nothing from sending them.

The other process is one item ahead: it makes the next while this one is worked off, and waits with it until it is
asked for. It ends with us, however we end.
"""

from __future__ import annotations

import multiprocessing
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

from hydro.errors import WatermasterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection
    from types import TracebackType

__all__ = ["Ahead"]

T = TypeVar("T")

_ITEM: Final = "item"
_END: Final = "end"
_FAILED: Final = "failed"
_ENDS_WITHIN_S: Final = 5.0


class Ahead(Generic[T]):
    """Entering the context starts the process, leaving ends it.

    Args:
        make: Called in the process; its items go through `pickle`.
        wait_s: How long `__iter__` waits for an item before it gives None, so that others get their turn.
    """

    def __init__(self, make: Callable[[], Iterable[T]], *, wait_s: float = 0.1) -> None:
        self._wait_s = wait_s
        context = multiprocessing.get_context("fork")  # what is to be made may be large, and is here already
        self._reading, self._writing = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(make, self._reading, self._writing), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._writing.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._reading.close()
        self._process.terminate()
        self._process.join(_ENDS_WITHIN_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()

    def __iter__(self) -> Iterator[T | None]:
        """Items, and None whenever there is none yet.

        Raises:
            WatermasterError: Making them raised it, or the process is gone.
        """
        while True:
            if not self._reading.poll(self._wait_s):
                yield None
                continue
            try:
                what, item = self._reading.recv()
            except EOFError:
                self._process.join(_ENDS_WITHIN_S)
                raise WatermasterError(
                    f"the process that makes the messages is gone (exit code {self._process.exitcode})"
                ) from None
            if what == _END:
                return
            if what == _FAILED:
                raise WatermasterError(item)
            yield item


def _work(make: Callable[[], Iterable[T]], reading: Connection, writing: Connection) -> None:
    reading.close()  # else we would never learn that nobody reads any more
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is told to both: who reads decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with suppress(BrokenPipeError):  # nobody reads any more
        try:
            for item in make():
                writing.send((_ITEM, item))
        except WatermasterError as error:
            writing.send((_FAILED, str(error)))
        else:
            writing.send((_END, None))
