"""The setting `store.url`: which store, where."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from hydro.errors import ConfigError

__all__ = ["StoreAddress", "StoreKind", "parse_store_url"]

DEFAULT_PORT: Final = 8086
DEFAULT_PORT_3: Final = 8181

_EMBEDDED: Final = "duckdb"
_EXAMPLE: Final = "influxdb://127.0.0.1:8086/watermaster"


class StoreKind(StrEnum):
    """Which product holds the values."""

    EMBEDDED = "duckdb"
    INFLUXDB_1 = "influxdb"
    INFLUXDB_2 = "influxdb+v2"
    INFLUXDB_3 = "influxdb+v3"


_SCHEMES: Final = {
    "influxdb": ("http", StoreKind.INFLUXDB_1),
    "influxdbs": ("https", StoreKind.INFLUXDB_1),
    "influxdb+v2": ("http", StoreKind.INFLUXDB_2),
    "influxdbs+v2": ("https", StoreKind.INFLUXDB_2),
    "influxdb+v3": ("http", StoreKind.INFLUXDB_3),
    "influxdbs+v3": ("https", StoreKind.INFLUXDB_3),
}
_DEFAULT_PORTS: Final = {
    StoreKind.INFLUXDB_1: DEFAULT_PORT,
    StoreKind.INFLUXDB_2: DEFAULT_PORT,
    StoreKind.INFLUXDB_3: DEFAULT_PORT_3,
}
_FORMS: Final = {
    StoreKind.INFLUXDB_1: "{scheme}://HOST:PORT/DATABASE",
    StoreKind.INFLUXDB_2: "{scheme}://HOST:PORT/BUCKET?org=ORGANISATION",
    StoreKind.INFLUXDB_3: "{scheme}://HOST:PORT/DATABASE",
}


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A database of an InfluxDB server, or the file of an embedded store.

    Attributes:
        base_url: Scheme, host and port for HTTP; ``duckdb:`` for the embedded store.
        database: Its name, in 2.x the bucket's; path of the file, empty for the one in the data directory.
        kind: Which product, and so how to speak to it.
        username: Of 1.x; None where the server asks for none.
        password: Of 1.x; None where the server asks for none.
        organization: Of 2.x and 3.
        token: Of 2.x and 3; None where the server asks for none.
    """

    base_url: str
    database: str
    kind: StoreKind = StoreKind.INFLUXDB_1
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    organization: str = ""
    token: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """The address for people, without credentials."""
        return f"{self.base_url}{'' if self.embedded else '/'}{self.database}"

    @property
    def embedded(self) -> bool:
        """Whether the store is a file of this process."""
        return self.kind is StoreKind.EMBEDDED

    def path(self, data_dir: Path, name: str) -> Path:
        """File of the embedded store.

        Args:
            data_dir: Where it lies if the address names no other place.
            name: How it is called there.
        """
        return Path(self.database) if self.database else data_dir / name


def parse_store_url(
    url: str, *, username: str | None = None, password: str | None = None, token: str | None = None
) -> StoreAddress:
    """Read `store.url`.

    Args:
        url: ``influxdb://HOST[:PORT]/DATABASE``, ``influxdb+v2://HOST[:PORT]/BUCKET?org=NAME``,
            ``influxdb+v3://HOST[:PORT]/DATABASE``; ``influxdbs…`` for TLS; ``duckdb:`` or ``duckdb:PATH``.
        username: `store.username`, of 1.x.
        password: Content of `store.password_file`, of 1.x.
        token: Content of `store.token_file`, of 2.x and 3.

    Raises:
        ConfigError: Not such an address; one line.

    >>> parse_store_url("influxdb://db/water").base_url
    'http://db:8086'
    >>> parse_store_url("influxdb+v2://db/water?org=bureau").organization
    'bureau'
    >>> parse_store_url("duckdb:/srv/river.duckdb").path(Path("var"), "store.duckdb").as_posix()
    '/srv/river.duckdb'
    """
    scheme = url.partition(":")[0]
    if scheme == _EMBEDDED and ":" in url:
        return _embedded(url)
    if scheme not in _SCHEMES:
        raise ConfigError(f"store.url: unknown kind of store {scheme!r}; use for example {_EXAMPLE}")
    transport, kind = _SCHEMES[scheme]
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _DEFAULT_PORTS[kind]
    except ValueError as error:
        raise ConfigError(f"store.url: {error}; use for example {_EXAMPLE}") from None
    if parts.username is not None or parts.password is not None:
        # Not repeated in the message: this line ends up in logs.
        raise ConfigError(
            "store.url: holds a user name or password; they belong in store.username, store.password_file"
        )
    database = unquote(parts.path.removeprefix("/"))
    form = _FORMS[kind].format(scheme=scheme)
    organization = _organization(parts.query, kind)
    if (
        not host
        or not database
        or "/" in parts.path.removeprefix("/")
        or parts.fragment
        or organization is None
        or (kind is StoreKind.INFLUXDB_2 and not organization)
    ):
        raise ConfigError(f"store.url: {url!r} isn't of the form {form}")
    if set(database) & set("/\\") or database in (".", "..") or not database.isprintable():
        raise ConfigError(f"store.url: InfluxDB takes no database name such as {database!r}")
    shown = f"[{host}]" if ":" in host else host
    base_url = f"{transport}://{shown}:{port}"
    if kind is not StoreKind.INFLUXDB_1:
        return StoreAddress(base_url, database, kind, organization=organization, token=_token(token))
    if (username is None) != (password is None):
        raise ConfigError("store.username and store.password_file: set both or none")
    if username is not None and (not username or ":" in username):
        raise ConfigError(f"store.username: {username!r} can't be a user name: empty, or with a colon")
    return StoreAddress(base_url, database, kind, username, password)


def _organization(query: str, kind: StoreKind) -> str | None:
    """What stands after ``?org=``; empty without, None where something else stands there."""
    if not query:
        return ""
    found = parse_qsl(query, keep_blank_values=True)
    if kind is StoreKind.INFLUXDB_1 or [name for name, _ in found] != ["org"]:
        return None
    return found[0][1]


def _token(token: str | None) -> str | None:
    if token is not None and not (token.isascii() and token.isprintable() and token and " " not in token):
        raise ConfigError("store.token_file: not a token: it is one word of letters, digits and signs")
    return token


def _embedded(url: str) -> StoreAddress:
    path = url.removeprefix(f"{_EMBEDDED}:")
    if path.startswith("//"):
        if not path.startswith("///"):
            raise ConfigError(f"store.url: {url!r} names a host; the embedded store is a file: {_EMBEDDED}:/PATH")
        path = path.removeprefix("//")
    if path.endswith("/") or not path.isprintable() or (path and Path(path).name in {"", ".."}):
        raise ConfigError(f"store.url: {url!r} isn't of the form {_EMBEDDED}:PATH, with the path of a file")
    return StoreAddress(f"{_EMBEDDED}:", path, StoreKind.EMBEDDED)
