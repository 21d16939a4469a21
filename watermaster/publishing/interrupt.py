"""Ctrl-C and SIGTERM as a wish: noted, told to who is at work, and an exception only where one does no harm."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType

__all__ = ["Interrupt"]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """Takes the signals while its context is open. A second one ends the process as it would any other.

    Attributes:
        wished: Somebody wants us to end.
        told: Called by the signal handler.
    """

    def __init__(self) -> None:
        self.wished = False
        self.told: Callable[[], None] = lambda: None
        self._may_raise = False
        self._usual: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        self._usual = {one: signal.signal(one, self._handle) for one in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for one, handler in self._usual.items():
            signal.signal(one, handler)  # type: ignore[arg-type]  # what `signal` gave

    @contextmanager
    def raising(self) -> Iterator[None]:
        """While the context is open the wish is a `KeyboardInterrupt`: for work that leaves nothing half done.

        Raises:
            KeyboardInterrupt: At once, where somebody has wished it before.
        """
        self._may_raise = True
        try:
            if self.wished:
                raise KeyboardInterrupt
            yield
        finally:
            self._may_raise = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.wished:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.wished = True
        self.told()
        if self._may_raise:
            raise KeyboardInterrupt
