"""
What warnings are made of: the agents concerned in a table, and the commands that look further.
"""

from __future__ import annotations

from typing import Any, Final

import polars

from paysim.plain_text import counted, number
from paysim.report.parts import Column, Table, command
from paysim.report.run import Run

SHOWN: Final = 5
"""Agents that a warning names; the others are counted."""

AMOUNT: Final = polars.col("amount").cast(polars.Int128).sum()
"""A sum of amounts, which over many days may be more than 64 bits hold."""


def summed_amounts(rows: polars.DataFrame) -> int:
    """
    Return the sum of the amounts of rows, in minor units.
    """
    return int(rows.select(AMOUNT).item())


def largest(rows: polars.DataFrame) -> dict[str, Any]:
    """
    Return the transaction of the largest amount, the first of them that came to be.
    """
    return rows.row(int(rows["amount"].arg_max() or 0), named=True)


def looks(run: Run, transaction: dict[str, Any], tick: int) -> tuple[str, ...]:
    """
    Return the commands that tell the life of a transaction, and why its sender did not pay it.
    """
    id = str(transaction["transaction_id"])
    trace = command("trace", "RUN", *(["--"] if id.startswith("-") else []), id)
    return trace, explain(str(transaction["sender_id"]), min(tick, run.last_tick))


def explain(agent: str, tick: int) -> str:
    """
    Return the command that tells what an agent did in a tick.
    """
    return command("explain", "RUN", "--agent", agent, "--tick", tick)


def by_agent(caption: str, rows: polars.DataFrame, tick: str, head: str) -> Table:
    """
    Return volume and value of transactions by sender, the largest value first.
    """
    found = (
        rows.group_by("sender_id", maintain_order=True)
        .agg(polars.len().alias("volume"), AMOUNT, polars.col(tick).min())
        .sort("amount", descending=True, maintain_order=True)
    )
    return shown_table(caption, ("agent", "volume", "value", head), list(found.iter_rows()))


def shown_table(caption: str, heads: tuple[str, ...], rows: list[tuple[object, ...]]) -> Table:
    """
    Return rows of an agent each as a table, the first of them if they are many.
    """
    more = len(rows) - SHOWN
    cells = tuple(
        tuple(number(cell) if isinstance(cell, int) else str(cell) for cell in row)
        for row in rows[:SHOWN]
    )
    return Table(
        caption,
        tuple(Column(head, at > 0) for at, head in enumerate(heads)),
        cells,
        note=f"And {counted(more, 'more agent')}." if more > 0 else "",
    )


def was(count: int) -> str:
    """
    Return the verb that goes with a count.
    """
    return "was" if count == 1 else "were"
