"""VictoriaMetrics on a free port and in a folder of its own: a real server for the write path of InfluxDB 2."""

from __future__ import annotations

import http.client
from typing import Final
from urllib.parse import urlencode

import msgspec

from tests.servers.process import HOST, ServerProcess

__all__ = ["VictoriaMetrics"]

_ANSWER_S: Final = 10


class VictoriaMetrics(ServerProcess):
    """A server that takes `/api/v2/write`; reads another language than InfluxQL and keeps both versions of a point."""

    program = "victoria-metrics"

    @property
    def url(self) -> str:
        """Address of its HTTP interface."""
        return f"http://{HOST}:{self.port}"

    def store_url(self, bucket: str) -> str:
        """Its address, as in the setting store.url."""
        return f"influxdb+v2://{HOST}:{self.port}/{bucket}?org=water"

    def exported(self, matching: str) -> list[tuple[dict[str, str], list[tuple[int, float]]]]:
        """Series with their labels and points by time; what was written is there as soon as it is asked to flush."""
        self._get("/internal/force_flush")
        lines = self._get(f"/api/v1/export?{urlencode({'match[]': matching})}").splitlines()
        found = [msgspec.json.decode(line) for line in lines]
        return [
            (series["metric"], sorted(zip(series["timestamps"], series["values"], strict=True))) for series in found
        ]

    def _get(self, path: str) -> bytes:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_ANSWER_S)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        assert answer.status == http.HTTPStatus.OK, body
        return body

    def _arguments(self) -> list[str]:
        return [
            f"-storageDataPath={self.path / 'data'}",
            f"-httpListenAddr={HOST}:{self.port}",
            "-retentionPeriod=100y",
            "-memory.allowedBytes=64MiB",
        ]

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=1)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()
