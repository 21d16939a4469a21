"""REST that commands need to say the same as without a service: all alerts, one dead letter, every digit, notes."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from fastapi import FastAPI

from alerting.ledger import Ledger
from dashboards.console import schema
from dashboards.console.alert_routes import alert_routes
from dashboards.console.problem import add_problem_handlers
from dashboards.console.station_routes import station_routes
from dashboards.console.system_routes import system_routes
from hydro.errors import WatermasterError
from storage.store import Point
from tests.alerting.sample_alerts import DAWN, change, shortfall
from tests.watermaster.control_server import Controlled
from watermaster.ask import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from dashboards.console.services import Services

HUGE = 9_007_199_254_740_993  # no float has it
NOTE = "values up to 2025-01-01T00:00:00+08:00 are summed up"
LETTERS: list[dict[str, object]] = [
    {"id": number, "kind": kind, "reason": "x"} for number in (9, 7) for kind in ("message", "reading")
]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Routes over a ledger with 1,200 alerts, one series and two messages with two dead letters each."""
    changes = [change(shortfall(1, station=f"S{number:04d}"), station=f"S{number:04d}") for number in range(1_200)]
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", zone_minutes=480) as ledger:
        ledger.apply(changes, 1, DAWN)

        async def values(*_: object) -> Sequence[Point]:
            return [Point(DAWN, HUGE, 1), Point(DAWN + 1, -HUGE, 2), Point(DAWN + 2, 1_500_000, 1), Point(3, None, 9)]

        async def summed_up(_start: int, every: str | None) -> str | None:
            return NOTE if every is None else None

        async def no_buckets(*_: object) -> Sequence[Point]:
            return []

        def dead_letters(limit: int, before: int | None, _kind: str | None) -> Sequence[dict[str, object]]:
            return [letter for letter in LETTERS if before is None or int(str(letter["id"])) < before][:limit]

        services = cast(
            "Services",
            SimpleNamespace(
                ledger=ledger,
                zone_minutes=480,
                clock=lambda: DAWN,
                register=lambda: SimpleNamespace(stations={"A": object()}),
                values=values,
                buckets=no_buckets,
                summed_up=summed_up,
                dead_letters=dead_letters,
            ),
        )
        app = FastAPI()
        add_problem_handlers(app)
        for routes in (alert_routes(services), station_routes(services), system_routes(services)):
            app.include_router(routes, prefix="/api/v1")
        with Controlled(tmp_path, app):
            yield Service(tmp_path)


def test_all_alerts_come_one_a_line_in_the_order_of_the_export(service: Service, tmp_path: Path) -> None:
    found = list(service.lines("alerts.ndjson"))
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", zone_minutes=480) as ledger:
        assert found == json.loads(json.dumps(list(ledger.export())))
    assert len(found) == 1_200
    schema.Alert.model_validate(found[0])


def test_numbers_come_with_all_their_digits(service: Service) -> None:
    found, _ = service.get_exact("stations", "A", "series", quantity="volume_total")
    assert [point[1] for point in found["points"]] == ["9007199254.740993", "-9007199254.740993", "1.5", None]


def test_what_a_series_leaves_out_is_said_beside_it(service: Service) -> None:
    assert service.get_exact("stations", "A", "series", quantity="stage")[1] == NOTE
    assert service.get_exact("stations", "A", "series", quantity="stage", every="1h")[1] is None


def test_a_dead_letter_is_all_that_was_refused_of_one_message(service: Service) -> None:
    assert service.get("deadletters", "7") == {"items": LETTERS[2:], "next": None}
    assert service.get("deadletters", "8") is None
    with pytest.raises(WatermasterError, match="path id: is not a whole number"):
        service.get("deadletters", "x")
