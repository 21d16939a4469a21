"""A Grafana over HTTP, through grafana-client: every failure becomes one line that says what to do.

Source: Grafana's manual, "HTTP API reference"; which answers there are: tests/data/grafana/http_api.json.
"""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import requests
from grafana_client import GrafanaApi  # type: ignore[import-untyped]  # has no types
from grafana_client.client import GrafanaException  # type: ignore[import-untyped]  # has no types

from hydro.errors import GrafanaError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Server"]

_ANSWER_S: Final = 30.0
_CONNECT_S: Final = 5.0
_SHOWN: Final = 300
_NO_ACCESS: Final = {
    HTTPStatus.UNAUTHORIZED: "does not know the token; see grafana.token_file",
    HTTPStatus.FORBIDDEN: "does not let the token do this; give its service account the role Admin",
}


class Server:
    """One Grafana and one token.

    Args:
        url: Address, `grafana.url`; may end with a path.
        token: Of a service account; None = it is asked only what anybody may ask.

    Attributes:
        has_token: There is one.
    """

    def __init__(self, url: str, token: str | None) -> None:
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        path = parts.path.strip("/")
        self._url = url
        self.has_token = token is not None
        self._api: Any = GrafanaApi(
            token,
            host=host,
            port=parts.port,
            protocol=parts.scheme,
            url_path_prefix=f"{path}/" if path else "",
            timeout=(_CONNECT_S, _ANSWER_S),
            user_agent="watermaster",
        )
        # Behind a redirect a POST would come back as a GET, and its answer would be taken for success.
        self._api.client.s.max_redirects = 0

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        """What the client raises, in our words."""
        try:
            yield
        except GrafanaException as error:
            raise self._refusal(what, error) from error
        except requests.exceptions.TooManyRedirects as error:
            raise GrafanaError(
                f"{self._url} redirects: {what} was not asked; set grafana.url to where it leads"
            ) from error
        except (requests.exceptions.JSONDecodeError, UnicodeDecodeError) as error:
            raise GrafanaError(f"{self._url} is not a Grafana: its answer about {what} is no JSON") from error
        except requests.exceptions.Timeout as error:
            message = f"Grafana {self._url} does not answer {what} within {_ANSWER_S:g} s"
            raise GrafanaError(message, retryable=True) from error
        except requests.exceptions.SSLError as error:
            raise GrafanaError(f"Grafana {self._url}: its certificate is not trusted: {_first(error)}") from error
        except requests.exceptions.RequestException as error:
            message = f"Grafana {self._url} can't be reached, {what}: {_first(error)}"
            raise GrafanaError(message, retryable=True) from error

    def found(self, what: str, ask: str, *arguments: object) -> Any:  # noqa: ANN401  # JSON
        """What there is, None where there is none.

        Args:
            what: What is asked for, for the message.
            ask: Name of the method of the client, such as ``folder.get_folder``.
            arguments: Of the method.

        Raises:
            GrafanaError: It does not answer, or refuses; ``status`` says with what.
        """
        try:
            return self.ask(what, ask, *arguments)
        except GrafanaError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def ask(self, what: str, ask: str, *arguments: object) -> Any:  # noqa: ANN401  # JSON
        """One request; arguments and errors as of :meth:`found`."""
        part, _, method = ask.partition(".")
        with self._asking(what):
            answer = getattr(getattr(self._api, part), method)(*arguments)
        if isinstance(answer, str):  # a page for people: of a proxy, or of something else
            raise GrafanaError(f"{self._url} is not a Grafana: its answer about {what} is no JSON")
        return answer

    def _refusal(self, what: str, error: Any) -> GrafanaError:  # noqa: ANN401  # has no types
        status = int(error.status_code)
        said = error.response.get("message", "") if isinstance(error.response, dict) else str(error.response)
        words = " ".join(str(said).split())[:_SHOWN]
        head = f"Grafana {self._url}"
        if status in _NO_ACCESS:
            return GrafanaError(f"{head} {_NO_ACCESS[HTTPStatus(status)]} ({what}: {words})", status=status)
        retryable = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
        return GrafanaError(f"{head} refuses {what}, with {status}: {words}", status=status, retryable=retryable)


def _first(error: BaseException) -> str:
    """The innermost reason, in few words."""
    reason: BaseException = error
    for argument in error.args:
        inner = getattr(argument, "reason", None)
        if isinstance(inner, BaseException):
            reason = inner
    text = str(reason)
    return text.rpartition(": ")[2][:_SHOWN] or type(error).__name__
