"""What is refused before any page or route sees it, since there is no login yet.

Whoever reaches the port may work cases; by default that is who sits at the machine. A browser there also runs pages of
others, so a request that changes something must come from a page of our own, and on a loopback address the host must be
one that means this machine: a page elsewhere can have its own name resolve to 127.0.0.1.
"""

from __future__ import annotations

from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from dashboards.console.problem import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LARGEST_BODY", "Guard", "is_loopback"]

LARGEST_BODY: Final = 65_536
"""Bytes of a request body."""

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITE: Final = frozenset({"same-origin", "none"})


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine.

    >>> [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "example.org")]
    [True, True, True, False, False]
    """
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware.

    Args:
        app: What comes after.
        local: The server listens on a loopback address.
    """

    def __init__(self, app: ASGIApp, *, local: bool) -> None:
        self._app = app
        self._local = local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        reason = self._why_refused(scope["method"], headers)
        if reason is not None:
            await problem(HTTPStatus.FORBIDDEN, reason)(scope, receive, send)
            return
        await self._app(scope, _bounded(receive), send)

    def _why_refused(self, method: str, headers: Headers) -> str | None:
        host = headers.get("host", "")
        if self._local and not is_loopback(_name(f"//{host}")):
            return f"host {host!r} does not mean this machine"
        if method in _SAFE:
            return None
        site = headers.get("sec-fetch-site")
        if site is not None and site not in _OWN_SITE:
            return f"a page of another site may not do this (Sec-Fetch-Site: {site})"
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
            return f"a page of {origin!r} may not do this"
        return None


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # a bracket without its other half
        return ""


def _bounded(receive: Receive) -> Receive:
    """``receive`` that gives up on a body that is too large."""
    size = 0

    async def bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body may have {LARGEST_BODY} bytes")
        return message

    return bounded
