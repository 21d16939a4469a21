"""Asking the service that runs on a data directory, over its control socket; see docs/decisions/0061.

Synchronous and from the standard library alone, so that a command which asks starts no slower than one which reads.
"""

from __future__ import annotations

import http.client
import json
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, urlencode

from hydro.errors import WatermasterError
from watermaster import socket_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

__all__ = ["Answer", "Service", "ServiceGoneError", "asked", "find_service"]

T = TypeVar("T")

_API: Final = "/api/v1"
_ADMIN: Final = "/admin"
_NOTE: Final = "watermaster-note"
_CONNECT_S: Final = 5.0
_ANSWER_S: Final = 120.0
_LARGEST_PAGE: Final = 1_000
_PIECE_BYTES: Final = 256 * 1024
_AGAIN_S: Final = 0.5


class ServiceGoneError(WatermasterError):
    """The service ended before it had said or done anything: somebody else may be asked instead."""


class Service:
    """A running service, which can end at any moment.

    Every method raises :class:`ServiceGoneError` where it has ended, and
    :class:`~hydro.errors.WatermasterError` with the service's own words where it refuses.

    Args:
        directory: The data directory on which it runs.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, *path: str, **query: object) -> Any:  # noqa: ANN401  # JSON
        """An object of REST; None where there is no such one (404).

        Args:
            path: Words behind ``/api/v1``, not yet quoted.
            query: Parameters; those that are None are left out, ``from_`` is ``from``.
        """
        with self._answer("GET", _quoted(_API, path), query) as answer:
            return answer.json()

    def get_exact(self, *path: str, **query: object) -> tuple[Any, str | None]:
        """The same, with numbers that have a fraction as their text; and what the service notes about the answer."""
        with self._answer("GET", _quoted(_API, path), query) as answer:
            return answer.json(str), answer.note

    def post(self, *path: str, body: Mapping[str, object]) -> Any:  # noqa: ANN401  # as above
        """Do something; what comes of it, None where there is no such thing (404)."""
        with self._answer("POST", _quoted(_API, path), body=body) as answer:
            return answer.json()

    def items(self, *path: str, most: int, **query: object) -> tuple[list[Any], bool]:
        """The first items of a list, and whether there are more of them."""
        found: list[Any] = []
        cursor: str | None = None
        while len(found) < most:
            limit = min(most - len(found), _LARGEST_PAGE)
            page = self.get(*path, limit=limit, cursor=cursor, **query)
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        return found[:most], cursor is not None or len(found) > most

    def lines(self, *path: str) -> Iterator[Any]:
        """Objects of an answer that has one a line, as they come."""
        with self._answer("GET", _quoted(_API, path)) as answer:
            rest = b""
            while piece := answer.piece():
                *lines, rest = (rest + piece).split(b"\n")
                yield from map(json.loads, lines)

    def metrics(self) -> str:
        """Its numbers, as Prometheus reads them."""
        with self._answer("GET", "/metrics") as answer:
            return answer.text()

    def admin(self, method: str, *path: str, body: object = None) -> Any:  # noqa: ANN401  # as above
        """Ask for what the control socket alone has, however long that takes; None where it has no such thing."""
        with self._answer(method, _quoted(_ADMIN, path), body=body, timeout_s=None) as answer:
            return answer.json()

    @contextmanager
    def admin_file(self, *path: str) -> Iterator[Answer]:
        """The bytes that the control socket has under a path; the answer says whether there is such a thing."""
        with self._answer("GET", _quoted(_ADMIN, path)) as answer:
            yield answer

    def __str__(self) -> str:
        """For messages."""
        return f"the service on {self._directory}"

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        body: object = None,
        *,
        timeout_s: float | None = _ANSWER_S,
    ) -> Iterator[Answer]:
        given = {name.rstrip("_"): value for name, value in (query or {}).items() if value is not None}
        url = f"{path}?{urlencode(given)}" if given else path
        with closing(_Connection(self._directory, timeout_s)) as connection:
            connection.connect()
            answer = Answer(self._sent(connection, method, url, body), str(self))
            answer.refuse()
            yield answer

    def _sent(self, connection: _Connection, method: str, url: str, body: object) -> http.client.HTTPResponse:
        try:
            headers = {} if body is None else {"content-type": "application/json"}
            connection.request(method, url, None if body is None else json.dumps(body), headers)
            return connection.getresponse()
        except TimeoutError:
            raise WatermasterError(f"{self} doesn't answer") from None
        except (http.client.HTTPException, OSError) as error:
            if method == "GET":
                raise ServiceGoneError(f"{self} ended before it answered: {_said(error)}") from error
            raise WatermasterError(f"{self} ended before it answered: look whether it did what was asked") from error


class Answer:
    """An answer whose head has come; the service may end before its body has."""

    def __init__(self, response: http.client.HTTPResponse, service: str) -> None:
        self._response = response
        self._service = service
        self.is_missing = response.status == http.client.NOT_FOUND
        self.note = response.headers.get(_NOTE)

    def refuse(self) -> None:
        """Say what the service says.

        Raises:
            WatermasterError: Unless it answers, or only says that there is no such thing.
        """
        status = self._response.status
        if status in (http.client.OK, http.client.CREATED, http.client.NO_CONTENT):
            return
        detail = None
        with suppress(ValueError):
            problem = json.loads(self.piece())
            detail = problem.get("detail") if isinstance(problem, dict) else None
        if not self.is_missing or detail is None:
            raise WatermasterError(detail or f"{self._service} answers with status {status}")

    def json(self, parse_float: Callable[[str], object] = float) -> Any:  # noqa: ANN401  # JSON
        """The whole, decoded; None where there is nothing."""
        if self.is_missing:
            return None
        with self._whole():
            text = self._response.read()
        return json.loads(text, parse_float=parse_float) if text else None

    def text(self) -> str:
        """The whole, UTF-8."""
        with self._whole():
            return self._response.read().decode()

    def read(self, size: int) -> bytes:
        """So many bytes; fewer at the end alone."""
        with self._whole():
            return self._response.read(size)

    def piece(self) -> bytes:
        """The next bytes, as they come; none at the end."""
        with self._whole():
            piece = self._response.read1(_PIECE_BYTES)
        if not piece and self._response.length:  # read1 takes an early end for the end
            raise WatermasterError(f"{self._service} ended in the midst of its answer")
        return piece

    @contextmanager
    def _whole(self) -> Iterator[None]:
        try:
            yield
        except (http.client.HTTPException, OSError) as error:
            raise WatermasterError(f"{self._service} ended in the midst of its answer: {_said(error)}") from error


class _Connection(http.client.HTTPConnection):
    """HTTP to the control socket of a directory."""

    def __init__(self, directory: Path, timeout_s: float | None) -> None:
        super().__init__("localhost")
        self._directory = directory
        self._timeout_s = timeout_s

    def connect(self) -> None:
        """Connect.

        Raises:
            ServiceGoneError: Nobody listens.
        """
        try:
            self.sock = socket_file.connect(self._directory, _CONNECT_S)
        except OSError as error:
            raise ServiceGoneError(f"{self._directory / socket_file.NAME}: {_said(error)}") from error
        self.sock.settimeout(self._timeout_s)


def find_service(directory: Path) -> Service | None:
    """The service with a console that runs on a data directory; None where there is none, or it is not for us."""
    try:
        socket_file.connect(directory, _CONNECT_S).close()
    except OSError:
        return None
    return Service(directory)


def asked(directory: Path, ask: Callable[[Service], T], read: Callable[[], T]) -> T:
    """What the running service says, else what the files say; both ways the same.

    A service may start or stop in between: then the other way is tried, once.

    Args:
        directory: The data directory.
        ask: Through the service. What it did is done: it is not called again unless the service said nothing.
        read: Without it; raises where a service that has just started holds what it needs.

    Raises:
        WatermasterError: What the second way says, or the only one that there is.
    """
    service = find_service(directory)
    try:
        return read() if service is None else ask(service)
    except ServiceGoneError:
        time.sleep(_AGAIN_S)
    except WatermasterError:
        if service is not None or (service := find_service(directory)) is None:
            raise
        return ask(service)
    service = find_service(directory)
    return read() if service is None else ask(service)


def _quoted(prefix: str, path: tuple[str, ...]) -> str:
    return "/".join([prefix, *(quote(word, safe="") for word in path)])


def _said(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) else None
    return text or str(error) or type(error).__name__
