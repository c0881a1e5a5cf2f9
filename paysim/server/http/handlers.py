"""
Errors of the framework, told as all others are.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from paysim.errors import PaysimError, path_text, shown
from paysim.server.problems import Problem, error_of, invalid, of_status, problem_of

_PREFIXES: Final = {"Input should be ": "must be ", "Value error, ": ""}
_TEXTS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field",
    "json_invalid": "must be JSON",
}
"""What is wrong with a value, by the framework's name for it."""

_METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")


def add_handlers(app: FastAPI) -> None:
    """
    Have all errors that are raised behind an app told as problems.
    """
    app.add_exception_handler(Problem, _told)
    app.add_exception_handler(PaysimError, _told)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(RequestValidationError, _of_validation)


async def _told(_: Request, error: Exception) -> Response:
    return problem_of(error).response()


async def _of_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status, headers = error.status_code, dict(error.headers or {})
    if status < 400:
        return Response(status_code=status, headers=headers)
    # Half a character is no text that a reply may hold.
    path = request.url.path.encode("utf-8", "replace").decode()
    detail = str(error.detail)
    if status == 404:
        detail = f"there is nothing at {path}; /docs tells what there is"
    elif status == 405:
        methods = _methods(request)
        headers["Allow"] = ", ".join(methods)
        known = " or ".join(methods) or "no method"
        detail = f"{path} takes {known}, not {request.method}"
    return of_status(status, detail, headers).response()


def _methods(request: Request) -> list[str]:
    """
    Return the methods that a path takes, whichever routes they belong to.
    """
    found = []
    for method in _METHODS:
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] == Match.FULL for route in request.app.router.routes):
            found.append(method)
    return found


async def _of_validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [_entry(told, error.body) for told in error.errors()]
    return invalid(errors[:100], omitted=max(0, len(errors) - 100)).response()


def _entry(told: Any, body: Any) -> dict[str, Any]:
    """
    Return what the framework says about a value as one entry of `errors`.
    """
    kind, steps = told["type"], tuple(told["loc"])
    if kind == "json_invalid":
        at = steps[-1] if isinstance(steps[-1], int) else 0
        place = _place(body, at) if isinstance(body, str) else ""
        reason = str(told.get("ctx", {}).get("error", ""))
        return error_of("body", _TEXTS[kind], reason, place=place)
    text = _TEXTS.get(kind) or str(told["msg"])
    for prefix, ours in _PREFIXES.items():
        if text.startswith(prefix):
            text = ours + text[len(prefix) :]
    text = text[:1].lower() + text[1:]
    found = "" if kind == "missing" else shown(told.get("input"))
    return error_of(path_text(steps), text, found)


def _place(text: str, at: int) -> str:
    before = text[:at]
    return f"body:{before.count(chr(10)) + 1}:{at - before.rfind(chr(10))}"
