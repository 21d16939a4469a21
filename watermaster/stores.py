"""The store that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.influxdb1 import InfluxDB1
from storage.store_url import parse_store_url
from watermaster.settings import Settings, read_secret

if TYPE_CHECKING:
    from storage.store import Store

__all__ = ["open_store"]


def open_store(settings: Settings) -> Store:
    """A client; nothing is asked yet.

    Raises:
        ConfigError: The address is of a store that this version doesn't have.
    """
    store = settings.store
    password = read_secret(store.password, store.password_file)
    return InfluxDB1(parse_store_url(store.url, username=store.username, password=password))
