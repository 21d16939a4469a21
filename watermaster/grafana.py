"""Grafana as the settings say: what is built for it, and how it is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.grafana.built import Database, Wanted
from hydro.errors import ConfigError
from storage.store_url import StoreKind, parse_store_url
from watermaster.settings import read_secret

if TYPE_CHECKING:
    from dashboards.grafana.server import Server
    from watermaster.settings import Settings

__all__ = ["grafana_server", "pushed_to", "wanted_of"]


def wanted_of(settings: Settings, at: int) -> Wanted:
    """What is built.

    Args:
        settings: ``store``, ``grafana``, ``alertmanager.url``, ``console.link``.
        at: Instant whose register is shown, epoch milliseconds.

    Raises:
        ConfigError: Grafana can't read the store, or a secret can't be read.
    """
    store, grafana = settings.store, settings.grafana
    password = read_secret(store.password, store.password_file)
    token = read_secret(store.token, store.token_file)
    address = parse_store_url(store.url, username=store.username, password=password, token=token)
    if address.kind not in (StoreKind.INFLUXDB_1, StoreKind.INFLUXDB_2):
        raise ConfigError(
            f"store.url: {address.kind.value}: is none that Grafana reads here; "
            "set influxdb://HOST:PORT/DATABASE or influxdb+v2://HOST:PORT/BUCKET?org=NAME"
        )
    return Wanted(
        at=at,
        database=Database(
            url=grafana.influxdb_url or address.base_url,
            name=address.database,
            username=address.username or "",
            password=address.password or "",
            token=address.token or "",
        ),
        prometheus=grafana.prometheus_url,
        console=settings.console.link or "",
        alertmanager=grafana.alertmanager_url or settings.alertmanager.url or "",
        webhook=grafana.webhook_url or "",
        told_elsewhere=settings.alertmanager.url is not None,
    )


def grafana_server(settings: Settings) -> Server | None:
    """The Grafana of the settings; None where they name none. Nothing is asked yet.

    Raises:
        ConfigError: What stands for a token can be none, or can't be read.
    """
    grafana = settings.grafana
    if grafana.url is None:
        return None
    token = read_secret(grafana.token, grafana.token_file)
    if token is not None and not (token and token.isascii() and token.isprintable() and " " not in token):
        raise ConfigError("grafana.token_file: not a token: it is one word of letters, digits and signs")
    from dashboards.grafana.server import Server  # noqa: PLC0415  # grafana-client takes its time

    return Server(grafana.url, token)


def pushed_to(settings: Settings) -> Server:
    """The Grafana of the settings, with a token.

    Raises:
        ConfigError: Of :func:`grafana_server`; or the settings name no Grafana, or no token.
    """
    server = grafana_server(settings)
    if server is None:
        raise ConfigError(
            "grafana.url: is not set; it says where dashboards are pushed, for example http://127.0.0.1:3000"
        )
    if not server.has_token:
        raise ConfigError("grafana.token_file: is not set; it holds the token of a service account")
    return server
