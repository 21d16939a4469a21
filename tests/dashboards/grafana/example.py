"""Everything built for Grafana, from the shipped register."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashboards.grafana.built import Database, Wanted, build
from hydro.instants import parse_instant
from hydro.register import Context, Register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.grafana.built import Built

__all__ = ["AT", "ROOT", "SCHEMA", "SHIPPED", "example", "register_of", "shipped_tables"]

ROOT: Final = Path(__file__).parents[3]
SHIPPED: Final = ROOT / "config" / "grafana"
SCHEMA: Final[dict[str, Any]] = json.loads(
    (ROOT / "tests" / "data" / "grafana" / "dashboard.schema.json").read_text(encoding="utf-8")
)
"""Of dashboards, as far as we use it."""

AT: Final = parse_instant("2026-07-01T00:00:00+08:00", 0)


def shipped_tables() -> dict[str, bytes]:
    """The tables of config/, by the names of their files."""
    return {path.name: path.read_bytes() for path in (ROOT / "config" / "registry").glob("*.csv")}


def register_of(contents: Mapping[str, bytes]) -> Register:
    """A register without mistakes."""
    found = Register.parse(contents, Context(480, 30), {})
    assert found.register is not None, found.mistakes
    return found.register


def example(register: Register | None = None, at: int = AT) -> Built:
    """What a Grafana gets that has everything."""
    return build(
        register_of(shipped_tables()) if register is None else register,
        Wanted(
            at=at,
            database=Database("http://influxdb:8086", "watermaster", "grafana", "a secret"),
            prometheus="http://prometheus:9090",
            console="https://water.example/",
            alertmanager="http://alertmanager:9093",
            webhook="http://127.0.0.1:9095/grafana",
        ),
    )
