"""Alertmanager from the configuration that we ship, and somebody on duty who hears what it says."""

from __future__ import annotations

import http.client
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec

from tests.servers.process import HOST, ServerProcess

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["SHIPPED_ALERTMANAGER", "Alertmanager", "Duty"]

SHIPPED_ALERTMANAGER: Final = Path(__file__).parents[2] / "config" / "alertmanager"
_ANSWER_S: Final = 10
_WAITS: Final = ("group_wait", "group_interval")


class Duty:
    """A webhook that keeps every message of Alertmanager."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        duty = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                duty.messages.append(msgspec.json.decode(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # named by http.server
                """Stay silent."""

        self._listener = ThreadingHTTPServer((HOST, 0), Handler)
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """Where messages go."""
        return f"http://{HOST}:{self._listener.server_port}/watermaster"

    def said(self, status: str, label: str = "alert") -> list[str]:
        """One label of all alerts that have it in messages so far that had a status, in the order of the messages.

        With waits as short as in tests, Alertmanager may say that Watermaster is down before it has read, from the
        same request, that it is alive; that notice has no label ``alert``.
        """
        return [
            alert["labels"][label]
            for message in list(self.messages)
            for alert in message["alerts"]
            if alert["status"] == status and label in alert["labels"]
        ]

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End."""
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()


class Alertmanager(ServerProcess):
    """The shipped configuration with shorter waits and its own receiver.

    Args:
        path: Folder of its configuration and data.
        duty: Address of who is told.
        wait: Instead of the shipped waits for grouping.
    """

    program = "prometheus-alertmanager"
    options = ("--config.file", "--storage.path", "--cluster.listen-address")

    def __init__(self, path: Path, duty: str, wait: str = "200ms") -> None:
        super().__init__(path)
        self._duty = duty
        self._wait = wait

    @property
    def url(self) -> str:
        """As in the setting alertmanager.url."""
        return f"http://{HOST}:{self.port}"

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON of the server
        """Its own answer, as a person with a browser would get it."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_ANSWER_S)
        try:
            sent = None if body is None else msgspec.json.encode(body)
            connection.request(method, f"/api/v2/{path}", sent, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        assert answer.status == http.HTTPStatus.OK, said
        return msgspec.json.decode(said) if said else None

    def _arguments(self) -> list[str]:
        shipped = (SHIPPED_ALERTMANAGER / "alertmanager.yml").read_text()
        conf = re.sub(rf"({'|'.join(_WAITS)}): \S+", rf"\1: {self._wait}", shipped)
        conf = re.sub(r"(- url: )\S+", rf"\g<1>{self._duty}", conf)
        (self.path / "alertmanager.yml").write_text(conf)
        (self.path / "watermaster.tmpl").write_text((SHIPPED_ALERTMANAGER / "watermaster.tmpl").read_text())
        values = (self.path / "alertmanager.yml", self.path / "data", "")
        given = [f"{option}={value}" for option, value in zip(self.options, values, strict=True)]
        return [*given, f"--web.listen-address={HOST}:{self.port}"]

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=1)
        try:
            connection.request("GET", "/-/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()
