"""Real servers for tests: each on a free loopback port, in a folder of its own, never the machine's own service.

`Mosquitto` and `InfluxDB` start, stop (SIGTERM), die (SIGKILL) and start again on the same port and data, which is what
the tests of crashes need. A server that is not installed skips the test, saying so; where CI is set it fails it.
"""

from __future__ import annotations

from tests.servers.influxdb import InfluxDB
from tests.servers.mosquitto import Mosquitto
from tests.servers.victoriametrics import VictoriaMetrics

__all__ = ["InfluxDB", "Mosquitto", "VictoriaMetrics"]
