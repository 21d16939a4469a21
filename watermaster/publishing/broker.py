"""The broker to publish to, out of the settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hydro.errors import ConfigError
from ingest.mqtt.address import BrokerAddress
from simulators.publisher import Broker
from watermaster.settings import load_settings, read_secret

if TYPE_CHECKING:
    from watermaster.settings import MqttSettings, Settings

__all__ = ["broker_of", "publishing_settings"]

_USUAL: Final = Path("config")


def publishing_settings(directory: Path | None, *, needed: bool = False) -> Settings:
    """Settings of a config directory and the environment; the register beside them is not read.

    Args:
        directory: The config directory; None: ``./config``, and where there is none, only the environment.
        needed: There must be one.

    Raises:
        ConfigError: They have a mistake.
    """
    if directory is None and (needed or _USUAL.is_dir()):
        directory = _USUAL
    settings, findings = load_settings(directory, os.environ)
    if settings is None:
        raise ConfigError(str(findings[0]) if directory is None else f"{directory}: {findings[0]}")
    return settings


def broker_of(mqtt: MqttSettings) -> Broker:
    """Where to publish, with the user, the password and the certificates of the settings.

    Raises:
        ConfigError: A file can't be used, or the port is any free one.
    """
    address = mqtt.address
    if address.port == 0:
        raise ConfigError(f"mqtt.url: {mqtt.url} takes any free port, and which that is only the service knows")
    trust = BrokerAddress(
        host=address.host,
        port=address.port,
        tls=address.tls,
        ca_file=mqtt.ca_file,
        cert_file=mqtt.cert_file,
        key_file=mqtt.key_file,
    )
    return Broker(
        host=address.host,
        port=address.port,
        tls=trust.ssl_context(),
        username=mqtt.username,
        password=read_secret(mqtt.password, mqtt.password_file),
    )
