"""Fixtures that every test may use: real servers.

A test that only needs a broker or a database takes `mosquitto` or `influxdb`: one of each serves the whole run, so it
uses topics, client ids and databases of its own. A test that stops or kills servers makes its own with `new_mosquitto`
and `new_influxdb`.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.servers import InfluxDB, Mosquitto

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class NewMosquitto(Protocol):
    """Makes a running broker that ends with the test."""

    def __call__(
        self, extra_conf: str = "", *, passwords: Path | None = None, certificates: Path | None = None
    ) -> Mosquitto:
        """Start one; the arguments are those of `Mosquitto`."""


class NewInfluxDB(Protocol):
    """Makes a running database server that ends with the test."""

    def __call__(self) -> InfluxDB:
        """Start one."""


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """One broker for the whole run: use topics and client ids of your own, leave it running."""
    with Mosquitto(tmp_path_factory.mktemp("mosquitto")) as broker:
        yield broker


@pytest.fixture(scope="session")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    """One database server for the whole run: use a database of your own, leave it running."""
    with InfluxDB(tmp_path_factory.mktemp("influxdb")) as server:
        yield server


@pytest.fixture
def new_mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewMosquitto]:
    """Brokers of this test alone, to be stopped, killed and started again."""
    with ExitStack() as running:

        def start(
            extra_conf: str = "", *, passwords: Path | None = None, certificates: Path | None = None
        ) -> Mosquitto:
            folder = tmp_path_factory.mktemp("mosquitto")
            broker = Mosquitto(folder, extra_conf, passwords=passwords, certificates=certificates)
            return running.enter_context(broker)

        yield start


@pytest.fixture
def new_influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewInfluxDB]:
    """Database servers of this test alone, to be stopped, killed and started again."""
    with ExitStack() as running:

        def start() -> InfluxDB:
            return running.enter_context(InfluxDB(tmp_path_factory.mktemp("influxdb")))

        yield start
