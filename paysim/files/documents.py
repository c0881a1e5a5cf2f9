"""
Texts of scenarios and of what stands beside them: YAML and JSON as plain data with places.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from typing import Final

import attrs

from paysim.errors import Problem, ScenarioError, shown
from paysim.regular_file import open_regular, read_regular, reason
from paysim.texts import EMPTY, Document, Place, SyntaxProblem

BYTES_MAX: Final = 16 * 2**20
"""Bytes of a text."""

# What YAML does not take for printable; a byte order mark is dropped at the start.
_UNPRINTABLE = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_LOOKS_LIKE_JSON = re.compile(r"\s*[{\[]")


def read_bytes(path: str | os.PathLike[str], may_be_pipe: bool = False) -> bytes:
    """
    Return what a file holds, up to one byte more than a text may have.

    Args:
        path: The file.
        may_be_pipe: Whether it may be a pipe, whose writer is waited for.

    Raises:
        ScenarioError: If it cannot be read, or is no file.
    """
    try:
        is_pipe = may_be_pipe and stat.S_ISFIFO(os.stat(path).st_mode)
        with open(path if is_pipe else open_regular(path), "rb") as file:
            return read_regular(file, BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        raise failure(os.fsdecode(path), None, unreadable(error)) from None


def unreadable(error: OSError | ValueError) -> str:
    """
    Return in words that a file cannot be read, and why.
    """
    return f"cannot be read: {reason(error)}"


def decoded(text: str | bytes, name: str) -> str:
    """
    Return a text that is safe to parse.

    Raises:
        ScenarioError: It is too long, not UTF-8, or holds what cannot be printed.
    """
    if not isinstance(text, (str, bytes)):
        raise ScenarioError(f"text must be str or bytes (got {shown(text)})")
    if len(text) > BYTES_MAX:
        raise failure(name, None, f"must be at most {BYTES_MAX // 2**20} MiB long")
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            place = _place(error.object[: error.start].decode())
            found = f"byte 0x{error.object[error.start]:02x}"
            raise failure(name, place, "must be UTF-8", found) from None
    text = text.removeprefix("\ufeff")
    odd = _UNPRINTABLE.search(text)
    if odd:
        place = _place(text[: odd.start()])
        raise failure(name, place, "must hold printable characters only", ascii(odd[0]))
    return text


def parsed(text: str, name: str, noun: str = "a scenario") -> Document:
    """
    Return what a text says: JSON if `name` ends in `.json`, else YAML, which JSON is as well.

    Args:
        text: The text.
        name: The name of its file.
        noun: What it is to hold.

    Raises:
        ScenarioError: It is neither, or more than is safe to read.
    """
    try:
        return _parsed(text, name)
    except SyntaxProblem as problem:
        expected = f"must hold {noun}, and {EMPTY}" if problem.text == EMPTY else problem.text
        raise failure(name, problem.place, expected, problem.found) from None


def _parsed(text: str, name: str) -> Document:
    # Only the parser that is wanted is imported.
    if name.lower().endswith(".json"):
        from paysim.files.json_text import read_json

        return read_json(text)
    if _LOOKS_LIKE_JSON.match(text):
        # JSON is YAML too, and its own parser is many times as fast.
        from paysim.files.json_text import read_json

        with contextlib.suppress(SyntaxProblem):
            return read_json(text)
    from paysim.files.yaml_text import read_yaml

    return read_yaml(text)


def placed(problem: Problem, document: Document, name: str) -> Problem:
    """
    Return a problem with the place of what it is about in a document.
    """
    place = document.locate(problem.steps, problem.at_key)
    return attrs.evolve(problem, place=place_text(name, place))


def failure(name: str, place: Place | None, text: str, found: str = "") -> ScenarioError:
    """
    Return the error of a text that cannot be read any further.
    """
    return ScenarioError([Problem(place_text(name, place), "", text, found)])


def place_text(name: str, place: Place | None) -> str:
    """
    Return a place as errors begin with it: `day.yaml:7:20`.
    """
    # A name is a file's, so it may hold anything; it must not break the line.
    name = name if name.isprintable() else ascii(name)[1:-1]
    return f"{name}:{place[0]}:{place[1]}" if place else name


def _place(before: str) -> Place:
    return before.count("\n") + 1, len(before) - before.rfind("\n")
