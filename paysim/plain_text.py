"""
Plain text for people: aligned columns, figures with commas, ids that are not too long.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

ID_WIDTH: Final = 40

Row = Sequence[str]


def aligned(rows: Sequence[Row], alignment: str) -> list[str]:
    """
    Return rows of cells as lines of aligned columns; a short row leaves its last cells empty.

    Args:
        rows: Cells of each row.
        alignment: `<` or `>` for each column.
    """
    padded = [[*row, *[""] * (len(alignment) - len(row))] for row in rows]
    widths = [max(len(row[i]) for row in padded) for i in range(len(alignment))]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if side == "<" else cell.rjust(width)
            for cell, width, side in zip(row, widths, alignment, strict=True)
        ).rstrip()
        for row in padded
    ]


def number(value: int) -> str:
    """
    Return a whole number with commas.
    """
    return f"{value:,}"


def counted(volume: int, noun: str = "transaction") -> str:
    """
    Return a count with its noun: `1 transaction`, `1,200 transactions`.
    """
    return f"{number(volume)} {noun}{'' if volume == 1 else 's'}"


def name(id: str) -> str:
    """
    Return an id, shortened if it is long.

    Ids consist of printable characters, as every scenario is checked for; so a terminal shows them
    and does nothing else.
    """
    return shortened(id, ID_WIDTH)


def shortened(text: str, width: int) -> str:
    """
    Return a text of at most so many characters; the last one tells that there are more.
    """
    return text if len(text) <= width else text[: width - 1] + "…"


def share(part: int, whole: int) -> str:
    """
    Return a share in per cent, or a dash where there is no whole.
    """
    return f"{Decimal(part) / Decimal(whole):.1%}" if whole else "-"


def value_text(value: object) -> str:
    """
    Return the value of a setting as people read it.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return number(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def cost_text(cost: str | Decimal) -> str:
    """
    Return an exact cost to two places; one that is too small for them is not shown as nothing.
    """
    exact = Decimal(cost)
    rounded = exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    return "<0.01" if exact and not rounded else f"{rounded:,}"
