"""Prometheus Alertmanager over HTTP: telling it of alerts, and asking what it silences.

Source: Prometheus Alertmanager 0.25, "Alerts API v2"; answers tried on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec

from hydro.errors import NotifyError
from storage.http_failure import why_no_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerting.notify.notice import Notice

__all__ = ["Alertmanager", "Silence"]

T = TypeVar("T")

_TIMEOUT: Final = aiohttp.ClientTimeout(total=20.0, sock_connect=5.0)
_OK: Final = 200
_BAD_REQUEST: Final = 400
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
_SHOWN: Final = 300
_MOST: Final = 500
"""Notices in one request: about half a megabyte."""


class Silence(NamedTuple):
    """Why Alertmanager tells nobody of an alert.

    Attributes:
        until: As it says, ISO 8601.
        by: Who set it.
        comment: Why.
    """

    until: str
    by: str
    comment: str


class _Status(msgspec.Struct, rename={"silenced_by": "silencedBy"}):
    silenced_by: list[str] = []


class _Known(msgspec.Struct):
    labels: dict[str, str]
    status: _Status


class _SilenceAnswer(msgspec.Struct, rename={"ends_at": "endsAt", "created_by": "createdBy"}):
    id: str
    ends_at: str
    created_by: str
    comment: str


_known: Final = msgspec.json.Decoder(list[_Known])
_silences: Final = msgspec.json.Decoder(list[_SilenceAnswer])


class Alertmanager:
    """One Alertmanager. All methods belong to one event loop.

    Args:
        url: Its address, such as ``http://127.0.0.1:9093``, with the prefix it is served under.

    Attributes:
        name: For messages.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self.name = f"Alertmanager {urlsplit(url).netloc.rpartition('@')[2]}"
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections; the next call opens them again."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def tell(self, notices: Sequence[Notice]) -> None:
        """Hand over notices, in order; telling again does no harm.

        Raises:
            NotifyError: Not all of them were taken.
        """
        for start in range(0, len(notices), _MOST):
            body = msgspec.json.encode(notices[start : start + _MOST])
            await self._ask("POST", "/api/v2/alerts", body)

    async def silenced(self) -> dict[str, Silence]:
        """Which of our alerts are silenced, by id of the alert.

        Raises:
            NotifyError: It didn't say.
        """
        asked = "/api/v2/alerts?active=false&inhibited=false&unprocessed=false&silenced=true"
        known = self._decoded(_known, await self._ask("GET", asked))
        if not known:
            return {}
        found = {one.id: one for one in self._decoded(_silences, await self._ask("GET", "/api/v2/silences"))}
        silences: dict[str, Silence] = {}
        for alert in known:
            reasons = [found[name] for name in alert.status.silenced_by if name in found]
            if reasons and "alert" in alert.labels:
                last = max(reasons, key=lambda one: one.ends_at)
                silences[alert.labels["alert"]] = Silence(last.ends_at, last.created_by, last.comment)
        return silences

    def _decoded(self, decoder: msgspec.json.Decoder[list[T]], body: bytes) -> list[T]:
        try:
            return decoder.decode(body)
        except msgspec.DecodeError as error:
            raise NotifyError(f"{self.name} gave an answer that isn't of its API v2: {error}") from error

    async def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession(headers={"Content-Type": "application/json"})
        try:
            async with self._session.request(
                method, self._url + path, data=body, timeout=_TIMEOUT, allow_redirects=False
            ) as response:
                answer = await response.read()
                if response.status != _OK:
                    words = " ".join(answer.decode("utf-8", "replace").split())[:_SHOWN]
                    raise NotifyError(f"{self.name} answers {response.status}: {words}")
                return answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NotifyError(f"{self.name} {why_no_answer(error)}") from error
