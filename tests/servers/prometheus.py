"""Prometheus from the configuration that we ship, looking at one Watermaster."""

from __future__ import annotations

import http.client
import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from tests.servers.process import HOST, ServerProcess

__all__ = ["SHIPPED_PROMETHEUS", "Prometheus"]

SHIPPED_PROMETHEUS: Final = Path(__file__).parents[2] / "config" / "prometheus"
_ANSWER_S: Final = 10


class Prometheus(ServerProcess):
    """The shipped configuration with other addresses, and looking every second.

    Args:
        path: Folder of its configuration and data.
        watermaster: HOST:PORT of the console.
        alertmanager: HOST:PORT.
    """

    program = "prometheus"
    options = ("--config.file", "--storage.tsdb.path", "--storage.tsdb.retention.time")

    def __init__(self, path: Path, watermaster: str, alertmanager: str) -> None:
        super().__init__(path)
        self._addresses = {"watermaster:8080": watermaster, "alertmanager:9093": alertmanager}

    @property
    def url(self) -> str:
        """Of its page."""
        return f"http://{HOST}:{self.port}"

    def ask(self, path: str, **query: str) -> Any:  # noqa: ANN401  # JSON of the server
        """What its API says under ``data``."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_ANSWER_S)
        try:
            connection.request("GET", f"/api/v1/{path}?{urlencode(query)}")
            return msgspec.json.decode(connection.getresponse().read())["data"]
        finally:
            connection.close()

    def _arguments(self) -> list[str]:
        conf = (SHIPPED_PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8")
        for shipped, ours in self._addresses.items():
            conf = conf.replace(f'"{shipped}"', f'"{ours}"')
        conf = re.sub(r"_interval: \S+", "_interval: 1s", conf)
        (self.path / "prometheus.yml").write_text(conf, encoding="utf-8")
        for rules in SHIPPED_PROMETHEUS.glob("*.rules.yml"):
            (self.path / rules.name).write_text(rules.read_text(encoding="utf-8"), encoding="utf-8")
        values = (self.path / "prometheus.yml", self.path / "data", "90d")
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
