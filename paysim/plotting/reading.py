"""
From tables to what is drawn: data frames, the days asked for, the agents shown, labels and units.

Sums are exact, also where those of many days leave 64 bits; they become floats in the unit of the
axis, which is the last thing that happens to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import attrs
import polars as pl

from paysim.errors import ScenarioError, shown

if TYPE_CHECKING:
    from paysim.results import Results

AGENTS_MAX: Final = 25
"""Agents that are all shown; of more, the first `AGENTS_SHOWN` and the others together."""

AGENTS_SHOWN: Final = 20

LABEL_MAX: Final = 24
"""Characters of a label."""

PLACES: Final = 6
"""Places of a number in the unit of its axis: far more than can be seen."""

_HALF = 2**32

_UNITS = ("", *(f"{power}s of " for power in ("thousand", "million", "billion", "trillion")))
_UNITS += ("quadrillions of ", "quintillions of ")


@attrs.frozen
class Unit:
    """
    What the numbers of an axis are counted in.

    Attributes:
        scale: So many minor units are one.
        name: Such as `millions of minor units`.
    """

    scale: int
    name: str

    @classmethod
    def of(cls, values: Iterable[Any]) -> Unit:
        """
        Return the unit in which the largest of some values has few digits before its point.
        """
        largest = max((abs(int(value)) for value in values), default=0)
        power = 0
        if largest >= 10_000:
            while largest >= 1_000 ** (power + 1) and power < len(_UNITS) - 1:
                power += 1
        return cls(1_000**power, f"{_UNITS[power]}minor units")

    def column(self, name: str) -> pl.Expr:
        """
        Return a column in this unit.
        """
        return (pl.col(name).cast(pl.Float64) / self.scale).round(PLACES).alias(name)

    def number(self, value: Any) -> float:
        """
        Return a value in this unit.
        """
        return round(float(value / self.scale), PLACES)

    def text(self, value: Any) -> str:
        """
        Return a value in this unit as text.
        """
        number = float(value) / self.scale
        return f"{number:,.0f}" if number.is_integer() else f"{number:,.2f}"


def frame(results: Results, table: str, columns: Sequence[str], day: int | None) -> pl.DataFrame:
    """
    Return columns of a table as a data frame, those of one day if it is asked for.

    Raises:
        ScenarioError: There is no such day, or `results` are none.
    """
    check_results(results)
    if day is not None:
        check_day(results, day)
    whole = pl.DataFrame(getattr(results, table))
    return whole.select(columns) if day is None else whole.filter(day=day).select(columns)


def check_results(results: object) -> None:
    """
    Make sure that results are given, and not the directory that they are kept in.

    Raises:
        ScenarioError: They are not.
    """
    if not hasattr(results, "scenario"):
        raise ScenarioError(
            f"results must be Results, as paysim.open_results gives them (got {shown(results)})"
        )


def check_day(results: Results, day: int) -> None:
    """
    Make sure that a day was run, at least in part.

    Raises:
        ScenarioError: It was not.
    """
    days = len(results.days)
    if type(day) is not int:
        raise ScenarioError(f"day must be int (got {shown(day)})")
    if not 0 <= day < days:
        ran = f"from 0 to {days - 1}" if days else "of a run, and this one has run no tick"
        raise ScenarioError(f"day must be {ran} (got {day})")


def sums(
    frame: pl.DataFrame, columns: Sequence[str], by: Sequence[str | pl.Expr] = ()
) -> dict[Any, tuple[int, ...]]:
    """
    Return the sums of columns of whole numbers, exact however large they are.

    Args:
        frame: The numbers, of 64 bits.
        columns: The columns.
        by: What to group by; the keys are the values of one column or tuples of several.
    """
    halves = [
        half
        for column in columns
        for half in (
            (pl.col(column) // _HALF).sum().alias(f"{column} high"),
            (pl.col(column) % _HALF).sum().alias(f"{column} low"),
        )
    ]
    keys = len(by)
    summed = frame.group_by(*by).agg(halves) if by else frame.select(halves)
    found = {}
    for row in summed.iter_rows():
        pairs = zip(row[keys::2], row[keys + 1 :: 2], strict=True)
        key = row[0] if keys == 1 else row[:keys]
        found[key] = tuple(high * _HALF + low for high, low in pairs)
    return found


def labelled(names: Iterable[str]) -> dict[str, str]:
    """
    Return a short label for each of some names, no two alike and each on one line.
    """
    labels: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
        short = _shortened(plain, LABEL_MAX)
        number = 1
        while short in taken:
            number += 1
            mark = f" ({number})"
            short = _shortened(plain, LABEL_MAX - len(mark)) + mark
        taken.add(short)
        labels[name] = short
    return labels


def _shortened(text: str, most: int) -> str:
    # Ids of one system often begin alike, so the end is kept too.
    end = most // 3
    return text if len(text) <= most else f"{text[: most - end - 1]}…{text[-end:]}"


@attrs.frozen
class Group:
    """
    The agents that a chart shows one by one, and the others.

    Attributes:
        labels: By id, those shown in their order.
        others: How many are not.
        rest: Label of the others; empty if there are none.
    """

    labels: Mapping[str, str]
    others: int
    rest: str

    @classmethod
    def of(
        cls,
        results: Results,
        weights: Mapping[str, Any],
        most: int = AGENTS_SHOWN,
        all_up_to: int = AGENTS_MAX,
        rest: str = "others",
    ) -> Group:
        """
        Return the agents of most weight, largest first; of equal weight in scenario order.
        """
        ids = [agent.id for agent in results.scenario.agent_configs]
        ranked = sorted(ids, key=lambda id: -weights.get(id, 0))
        if len(ids) > all_up_to:
            ranked = ranked[:most]
        others = len(ids) - len(ranked)
        labels = labelled([*ranked, f"{others} {rest}"] if others else ranked)
        last = labels.pop(f"{others} {rest}") if others else ""
        return cls(labels, others, last)

    def all_labels(self) -> list[str]:
        """
        Return the labels from top to bottom, that of the others last.
        """
        return [*self.labels.values(), *([self.rest] if self.others else [])]

    def label(self, column: str = "agent_id") -> pl.Expr:
        """
        Return the label of the agent that a column names.
        """
        return pl.col(column).replace_strict(
            dict(self.labels), default=self.rest, return_dtype=pl.String
        )


def weights_of(frame: pl.DataFrame, value: str, by: str = "agent_id") -> dict[str, int]:
    """
    Return the sum of a column by agent.
    """
    return {agent: total for agent, (total,) in sums(frame, [value], [by]).items()}
