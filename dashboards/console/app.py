"""The console's application: the first page, REST under ``/api/v1``, and ``/metrics``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI

from dashboards.console import schema
from dashboards.console.alert_routes import alert_routes
from dashboards.console.event_routes import event_routes
from dashboards.console.guard import Guard, is_loopback
from dashboards.console.page.assets import asset_routes, assets
from dashboards.console.page.case_routes import case_routes
from dashboards.console.page.intake_routes import intake_page_routes
from dashboards.console.page.register_routes import register_page_routes
from dashboards.console.page.report_routes import report_page_routes
from dashboards.console.page.routes import page_routes
from dashboards.console.page.runbook_routes import runbook_routes
from dashboards.console.problem import MEDIA_TYPE, add_problem_handlers
from dashboards.console.register_routes import register_routes
from dashboards.console.report_routes import report_routes
from dashboards.console.rtu_routes import rtu_routes
from dashboards.console.station_routes import station_routes
from dashboards.console.system_routes import metrics_route, system_routes

if TYPE_CHECKING:
    from dashboards.console.services import Services

__all__ = ["API", "create_app"]

API: Final = "/api/v1"

_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "Problem (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": schema.Problem.model_json_schema()}},
    }
}


def create_app(services: Services, *, host: str = "127.0.0.1") -> FastAPI:
    """The application, to be served by an ASGI server.

    Args:
        services: What it shows.
        host: The address that the server listens on; a loopback address is answered under loopback names only.
    """
    app = FastAPI(
        title="Watermaster",
        version=services.version,
        openapi_url=f"{API}/openapi.json",
        # Their pages load scripts from elsewhere, and an authority's network often reaches nowhere else.
        docs_url=None,
        redoc_url=None,
        responses=_PROBLEMS,
    )
    add_problem_handlers(app)
    app.add_middleware(Guard, local=is_loopback(host))
    for routes in (
        alert_routes(services),
        station_routes(services),
        system_routes(services),
        rtu_routes(services, services.field_link),
        report_routes(services.reports),
        register_routes(services),
        event_routes(services),
    ):
        app.include_router(routes, prefix=API)
    app.include_router(metrics_route(services))
    files = assets()
    app.include_router(page_routes(services, files))
    app.include_router(case_routes(services))
    app.include_router(report_page_routes(services, files))
    app.include_router(runbook_routes(services, files))
    app.include_router(intake_page_routes(services, files))
    app.include_router(register_page_routes(services, files))
    app.include_router(asset_routes(files))
    return app
