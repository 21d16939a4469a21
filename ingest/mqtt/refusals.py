"""The broker's answers in words, and whether trying again makes sense."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Final

import mqtt5

from hydro.errors import AlreadyRunning, BrokerError, WatermasterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.mqtt.address import BrokerAddress

__all__ = ["check_connack", "check_suback", "disconnected", "lost", "unreachable"]

_CONNACK: Final = mqtt5.ConnAckReasonCode
_SUBACK: Final = mqtt5.SubAckReasonCode

# Tuples: the codec's reason codes say that they are an IntEnum, but can be neither hashed nor ordered (mqtt5 0.8.0).
# What will not pass by itself: somebody has to change a setting, here or at the broker.
_FINAL: Final = (
    _CONNACK.UNSUPPORTED_PROTOCOL_VERSION,
    _CONNACK.CLIENT_ID_NOT_VALID,
    _CONNACK.BAD_USER_NAME_OR_PASSWORD,
    _CONNACK.NOT_AUTHORIZED,
    _CONNACK.BANNED,
    _CONNACK.BAD_AUTHENTICATION_METHOD,
)
_PASSING: Final = (_SUBACK.UNSPECIFIED_ERROR, _SUBACK.IMPLEMENTATION_SPECIFIC_ERROR, _SUBACK.PACKET_ID_IN_USE)


def _words(reason: str, said: str | None) -> str:
    text = reason.replace("_", " ").lower().replace("authorized", "authorised")
    return f"{text} ({said})" if said else text


def check_connack(answer: mqtt5.ConnAckPacket, address: BrokerAddress) -> None:
    """Pass an accepted connection.

    Raises:
        BrokerError: It was refused; retryable unless a setting must change.
    """
    if answer.reason_code != _CONNACK.SUCCESS:
        raise BrokerError(
            f"broker {address} refuses the connection: {_words(answer.reason_code.name, answer.reason_str)}",
            retryable=answer.reason_code not in _FINAL,
        )
    if answer.max_qos == mqtt5.QoS.AT_MOST_ONCE:
        raise BrokerError(f"broker {address} offers QoS 0 only: nothing could be acknowledged")


def check_suback(answer: mqtt5.SubAckPacket, topic_filters: Sequence[str], address: BrokerAddress) -> None:
    """Pass subscriptions that were all granted with QoS 1.

    Raises:
        BrokerError: One was not; retryable unless a setting must change.
    """
    if len(answer.reason_codes) != len(topic_filters):
        raise BrokerError(
            f"broker {address} answers {len(answer.reason_codes)} of {len(topic_filters)} subscriptions", retryable=True
        )
    for topic_filter, code in zip(topic_filters, answer.reason_codes, strict=True):
        if code != _SUBACK.GRANTED_QOS_AT_LEAST_ONCE:
            raise BrokerError(
                f"broker {address} refuses the subscription to {topic_filter}: {_words(code.name, answer.reason_str)}",
                retryable=code in _PASSING,
            )


def disconnected(packet: mqtt5.DisconnectPacket, address: BrokerAddress, client_id: str) -> WatermasterError:
    """Say why the broker ended the connection.

    Returns:
        An `AlreadyRunning` when somebody else took the session: coming back would take it from them, for ever.
    """
    if packet.reason_code == mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER:
        return AlreadyRunning(f"broker {address}: somebody else has connected with the client id {client_id!r}")
    return BrokerError(
        f"broker {address} ends the connection: {_words(packet.reason_code.name, packet.reason_str)}", retryable=True
    )


def lost(error: Exception | None, address: BrokerAddress) -> BrokerError:
    """Say how a connection ended without a word of MQTT.

    With TLS 1.3 a broker that refuses our certificate says so after the handshake, which for us is the connection.
    """
    match error:
        case None:
            why = "the broker closed the connection"
        case ssl.SSLError():
            why = f"TLS failed: {error.reason or error}"
        case _:
            why = "the connection broke"
    ended = BrokerError(f"broker {address}: {why}", retryable=True)
    ended.__cause__ = error
    return ended


def unreachable(error: OSError, address: BrokerAddress) -> BrokerError:
    """Say why no connection came about."""
    match error:
        case ssl.SSLCertVerificationError():
            return BrokerError(f"broker {address}: its certificate is not trusted: {error.verify_message}")
        case ssl.SSLError():
            return BrokerError(f"broker {address}: TLS failed: {error.reason or error}", retryable=True)
        case socket.gaierror():
            why = f"host name not found ({error.strerror})"
        case ConnectionRefusedError():
            why = "connection refused: nothing listens there"
        case TimeoutError():
            why = "no answer in time"
        case ConnectionError():
            why = "the connection broke"
        case _:
            why = error.strerror or str(error)
    return BrokerError(f"broker {address} can't be reached: {why}", retryable=True)
