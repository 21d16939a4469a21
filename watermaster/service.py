"""`run`: the services of one process, started in order, ended in order.

::

    Receiver ──▶ JournalSink ──▶ journal ──▶ StoreWriter ──▶ store
                                    │                          ▲
                                    └──────▶ RulesService ─▶ ledger ─▶ AlertWriter
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import structlog

from hydro.errors import WatermasterError
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from watermaster.alerting_part import AlertingPart
from watermaster.broker_part import BrokerPart
from watermaster.console_part import ConsolePart
from watermaster.data_dir import DataDir
from watermaster.health import Health
from watermaster.ingest_part import IngestPart
from watermaster.log import configure_log
from watermaster.memory import settle, unsettle, use_few_arenas
from watermaster.metrics import Metrics
from watermaster.notify_part import NotifyPart
from watermaster.part import Part, Surroundings
from watermaster.reload import Config, Reloader
from watermaster.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping

    from hydro.register import Register
    from watermaster.reload import ReadConfig
    from watermaster.settings import Settings

__all__ = ["MakePart", "end", "serve"]

MakePart: TypeAlias = Callable[[Surroundings], Part]

_PARTS: Final[dict[str, MakePart]] = {"console": ConsolePart, "alerting": AlertingPart, "ingest": IngestPart}
"""In the order of starting: who shows and judges is there before the first message comes."""


def serve(
    settings: Settings,
    register: Register,
    parts: Iterable[str],
    *,
    also: Mapping[str, MakePart] | None = None,
    clock: Callable[[], int] | None = None,
    log_level: int = logging.INFO,
    reload: ReadConfig | None = None,
) -> None:
    """Run until SIGTERM or SIGINT; at SIGHUP read the config again, and go on with it.

    Args:
        settings: Of the config directory.
        register: Of the same.
        parts: ``ingest``, ``alerting``, ``console`` or some of them.
        also: Further parts by name, started after these and ended before them; the service ends when one of them has.
        clock: Epoch milliseconds, for all parts; the machine's where there is none.
        log_level: The least that is logged.
        reload: Reads the config again; None = SIGHUP ends the process, as it does any other.

    Raises:
        WatermasterError: A part can't start, or failed in a way that trying again can't mend.
    """
    use_few_arenas()
    configure_log(register.zone_minutes, log_level)
    chosen = [name for name in _PARTS if name in set(parts)]
    asyncio.run(_serve(Config(settings, register), chosen, dict(also or {}), clock or _epoch_ms, reload))


def _epoch_ms() -> int:
    return time.time_ns() // 1_000_000


async def _serve(
    config: Config, names: list[str], also: dict[str, MakePart], clock: Callable[[], int], reload: ReadConfig | None
) -> None:
    log = structlog.get_logger()
    await _Service(names, also, clock, Reloader(reload, log), log).run(config)


class _Service:
    """What outlives a reload.

    Args:
        names: Of the parts, in the order of starting.
        also: Further parts by name.
        clock: Epoch milliseconds.
        reloader: Says when the parts are to be started again, and with what.
        log: Events.
    """

    def __init__(
        self,
        names: list[str],
        also: dict[str, MakePart],
        clock: Callable[[], int],
        reloader: Reloader,
        log: Any,  # noqa: ANN401  # structlog's type is not public
    ) -> None:
        self._names = names
        self._also = also
        self._clock = clock
        self._reloader = reloader
        self._log = log
        self._stopping = asyncio.Event()
        self._broker: tuple[BrokerPart, asyncio.Task[None]] | None = None
        self._rng = random.Random()  # for waits, not for secrets  # noqa: S311  # for waits, not for secrets

    async def run(self, config: Config) -> None:
        """Until told to stop; with another config once there is one, or back with the old where that can't start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        if self._reloader.is_possible:
            loop.add_signal_handler(signal.SIGHUP, self._reloader.ask)
        data_dir = DataDir(config.settings.data_dir)
        locks = [data_dir.lock(name) for name in self._names]
        before: Config | None = None
        unexpected: list[Exception] = []
        try:
            following: Config | None = config
            while following is not None:
                config, started = following, asyncio.Event()
                try:
                    following = await self._round(config, data_dir, started)
                except WatermasterError as error:
                    if before is None or started.is_set():
                        raise
                    self._refused(error)
                    following, before = before, None
                else:
                    before = config
        finally:
            if self._broker is not None:
                unexpected = await end([self._broker], self._log, told=False)
            for lock in locks:
                lock.release()
        if unexpected:
            raise unexpected[0]

    def _refused(self, error: WatermasterError) -> None:
        """A config that was taken up can't be started with: its port is in use, its store is no store."""
        self._log.error("config_refused", reason=str(error))

    async def _round(self, config: Config, data_dir: DataDir, started: asyncio.Event) -> Config | None:
        """Start the parts, wait, end them; the config to start them with again, None to end."""
        settings, register = config
        log = self._log
        store = open_store(settings, lambda damage: log.error("store_damaged", what=str(damage)))
        surroundings = Surroundings(
            settings=settings,
            register=register,
            decoder=_decoder(settings, register),
            store=store,
            data_dir=data_dir,
            metrics=Metrics(),
            health=Health(),
            clock=self._clock,
            rng=self._rng,
            log=log,
        )
        running: list[tuple[Part, asyncio.Task[None]]] = []
        following: Config | None = None
        try:
            if await self._has_broker(surroundings):
                for name, make in self._parts(settings):
                    part, ready = make(surroundings), asyncio.Event()
                    running.append((part, asyncio.create_task(_live(part, ready), name=name)))
                    if not await _is_up(running[-1][1], ready, self._stopping):
                        break
            started.set()
            settle()
            log.info("started", parts=",".join(self._names), data_dir=str(data_dir.path), pid=os.getpid())
            tasks = [task for _, task in running] + ([] if self._broker is None else [self._broker[1]])
            following = await _until(self._stopping, tasks, self._reloader.changed(config))
        finally:
            unexpected = await end(running, log)
            await store.close()
            unsettle()
        if unexpected:
            raise unexpected[0]
        return following

    def _parts(self, settings: Settings) -> list[tuple[str, MakePart]]:
        is_notified = "alerting" in self._names and settings.alertmanager.url is not None
        last: list[tuple[str, MakePart]] = [("notification", NotifyPart)] if is_notified else []
        return [*((name, _PARTS[name]) for name in self._names), *last, *self._also.items()]

    async def _has_broker(self, surroundings: Surroundings) -> bool:
        """Start the embedded broker where there is to be one, at the first round; False where told to stop."""
        if self._broker is not None:
            self._broker[0].serve(surroundings)
        elif "ingest" in self._names and surroundings.settings.mqtt.address.embedded:
            part, ready = BrokerPart(surroundings), asyncio.Event()
            self._broker = part, asyncio.create_task(_live(part, ready), name="broker")
            return await _is_up(self._broker[1], ready, self._stopping)
        return True


def _decoder(settings: Settings, register: Register) -> Decoder:
    trusted = settings.ingest.trust_replay
    return Decoder(
        register,
        SeriesIndex(register.stations),
        prefix=settings.mqtt.prefix,
        max_age_days=settings.time.max_age_days,
        ticks=TickSource.RECEIVED_AT if trusted else TickSource.HEARTBEAT,
    )


async def _live(part: Part, ready: asyncio.Event) -> None:
    await part.start()
    ready.set()
    await part.run()


async def _is_up(living: asyncio.Task[None], ready: asyncio.Event, stopping: asyncio.Event) -> bool:
    """Wait until a part works; False where it was told to stop before that, raises what its start raised."""
    signals = [asyncio.create_task(each.wait()) for each in (ready, stopping)]
    await asyncio.wait({living, *signals}, return_when=asyncio.FIRST_COMPLETED)
    for each in signals:
        each.cancel()
    if living.done():
        living.result()
    if stopping.is_set() and not ready.is_set():
        await _cancelled(living)
    return not stopping.is_set()


async def _until(
    stopping: asyncio.Event, tasks: list[asyncio.Task[None]], changed: Coroutine[Any, Any, Config]
) -> Config | None:
    """Return None when told to stop, or with another config; raise what a part raised."""
    stop, change = asyncio.create_task(stopping.wait()), asyncio.create_task(changed)
    try:
        await asyncio.wait({stop, change, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done() and not task.cancelled():  # cancelled: told to stop while it started
                task.result()
        is_changed = change.done() and not stop.done() and not any(task.done() for task in tasks)
        return change.result() if is_changed else None
    finally:
        stop.cancel()
        await _cancelled(change)


async def end(running: list[tuple[Part, asyncio.Task[None]]], log: Any, *, told: bool = True) -> list[Exception]:  # noqa: ANN401  # structlog's type is not public
    """Stop all parts, those that take in first, whatever comes of any of them.

    Args:
        running: In the order of starting: each part and the task of its life; one that could not start is stopped too.
        log: Where failures are told.
        told: Whether it is told that all have ended.

    Returns:
        What no part raises on purpose, in the order in which it was met.
    """
    unexpected: list[Exception] = []
    for part, task in reversed(running):
        for ending, failed in ((part.stop(), "stop_failed"), (_cancelled(task), "part_failed")):
            try:
                await ending
            except WatermasterError as error:
                log.warning(failed, part=task.get_name(), error=str(error))
            except Exception as error:  # the other parts must be stopped; it is raised after that
                log.exception(failed, part=task.get_name(), error=repr(error), exc_info=error)
                unexpected.append(error)
    if running and told:
        log.info("stopped")
    return unexpected


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
