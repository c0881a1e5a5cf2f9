"""
Warnings of transactions that did not settle, not in time, or only by a loan.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars

from paysim.plain_text import counted, number, share
from paysim.report.parts import Warning
from paysim.report.run import Run
from paysim.report.warning_parts import (
    AMOUNT,
    by_agent,
    explain,
    largest,
    looks,
    shown_table,
    summed_amounts,
    was,
)


def unsettled(run: Run) -> Iterator[Warning]:
    """
    Warn of what was unsettled at the end.
    """
    left = run.totals["unsettled"]
    if not left["volume"]:
        return
    rows = run.transactions.filter(polars.col("status").is_in(["held", "released", "queued"]))
    held = int((rows["status"] == "held").sum())
    closes = _closes(run)
    text = (
        f"{counted(left['volume'], 'transaction')} worth {number(left['value'])} "
        f"{was(left['volume'])} unsettled after tick {number(run.last_tick)}, "
        f"{share(left['value'], run.totals['arrivals']['value'])} of the value that arrived: "
        f"{number(held)} held by their senders, {number(len(rows) - held)} handed in and not "
        f"settled.{closes}"
    )
    worst = largest(rows)
    yield Warning(
        "unsettled",
        "Unsettled at the close",
        text,
        by_agent("Unsettled, by sender", rows, "arrival_tick", "oldest arrived in tick"),
        looks(run, worst, run.last_tick),
    )


def _closes(run: Run) -> str:
    days = run.days
    queued = polars.col("internal_queue_volume") + polars.col("central_queue_volume")
    count = len(days.filter(queued > 0))
    if len(days) < 2:
        return ""
    return f" {number(count)} of {counted(len(days), 'day')} closed with something unsettled."


def cancelled(run: Run) -> Iterator[Warning]:
    """
    Warn of what the end-of-day rule cancelled.
    """
    figure = run.totals["cancelled"]
    if not figure["volume"]:
        return
    rows = run.transactions.filter(polars.col("status") == "cancelled")
    worst = largest(rows)
    yield Warning(
        "cancelled",
        "Cancelled by the end-of-day rule",
        f"{counted(figure['volume'], 'transaction')} worth {number(figure['value'])} "
        f"{was(figure['volume'])} cancelled, "
        f"{share(figure['value'], run.totals['arrivals']['value'])} of the value that arrived.",
        by_agent("Cancelled, by sender", rows, "cancelled_tick", "first in tick"),
        looks(run, worst, int(worst["cancelled_tick"])),
    )


def borrowed(run: Run) -> Iterator[Warning]:
    """
    Warn of what settled only as the central bank lent to its sender at a close.
    """
    loans = run.events.filter(polars.col("event") == "loan_granted")
    if not len(loans):
        return
    value = summed_amounts(loans)
    agents, days = loans["agent_id"].n_unique(), loans["tick"].n_unique()
    rows = (
        loans.group_by("agent_id", maintain_order=True)
        .agg(polars.len().alias("closes"), AMOUNT, polars.col("tick").last())
        .sort("amount", descending=True, maintain_order=True)
    )
    first = rows.row(0, named=True)
    table = shown_table(
        "Borrowed at the close, by agent",
        ("agent", "closes", "lent", "last in tick"),
        [(r["agent_id"], r["closes"], r["amount"], r["tick"]) for r in rows.iter_rows(named=True)],
    )
    yield Warning(
        "borrowed",
        "Borrowed at the close",
        f"The central bank lent {number(value)} to {counted(agents, 'agent')} at "
        f"{counted(days, 'close')}, so that what was unsettled could settle. "
        "Without these loans it would not have.",
        table,
        (explain(first["agent_id"], first["tick"]),),
    )


def overdue(run: Run) -> Iterator[Warning]:
    """
    Warn of deadlines that were missed.
    """
    # What a part was split from is overdue with it, and counts as its parts.
    rows = run.transactions.filter(polars.col("is_overdue") & ~_is_split(run))
    if not len(rows):
        return
    late = rows.filter(polars.col("status") == "settled")
    worst = largest(rows)
    yield Warning(
        "overdue",
        "Deadlines that were missed",
        f"{counted(len(rows), 'transaction')} worth {number(summed_amounts(rows))} became overdue; "
        f"{number(len(late))} of them settled later.",
        by_agent("Overdue, by sender", rows, "deadline_tick", "first deadline in tick"),
        looks(run, worst, int(worst["deadline_tick"])),
    )


def _is_split(run: Run) -> polars.Expr:
    parents = run.transactions["parent_id"].drop_nulls().unique()
    return polars.col("transaction_id").is_in(parents.implode())
