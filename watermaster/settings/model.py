"""The settings of CONTRACT section 4, typed, with their defaults.

Relative paths are relative to the working directory. Secrets come from the environment or from files, never from the
settings file: that one is printed, copied and shown to others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints

from hydro.errors import ConfigError
from hydro.instants import parse_zone
from hydro.register import Confirmation
from hydro.register.mistake import shown
from storage.store_url import parse_store_url

__all__ = [
    "BrokerAddress",
    "IngestSettings",
    "MqttSettings",
    "Settings",
    "StoreSettings",
    "TimeSettings",
    "parse_broker_url",
]

_TOPIC_SIGNS: Final = frozenset("+#\0")
_LONGEST_CLIENT_ID: Final = 64


class BrokerAddress(NamedTuple):
    """Where the broker is.

    Attributes:
        host: Name or address.
        port: TCP port.
        tls: The connection is encrypted.
        embedded: Watermaster starts it itself.
    """

    host: str
    port: int
    tls: bool
    embedded: bool


def parse_broker_url(url: str) -> BrokerAddress:
    """Read `mqtt.url`.

    Raises:
        ValueError: Not such an address; one line.

    >>> parse_broker_url("mqtts://broker.example")
    BrokerAddress(host='broker.example', port=8883, tls=True, embedded=False)
    """
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        # Not repeated in the message: this line ends up in logs. The same below.
        raise ValueError("holds a user name or password; they belong in mqtt.username, mqtt.password_file")
    if parts.scheme not in ("mqtt", "mqtts", "embedded") or not parts.hostname:
        raise ValueError(f"{shown(url)} is not of the form mqtt://HOST:PORT, mqtts://HOST:PORT or embedded://HOST:PORT")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"{shown(url)} has something behind host and port")
    tls, embedded = parts.scheme == "mqtts", parts.scheme == "embedded"
    if parts.port == 0 and not embedded:
        raise ValueError(f"{shown(url)} has port 0, which only an embedded broker can take: any free one")
    port = (8883 if tls else 1883) if parts.port is None else parts.port
    return BrokerAddress(parts.hostname, port, tls, embedded)


def _broker_url(url: str) -> str:
    parse_broker_url(url)
    return url


def _zone(text: str) -> str:
    parse_zone(text)
    return text


def _prefix(text: str) -> str:
    levels = text.split("/")
    if "" in levels or text.startswith("$") or _TOPIC_SIGNS & set(text):
        raise ValueError(f"{shown(text)} is not a topic prefix: levels between single slashes, without + and #")
    return text


def _client_id(text: str) -> str:
    if not text or len(text) > _LONGEST_CLIENT_ID or "/" in text or _TOPIC_SIGNS & set(text) or not text.isprintable():
        raise ValueError(f"{shown(text)} is not a client id: 1 to {_LONGEST_CLIENT_ID} characters without / + #")
    return text


def _journal_url(url: str) -> str:
    if url and not url.startswith("file:"):
        raise ValueError(f"{shown(url)} is not of the form file:DIRECTORY; other journals come in a later version")
    return url


def _store_url(url: str) -> str:
    try:
        parse_store_url(url)
    except ConfigError as error:
        raise ValueError(str(error).removeprefix("store.url: ")) from None
    return url


def _ledger_url(url: str) -> str:
    if url != "sqlite:" and "://" not in url:
        raise ValueError("is neither sqlite: nor an SQLAlchemy URL such as postgresql+psycopg://HOST/NAME")
    return url


def _http_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a user name or password")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{shown(url)} is not of the form http://HOST:PORT")
    return url


def _listen_address(text: str) -> str:
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.port is None or parts.path:
        raise ValueError(f"{shown(text)} is not of the form ADDRESS:PORT")
    return text


def _off(value: object) -> object:
    return None if isinstance(value, str) and value.lower() == "off" else value


_OFF: Final = BeforeValidator(_off)
_Text = Annotated[str, StringConstraints(min_length=1)]
_HttpUrl = Annotated[str, AfterValidator(_http_url)]


class _Group(BaseModel):
    """Settings below one word; a word that is not declared is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False)


class MqttSettings(_Group):
    """The broker and our session on it."""

    url: Annotated[str, AfterValidator(_broker_url)] = "mqtt://127.0.0.1:1883"
    client_id: Annotated[str, AfterValidator(_client_id)] = "watermaster"
    prefix: Annotated[str, AfterValidator(_prefix)] = "watermaster/v1"
    session_expiry_s: Annotated[int, Field(ge=1, le=4_294_967_295)] = 604_800
    username: _Text | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    passwords: Path | None = None

    @property
    def address(self) -> BrokerAddress:
        """Where the broker is."""
        return parse_broker_url(self.url)


class JournalSettings(_Group):
    """The log of raw messages; without a URL it lies in the data directory."""

    url: Annotated[str, AfterValidator(_journal_url)] = ""
    keep_days: Annotated[int, Field(ge=1)] = 14
    max_gb: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 50


class StoreSettings(_Group):
    """The time-series store."""

    url: Annotated[str, AfterValidator(_store_url)] = "duckdb:"
    username: _Text | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    token: SecretStr | None = None
    token_file: Path | None = None

    @property
    def embedded(self) -> bool:
        """Whether it is a file that belongs to one process."""
        return self.url.startswith("duckdb:")


class LedgerSettings(_Group):
    """The database of alerts and cases; `sqlite:` lies in the data directory."""

    url: Annotated[str, AfterValidator(_ledger_url)] = "sqlite:"


class ConsoleSettings(_Group):
    """Where page, REST and metrics are served; port 0 takes any free one. Messages link to the page at ``link``."""

    host: _Text = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    link: _HttpUrl | None = None


class TimeSettings(_Group):
    """How event time is read and how long it is waited for; part of the hash on verdicts."""

    zone: Annotated[str, AfterValidator(_zone)] = "+08:00"
    allowed_lateness_min: Annotated[int, Field(ge=0, le=527_040)] = 30
    max_age_days: Annotated[int, Field(ge=0)] = 400
    revise_days: Annotated[int, Field(ge=0)] = 35

    @property
    def zone_minutes(self) -> int:
        """Minutes east of UTC."""
        return parse_zone(self.zone)


class IngestSettings(_Group):
    """What may come in."""

    tcp: Annotated[Annotated[str, AfterValidator(_listen_address)] | None, _OFF] = None
    trust_replay: bool = False
    refuse_unknown: bool = False
    max_per_address: Annotated[int, Field(ge=1, le=65_535)] = 1_000
    confirm: Confirmation = Confirmation.ESC


class AlertmanagerSettings(_Group):
    """Where notifications go."""

    url: Annotated[_HttpUrl | None, _OFF] = None
    every_s: Annotated[float, Field(ge=1, le=300)] = 30.0


class GrafanaSettings(_Group):
    """Where dashboards are pushed, and where that Grafana finds what it shows and whom it tells.

    Attributes:
        influxdb_url: As Grafana reaches it; None = as ``store.url`` says.
        alertmanager_url: As Grafana reaches it; None = as ``alertmanager.url`` says.
        webhook_url: Takes Grafana's webhook; None = nobody does.
    """

    url: Annotated[_HttpUrl | None, _OFF] = None
    token: SecretStr | None = None
    token_file: Path | None = None
    influxdb_url: _HttpUrl | None = None
    prometheus_url: _HttpUrl = "http://127.0.0.1:9090"
    alertmanager_url: _HttpUrl | None = None
    webhook_url: Annotated[_HttpUrl | None, _OFF] = None


class Settings(_Group):
    """All settings of CONTRACT section 4, with their defaults."""

    data_dir: Path = Path("var")
    mqtt: MqttSettings = MqttSettings()
    journal: JournalSettings = JournalSettings()
    store: StoreSettings = StoreSettings()
    ledger: LedgerSettings = LedgerSettings()
    console: ConsoleSettings = ConsoleSettings()
    time: TimeSettings = TimeSettings()
    ingest: IngestSettings = IngestSettings()
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()
    grafana: GrafanaSettings = GrafanaSettings()
