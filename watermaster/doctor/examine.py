"""Looks at every part in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hydro.errors import WatermasterError
from hydro.instants import DAY_MS
from watermaster.ask import find_service
from watermaster.ask_numbers import numbers_of
from watermaster.configuration import load_configuration
from watermaster.data_dir import DataDir
from watermaster.doctor import here, reaching, running, showing
from watermaster.doctor.advice import ADVICE
from watermaster.doctor.finding import Finding, Part, State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from hydro.register import Register
    from watermaster.ask import Service
    from watermaster.configuration import Configuration
    from watermaster.settings import Settings

__all__ = ["examine"]

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class _Place:
    """What the looks start from.

    Attributes:
        settings: Of the config directory.
        register: None where it has mistakes.
        data_dir: None where there is none yet.
        running: A service runs on it.
        told: What that service says, by part.
        clock: The present, epoch milliseconds.
    """

    settings: Settings
    register: Register | None
    data_dir: DataDir | None
    running: bool
    told: Mapping[Part, list[Finding]]
    clock: Callable[[], int]


async def examine(directory: Path, environ: Mapping[str, str], clock: Callable[[], int]) -> AsyncIterator[Finding]:
    """Look at everything; each finding as soon as it is known, in the order of :class:`Part`.

    Args:
        directory: Of the config.
        environ: Settings from the environment.
        clock: The present, epoch milliseconds.
    """
    configuration = load_configuration(directory, environ)
    for finding in _config(directory, configuration):
        yield finding
    settings, register = configuration.settings, configuration.register
    if settings is None:
        return
    data_dir = DataDir(settings.data_dir) if settings.data_dir.is_dir() else None
    service = None if data_dir is None else find_service(settings.data_dir)
    told = _of_service(service, register, clock())
    place = _Place(settings, register, data_dir, service is not None, told, clock)
    for look in _LOOKS:
        for finding in await look(place):
            yield finding


async def _disk(place: _Place) -> list[Finding]:
    if place.data_dir is None:
        said = f"{place.settings.data_dir} isn't there yet: `watermaster run` makes it"
        return [Finding(Part.DISK, State.UNKNOWN, said)]
    return here.disk(place.settings, place.data_dir, place.clock())


async def _service(place: _Place) -> list[Finding]:
    return place.told[Part.SERVICE]


async def _broker(place: _Place) -> list[Finding]:
    return await reaching.broker(place.settings, running=place.running)


async def _session(place: _Place) -> list[Finding]:
    if place.running:
        return place.told[Part.SESSION]
    return _session_unseen(place.settings, place.data_dir, place.clock())


async def _certificate(place: _Place) -> list[Finding]:
    return await reaching.certificate(place.settings, place.clock())


async def _store(place: _Place) -> list[Finding]:
    return [*await reaching.store(place.settings, running=place.running), *place.told[Part.STORE]]


async def _ledger(place: _Place) -> list[Finding]:
    return [] if place.data_dir is None else here.ledger(place.settings, place.data_dir)


async def _alertmanager(place: _Place) -> list[Finding]:
    return await reaching.alertmanager(place.settings)


async def _grafana(place: _Place) -> list[Finding]:
    return await showing.grafana(place.settings)


async def _clock(place: _Place) -> list[Finding]:
    return [*await reaching.clock_beside(place.settings, place.clock), *place.told[Part.CLOCK]]


async def _field(place: _Place) -> list[Finding]:
    logins = [] if place.register is None else here.gateways(place.settings, place.register)
    return [*logins, *place.told[Part.FIELD]]


_LOOKS: Final = (
    _disk,
    _service,
    _broker,
    _session,
    _certificate,
    _store,
    _ledger,
    _alertmanager,
    _grafana,
    _clock,
    _field,
)


def _config(directory: Path, configuration: Configuration) -> list[Finding]:
    mistakes = configuration.mistakes
    if not mistakes:
        register = configuration.register
        count = 0 if register is None else len(register.stations)
        return [Finding(Part.CONFIG, State.OK, f"{directory}: {count} stations, no mistakes")]
    more = f", and {len(mistakes) - _SHOWN} more" if len(mistakes) > _SHOWN else ""
    said = "; ".join(str(mistake) for mistake in mistakes[:_SHOWN])
    return [Finding(Part.CONFIG, State.FAILED, f"{said}{more}", ADVICE["config"])]


def _of_service(service: Service | None, register: Register | None, now: int) -> dict[Part, list[Finding]]:
    """What the service says, by part; it may end while it is asked."""
    found: dict[Part, list[Finding]] = {part: [] for part in Part}
    if service is None:
        said = "no service with a console runs on this data directory, or it belongs to another user"
        found[Part.SERVICE] = [Finding(Part.SERVICE, State.LOOK, said, ADVICE["service"])]
        return found
    try:
        found[Part.SERVICE] = running.parts(service)
        numbers = numbers_of(service.metrics())
        found[Part.SESSION] = running.session(numbers)
        found[Part.STORE] = running.backlog(numbers)
        found[Part.CLOCK] = running.device_clocks(numbers)
        found[Part.FIELD] = running.refused(service, 0 if register is None else register.zone_minutes, now)
    except WatermasterError as error:
        found[Part.SERVICE] = [Finding(Part.SERVICE, State.FAILED, str(error), ADVICE["service"])]
    return found


def _session_unseen(settings: Settings, data_dir: DataDir | None, now: int) -> list[Finding]:
    """Without a service: the broker shows a session only to its owner, and whoever connects as that takes from it."""
    at = None if data_dir is None else here.journal_at(data_dir.journal(settings.journal.url))
    if at is None:
        said = "nothing was collected here yet: a session begins with the first start, and nothing is kept before it"
        return [Finding(Part.SESSION, State.UNKNOWN, said)]
    kept_s = settings.mqtt.session_expiry_s
    ago = (now - at) / 1000
    if ago < kept_s:
        said = (
            f"the collector was last here {ago / 3600:.1f} h ago; the broker was asked to keep its session "
            f"{kept_s / 3600:.0f} h"
        )
        return [Finding(Part.SESSION, State.UNKNOWN, said)]
    said = (
        f"the collector was last here {ago * 1000 / DAY_MS:.0f} d ago, longer than mqtt.session_expiry_s ({kept_s} s)"
    )
    return [Finding(Part.SESSION, State.LOOK, said, ADVICE["session_lost"])]
