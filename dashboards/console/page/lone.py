"""What pages have in common that stand beside the first one: language, headers, and the answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from dashboards.console.page.choice import LANGUAGES, Choice, language
from dashboards.console.page.rendering import render
from dashboards.console.page.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from dashboards.console.draw.model import Lang
    from dashboards.console.page.assets import Asset
    from dashboards.console.services import Services

__all__ = ["LonePages"]

_LANG: Final = "wm_lang"
_YEAR_S: Final = 365 * 86_400
_HTML: Final = "text/html; charset=utf-8"
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}


class LonePages:
    """Answers for pages without a script and without the first page's choices.

    Args:
        services: For the version.
        files: What pages load.
    """

    def __init__(self, services: Services, files: Mapping[str, Asset]) -> None:
        self._version = services.version
        self._loaded = {name: f"/static/{name}?v={asset.version}" for name, asset in files.items()}

    def language(self, request: Request) -> Lang:
        """As on the first page: as the address says, as the browser remembers, as it prefers."""
        said = request.query_params.get("lang")
        choice = Choice(lang=said if said in LANGUAGES else None)
        return language(choice, request.cookies.get(_LANG), request.headers.get("accept-language", ""))

    def answer(
        self,
        request: Request,
        template: str,
        address: str,
        status: int = HTTPStatus.OK,
        **shown: object,
    ) -> Response:
        """A page.

        Args:
            request: Asks for it.
            template: Its file.
            address: Of the same page, for the link to the other language.
            status: Of the answer.
            shown: What the template shows beside title, language and version.
        """
        lang = self.language(request)
        other: Lang = "en" if lang == "zh" else "zh"
        joint = "&" if "?" in address else "?"
        common = {
            "words": Words(lang),
            "assets": self._loaded,
            "front": Choice(lang=lang).address(),
            "other": {"lang": other, "href": f"{address}{joint}lang={other}"},
            "version": self._version,
        }
        answer = Response(render(template, common | shown), status, _HEADERS, _HTML)
        if request.query_params.get("lang") in LANGUAGES:
            answer.set_cookie(_LANG, lang, max_age=_YEAR_S, httponly=True, samesite="strict")
        return answer
