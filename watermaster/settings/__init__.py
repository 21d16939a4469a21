"""Settings: ``watermaster.yaml`` of the config directory, overridden by the environment."""

from __future__ import annotations

from watermaster.settings.load import load_settings, read_secret
from watermaster.settings.model import (
    BrokerAddress,
    IngestSettings,
    MqttSettings,
    Settings,
    StoreSettings,
    TimeSettings,
    parse_broker_url,
)

__all__ = [
    "BrokerAddress",
    "IngestSettings",
    "MqttSettings",
    "Settings",
    "StoreSettings",
    "TimeSettings",
    "load_settings",
    "parse_broker_url",
    "read_secret",
]
