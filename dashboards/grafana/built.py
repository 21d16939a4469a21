"""All that Grafana gets, built from the register and the addresses of the settings. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from dashboards.grafana.alert_rules import alert_rules
from dashboards.grafana.areas import division, river
from dashboards.grafana.around import around
from dashboards.grafana.contacts import contact_points, policy
from dashboards.grafana.health import health
from dashboards.grafana.intake import intake
from dashboards.grafana.province import province
from dashboards.grafana.quality import quality
from dashboards.grafana.sources import influxdb, prometheus
from dashboards.grafana.station import station

if TYPE_CHECKING:
    from dashboards.grafana.model import Json
    from dashboards.grafana.sources import DataSource
    from hydro.register import Register

__all__ = ["Built", "Database", "Wanted", "build"]


class Database(NamedTuple):
    """The InfluxDB that holds readings and alerts.

    Attributes:
        url: As Grafana reaches it.
        name: Of the database, or bucket.
        username: Of 1.x; empty without.
        password: Of 1.x.
        token: Of 2.x; empty without.
    """

    url: str
    name: str
    username: str = ""
    password: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is built, beside the register.

    Attributes:
        at: Instant whose register is shown, epoch milliseconds.
        database: Where readings and alerts are.
        prometheus: Address of the Prometheus that scrapes Watermaster, as Grafana reaches it.
        console: Address of the page; empty = none that others can reach.
        alertmanager: Address of Alertmanager, as Grafana reaches it; empty = none.
        webhook: Address that takes Grafana's webhook; empty = none.
        told_elsewhere: Watermaster tells Alertmanager itself.
    """

    at: int
    database: Database
    prometheus: str
    console: str = ""
    alertmanager: str = ""
    webhook: str = ""
    told_elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What Grafana gets.

    Attributes:
        sources: Data sources.
        dashboards: By name of their file.
        rules: Alert rules of our group.
        every_s: How often they are asked.
        contacts: Contact points; may be none.
        policy: Branch of the tree of policies.
    """

    sources: tuple[DataSource, ...]
    dashboards: dict[str, Json]
    rules: list[Json]
    every_s: int
    contacts: list[Json]
    policy: Json


def build(register: Register, wanted: Wanted) -> Built:
    """Everything, the same for the same register and the same wishes.

    Raises:
        ConfigError: Codes of the register that can't be told apart in Grafana.
    """
    here = around(register, wanted.at, wanted.console)
    database = wanted.database
    made = (province(here), division(here), river(here), station(here), intake(here), quality(here), health(here))
    dashboards = {dashboard.uid.removeprefix("wm-"): dashboard.as_json() for dashboard in made}
    contacts = contact_points(wanted.alertmanager, wanted.webhook)
    return Built(
        sources=(
            influxdb(
                database.url,
                database.name,
                username=database.username,
                password=database.password,
                token=database.token,
            ),
            prometheus(wanted.prometheus),
        ),
        dashboards=dashboards,
        rules=alert_rules(here.console, dashboards["province"]),
        every_s=here.every_s,
        contacts=contacts,
        policy=policy(muted=wanted.told_elsewhere, has_contacts=bool(contacts)),
    )
