"""InfluxDB 1.x on free ports and in a folder of its own."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Final

from tests.servers.process import HOST, ServerProcess, free_port

if TYPE_CHECKING:
    from pathlib import Path

CONF: Final = """\
reporting-disabled = true
bind-address = "{host}:{rpc_port}"
[meta]
  dir = "{data}/meta"
  logging-enabled = false
[data]
  dir = "{data}/data"
  wal-dir = "{data}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "{host}:{port}"
  log-enabled = false
"""


class InfluxDB(ServerProcess):
    """A database server with its own defaults, but silent about itself. It has no database until somebody makes one."""

    program = "influxd"

    def __init__(self, path: Path) -> None:
        """Prepare a server that is not running yet.

        Args:
            path: Folder of its configuration, data and log.
        """
        super().__init__(path)
        self._rpc_port = free_port()

    @property
    def url(self) -> str:
        """Address of its HTTP interface."""
        return f"http://{HOST}:{self.port}"

    def store_url(self, database: str) -> str:
        """Address of one of its databases, as in the setting store.url."""
        return f"influxdb://{HOST}:{self.port}/{database}"

    def _arguments(self) -> list[str]:
        conf = self.path / "influxdb.conf"
        conf.write_text(
            CONF.format(host=HOST, port=self.port, rpc_port=self._rpc_port, data=self.path / "data"), encoding="utf-8"
        )
        return ["-config", str(conf)]

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=1)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == http.HTTPStatus.NO_CONTENT
        except OSError:
            return False
        finally:
            connection.close()
