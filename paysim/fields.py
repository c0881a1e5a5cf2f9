"""
What a single field of a scenario may hold: a whole number, an exact rate, a name, and so on.

A kind stands in the annotation of a field, `Annotated[int, Whole(0, 10, "...")]`, and is the one
statement of its bounds: checks, error texts and the JSON Schema (`paysim.schema`) come from it.
Kinds that hold further fields are in `paysim.records`.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import attrs

from paysim.errors import Problems, Step, shown
from paysim.exact import exact_or_reason, plain

AMOUNT_MAX: Final = 4_000_000_000_000_000_000
"""The largest amount, in minor units; two of them still fit in 64 bits."""

AGENTS_MAX: Final = 20_000
"""The most agents of a scenario; the largest payment systems have some 9,000 participants."""

TICKS_MAX: Final = 2**31
"""The most ticks that a run may have."""

DEADLINE_MAX: Final = 2**32 - 2
"""The last tick that a deadline may be."""

IN_QUOTES: Final = "put it in quotes"

_SUGGEST_AMONG: Final = 200

_PART = re.compile(r".*/[0-9]+", re.ASCII | re.DOTALL)
_GENERATED = re.compile(r".*@[0-9]+\.[0-9]+", re.ASCII | re.DOTALL)

Steps = tuple[Step, ...]


class Kind:
    """
    What a field may hold. The base accepts anything and leaves it as it is.

    A value takes up to three ways: `read` turns what a file or dict says into the value,
    `check` tells what is wrong with a value, and `write` is the inverse of `read`.
    """

    __slots__ = ()

    def read(self, raw: Any, steps: Steps, problems: Problems) -> Any:
        """
        Return the value that `raw` stands for; what is wrong in its shape goes to `problems`.
        """
        return raw

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        """
        Note all that is wrong with a value.
        """

    def write(self, value: Any) -> Any:
        """
        Return the value as it stands in a dict that JSON can hold.
        """
        return value


@attrs.frozen(eq=False)
class Whole(Kind):
    """
    An int within bounds, both included. A bool or a float is not an int.
    """

    least: int
    most: int
    help: str = ""

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if type(value) is not int:
            problems.add(steps, "must be int", shown(value), _int_hint(value))
        elif not self.least <= value <= self.most:
            problems.add(steps, out_of_range(value, self.least, self.most), shown(value))


@attrs.frozen(eq=False)
class Real(Kind):
    """
    A finite float within bounds, both included unless the lower one is `open`.
    """

    least: int
    most: int
    help: str = ""
    open: bool = False

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if type(value) is not float:
            # An int too large for a float is left as it is by `as_real`.
            text = f"must be at most {self.most}" if type(value) is int else "must be a number"
            problems.add(steps, text, shown(value))
        elif not math.isfinite(value):
            problems.add(steps, "must be finite", shown(value))
        elif self.open and value <= self.least:
            problems.add(steps, f"must be more than {self.least}", shown(value))
        elif not self.least <= value <= self.most:
            problems.add(steps, out_of_range(value, self.least, self.most), shown(value))


@attrs.frozen(eq=False)
class Exact(Kind):
    """
    A Decimal within bounds, both included, with at most 15 places.
    """

    least: int
    most: int
    help: str = ""

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        number = exact_or_reason(value)
        if isinstance(number, str):
            problems.add(steps, number, shown(value))
        elif not self.least <= number <= self.most:
            problems.add(steps, out_of_range(number, self.least, self.most), shown(value))

    def write(self, value: Any) -> Any:
        return plain(value)


@attrs.frozen(eq=False)
class Flag(Kind):
    """
    True or false, and nothing that merely looks like it.
    """

    help: str = ""

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if type(value) is not bool:
            problems.add(steps, "must be true or false", shown(value))


@attrs.frozen(eq=False)
class Choice(Kind):
    """
    One of a few words.
    """

    options: tuple[str, ...]
    help: str = ""

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if type(value) is not str or value not in self.options:
            text = f"must be {one_of(self.options)}"
            hint = functools.partial(did_you_mean, value, self.options)
            problems.add(steps, text, shown(value), hint)


@attrs.frozen(eq=False)
class Name(Kind):
    """
    An id: 1 to 128 printable characters that do not look like an id the system gives.

    It has no blanks around it, since those around a cell of a table do not count. `X/1` is the
    first part of X, and `X@7.1` the first transaction generated for X in tick 7.
    """

    help: str = ""

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if type(value) is not str:
            hint = IN_QUOTES if type(value) in (int, float, bool) else ""
            problems.add(steps, "must be text", shown(value), hint)
        elif not 1 <= len(value) <= 128:
            found = f"{len(value)} characters" if value else "empty text"
            problems.add(steps, "must be 1 to 128 characters", found)
        elif not value.isprintable():
            problems.add(steps, "must consist of printable characters", shown(value))
        elif value.strip() != value:
            problems.add(steps, "must not begin or end with a blank", shown(value))
        elif _PART.fullmatch(value):
            problems.add(steps, "must not look like the id of a part, X/1", shown(value))
        elif _GENERATED.fullmatch(value):
            problems.add(steps, "must not look like a generated id, X@1.1", shown(value))


@attrs.frozen(eq=False)
class Span(Kind):
    """
    A whole number, or a pair of them, both included, to draw from.
    """

    most: int
    help: str = ""

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        end = Whole(0, self.most)
        if not isinstance(value, tuple):
            end.check(value, steps, problems)
        elif len(value) != 2:
            problems.add(steps, "must be int or a pair [lowest, highest]", shown(value))
        else:
            before = problems.count
            for index, item in enumerate(value):
                end.check(item, (*steps, index), problems)
            if problems.count == before and value[0] > value[1]:
                text = f"must be at least the lowest, {value[0]}"
                problems.add((*steps, 1), text, shown(value[1]))

    def write(self, value: Any) -> Any:
        return list(value) if isinstance(value, tuple) else value


@attrs.frozen(eq=False)
class Weights(Kind):
    """
    A mapping from names to weights, of which at least one is more than 0.
    """

    item: Real
    help: str = ""
    most: int = AGENTS_MAX

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add(steps, "must be a mapping from ids to weights", shown(value))
            return
        if len(value) > self.most:
            problems.add(steps, f"must hold at most {self.most} weights", str(len(value)))
            return
        before = problems.count
        for key, weight in value.items():
            if type(key) is str:
                self.item.check(weight, (*steps, key), problems)
            else:
                problems.add((*steps, shown(key)), "key must be text", shown(key), IN_QUOTES)
        if problems.count == before and not any(value.values()):
            problems.add(steps, "must hold a weight of more than 0", shown(value))

    def write(self, value: Any) -> Any:
        return dict(value)


def as_real(value: float) -> float:
    """
    Return an int as a float; leave anything that is no number for the check to name.
    """
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return value
    # Adding 0.0 turns a negative zero into zero.
    return float(value) + 0.0 if isinstance(value, float) else value


def as_reals(values: Iterable[float]) -> tuple[float, ...]:
    """
    Return numbers as a tuple of floats; leave anything else for the check to name.
    """
    if isinstance(values, (list, tuple)):
        return tuple(as_real(value) for value in values)
    return values  # type: ignore[return-value]


def as_weights(values: Mapping[str, float] | None) -> dict[str, float] | None:
    """
    Return a copy of a mapping to numbers; leave anything else for the check to name.
    """
    # One of too many is left to the check as well, without a copy.
    if isinstance(values, Mapping) and len(values) <= AGENTS_MAX:
        return {key: as_real(value) for key, value in values.items()}
    return values  # type: ignore[return-value]


def out_of_range(value: Any, least: int, most: int) -> str:
    """
    Return which of two bounds a value breaks.
    """
    return f"must be at least {least}" if value < least else f"must be at most {most}"


def one_of(options: Iterable[str]) -> str:
    """
    Return `a`, `a or b`, or `a, b or c`.
    """
    *firsts, last = options
    return f"{', '.join(firsts)} or {last}" if firsts else last


def did_you_mean(value: Any, options: Iterable[str]) -> str:
    """
    Return a suggestion in place of a misspelled word, or an empty text.
    """
    if type(value) is not str or len(value) > 128:
        return ""
    # Words are compared without case and underscores, so that LiquidityAware finds its name.
    by_form = {_form(option): option for option in options}
    matches = difflib.get_close_matches(_form(value), by_form, n=1, cutoff=0.6)
    return f"did you mean {by_form[matches[0]]}?" if matches else ""


def key_hint(key: Any, keys: Collection[str]) -> str:
    """
    Return which key is meant in place of an unknown one, or all there are.
    """
    return did_you_mean(key, keys) or f"the keys here are {', '.join(keys)}"


def suggest_agent(name: str, among: Collection[str]) -> str:
    """
    Return a suggestion in place of an agent that there is not, or an empty text.
    """
    # Comparing with thousands of names would take longer than the rest of the check.
    return did_you_mean(name, sorted(among)) if len(among) <= _SUGGEST_AMONG else ""


def _int_hint(value: Any) -> str:
    if type(value) is str and value.replace("_", "").removeprefix("-").isdecimal():
        return "write it as a plain number, without quotes or separators"
    is_other_int = hasattr(type(value), "__index__") and type(value) is not bool
    return "convert it with int()" if is_other_int else ""


def _form(word: str) -> str:
    return word.casefold().replace("_", "").replace("-", "")
