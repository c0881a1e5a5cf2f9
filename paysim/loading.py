"""
Scenario files: YAML and JSON, from text to a Scenario, with the place of everything wrong in it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import re
from collections.abc import Iterator
from typing import Final

import attrs

from paysim.errors import PROBLEMS_MAX, Problem, ScenarioError, path_text, shown
from paysim.scenario import Scenario
from paysim.texts import Document, Place, SyntaxProblem

BYTES_MAX: Final = 16 * 2**20
"""Bytes of a scenario text."""

# What YAML does not take for printable; a byte order mark is dropped at the start.
_UNPRINTABLE = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_LOOKS_LIKE_JSON = re.compile(r"\s*[{\[]")


def load_scenario(path: str | os.PathLike[str]) -> Scenario:
    """
    Return the scenario in a file: JSON if its name ends in `.json`, else YAML.

    Raises:
        ScenarioError: If the file cannot be read, or with everything that is wrong in it.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ScenarioError(f"path must be text or os.PathLike (got {shown(path)})")
    name = os.fsdecode(path)
    try:
        with open(path, "rb") as file:
            content = file.read(BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise _failure(name, None, f"cannot be read: {(reason or str(error)).lower()}") from None
    return loads_scenario(content, name)


def loads_scenario(text: str | bytes, name: str = "<text>") -> Scenario:
    """
    Return the scenario in a text: JSON if `name` ends in `.json`, else YAML, which JSON is as well.

    Args:
        text: The text, or its bytes in UTF-8.
        name: What the places in errors begin with.

    Raises:
        ScenarioError: With everything that is wrong in it.
    """
    text = _decoded(text, name)
    with _uncollected():
        return _load(text, name)


def _load(text: str, name: str) -> Scenario:
    try:
        document = _read(text, name)
    except SyntaxProblem as problem:
        raise _failure(name, problem.place, problem.text, problem.found) from None
    found: list[tuple[Place, Problem]] = [
        (place, Problem("", path_text(steps), "key is given twice", ""))
        for steps, place in document.repeated
    ]
    omitted = document.omitted
    try:
        scenario = Scenario.from_dict(document.data)
    except ScenarioError as error:
        found += [(document.locate(p.steps, p.at_key), p) for p in error.problems]
        omitted += error.omitted
    else:
        if not found:
            return scenario
    # Told from the top of the text to its end; what stands at one place keeps its order.
    found.sort(key=lambda pair: pair[0])
    omitted += max(len(found) - PROBLEMS_MAX, 0)
    told = [attrs.evolve(p, place=_place_text(name, at)) for at, p in found[:PROBLEMS_MAX]]
    raise ScenarioError(told, omitted)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """
    Pause the search for cyclic garbage: there is none, and it would go through all that was read.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read(text: str, name: str) -> Document:
    # Only the parser that is wanted is imported.
    if name.lower().endswith(".json"):
        from paysim.json_text import read_json

        return read_json(text)
    if _LOOKS_LIKE_JSON.match(text):
        # JSON is YAML too, and its own parser is many times as fast.
        from paysim.json_text import read_json

        with contextlib.suppress(SyntaxProblem):
            return read_json(text)
    from paysim.yaml_text import read_yaml

    return read_yaml(text)


def _decoded(text: str | bytes, name: str) -> str:
    if not isinstance(text, (str, bytes)):
        raise ScenarioError(f"text must be str or bytes (got {shown(text)})")
    if len(text) > BYTES_MAX:
        raise _failure(name, None, f"must be at most {BYTES_MAX // 2**20} MiB long")
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            place = _place(error.object[: error.start].decode())
            found = f"byte 0x{error.object[error.start]:02x}"
            raise _failure(name, place, "must be UTF-8", found) from None
    text = text.removeprefix("\ufeff")
    odd = _UNPRINTABLE.search(text)
    if odd:
        place = _place(text[: odd.start()])
        raise _failure(name, place, "must hold printable characters only", ascii(odd[0]))
    return text


def _place(before: str) -> Place:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _failure(name: str, place: Place | None, text: str, found: str = "") -> ScenarioError:
    return ScenarioError([Problem(_place_text(name, place), "", text, found)])


def _place_text(name: str, place: Place | None) -> str:
    # A name is a file's, so it may hold anything; it must not break the line.
    name = name if name.isprintable() else ascii(name)[1:-1]
    return f"{name}:{place[0]}:{place[1]}" if place else name
