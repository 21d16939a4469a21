"""The store that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydro.instants import DAY_MS
from storage.influxdb import InfluxDB1, InfluxDB2, InfluxDB3
from storage.store import Keeping
from storage.store_url import StoreKind, parse_store_url
from watermaster.settings import Settings, read_secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydro.register import Register
    from storage.embedded import Damage
    from storage.store import Store

__all__ = ["keeping_of", "open_store"]


def open_store(settings: Settings, damaged: Callable[[Damage], None] = lambda _: None) -> Store:
    """The store; nothing is asked yet, and no file is opened.

    The embedded one belongs to one process and is made once in it, since its file is.

    Args:
        settings: ``store.url`` and what belongs to it; ``data_dir``.
        damaged: Told of a file of the embedded store that was set aside, from another thread.

    Raises:
        ConfigError: The address is none of a store.
    """
    store = settings.store
    password = read_secret(store.password, store.password_file)
    token = read_secret(store.token, store.token_file)
    address = parse_store_url(store.url, username=store.username, password=password, token=token)
    match address.kind:
        case StoreKind.EMBEDDED:
            from storage.embedded import FILE_NAME, EmbeddedStore  # noqa: PLC0415  # DuckDB takes its time to load

            return EmbeddedStore(address.path(settings.data_dir, FILE_NAME), damaged)
        case StoreKind.INFLUXDB_1:
            return InfluxDB1(address)
        case StoreKind.INFLUXDB_2:
            return InfluxDB2(address)
        case StoreKind.INFLUXDB_3:
            return InfluxDB3(address)


def keeping_of(settings: Settings, register: Register, at: int) -> Keeping:
    """What the store keeps as single values: whatever may still be corrected or judged anew.

    Args:
        settings: ``time.max_age_days`` (0 = for ever) and ``time.revise_days``.
        register: The stations, with the intervals that were valid for what is summed up now.
        at: The present, epoch milliseconds.
    """
    time = settings.time
    days = max(time.max_age_days, time.revise_days) if time.max_age_days else 0
    rows = ((code, rows.at(at - days * DAY_MS) or rows.rows[-1]) for code, rows in register.stations.items())
    return Keeping(days, {code: row.interval_min for code, row in rows}, register.zone_minutes)
