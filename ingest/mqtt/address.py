"""Where the broker is and how we prove who we are."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from hydro.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BrokerAddress"]

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """A broker and the credentials for it.

    Attributes:
        host: Name or address, IPv6 without brackets.
        port: TCP port.
        tls: Whether to speak TLS.
        username: User name, None for an anonymous client.
        password: Its password; never printed.
        ca_file: Certificates (PEM) to trust instead of the system's.
        cert_file: Our certificate (PEM), where the broker asks for one.
        key_file: Its private key, where it is not in ``cert_file``.
    """

    host: str
    port: int
    tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    @classmethod
    def parse(
        cls,
        url: str,
        *,
        username: str | None = None,
        password: str | None = None,
        ca_file: Path | None = None,
        cert_file: Path | None = None,
        key_file: Path | None = None,
    ) -> BrokerAddress:
        """Read the setting mqtt.url and join the credentials to it.

        >>> BrokerAddress.parse("mqtt://broker.example").port
        1883
        >>> str(BrokerAddress.parse("mqtts://[::1]:9000"))
        '[::1]:9000'

        Raises:
            ConfigError: The address is none, or carries a password (secrets come from the environment or from files).
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ConfigError(f"mqtt.url: {error}") from error
        if parts.scheme not in _PORTS:
            raise ConfigError(f"mqtt.url: {url!r} begins with neither mqtt:// nor mqtts://")
        if parts.username is not None:
            # The address is printed in messages: a secret must not be in it, and is not repeated here.
            raise ConfigError("mqtt.url: user and password belong into mqtt.username and mqtt.password_file")
        if not parts.hostname or parts.path not in {"", "/"} or parts.query or parts.fragment:
            raise ConfigError(f"mqtt.url: {url!r} is not of the form mqtt://host:port")
        if port == 0:
            raise ConfigError(f"mqtt.url: {url!r} names port 0")
        return cls(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            tls=parts.scheme == "mqtts",
            username=username,
            password=password,
            ca_file=ca_file,
            cert_file=cert_file,
            key_file=key_file,
        )

    def __str__(self) -> str:
        """Host and port as in messages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def ssl_context(self) -> ssl.SSLContext | None:
        """Make what the connection is encrypted with, None without TLS.

        Raises:
            ConfigError: A certificate or key file can't be used.
        """
        if not self.tls:
            return None
        reading: Path | None = self.ca_file
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file is not None:
                reading = self.cert_file
                context.load_cert_chain(self.cert_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"TLS for {self}: {reading} can't be used: {error}") from error
        return context
