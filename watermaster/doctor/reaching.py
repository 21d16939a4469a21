"""What the installation talks to: asked as the service asks, with a name of its own, and nothing left behind."""

from __future__ import annotations

import asyncio
import ssl
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

import aiohttp

from hydro.errors import AlreadyRunning, BrokerError, ConfigError, StoreError
from hydro.instants import DAY_MS
from ingest.mqtt import BrokerAddress
from ingest.mqtt.probe import ensure_alone
from ingest.topics import heartbeat_topic
from storage.http_failure import why_no_answer
from watermaster.doctor.advice import ADVICE, of_broker, of_store
from watermaster.doctor.finding import Finding, Part, State
from watermaster.settings import read_secret
from watermaster.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from watermaster.settings import Settings

__all__ = ["alertmanager", "broker", "certificate", "clock_beside", "store"]

_CONNECT_S: Final = 10.0
_ANSWER_S: Final = 1.0
_SOON_MS: Final = 21 * DAY_MS
_OFF_MS: Final = 30_000
"""From which difference a clock counts as wrong; servers give their time by the second."""
_REFUSES_MS: Final = 600_000
"""From here readings of the present look impossible: they are refused 10 min ahead of their arrival."""
_OK: Final = 200


def address_of(settings: Settings) -> BrokerAddress:
    """The broker with our credentials."""
    mqtt = settings.mqtt
    return BrokerAddress.parse(
        mqtt.url,
        username=mqtt.username,
        password=read_secret(mqtt.password, mqtt.password_file),
        ca_file=mqtt.ca_file,
        cert_file=mqtt.cert_file,
        key_file=mqtt.key_file,
    )


async def broker(settings: Settings, *, running: bool) -> list[Finding]:
    """Whether the broker takes us, and who else collects from it.

    The collector's own name is never used: taking its session would throw a living one out.

    Args:
        settings: Where it is and who we are.
        running: A service runs on this data directory.
    """
    mqtt = settings.mqtt
    if mqtt.address.embedded:
        if running:
            return [Finding(Part.BROKER, State.OK, "embedded in the service")]
        return [Finding(Part.BROKER, State.UNKNOWN, "embedded: it is there while the service runs")]
    try:
        return [await _asked(address_of(settings), settings, running=running)]
    except ConfigError as error:
        return [Finding(Part.BROKER, State.FAILED, str(error), ADVICE["config"])]
    except BrokerError as error:
        advice = of_broker(error, shows_certificate=mqtt.cert_file is not None)
        return [Finding(Part.BROKER, State.FAILED, str(error), advice)]


async def _asked(address: BrokerAddress, settings: Settings, *, running: bool) -> Finding:
    mqtt = settings.mqtt
    try:
        await ensure_alone(
            address,
            address.ssl_context(),
            client_id=mqtt.client_id,
            topic=heartbeat_topic(mqtt.prefix, mqtt.client_id),
            wait_s=_ANSWER_S,
            connect_s=_CONNECT_S,
        )
    except AlreadyRunning:
        if running:
            return Finding(Part.BROKER, State.OK, f"{address}: connected, and the collector answers through it")
        said = f"{address}: another collector is connected as {mqtt.client_id!r}"
        return Finding(Part.BROKER, State.FAILED, said, ADVICE["other_collector"])
    if running:
        said = f"{address}: connected, but no answer of the collector came through it within {_ANSWER_S:g} s"
        return Finding(Part.BROKER, State.LOOK, said, ADVICE["service_part"])
    return Finding(Part.BROKER, State.OK, f"{address}: connected")


async def certificate(settings: Settings, now: int) -> list[Finding]:
    """How long the broker's certificate still holds."""
    address = settings.mqtt.address
    if not address.tls:
        return [Finding(Part.CERTIFICATE, State.OFF, f"{settings.mqtt.url}: without TLS")]
    try:
        context = address_of(settings).ssl_context()
        async with asyncio.timeout(_CONNECT_S):
            _, writer = await asyncio.open_connection(address.host, address.port, ssl=context)
        held = writer.get_extra_info("peercert")
        writer.close()
    except (ConfigError, OSError):  # the broker's own line says why
        return []
    until = int(ssl.cert_time_to_seconds(held["notAfter"])) * 1000
    said = f"the broker's holds for {(until - now) / DAY_MS:.0f} d, until {held['notAfter']}"
    if until - now < _SOON_MS:
        return [Finding(Part.CERTIFICATE, State.LOOK, said, ADVICE["certificate_soon"])]
    return [Finding(Part.CERTIFICATE, State.OK, said)]


async def store(settings: Settings, *, running: bool) -> list[Finding]:
    """Whether the database is there and takes us."""
    if settings.store.embedded:
        said = "embedded, it belongs to the service" if running else "embedded: it is looked at when the service starts"
        return [Finding(Part.STORE, State.OK if running else State.UNKNOWN, said)]
    opened = open_store(settings)
    try:
        version = await opened.ping()
        await opened.ensure()
    except StoreError as error:
        return [Finding(Part.STORE, State.FAILED, str(error), of_store(error))]
    finally:
        await opened.close()
    return [Finding(Part.STORE, State.OK, f"{settings.store.url}: version {version}, takes us")]


async def alertmanager(settings: Settings) -> list[Finding]:
    """Whether somebody would be notified."""
    url = settings.alertmanager.url
    if url is None:
        return [Finding(Part.ALERTMANAGER, State.OFF, "alertmanager.url is not set: nobody is notified")]
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_CONNECT_S)) as session,
            session.get(f"{url.rstrip('/')}/api/v2/status", allow_redirects=False) as answer,
        ):
            if answer.status != _OK:
                said = f"{url} answers {answer.status}"
                return [Finding(Part.ALERTMANAGER, State.FAILED, said, ADVICE["alertmanager"])]
            known = await answer.json(content_type=None)
            version = known["versionInfo"]["version"]
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError) as error:
        said = f"{url} {why_no_answer(error)}"
        return [Finding(Part.ALERTMANAGER, State.FAILED, said, ADVICE["alertmanager"])]
    return [Finding(Part.ALERTMANAGER, State.OK, f"{url}: version {version}")]


async def clock_beside(settings: Settings, clock: Callable[[], int]) -> list[Finding]:
    """This machine's clock beside those of the servers that it talks to.

    Args:
        settings: Where they are.
        clock: This machine's, epoch milliseconds.
    """
    urls = [_http_of(settings.store.url), settings.alertmanager.url, settings.grafana.url]
    found = []
    for url in dict.fromkeys(url for url in urls if url is not None):
        off = await _off_by(url, clock)
        if off is None:
            continue
        said = f"{abs(off) / 1000:.0f} s {'ahead of' if off > 0 else 'behind'} the clock of {url}"
        if abs(off) > _OFF_MS:
            state = State.FAILED if abs(off) > _REFUSES_MS else State.LOOK
            found.append(Finding(Part.CLOCK, state, said, ADVICE["clock"]))
        else:
            found.append(Finding(Part.CLOCK, State.OK, said))
    return found or [Finding(Part.CLOCK, State.UNKNOWN, "no server that tells its time to compare with")]


def _http_of(url: str) -> str | None:
    scheme, _, rest = url.partition("://")
    if not scheme.startswith("influxdb"):
        return None
    return f"{'https' if scheme.startswith('influxdbs') else 'http'}://{rest.partition('/')[0]}"


async def _off_by(url: str, clock: Callable[[], int]) -> int | None:
    """How far our clock is ahead, milliseconds; None where the server doesn't say."""
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_CONNECT_S)) as session:
            before = clock()
            async with session.get(f"{url.rstrip('/')}/", allow_redirects=False) as answer:
                after, said = clock(), answer.headers.get("Date")
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None
    if said is None:
        return None
    try:
        theirs = round(parsedate_to_datetime(said).timestamp() * 1000)
    except ValueError:
        return None
    low, high = before - theirs - 1000, after - theirs  # the second that is told is cut off
    return 0 if low <= 0 <= high else min(low, high, key=abs)
