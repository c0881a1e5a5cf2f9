"""
Indicators of two runs side by side, as readable text: figures, units and signed changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from paysim.indicators.names import RATIO, SHARE, unit_of
from paysim.plain_text import aligned, cost_text, name

PLACES: Final = 2
"""Decimal places of figures; shares and ratios have twice as many."""

TOO_FINE: Final = ".share_of_settled"
"""The curve of throughput stands there as shares of what was due; people need it only once."""


def indicator_lines(told: Sequence[dict[str, Any]]) -> list[str]:
    """
    Return one line for each indicator that differs, and how many are the same.

    Args:
        told: The indicators of a comparison.
    """
    told = [row for row in told if not row["name"].endswith(TOO_FINE)]
    differ = [row for row in told if row["a"] != row["b"]]
    if not differ:
        return ["  the same in both"]
    rows = [["", "A", "B", "B - A", "unit"]]
    for row in differ:
        unit = unit_of(row["name"])
        places = 2 * PLACES if unit in (SHARE, RATIO) else PLACES
        rows.append(
            [
                row["name"],
                _figure(row["a"], places),
                _figure(row["b"], places),
                "" if row["change"] is None else signed(row["change"], places),
                unit,
            ]
        )
    lines = aligned(rows, "<>>><")
    same = len(told) - len(differ)
    return [*lines, f"  and {same:,} that are the same"] if same else lines


def signed(change: float | Decimal | str, places: int = PLACES) -> str:
    """
    Return a change with its sign; one that is too small to be seen is not shown as nothing.

    Args:
        change: A number, or an exact decimal in text.
        places: Decimal places of what is not an int.
    """
    if not Decimal(change):
        return "0"
    if isinstance(change, int):
        return f"{change:+,}"
    text = f"{Decimal(change):+,.{places}f}"
    return text if text.strip("+-0.") else f"{text[0]}<0.{'1':0>{places}}"


def _figure(value: Any, places: int) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return cost_text(value)
    return f"{value:,.{places}f}" if isinstance(value, float) else name(f"{value:,}")
