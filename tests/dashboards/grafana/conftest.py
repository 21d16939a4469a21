"""A filled database for the queries of all dashboards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.dashboards.grafana.filled import Filled, fill

if TYPE_CHECKING:
    from tests.servers import InfluxDB


@pytest.fixture(scope="session")
def filled(influxdb: InfluxDB, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """Four days of a simulated field, read by every test and changed by none."""
    return fill(influxdb, tmp_path_factory.mktemp("filled"))
