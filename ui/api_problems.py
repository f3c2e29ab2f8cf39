"""Errors over HTTP: every one is a problem document (RFC 9457) with the short code of the error behind it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from retrieval.errors import RapportError

MEDIA = "application/problem+json"


class Problem(BaseModel):
    """What went wrong. `code` is stable and made for programs, `detail` is made for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class UnauthorizedError(RapportError):
    """No credentials, or none that hold."""

    code = "unauthorized"


class ForbiddenError(RapportError):
    """Credentials that hold, but not for this."""

    code = "forbidden"


class BusyError(RapportError):
    """A turn of the session is still running."""

    code = "busy"


class TooManyError(RapportError):
    """More requests than are allowed in a minute. `wait`: seconds until the next is."""

    code = "too_many"

    def __init__(self, message: str, wait: int) -> None:
        super().__init__(message)
        self.wait = wait


class TurnError(RapportError):
    """A turn ended in an error event, whose code it carries."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


PROBLEMS: dict[str, tuple[int, str]] = {
    "malformed": (400, "The request cannot be read"),
    "unauthorized": (401, "A valid token is needed"),
    "forbidden": (403, "Not allowed"),
    "not_found": (404, "Not found"),
    "method": (405, "Method not allowed"),
    "busy": (409, "A turn is running"),
    "too_large": (413, "The request is too large"),
    "input": (422, "The input cannot be accepted"),
    "too_many": (429, "Too many requests"),
    "internal": (500, "Something went wrong"),
    "not_ready": (503, "Still loading"),
    "unavailable": (503, "The recommender cannot be used"),
}
"""Every code with its status and title."""

_CODE_OF_STATUS = {400: "malformed", 401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method",
                   413: "too_large", 415: "malformed", 422: "input", 429: "too_many"}  # fmt: skip
TOO_LARGE = "The body is longer than this server accepts (RAPPORT_MAX_BODY, RAPPORT_MAX_IMPORT). Please send less."
FAILED = "Something went wrong on this side. Nothing that was stored is lost; please try again."


def problem(code: str, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A problem document. A code that is not in PROBLEMS means that the recommender cannot be used."""
    code = code if code in PROBLEMS else "unavailable"
    status, title = PROBLEMS[code]
    body = Problem(type=f"/docs#problem-{code}", title=title, status=status, detail=detail, code=code)
    return JSONResponse(body.model_dump(), status_code=status, media_type=MEDIA, headers=headers)


def documented(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The problems of a route, for its OpenAPI entry."""
    found: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        status, title = PROBLEMS[code]
        schema = {"$ref": "#/components/schemas/Problem"}
        found[status] = {"description": f"{title} (code {code})", "content": {MEDIA: {"schema": schema}}}
    return found


def handle_errors(app: FastAPI) -> None:
    """Make an application answer every error with a problem document."""
    app.add_exception_handler(RapportError, _expected)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _defect)


async def _expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, RapportError)
    headers: dict[str, str] = {}
    if error.code == "unauthorized":
        headers["WWW-Authenticate"] = "Bearer"
    if error.code in {"busy", "not_ready", "too_many"}:
        headers["Retry-After"] = str(getattr(error, "wait", 1))
    return problem(error.code, str(error), headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return problem("malformed", f"The body is not JSON: {first.get('ctx', {}).get('error', first['msg'])}.")
    place = ".".join(str(part) for part in first["loc"] if part != "body") or "body"
    return problem("input", f"{place}: {first['msg'].removeprefix('Value error, ')}.")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODE_OF_STATUS.get(error.status_code, "malformed")
    detail = {
        "not_found": f"There is nothing at {request.url.path}. GET /docs lists every route.",
        "method": f"{request.url.path} does not take {request.method}. GET /docs lists every route.",
        "too_large": TOO_LARGE,
    }.get(code, str(error.detail))
    return problem(code, detail, dict(error.headers or {}))


async def _defect(request: Request, error: Exception) -> Response:
    # The server logs the error itself, after this answer.
    return problem("internal", FAILED)
