"""
Tables of indicators, with the types of their columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from paysim._kernel import Table
from paysim.indicators.names import Indicator

INTEGERS: Final = range(-(2**63), 2**63)
"""What a column of integers can hold."""


def indicator_table(columns: Mapping[str, Indicator], values: Mapping[str, Sequence[Any]]) -> Table:
    """
    Return a table of these columns.

    A sum over many days may not fit in 64 bits: a column with such a one is real.

    Args:
        columns: What each column holds, by name.
        values: Its values.
    """
    return Table.from_columns(
        [_column(name, indicator, values[name]) for name, indicator in columns.items()]
    )


def _column(name: str, indicator: Indicator, values: Sequence[Any]) -> tuple[str, Any, list[Any]]:
    if indicator.type != "integer" or all(v is None or v in INTEGERS for v in values):
        return name, indicator.type, list(values)
    return name, "real", [None if value is None else float(value) for value in values]
