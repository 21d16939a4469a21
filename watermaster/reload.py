"""What a running service does at SIGHUP: read the config directory again, and go on with it, or with the old one.

A new config is taken up by ending all parts in order and starting them again in the same process: what they hold is
saved and found again as at any start, so a reload can do nothing that a restart could not. Publishers and RTUs notice a
pause of about a second; the broker keeps what they send, and an embedded one goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from hydro.errors import WatermasterError

if TYPE_CHECKING:
    from hydro.register import Register
    from watermaster.settings import Settings

__all__ = ["Config", "ReadConfig", "Reloader"]


class Config(NamedTuple):
    """What a service runs with."""

    settings: Settings
    register: Register


ReadConfig: TypeAlias = Callable[[], Config]
"""Reads the config directory; raises WatermasterError with what is wrong."""


class Reloader:
    """Waits for the signal, and for a config that can be taken up.

    Args:
        read: See :data:`ReadConfig`; None = there is no directory to read.
        log: Events.
    """

    def __init__(self, read: ReadConfig | None, log: Any) -> None:  # noqa: ANN401  # structlog's type is not public
        self._read = read
        self._log = log
        self._asked = asyncio.Event()

    @property
    def is_possible(self) -> bool:
        """Whether there is a directory to read again."""
        return self._read is not None

    def ask(self) -> None:
        """Somebody wants the config to be read again."""
        self._asked.set()

    async def changed(self, now: Config) -> Config:
        """Return with the first config that differs from the one in force and can take its place."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            found = await self._found()
            if found is None:
                continue
            reason = _why_not(now.settings, found.settings)
            if reason is not None:
                self._log.error("config_refused", reason=reason)
            elif found.settings == now.settings and found.register.hash == now.register.hash:
                self._log.info("config_unchanged", config=now.register.hash[:16])
            else:
                self._log.info("config_taken_up", config=found.register.hash[:16], before=now.register.hash[:16])
                return found

    async def _found(self) -> Config | None:
        if self._read is None:
            return None
        try:
            return await asyncio.to_thread(self._read)
        except WatermasterError as error:
            self._log.error("config_refused", reason=str(error))  # what is wrong stands in the reason
            return None


def _why_not(now: Settings, then: Settings) -> str | None:
    """What can't change while the service runs."""
    if now.data_dir != then.data_dir:
        return f"data_dir {then.data_dir} is another than {now.data_dir}: that needs a restart"
    if (now.mqtt.address.embedded or then.mqtt.address.embedded) and now.mqtt != then.mqtt:
        return "settings of the embedded broker have changed: that needs a restart"
    return None
