"""The first message of a gateway that was just added: what of it would be taken, what not, and why."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

import aiomqtt
import numpy as np

from hydro.errors import BrokerError
from hydro.fixed import format_micro
from hydro.flags import Flag
from hydro.quantity import canonical_unit
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from watermaster.settings import read_secret

if TYPE_CHECKING:
    from hydro.register import Register
    from watermaster.settings import MqttSettings, Settings

__all__ = ["FirstMessage", "first_message"]


class FirstMessage(NamedTuple):
    """What a message comes to.

    Attributes:
        topic: Where it was published.
        taken: Readings that would be kept, for people.
        refused: What would not be, with the reason.
    """

    topic: str
    taken: list[str]
    refused: list[str]

    @property
    def is_good(self) -> bool:
        """Whether it brought readings and nothing of it would be refused."""
        return bool(self.taken) and not self.refused


def first_message(settings: Settings, register: Register, gateway: str, wait_s: float) -> FirstMessage | None:
    """Wait for the next message of a gateway, beside the service and without taking anything from it.

    Args:
        settings: Where the broker is.
        register: What may come.
        gateway: Whose message.
        wait_s: How long.

    Returns:
        None where none came in time.

    Raises:
        BrokerError: The broker can't be reached, or refuses us.
    """
    heard = asyncio.run(_heard(settings.mqtt, f"{settings.mqtt.prefix}/{gateway}/up/+", wait_s))
    return None if heard is None else _judged(settings, register, *heard)


async def _heard(mqtt: MqttSettings, topic: str, wait_s: float) -> tuple[str, bytes] | None:
    address = mqtt.address
    tls = None
    if address.tls:
        tls = aiomqtt.TLSParameters(
            ca_certs=None if mqtt.ca_file is None else str(mqtt.ca_file),
            certfile=None if mqtt.cert_file is None else str(mqtt.cert_file),
            keyfile=None if mqtt.key_file is None else str(mqtt.key_file),
        )
    client = aiomqtt.Client(
        address.host,
        address.port,
        username=mqtt.username,
        password=read_secret(mqtt.password, mqtt.password_file),
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_params=tls,
    )
    try:
        async with client:
            await client.subscribe(topic, qos=1)
            async with asyncio.timeout(wait_s):
                async for message in client.messages:
                    return str(message.topic), bytes(message.payload)
    except TimeoutError:
        return None
    except aiomqtt.MqttError as error:
        raise BrokerError(f"broker {address}: {error}") from error
    return None


def _judged(settings: Settings, register: Register, topic: str, payload: bytes) -> FirstMessage:
    decoder = Decoder(
        register,
        SeriesIndex(register.stations),
        prefix=settings.mqtt.prefix,
        max_age_days=settings.time.max_age_days,
        ticks=TickSource.HEARTBEAT,
    )
    batch = decoder.decode(1, [topic], [payload], np.array([time.time_ns() // 1_000_000]))
    rows = batch.observations
    taken = [
        _reading(decoder.index, series, value, flag)
        for series, value, flag in zip(rows.series.tolist(), rows.value.tolist(), rows.flag.tolist(), strict=True)
    ]
    return FirstMessage(topic, taken, [f"{letter.reason}: {letter.detail}" for letter in batch.dead_letters])


def _reading(index: SeriesIndex, series: int, value: int, flag: int) -> str:
    quantity = index.quantity(series)
    shown = "missing" if flag == Flag.MISSING else f"{format_micro(value)} {canonical_unit(quantity)}".strip()
    doubt = " (outside min and max)" if flag == Flag.FAIL else ""
    return f"{index.station(series)} {quantity.name.lower()} {shown}{doubt}"
