"""Where Grafana finds the readings and Watermaster's own numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dashboards.grafana.model import INFLUXDB, PROMETHEUS, both

if TYPE_CHECKING:
    from dashboards.grafana.model import Json

__all__ = ["DataSource", "influxdb", "prometheus"]


class DataSource(NamedTuple):
    """A data source as Grafana keeps it, without what is secret.

    Attributes:
        plain: What anybody may read.
        secret: What Grafana keeps encrypted; never written into files.
    """

    plain: Json
    secret: dict[str, str]


def influxdb(url: str, database: str, *, username: str = "", password: str = "", token: str = "") -> DataSource:
    """An InfluxDB that is asked in InfluxQL: 1.x, or 2.x by its compatibility with it.

    Statements go by POST: the list of a river's stations may be longer than an address.

    Args:
        url: Address as Grafana reaches it.
        database: Its name; of 2.x the bucket's.
        username: Of 1.x; empty without.
        password: Of 1.x.
        token: Of 2.x; empty without.
    """
    plain: Json = {
        "uid": INFLUXDB.uid,
        "name": both("Watermaster 数据", "readings"),
        "type": INFLUXDB.kind,
        "access": "proxy",
        "url": url,
        "user": username,
        "basicAuth": False,
        "isDefault": False,
        "jsonData": {"dbName": database, "httpMode": "POST", "version": "InfluxQL", "timeInterval": "1m"},
    }
    secret = {"password": password} if password else {}
    if token:
        plain["jsonData"]["httpHeaderName1"] = "Authorization"
        secret["httpHeaderValue1"] = f"Token {token}"
    return DataSource(plain, secret)


def prometheus(url: str) -> DataSource:
    """The Prometheus that scrapes `/metrics`.

    Args:
        url: Address as Grafana reaches it.
    """
    return DataSource(
        {
            "uid": PROMETHEUS.uid,
            "name": both("Watermaster 指标", "metrics"),
            "type": PROMETHEUS.kind,
            "access": "proxy",
            "url": url,
            "user": "",
            "basicAuth": False,
            "isDefault": False,
            "jsonData": {"httpMethod": "POST", "timeInterval": "15s"},
        },
        {},
    )
