"""The Grafana that shows what we store: whether it is there, and takes what `dashboards push` sends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hydro.errors import ConfigError, GrafanaError
from watermaster.doctor.advice import ADVICE
from watermaster.doctor.finding import Finding, Part, State

if TYPE_CHECKING:
    from watermaster.settings import Settings

__all__ = ["grafana"]


async def grafana(settings: Settings) -> list[Finding]:
    """Version and token; nothing is sent."""
    from dashboards.grafana.reachable import OLDEST, reached  # noqa: PLC0415  # grafana-client takes its time
    from watermaster.grafana import grafana_server  # noqa: PLC0415  # as above

    url = settings.grafana.url
    try:
        server = grafana_server(settings)
        if server is None:
            return [Finding(Part.GRAFANA, State.OFF, "grafana.url is not set")]
        found = await asyncio.to_thread(reached, server)
    except (ConfigError, GrafanaError) as error:
        return [Finding(Part.GRAFANA, State.FAILED, str(error), ADVICE["grafana"])]
    if found.too_old:
        least = ".".join(str(number) for number in OLDEST)
        said = f"{url}: version {found.version} is older than {least}, some panels may show nothing"
        return [Finding(Part.GRAFANA, State.LOOK, said, ADVICE["grafana_old"])]
    known = (
        f"the token is of {found.organisation}" if server.has_token else "without grafana.token_file, so not pushed to"
    )
    return [Finding(Part.GRAFANA, State.OK, f"{url}: version {found.version}, {known}")]
