"""
Problem details of RFC 9457: every error of the service, whoever finds it, has this one shape.

What goes wrong inside is told by a reference that also stands in the log, and by nothing else.
"""

from __future__ import annotations

import json
import re
import secrets
import traceback
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import attrs
from starlette.responses import Response

from paysim.errors import PaysimError, ScenarioError
from paysim.errors import Problem as ScenarioProblem
from paysim.server.log import log
from paysim.server.store.records import StoreError

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:paysim:problem:"
CONFLICT: Final = "conflict"
CONFLICT_TITLE: Final = "The request cannot be carried out"

_PATH = re.compile(r"^.*[/\\].*?(?=  )")
_PLACE = re.compile(r":(\d+)(?::(\d+))?$")


class Problem(Exception):
    """
    An error as the one who asked is told of it.

    Args:
        status: The HTTP status.
        kind: What it is, such as `invalid-scenario`; the last part of its type.
        title: The same for people, the same for all of this kind.
        detail: What is wrong this time, and what helps.
        errors: All that is wrong with what was given, as from `error_of`.
        headers: More headers of the reply.
        omitted: How many errors there are beyond these.
        extra: More members of the reply, such as a reference.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        *,
        omitted: int = 0,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {kind}: {detail}")
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.errors = [dict(error) for error in errors]
        self.headers = dict(headers or {})
        self.omitted = omitted
        self.extra = dict(extra or {})

    def content(self) -> dict[str, Any]:
        """
        Return the members of the problem.
        """
        return {
            "type": TYPE_PREFIX + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "errors": self.errors,
            "omitted": self.omitted,
            **self.extra,
        }

    def body(self) -> bytes:
        """
        Return the problem as JSON.
        """
        # A text from outside may hold half a character, which no UTF-8 has.
        return json.dumps(self.content(), ensure_ascii=False).encode("utf-8", "replace")

    def response(self) -> Response:
        """
        Return the reply that tells of it.
        """
        return Response(self.body(), self.status, self.headers, MEDIA_TYPE)


def error_of(
    path: str, expected: str, found: str = "", hint: str = "", place: str = ""
) -> dict[str, Any]:
    """
    Return one entry of `errors`.

    Args:
        path: The field, such as `query.count` or `agent_configs[2].credit_limit`.
        expected: What was expected, such as `must be int`.
        found: What was found instead, or empty.
        hint: What may have been meant, or empty.
        place: Where it stands in a text, such as `scenario.yaml:7:20`, or empty.
    """
    told = ScenarioProblem(place, path, expected, found, hint)
    line, column = _line_and_column(place)
    return {
        "path": path,
        "place": place,
        "line": line,
        "column": column,
        "expected": expected,
        "found": found,
        "hint": hint,
        "message": str(attrs.evolve(told, place="")),
    }


def invalid(
    errors: Iterable[Mapping[str, Any]],
    *,
    kind: str = "invalid-request",
    title: str = "The request is not valid",
    status: int = 400,
    omitted: int = 0,
) -> Problem:
    """
    Return the problem of a request of which these things are wrong.
    """
    errors = list(errors)
    detail = "; ".join(str(error["message"]) for error in errors[:3])
    more = len(errors) - 3 + omitted
    if more > 0:
        detail += f"; and {more} more"
    return Problem(status, kind, title, detail or title, errors, omitted=omitted)


def not_installed(detail: str) -> Problem:
    """
    Return the problem of what needs libraries that are not there; `detail` says how to get them.
    """
    return Problem(501, "extra-missing", "A part of the server is not installed", detail)


def problem_of(error: BaseException, status: int = 400) -> Problem:
    """
    Return the problem that tells of an error.

    Args:
        error: The error; of one that is not foreseen only a reference is told.
        status: The status of what is wrong with a scenario.
    """
    if isinstance(error, Problem):
        return error
    if isinstance(error, ScenarioError):
        errors = [
            error_of(told.path, told.expected, told.found, told.hint, told.place)
            for told in error.problems
        ]
        return invalid(
            errors,
            kind="invalid-scenario",
            title="The scenario is not valid",
            status=status,
            omitted=error.omitted,
        )
    if isinstance(error, StoreError):
        log().error("store failed", message=str(error))
        # Paths of the machine are for its log, and not for everybody.
        told = _PATH.sub("the data directory", str(error))
        detail = f"{told}; nothing of this request has been kept, and it can be repeated"
        return Problem(503, "store-failed", "The store cannot be used", detail)
    if isinstance(error, PaysimError):
        return Problem(409, CONFLICT, CONFLICT_TITLE, str(error))
    return internal(error)


def internal(error: BaseException) -> Problem:
    """
    Return the problem of an error that is not foreseen, and log the error under its reference.
    """
    reference = secrets.token_hex(8)
    log().error(
        "request failed",
        reference=reference,
        error=type(error).__name__,
        message=str(error),
        traceback="".join(traceback.format_exception(error)),
    )
    detail = f"something went wrong inside; the server's log tells of it under {reference}"
    extra = {"reference": reference}
    return Problem(500, "internal", "Internal error", detail, extra=extra)


def of_status(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> Problem:
    """
    Return the problem of an HTTP status that needs no more words than its own.
    """
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = f"Status {status}"
    kind = re.sub(r"[^a-z]+", "-", title.lower()).strip("-")
    return Problem(status, kind, title, detail or title, headers=headers)


def _line_and_column(place: str) -> tuple[int | None, int | None]:
    match = _PLACE.search(place)
    if match is None:
        return None, None
    return int(match[1]), int(match[2]) if match[2] else None
