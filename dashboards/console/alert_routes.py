"""REST: alerts, and working their cases."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request  # noqa: TC002  # FastAPI reads the annotations
from starlette.responses import FileResponse, Response, StreamingResponse

from alerting.case import Step
from alerting.ledger import AlertFilter, Signature
from alerting.level import Level
from dashboards.console import schema
from dashboards.console.paging import as_json, page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboards.console.services import Services

__all__ = ["alert_routes"]

_NDJSON: Final = "application/x-ndjson"
_ZSTD: Final = "application/zstd"
_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")


def alert_routes(services: Services) -> APIRouter:
    """Routes over the ledger; they block, so the framework runs them in threads."""
    routes = APIRouter(tags=["alerts"])

    @routes.get("/alerts", response_model=schema.Alerts)
    def alerts(query: Annotated[schema.AlertQuery, Query()]) -> Response:
        """Alerts, the last raised first."""
        where = AlertFilter(
            state=query.state,
            alert_class=query.class_,
            station=query.station,
            level=None if query.level is None else Level[query.level.name],
            case_state=query.case,
        )
        found = services.ledger.alerts(where, limit=query.limit, cursor=query.cursor)
        return page(found.items, found.next)

    @routes.get("/alerts.ndjson", response_class=Response, responses={200: {"content": {_NDJSON: {}}}})
    def export() -> Response:
        """All alerts but withdrawn ones, as they are at one moment, by onset: one a line."""
        return StreamingResponse(_lines(services.ledger.export()), media_type=_NDJSON)

    @routes.get("/alerts/{id}", response_model=schema.Alert)
    def alert(id: str) -> Response:  # noqa: A002  # name of the path's part
        """One alert, withdrawn or not."""
        return as_json(_known(services, id))

    @routes.post("/alerts/{id}/transitions", response_model=schema.Alert)
    def transition(id: str, body: schema.Transition, request: Request) -> Response:  # noqa: A002  # as above
        """Work the case of an alert; 409 where the verb doesn't apply to its state."""
        _known(services, id)
        client = request.client.host if request.client is not None else "unknown"
        signature = Signature(by=body.by or client, at=services.clock(), comment=body.comment or "")
        return as_json(services.ledger.transition(id, Step(body.verb, body.to, body.outcome), signature))

    @routes.get("/alerts/{id}/evidence", response_model=schema.Evidence)
    def evidence(id: str) -> Response:  # noqa: A002  # as above
        """What was copied of the raw messages that an alert rests on; 404 before anything was."""
        return as_json(_evidence(services, id))

    @routes.get("/alerts/{id}/evidence/{file}", response_class=Response, responses={200: {"content": {_ZSTD: {}}}})
    def evidence_file(id: str, file: str) -> Response:  # noqa: A002  # as above
        """Raw messages as they arrived: a recorded stream, to be held against its `sha256`."""
        found = _evidence(services, id)
        known = file in {part["file"] for part in found["parts"]}
        path = services.evidence(f"{found['folder']}/{file}") if known else None
        if path is None:
            gone = ", it was given up for room" if known else ""
            raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no evidence {file[:100]!r} of alert {id!r}{gone}")
        return FileResponse(path, media_type=_ZSTD, filename=file)

    return routes


def _evidence(services: Services, alert_id: str) -> dict[str, Any]:
    found: dict[str, Any] | None = (_known(services, alert_id)["case"] or {}).get("evidence")
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"nothing was copied of alert {alert_id!r} yet")
    return found


def _lines(alerts: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for alert in alerts:
        yield msgspec.json.encode(alert) + b"\n"


def _known(services: Services, alert_id: str) -> dict[str, Any]:
    found = services.ledger.alert(alert_id) if _ID.fullmatch(alert_id) else None
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"alert {alert_id!r} is not in the ledger")
    return found
