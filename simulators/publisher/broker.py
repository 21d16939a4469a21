"""Where to publish, and the broker's answers in words."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from typing import Final

import mqtt5

from hydro.errors import BrokerError

__all__ = ["Broker", "check_answer", "left_us", "unreachable"]

_CODES: Final = mqtt5.ConnAckReasonCode
# A tuple: the codec's reason codes can't be hashed (mqtt5 0.8.0). What will not pass by itself.
_FINAL: Final = (
    _CODES.UNSUPPORTED_PROTOCOL_VERSION,
    _CODES.CLIENT_ID_NOT_VALID,
    _CODES.BAD_USER_NAME_OR_PASSWORD,
    _CODES.NOT_AUTHORIZED,
    _CODES.BANNED,
    _CODES.BAD_AUTHENTICATION_METHOD,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where to publish.

    Attributes:
        host: Name or address, IPv6 without brackets.
        port: TCP port.
        tls: What to encrypt with; None: nothing.
        username: None for anonymous clients.
        password: Never printed.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Host and port as in messages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def addresses(self) -> list[tuple[int, tuple[object, ...]]]:
        """Families and addresses of the host, in the order of preference.

        Raises:
            BrokerError: Its name is not known.
        """
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise BrokerError(
                f"broker {self} can't be reached: host name not found ({error.strerror})", retryable=True
            ) from error
        return [(family, address) for family, _, _, _, address in found]


def check_answer(answer: mqtt5.ConnAckPacket, broker: Broker) -> None:
    """Pass an accepted connection.

    Raises:
        BrokerError: It was refused; retryable unless a setting must change.
    """
    if answer.reason_code != _CODES.SUCCESS:
        raise BrokerError(
            f"broker {broker} refuses the connection: {_words(answer.reason_code.name, answer.reason_str)}",
            retryable=answer.reason_code not in _FINAL,
        )
    if answer.max_qos == mqtt5.QoS.AT_MOST_ONCE:
        raise BrokerError(f"broker {broker} offers QoS 0 only: nothing could be acknowledged")


def left_us(packet: mqtt5.DisconnectPacket, broker: Broker) -> BrokerError:
    """Why the broker ended the connection."""
    return BrokerError(
        f"broker {broker} ends the connection: {_words(packet.reason_code.name, packet.reason_str)}", retryable=True
    )


def unreachable(error: OSError, broker: Broker) -> BrokerError:
    """Why no connection came about, or why it broke."""
    match error:
        case ssl.SSLCertVerificationError():
            return BrokerError(f"broker {broker}: its certificate is not trusted: {error.verify_message}")
        case ssl.SSLError():
            return BrokerError(f"broker {broker}: TLS failed: {error.reason or error}", retryable=True)
        case ConnectionRefusedError():
            why = "connection refused: nothing listens there"
        case TimeoutError():
            why = "no answer in time"
        case ConnectionError():
            why = "the connection broke"
        case _:
            why = error.strerror or str(error)
    return BrokerError(f"broker {broker} can't be reached: {why}", retryable=True)


def _words(reason: str, said: str | None) -> str:
    text = reason.replace("_", " ").lower().replace("authorized", "authorised")
    return f"{text} ({said})" if said else text
