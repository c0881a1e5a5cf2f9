"""
Which of the forms that a reply may take the one who asks prefers: the header Accept of RFC 9110.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from paysim.errors import shown
from paysim.server.problems import Problem

JSON: Final = "application/json"
JSON_LINES: Final = "application/x-ndjson"
EVENT_STREAM: Final = "text/event-stream"
CSV: Final = "text/csv"
PARQUET: Final = "application/vnd.apache.parquet"
ARROW: Final = "application/vnd.apache.arrow.stream"
FILE: Final = "application/octet-stream"

ACCEPT_MAX: Final = 4_000
"""Characters of the header that are looked at."""

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_RANGE = re.compile(rf"({_TOKEN})/({_TOKEN})")
_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


def chosen(accept: str | None, forms: tuple[str, ...]) -> str:
    """
    Return the form that is preferred; of equal ones the first.

    Args:
        accept: The header, or `None` if there is none; what cannot be read in it does not count.
        forms: The media types that there are, without parameters.

    Raises:
        Problem: 406, none of them is acceptable.
    """
    form = _chosen(accept, forms)
    if form is None:
        listed = ", ".join(forms)
        detail = f"the header Accept must allow one of {listed}, and is {shown(accept)}"
        raise Problem(406, "not-acceptable", "No form of the reply is acceptable", detail)
    return form


@functools.lru_cache(maxsize=256)
def _chosen(accept: str | None, forms: tuple[str, ...]) -> str | None:
    if accept is None or not accept.strip():
        return forms[0]
    ranges = _ranges(accept[:ACCEPT_MAX])
    best, best_quality = None, 0.0
    for form in forms:
        quality = _quality(form, ranges)
        if quality > best_quality:
            best, best_quality = form, quality
    return best


def _ranges(accept: str) -> dict[tuple[str, str], float]:
    """
    Return the quality of each media range; parameters other than `q` do not count.
    """
    ranges: dict[tuple[str, str], float] = {}
    for part in accept.split(","):
        media_range, *parameters = (piece.strip() for piece in part.split(";"))
        match = _RANGE.fullmatch(media_range)
        if match is None or (match[1] == "*" and match[2] != "*"):
            continue
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "q":
                is_number = _QUALITY.fullmatch(value.strip())
                quality = float(value) if is_number else 0.0
                break
        key = match[1].lower(), match[2].lower()
        ranges[key] = max(quality, ranges.get(key, 0.0))
    return ranges


def _quality(form: str, ranges: dict[tuple[str, str], float]) -> float:
    """
    Return the quality of a form by the most specific range that it is in.
    """
    main, sub = form.split("/")
    for key in ((main, sub), (main, "*"), ("*", "*")):
        if key in ranges:
            return ranges[key]
    return 0.0
