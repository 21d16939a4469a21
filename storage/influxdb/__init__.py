"""Stores in InfluxDB: 1.x, 2.x, and 3 as far as it goes."""

from __future__ import annotations

from storage.influxdb.v1 import InfluxDB1
from storage.influxdb.v2 import InfluxDB2
from storage.influxdb.v3 import InfluxDB3

__all__ = ["InfluxDB1", "InfluxDB2", "InfluxDB3"]
