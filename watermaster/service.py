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
from watermaster.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hydro.register import Register
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
) -> None:
    """Run until SIGTERM or SIGINT.

    Args:
        settings: Of the config directory.
        register: Of the same.
        parts: ``ingest``, ``alerting``, ``console`` or some of them.
        also: Further parts by name, started after these and ended before them; the service ends when one of them has.
        clock: Epoch milliseconds, for all parts; the machine's where there is none.
        log_level: The least that is logged.

    Raises:
        WatermasterError: A part can't start, or failed in a way that trying again can't mend.
    """
    use_few_arenas()
    configure_log(register.zone_minutes, log_level)
    chosen = [name for name in _PARTS if name in set(parts)]
    asyncio.run(_serve(settings, register, chosen, dict(also or {}), clock or _epoch_ms))


def _epoch_ms() -> int:
    return time.time_ns() // 1_000_000


async def _serve(
    settings: Settings, register: Register, names: list[str], also: dict[str, MakePart], clock: Callable[[], int]
) -> None:
    log = structlog.get_logger()
    data_dir = DataDir(settings.data_dir)
    locks = [data_dir.lock(name) for name in names]
    store = open_store(settings, lambda damage: log.error("store_damaged", what=str(damage)))
    surroundings = Surroundings(
        settings=settings,
        register=register,
        decoder=_decoder(settings, register),
        store=store,
        data_dir=data_dir,
        metrics=Metrics(),
        health=Health(),
        clock=clock,
        rng=random.Random(),  # for waits, not for secrets  # noqa: S311  # for waits, not for secrets
        log=log,
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    running: list[tuple[Part, asyncio.Task[None]]] = []
    try:
        first = [("broker", BrokerPart)] if "ingest" in names and settings.mqtt.address.embedded else []
        last = [("notification", NotifyPart)] if "alerting" in names and settings.alertmanager.url is not None else []
        for name, make in [*first, *((name, _PARTS[name]) for name in names), *last, *also.items()]:
            part, ready = make(surroundings), asyncio.Event()
            running.append((part, asyncio.create_task(_live(part, ready), name=name)))
            if not await _is_up(running[-1][1], ready, stopping):
                break
        settle()
        log.info("started", parts=",".join(names), data_dir=str(data_dir.path), pid=os.getpid())
        await _until(stopping, [task for _, task in running])
    finally:
        unexpected = await end(running, log)
        await store.close()
        for lock in locks:
            lock.release()
        unsettle()
    if unexpected:
        raise unexpected[0]


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


async def _until(stopping: asyncio.Event, tasks: list[asyncio.Task[None]]) -> None:
    """Return when told to stop; raise what a part raised."""
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({stop, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    for task in tasks:
        if task.done() and not task.cancelled():  # cancelled: told to stop while it started
            task.result()


async def end(running: list[tuple[Part, asyncio.Task[None]]], log: Any) -> list[Exception]:  # noqa: ANN401  # structlog's type is not public
    """Stop all parts, those that take in first, whatever comes of any of them.

    Args:
        running: In the order of starting: each part and the task of its life; one that could not start is stopped too.
        log: Where failures are told.

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
    if running:
        log.info("stopped")
    return unexpected


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
