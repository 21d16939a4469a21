"""Small reports to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboards.reports.compose import compose
from dashboards.reports.head import Head
from hydro.register import Context, Register

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboards.reports.document import Document, Row

__all__ = ["alert", "attained", "head", "made", "register_of"]


def head(name: str = "eflow-attainment", period: str = "2026-03", **changed: Any) -> Head:  # noqa: ANN401  # fields
    """Of March 2026, made on the second of April."""
    given: dict[str, Any] = {
        "name": name,
        "period": period,
        "division": None,
        "authority": None,
        "river": None,
        "station": None,
        "start": "2026-03-01T00:00:00+08:00",
        "end": "2026-04-01T00:00:00+08:00",
        "made_at": "2026-04-02T08:00:00+08:00",
        "is_over": True,
        "source": "store 时序库 (duckdb)",
        "register": "ab" * 32,
        "version": "1.2.3",
    }
    return Head(**(given | changed))


def made(rows: Sequence[Row], **changed: Any) -> Document:  # noqa: ANN401  # as above
    """The document of some rows."""
    return compose(head(**changed), rows)


def attained(station: str, attained: int, owed: int = 31, **changed: object) -> Row:
    """A row of ``eflow-attainment`` in which nothing is exempt."""
    rate = round(100 * attained / owed, 2) if owed else None
    row: dict[str, Any] = {
        "station": station,
        "quantity": "discharge",
        "target_id": f"{station}:discharge:day:base",
        "basis": "day",
        "from": "2026-03-01T00:00:00+08:00",
        "to": "2026-04-01T00:00:00+08:00",
        "due": owed,
        "valid": owed,
        "attained": attained,
        "exempt": 0,
        "attainment": rate,
        "attainment_strict": rate,
        "attainment_valid": rate,
        "completeness": 100.0,
        "timeliness": None,
        "pass": None if rate is None else rate >= 90,
        "pass_rate": 90.0,
        "owed": owed,
        "attained_not_exempt": attained,
        "valid_not_exempt": owed,
        "valid_slots": owed * 288,
        "timely_slots": None,
        "due_slots": owed * 288,
        "name": f"站{station}",
        "river": "赤水河",
        "division": "520382",
        "authority": None,
    }
    return row | changed


def alert(number: int, onset: str, resolved: str | None, **changed: Any) -> dict[str, Any]:  # noqa: ANN401  # as above
    """An alert as the ledger exports it."""
    given: dict[str, Any] = {
        "id": f"alert{number}",
        "class": "eflow_shortfall",
        "reason": "below_target",
        "level": "yellow",
        "state": "firing" if resolved is None else "resolved",
        "subject": {"kind": "station", "code": "A"},
        "target_id": "A:discharge:day:base",
        "basin": "长江",
        "division": "520382",
        "onset": onset,
        "raised_at": onset,
        "resolved_at": resolved,
        "levels": [{"level": "orange", "at": onset}, {"level": "yellow", "at": onset}],
        "worst": {"ratio": 0.52, "deficit_m": None, "at": onset},
        "value": 1.21,
        "target": 2.0,
        "ratio": 0.605,
        "basis": "day",
        "within_uncertainty": False,
        "config": "c" * 64,
        "case": {"state": "raised", "assignee": None, "due": None, "history": []},
    }
    return given | changed


def register_of(tables: Mapping[str, str]) -> Register:
    """A register of tables as text."""
    contents = {f"{name}.csv": text.encode() for name, text in tables.items()}
    loaded = Register.parse(contents, Context(zone_minutes=480, lateness_min=30), {})
    assert loaded.register is not None, loaded.mistakes
    return loaded.register
