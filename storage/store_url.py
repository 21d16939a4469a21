"""The setting `store.url`: which store, where."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from hydro.errors import ConfigError

__all__ = ["StoreAddress", "parse_store_url"]

DEFAULT_PORT: Final = 8086

_TRANSPORTS: Final = {"influxdb": "http", "influxdbs": "https"}
_LATER: Final = {
    "influxdb+v2": "InfluxDB 2 comes in a later version",
    "influxdbs+v2": "InfluxDB 2 comes in a later version",
    "influxdb+v3": "InfluxDB 3 comes in a later version",
    "influxdbs+v3": "InfluxDB 3 comes in a later version",
}
_EMBEDDED: Final = "duckdb"
_EXAMPLE: Final = "influxdb://127.0.0.1:8086/watermaster"


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A database of an InfluxDB 1.x server, or the file of an embedded store.

    Attributes:
        base_url: Scheme, host and port for HTTP; ``duckdb:`` for the embedded store.
        database: Its name; path of the file, empty for the one in the data directory.
        username: None where the server asks for none.
        password: None where the server asks for none.
    """

    base_url: str
    database: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """The address for people, without credentials."""
        return f"{self.base_url}{'' if self.embedded else '/'}{self.database}"

    @property
    def embedded(self) -> bool:
        """Whether the store is a file of this process."""
        return self.base_url == f"{_EMBEDDED}:"

    def path(self, data_dir: Path, name: str) -> Path:
        """File of the embedded store.

        Args:
            data_dir: Where it lies if the address names no other place.
            name: How it is called there.
        """
        return Path(self.database) if self.database else data_dir / name


def parse_store_url(url: str, *, username: str | None = None, password: str | None = None) -> StoreAddress:
    """Read `store.url`.

    Args:
        url: ``influxdb://HOST[:PORT]/DATABASE``, or ``influxdbs://…`` for TLS; ``duckdb:`` or ``duckdb:PATH``.
        username: `store.username`; it means nothing for a file, like the password.
        password: Content of `store.password_file`.

    Raises:
        ConfigError: Not such an address, or of a store that this version doesn't have; one line.

    >>> parse_store_url("influxdb://db/water").base_url
    'http://db:8086'
    >>> parse_store_url("duckdb:/srv/river.duckdb").path(Path("var"), "store.duckdb").as_posix()
    '/srv/river.duckdb'
    """
    scheme = url.partition(":")[0]
    if scheme in _LATER:
        raise ConfigError(f"store.url: {scheme}: isn't there yet, {_LATER[scheme]}; use for example {_EXAMPLE}")
    if scheme == _EMBEDDED and ":" in url:
        return _embedded(url)
    if scheme not in _TRANSPORTS:
        raise ConfigError(f"store.url: unknown kind of store {scheme!r}; use for example {_EXAMPLE}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError as error:
        raise ConfigError(f"store.url: {error}; use for example {_EXAMPLE}") from None
    if parts.username is not None or parts.password is not None:
        # Not repeated in the message: this line ends up in logs.
        raise ConfigError(
            "store.url: holds a user name or password; they belong in store.username, store.password_file"
        )
    database = unquote(parts.path.removeprefix("/"))
    if not host or not database or "/" in parts.path.removeprefix("/") or parts.query or parts.fragment:
        raise ConfigError(f"store.url: {url!r} isn't of the form {scheme}://HOST:PORT/DATABASE")
    if set(database) & set("/\\") or database in (".", "..") or not database.isprintable():
        raise ConfigError(f"store.url: InfluxDB takes no database name such as {database!r}")
    if (username is None) != (password is None):
        raise ConfigError("store.username and store.password_file: set both or none")
    if username is not None and (not username or ":" in username):
        raise ConfigError(f"store.username: {username!r} can't be a user name: empty, or with a colon")
    shown = f"[{host}]" if ":" in host else host
    return StoreAddress(f"{_TRANSPORTS[scheme]}://{shown}:{port}", database, username, password)


def _embedded(url: str) -> StoreAddress:
    path = url.removeprefix(f"{_EMBEDDED}:")
    if path.startswith("//"):
        if not path.startswith("///"):
            raise ConfigError(f"store.url: {url!r} names a host; the embedded store is a file: {_EMBEDDED}:/PATH")
        path = path.removeprefix("//")
    if path.endswith("/") or not path.isprintable() or (path and Path(path).name in {"", ".."}):
        raise ConfigError(f"store.url: {url!r} isn't of the form {_EMBEDDED}:PATH, with the path of a file")
    return StoreAddress(f"{_EMBEDDED}:", path)
