"""Addresses that a broker may listen on."""

from __future__ import annotations

import errno
import ipaddress
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hydro.errors import BrokerError

if TYPE_CHECKING:
    import random

__all__ = ["LOOPBACK", "check_free", "free_port", "is_loopback", "reached_at"]

LOOPBACK: Final = "127.0.0.1"

_ANYWHERE: Final = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104  # names, nothing is bound here
_PORTS: Final = range(20_000, 32_000)
"""Below the ports that Linux gives to outgoing connections: a client that keeps trying to reach a broker that is down
would some day be given its port, and reach itself."""

_TRIES: Final = 200


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches what listens there; a name other than localhost might be anything."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def reached_at(host: str) -> str:
    """Address at which this machine reaches what listens on ``host``.

    >>> reached_at("0.0.0.0"), reached_at("192.0.2.7")
    ('127.0.0.1', '192.0.2.7')
    """
    return _ANYWHERE.get(host, host)


def check_free(host: str, port: int) -> None:
    """Pass when a port can be listened on.

    Raises:
        BrokerError: It is taken, or not ours to take; the message names it.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as brokers do
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                reason = (
                    "is taken by another program, perhaps another broker: name that one as mqtt://HOST:PORT, or give "
                    "another port, or 0 for a free one"
                )
            else:
                reason = f"can't be listened on: {error.strerror}"
            raise BrokerError(f"mqtt.url: port {port} of {host} {reason}", retryable=True) from error


def free_port(host: str, rng: random.Random) -> int:
    """Choose a port that nobody listens on now.

    Raises:
        BrokerError: There is none among many.
    """
    for port in rng.sample(_PORTS, _TRIES):
        with suppress(BrokerError):
            check_free(host, port)
            return port
    raise BrokerError(f"mqtt.url: no free port on {host} among {_TRIES} of {_PORTS.start} to {_PORTS.stop - 1}")
