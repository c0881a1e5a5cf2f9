"""
What reading a scenario text comes to, whatever its format, and the bounds on what is read.

The text is not trusted: its size, depth, number of values, aliases and the length of its numbers
are bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from paysim.errors import Step

DEPTH_MAX: Final = 64
"""Mappings and lists that may stand inside one another."""

JSON_VALUES_MAX: Final = 2_000_000
"""Values in a JSON text, those of repeated keys included."""

YAML_VALUES_MAX: Final = 1_400_000
"""Keys and values in a YAML text, those repeated by an alias counted again; it is read slower."""

EMPTY: Final = "is empty"

DIGITS_MAX: Final = 100
"""Characters of a number."""

Steps = tuple[Step, ...]
Place = tuple[int, int]
"""Line and column, from 1."""


class SyntaxProblem(Exception):
    """
    A text that cannot be read any further, and where.
    """

    def __init__(self, text: str, place: Place | None, found: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.place = place
        self.found = found


@attrs.frozen
class Document:
    """
    What a text says.

    Attributes:
        data: Dicts, lists, texts, numbers, True, False and None.
        repeated: The first keys that stand twice in a mapping: the path, and a place of the key.
        omitted: How many more of them there are.
        locate: Tells the place of a path, or of as much of it as there is; of its key if asked.
    """

    data: Any
    repeated: list[tuple[Steps, Place]]
    omitted: int
    locate: Callable[[Steps, bool], Place]


def has(data: Any, step: Any) -> bool:
    """
    Whether a mapping has a key, or a list a position.
    """
    if isinstance(data, list):
        return isinstance(step, int) and 0 <= step < len(data)
    return isinstance(data, dict) and step in data
