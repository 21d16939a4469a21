"""InfluxDB 2.x as its clients see it, before a real 1.x server: Debian has no 2.x.

It stands only for what 2.x does otherwise: the path, parameters and token of a write, and the words of its errors.
Lines are taken or refused, and InfluxQL is answered, by the real server behind it.

Source: InfluxDB 2.x, "API reference", `/api/v2/write`; "Query with InfluxQL".
"""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from tests.servers.process import HOST

if TYPE_CHECKING:
    from types import TracebackType

    from tests.servers.influxdb import InfluxDB

__all__ = ["InfluxDB2Face"]

ORGANIZATION: Final = "water"
_ANSWER_S: Final = 20
_CODES: Final = {400: "invalid", 401: "unauthorized", 404: "not found", 413: "request too large"}


class InfluxDB2Face:
    """A 2.x front of a 1.x server.

    Args:
        behind: The real server.
        token: That it asks for; None = it asks for none.
    """

    def __init__(self, behind: InfluxDB, token: str | None = None) -> None:
        self._behind = behind
        self._token = token
        self._listener = ThreadingHTTPServer((HOST, 0), self._handler())
        self._listener.daemon_threads = True
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End."""
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()

    def store_url(self, bucket: str, organization: str = ORGANIZATION) -> str:
        """Its address, as in the setting store.url."""
        return f"influxdb+v2://{HOST}:{self._listener.server_port}/{bucket}?org={organization}"

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body of one request."""
        parts = urlsplit(path)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if self._token is not None and headers.get("Authorization") != f"Token {self._token}":
            return _refused(401, "unauthorized access")
        if parts.path != "/api/v2/write":
            return self._pass_on(method, path, headers, body)
        if asked.get("org") != ORGANIZATION:
            return _refused(404, f'organization name "{asked.get("org")}" not found')
        if asked.get("precision") != "ms" or not headers.get("Content-Type", "").startswith("text/plain"):
            return _refused(400, f"this face is only spoken to in ms and text/plain, not {asked} {headers}")
        query = urlencode({"db": asked["bucket"], "precision": "ms"})
        status, said = self._pass_on("POST", f"/write?{query}", headers, body)
        if status < http.HTTPStatus.BAD_REQUEST:
            return status, said
        message = str(msgspec.json.decode(said).get("error", "")) if said.startswith(b"{") else said.decode()
        if status == http.HTTPStatus.NOT_FOUND or message.startswith("database not found"):
            # The server behind answers 500 to that while it is dropping one.
            status = http.HTTPStatus.NOT_FOUND
            message = f'bucket "{asked["bucket"]}" not found'
        return _refused(status, message)

    def _pass_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(HOST, self._behind.port, timeout=_ANSWER_S)
        passed: dict[str, str] = {
            name: headers[name] for name in ("Content-Type", "Content-Encoding") if name in headers
        }
        try:
            connection.request(method, path, body, passed)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            return _refused(503, f"the server behind is away: {type(error).__name__}")
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        face = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                status, said = face.answer(self.command, self.path, dict(self.headers.items()), body)
                self.send_response(status)
                if self.path == "/ping":
                    self.send_header("X-Influxdb-Version", "v2.7.11")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST  # noqa: N815  # named by http.server

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # named by http.server
                """Stay silent."""

        return Handler


def _refused(status: int, message: str) -> tuple[int, bytes]:
    return status, msgspec.json.encode({"code": _CODES.get(status, "internal error"), "message": message})
