"""
Scenario files: YAML and JSON, from text to a Scenario, with the place of everything wrong in it.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from paysim.errors import PROBLEMS_MAX, Problem, ScenarioError, path_text, shown
from paysim.files.documents import BYTES_MAX, decoded, parsed, place_text, read_bytes
from paysim.scenario import Scenario
from paysim.texts import Place

__all__ = ["BYTES_MAX", "load_scenario", "loads_scenario"]

Overrides = Callable[[dict[str, Any]], dict[str, Any]]


def load_scenario(path: str | os.PathLike[str], overrides: Overrides | None = None) -> Scenario:
    """
    Return the scenario in a file: JSON if its name ends in `.json`, else YAML.

    The files that it names are read as well, and are looked for beside it.

    Args:
        path: The file.
        overrides: Returns what is read in place of what the file says, given that as a dict.

    Raises:
        ScenarioError: If a file cannot be read, or with everything that is wrong in them.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ScenarioError(f"path must be text or os.PathLike (got {shown(path)})")
    name = os.fsdecode(path)
    text = decoded(read_bytes(path, may_be_pipe=True), name)
    with _uncollected():
        return _load(text, name, os.path.dirname(name), overrides)


def loads_scenario(text: str | bytes, name: str = "<text>") -> Scenario:
    """
    Return the scenario in a text: JSON if `name` ends in `.json`, else YAML, which JSON is as well.

    No file is read: a text may come from anybody, and must not name what is to be opened.

    Args:
        text: The text, or its bytes in UTF-8.
        name: What the places in errors begin with.

    Raises:
        ScenarioError: With everything that is wrong in it.
    """
    text = decoded(text, name)
    with _uncollected():
        return _load(text, name, None, None)


def _load(text: str, name: str, folder: str | None, overrides: Overrides | None) -> Scenario:
    document = parsed(text, name)
    found: list[tuple[Place, Problem]] = [
        (place, Problem("", path_text(steps), "key is given twice", ""))
        for steps, place in document.repeated
    ]
    elsewhere: list[Problem] = []
    omitted = document.omitted
    said = document.data
    raw = overrides(dict(said)) if overrides and isinstance(said, dict) else said
    try:
        scenario = Scenario.from_dict(raw, folder)
    except ScenarioError as error:
        for problem in error.problems:
            if problem.place or _is_new(problem, raw, said):
                elsewhere.append(problem)
            else:
                found.append((document.locate(problem.steps, problem.at_key), problem))
        omitted += error.omitted
    else:
        if not found:
            return scenario
    # Told from the top of the text to its end; what stands at one place keeps its order.
    found.sort(key=lambda pair: pair[0])
    told = [attrs.evolve(p, place=place_text(name, at)) for at, p in found] + elsewhere
    omitted += max(len(told) - PROBLEMS_MAX, 0)
    raise ScenarioError(told[:PROBLEMS_MAX], omitted)


def _is_new(problem: Problem, raw: Any, said: Any) -> bool:
    """
    Whether a problem is about a key that the text does not say, or not like this.
    """
    if raw is said or not problem.steps:
        return False
    key = problem.steps[0]
    return key in raw and not (key in said and raw[key] is said[key])


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
