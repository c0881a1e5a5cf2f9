"""
Errors of the public surface, and how the errors of a scenario are told.

The compiled kernel raises the exceptions defined here, so this module imports nothing heavy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

import attrs

__all__ = ["PaysimError", "Problem", "Problems", "ScenarioError", "path_text", "shown"]

PROBLEMS_MAX: Final = 100
"""Problems told in full; of those beyond it only the number is told."""

COUNTED_MAX: Final = 10_000
"""Problems that are counted; after so many, no more are looked for."""

Step = str | int
"""One step of a path: a key of a mapping or a position in a list, from 0."""

_SHOWN_MAX = 60
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_\-]{1,128}")


class PaysimError(RuntimeError):
    """
    The root of all errors that paysim raises.
    """


class TooManyEvents(PaysimError):
    """
    The event log of a simulation has no room for what happens.
    """


@attrs.frozen
class Problem:
    """
    One thing that is wrong with a scenario.

    Attributes:
        place: Where it stands in a text, such as `day.yaml:7:20`, or empty.
        path: The field, such as `agent_configs[2].credit_limit`, or empty for the whole scenario.
        expected: What was expected, such as `must be int`.
        found: What was found instead, or empty if that says nothing.
        hint: What may have been meant, or empty.
        steps: The path as keys and positions, to find the place in a text.
        at_key: Whether the key itself is wrong rather than its value.
    """

    place: str
    path: str
    expected: str
    found: str
    hint: str = ""
    steps: tuple[Step, ...] = attrs.field(default=(), kw_only=True, eq=False, repr=False)
    at_key: bool = attrs.field(default=False, kw_only=True, eq=False, repr=False)

    def __str__(self) -> str:
        text = self.expected
        if self.found:
            text += f" (got {self.found})"
        if self.hint:
            text += f"; {self.hint}"
        return "  ".join(part for part in (self.place, self.path, text) if part)


class ScenarioError(PaysimError, ValueError):
    """
    A scenario or an argument that cannot be used, with everything that is wrong with it.

    Args:
        problems: A text, or all that is wrong.
        omitted: How many problems there are beyond the given ones.
    """

    problems: tuple[Problem, ...]
    omitted: int

    def __init__(self, problems: str | Iterable[Problem], omitted: int = 0) -> None:
        if isinstance(problems, str):
            problems = (Problem("", "", problems, ""),)
        self.problems = tuple(problems)
        self.omitted = omitted
        lines = [str(problem) for problem in self.problems]
        if omitted:
            at_least = "at least " if omitted >= COUNTED_MAX - PROBLEMS_MAX else ""
            lines.append(f"... and {at_least}{omitted} more")
        super().__init__("\n".join(lines))


class TooManyProblems(Exception):
    """
    So much is wrong that it is not worth the time to look for the rest.
    """


class Problems:
    """
    Gathers problems, keeps the first of them and counts the rest, up to a bound.
    """

    def __init__(self) -> None:
        self.kept: list[Problem] = []
        self.count = 0

    def add(
        self,
        steps: tuple[Step, ...],
        expected: str,
        found: str = "",
        hint: str | Callable[[], str] = "",
        at_key: bool = False,
    ) -> None:
        """
        Note one problem at the path `steps`.

        A hint that takes effort is given as a function, called only if the problem is kept.

        Raises:
            TooManyProblems: If it is the last that is counted.
        """
        if self._has_room():
            path = path_text(steps)
            hint = hint if isinstance(hint, str) else hint()
            problem = Problem("", path, expected, found, hint, steps=steps, at_key=at_key)
            self.kept.append(problem)

    def add_placed(self, problem: Problem, omitted: int = 0) -> None:
        """
        Note one problem that has its place, and how many more there are like it.

        Raises:
            TooManyProblems: If it is the last that is counted.
        """
        if self._has_room():
            self.kept.append(problem)
        self.count += omitted

    def _has_room(self) -> bool:
        self.count += 1
        if len(self.kept) >= PROBLEMS_MAX and self.count >= COUNTED_MAX:
            raise TooManyProblems
        return len(self.kept) < PROBLEMS_MAX

    def error(self) -> ScenarioError:
        """
        Return the error that tells what was gathered.
        """
        return ScenarioError(self.kept, self.count - len(self.kept))


def path_text(steps: Iterable[Step]) -> str:
    """
    Return a path as people write it: `agent_configs[2].credit_limit`.
    """
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{shown(step)}]"
    return text


def shown(value: Any) -> str:
    """
    Return a value as an error shows it: one short line, whatever the value is.
    """
    kind = type(value)
    if kind is str:
        return repr(value) if len(value) <= _SHOWN_MAX else f"{value[:_SHOWN_MAX]!r}..."
    if kind is int and value.bit_length() > 200:
        return f"an int of {value.bit_length()} bits"
    if kind is bool or kind is int or kind is float or value is None:
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"a mapping of {len(value)}"
    if kind.__module__ == "decimal" and kind.__name__ == "Decimal":
        return f"{value!s:.{_SHOWN_MAX}}"
    return f"an object of type {kind.__name__}"
