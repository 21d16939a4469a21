"""Files that the page loads: all of them ours, from the package itself."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request  # noqa: TC002  # FastAPI reads the annotations
from starlette.responses import Response

from dashboards.console.draw.style import stylesheet

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Asset", "asset_routes", "assets"]

_STATIC: Final = Path(__file__).parent.parent / "static"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


class Asset(NamedTuple):
    """A file.

    Attributes:
        content: Its bytes.
        media_type: Of them.
        version: Of them.
    """

    content: bytes
    media_type: str
    version: str


def assets() -> dict[str, Asset]:
    """All files by name, read once."""
    contents = {path.name: path.read_bytes() for path in sorted(_STATIC.iterdir()) if path.suffix in _TYPES}
    contents["draw.css"] = stylesheet().encode()
    return {
        name: Asset(content, _TYPES[Path(name).suffix], sha256(content).hexdigest()[:12])
        for name, content in contents.items()
    }


def asset_routes(files: Mapping[str, Asset]) -> APIRouter:
    """``/static/NAME``; with the right ``?v=`` a browser keeps it for ever."""
    routes = APIRouter()

    @routes.get("/static/{name}", include_in_schema=False)
    async def static(name: str, request: Request, v: str = "") -> Response:
        """One file."""
        asset = files.get(name)
        if asset is None:
            raise HTTPException(404)
        headers = {
            "cache-control": _FOR_EVER if v == asset.version else "no-cache",
            "etag": f'"{asset.version}"',
            "x-content-type-options": "nosniff",
        }
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return Response(asset.content, headers=headers, media_type=asset.media_type)

    return routes
