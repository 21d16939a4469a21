"""Whether a Grafana is there and takes what we push: for `doctor`, and before a push."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from hydro.errors import GrafanaError

if TYPE_CHECKING:
    from dashboards.grafana.server import Server

__all__ = ["OLDEST", "Reached", "reached"]

OLDEST = (10, 4)
"""Least version whose dashboards have our schema version."""


class Reached(NamedTuple):
    """A Grafana that answered.

    Attributes:
        version: Its version.
        organisation: Name of the organisation that the token belongs to; empty without a token.
        too_old: It is older than what our dashboards need.
    """

    version: str
    organisation: str
    too_old: bool


def reached(server: Server) -> Reached:
    """Ask for its version, which needs no token, then for the token's organisation.

    Args:
        server: Where it is.

    Raises:
        GrafanaError: It doesn't answer, is no Grafana, has no database, or doesn't know the token: one line.
    """
    health = server.ask("its health", "health.check")
    version = health.get("version") if isinstance(health, dict) else None
    if not version:
        raise GrafanaError("grafana.url leads to something that is not a Grafana: its health names no version")
    if health.get("database") != "ok":
        status = HTTPStatus.SERVICE_UNAVAILABLE
        raise GrafanaError(f"Grafana {version} says that its database is not ok", status=status, retryable=True)
    organisation = ""
    if server.has_token:
        organisation = server.ask("the token's organisation", "organization.get_current_organization")["name"]
    return Reached(version, organisation, _numbers(version) < OLDEST)


def _numbers(version: str) -> tuple[int, ...]:
    """The first two numbers of a version; the newest of all where it is none.

    >>> _numbers("11.6.0-pre"), _numbers("10.4"), _numbers("main")
    ((11, 6), (10, 4), (99,))
    """
    parts = version.partition("-")[0].split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else (99,)
