"""Errors as RFC 9457 problems: every answer that is none is ``application/problem+json``."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hydro.errors import ConfigError, StoreError, TransitionError, WatermasterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import FastAPI
    from starlette.requests import Request

_PLACES: Final = {"query": "parameter", "path": "parameter", "body": "field"}
# pydantic's types of errors, in our words; {expected} and the rest come with the error.
_REASONS: Final = {
    "missing": "is missing",
    "extra_forbidden": "unknown {place}",
    "enum": "is not one of {expected}",
    "literal_error": "is not one of {expected}",
    "int_parsing": "is not a whole number",
    "int_type": "is not a whole number",
    "string_type": "is not a text",
    "string_unicode": "is not a text",
    "string_too_short": "is shorter than {min_length} characters",
    "string_too_long": "is longer than {max_length} characters",
    "string_pattern_mismatch": "holds characters that it may not",
    "greater_than_equal": "is less than {ge}",
    "less_than_equal": "is greater than {le}",
    "json_invalid": "is not JSON: {error}",
    "model_attributes_type": "is not a JSON object sent with content-type: application/json",
    "dict_type": "is not a JSON object",
    "value_error": "{error}",
}

__all__ = ["MEDIA_TYPE", "add_problem_handlers", "problem"]

MEDIA_TYPE: Final = "application/problem+json"


def problem(
    status: int,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One problem.

    Args:
        status: HTTP status; its phrase is the title.
        detail: What is wrong, in one sentence.
        errors: Place and reason of each, where a request has several mistakes.
        headers: To send along.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return Response(msgspec.json.encode(body), status, headers, MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of an application with a problem."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(WatermasterError, _our_error)
    app.add_exception_handler(Exception, _unexpected_error)


def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    detail = error.detail
    if detail == HTTPStatus(error.status_code).phrase:  # nothing but the status itself, as the router raises it
        detail = f"{request.method} {request.url.path}: {detail.lower()}"
    return problem(error.status_code, detail, headers=error.headers)


def _invalid_request(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    # What was given is not repeated: it may be a megabyte, or no text at all.
    errors = []
    for each in error.errors():
        place, *path = (str(word) for word in each["loc"])
        name = "" if each["type"] == "json_invalid" else ".".join(path)  # there it is an offset
        errors.append({"in": place, "name": name, "reason": _reason(each, place)})
    first = errors[0]
    where = " ".join(word for word in (first["in"], first["name"]) if word)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{where}: {first['reason']}", errors=errors)


def _reason(error: Mapping[str, Any], place: str) -> str:
    template = _REASONS.get(error["type"])
    if template is None:
        return str(error["msg"])
    # A list of words comes as "'a', 'b' or 'c'".
    details = {name: str(value).replace("'", "").replace(" or ", ", ") for name, value in error.get("ctx", {}).items()}
    return template.format_map({"place": _PLACES.get(place, "value"), **details})


def _our_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, WatermasterError):
        raise error
    return problem(_status_of(error), str(error))


def _status_of(error: WatermasterError) -> int:
    match error:
        case TransitionError():
            return HTTPStatus.CONFLICT
        case ConfigError():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case StoreError():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            return HTTPStatus.SERVICE_UNAVAILABLE if error.retryable else HTTPStatus.INTERNAL_SERVER_ERROR


def _unexpected_error(_request: Request, _error: Exception) -> Response:
    # The server logs it with its traceback.
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "this should not have happened; the log says more")
