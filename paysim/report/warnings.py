"""
What the reader of a report has to know before the figures are used.

Each warning says who, when and how much, and which command looks further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import polars

from paysim.plain_text import counted, number, share
from paysim.report.parts import Column, Table, Warning, command
from paysim.report.run import Run

SHOWN: Final = 5
"""Agents that a warning names; the others are counted."""

FLOOR_SHARE: Final = 0.1
"""Share of the ticks from which an agent is at its floor for long."""

QUEUE_SHARE: Final = 0.5
"""Share of a day's ticks from which a queue is one that did not empty."""


AMOUNT: Final = polars.col("amount").cast(polars.Int128).sum()
"""A sum of amounts, which over many days may be more than 64 bits hold."""


def warnings(run: Run) -> list[Warning]:
    """
    Return the warnings of a run; none if there is nothing to warn of.
    """
    checks: tuple[Callable[[Run], Iterator[Warning]], ...] = (
        _stopped_early,
        _reading,
        _nothing_arrived,
        _unsettled,
        _cancelled,
        _borrowed,
        _overdue,
        _floor,
        _queues,
        _ring_limit,
    )
    return [warning for check in checks for warning in check(run)]


def _stopped_early(run: Run) -> Iterator[Warning]:
    scenario = run.results.scenario
    ran, planned = run.totals["ticks"], scenario.ticks_per_day * scenario.num_days
    if ran < planned:
        stop = f"after tick {number(ran - 1)}" if ran else "before the first tick"
        yield Warning(
            "stopped",
            "The run had not ended",
            f"The results were taken {stop}: {number(ran)} of {counted(planned, 'tick')} were run. "
            "Every figure stands as of then; what the rest of the day would have settled counts as "
            "unsettled, and no close has been charged for it.",
            advice="Run the scenario to its end before comparing it with another.",
        )


def _reading(run: Run) -> Iterator[Warning]:
    source = run.results.scenario.source
    if source is None:
        return
    read = len(source.transactions)
    for name, count, what in (
        ("dropped", source.dropped, "left out"),
        ("moved", source.moved, "moved to the next opening"),
    ):
        if count:
            yield Warning(
                name,
                f"Payments of the file were {what}",
                f"{counted(count, 'row')} of {source.path} arrived outside the opening hours and "
                f"{_was(count)} {what}; "
                f"{counted(read, 'row')} {_was(read)} read.",
                advice="The mapping says what becomes of such rows (outside_hours), and when the "
                "day opens and closes.",
            )


def _nothing_arrived(run: Run) -> Iterator[Warning]:
    if run.totals["ticks"] and not run.totals["arrivals"]["volume"]:
        yield Warning(
            "empty",
            "No transaction arrived",
            f"In {counted(run.totals['ticks'], 'tick')} nothing arrived, so there is nothing to "
            "settle and the charts are empty.",
            advice="Agents need an arrival_config, or the scenario transactions.",
        )


def _unsettled(run: Run) -> Iterator[Warning]:
    left = run.totals["unsettled"]
    if not left["volume"]:
        return
    rows = run.transactions.filter(polars.col("status").is_in(["held", "released", "queued"]))
    held = int((rows["status"] == "held").sum())
    closes = _closes(run)
    text = (
        f"{counted(left['volume'], 'transaction')} worth {number(left['value'])} "
        f"{_was(left['volume'])} unsettled after tick {number(run.last_tick)}, "
        f"{share(left['value'], run.totals['arrivals']['value'])} of the value that arrived: "
        f"{number(held)} held by their senders, {number(len(rows) - held)} handed in and not "
        f"settled.{closes}"
    )
    worst = _worst(rows)
    yield Warning(
        "unsettled",
        "Unsettled at the close",
        text,
        _by_agent("Unsettled, by sender", rows, "arrival_tick", "oldest arrived in tick"),
        _looks(run, worst, run.last_tick),
    )


def _closes(run: Run) -> str:
    days = run.days
    queued = polars.col("internal_queue_volume") + polars.col("central_queue_volume")
    count = len(days.filter(queued > 0))
    if len(days) < 2:
        return ""
    return f" {number(count)} of {counted(len(days), 'day')} closed with something unsettled."


def _cancelled(run: Run) -> Iterator[Warning]:
    figure = run.totals["cancelled"]
    if not figure["volume"]:
        return
    rows = run.transactions.filter(polars.col("status") == "cancelled")
    worst = _worst(rows)
    yield Warning(
        "cancelled",
        "Cancelled by the end-of-day rule",
        f"{counted(figure['volume'], 'transaction')} worth {number(figure['value'])} "
        f"{_was(figure['volume'])} cancelled, "
        f"{share(figure['value'], run.totals['arrivals']['value'])} of the value that arrived.",
        _by_agent("Cancelled, by sender", rows, "cancelled_tick", "first in tick"),
        _looks(run, worst, int(worst["cancelled_tick"])),
    )


def _borrowed(run: Run) -> Iterator[Warning]:
    loans = run.events.filter(polars.col("event") == "loan_granted")
    if not len(loans):
        return
    value = _sum(loans)
    agents, days = loans["agent_id"].n_unique(), loans["tick"].n_unique()
    rows = (
        loans.group_by("agent_id", maintain_order=True)
        .agg(polars.len().alias("closes"), AMOUNT, polars.col("tick").last())
        .sort("amount", descending=True, maintain_order=True)
    )
    first = rows.row(0, named=True)
    table = _table(
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
        (_explain(first["agent_id"], first["tick"]),),
    )


def _overdue(run: Run) -> Iterator[Warning]:
    # What a part was split from is overdue with it, and counts as its parts.
    rows = run.transactions.filter(polars.col("is_overdue") & ~_is_split(run))
    if not len(rows):
        return
    late = rows.filter(polars.col("status") == "settled")
    worst = _worst(rows)
    yield Warning(
        "overdue",
        "Deadlines that were missed",
        f"{counted(len(rows), 'transaction')} worth {number(_sum(rows))} became overdue; "
        f"{number(len(late))} of them settled later.",
        _by_agent("Overdue, by sender", rows, "deadline_tick", "first deadline in tick"),
        _looks(run, worst, int(worst["deadline_tick"])),
    )


def _is_split(run: Run) -> polars.Expr:
    parents = run.transactions["parent_id"].drop_nulls().unique()
    return polars.col("transaction_id").is_in(parents.implode())


def _floor(run: Run) -> Iterator[Warning]:
    ticks = run.totals["ticks"]
    least = max(1, FLOOR_SHARE * ticks)
    left, waiting = (
        polars.col("available_liquidity"),
        polars.col("internal_queue_volume") + polars.col("central_queue_volume") > 0,
    )
    # An agent that has nothing to pay may stand at its floor in peace, but not below it.
    hit = (left < 0) | ((left == 0) & waiting)
    rows = _stretches(run, hit).filter(polars.col("ticks") >= least)
    if not len(rows):
        return
    worst = rows.row(0, named=True)
    table = _table(
        "At or below the floor, by agent",
        ("agent", "ticks", "of the ticks run", "longest from tick", "to tick", "lowest"),
        [
            (r["agent_id"], r["ticks"], share(r["ticks"], ticks), r["from"], r["to"], r["low"])
            for r in rows.iter_rows(named=True)
        ],
    )
    yield Warning(
        "floor",
        "At the floor for long",
        f"{counted(len(rows), 'agent')} could pay nothing more at the end of {FLOOR_SHARE:.0%} of "
        f"the ticks or more, with payments waiting; {worst['agent_id']} in "
        f"{counted(worst['ticks'], 'tick')}, the longest time from tick {number(worst['from'])} to "
        f"{number(worst['to'])}.",
        table,
        (_explain(worst["agent_id"], worst["from"]),),
        "A negative figure under “lowest” stands below the floor: a credit limit was cut.",
    )


def _queues(run: Run) -> Iterator[Warning]:
    day = run.results.scenario.ticks_per_day
    least = max(2, QUEUE_SHARE * day)
    rows = _stretches(run, polars.col("central_queue_volume") > 0)
    rows = rows.filter(polars.col("longest") >= least).sort(
        "longest", descending=True, maintain_order=True
    )
    if not len(rows):
        return
    worst = rows.row(0, named=True)
    table = _table(
        "Longest time without an empty central queue, by agent",
        ("agent", "ticks", "from tick", "to tick", "until the end of the run"),
        [
            (
                r["agent_id"],
                r["longest"],
                r["from"],
                r["to"],
                "yes" if r["to"] == run.last_tick else "no",
            )
            for r in rows.iter_rows(named=True)
        ],
    )
    yield Warning(
        "queue",
        "A queue that did not empty",
        f"The central queue of {counted(len(rows), 'agent')} was not empty for half a day or more; "
        f"that of {worst['agent_id']} from tick {number(worst['from'])} to {number(worst['to'])}.",
        table,
        (_explain(worst["agent_id"], worst["to"]),),
    )


def _stretches(run: Run, hit: polars.Expr) -> polars.DataFrame:
    """
    Return by agent in how many ticks something holds, the first of the longest stretches of it and
    the lowest liquidity; those with most ticks first, then in scenario order.
    """
    found = (
        run.agents.lazy()
        .select("tick", "agent_id", hit.alias("hit"), low="available_liquidity")
        .filter("hit")
        # Ticks less their rank are the same throughout a stretch.
        .with_columns(stretch=polars.col("tick") - polars.int_range(polars.len()).over("agent_id"))
        .group_by("agent_id", "stretch", maintain_order=True)
        .agg(
            longest=polars.len().cast(polars.Int64),
            low=polars.col("low").min(),
            **{"from": polars.col("tick").first(), "to": polars.col("tick").last()},
        )
        .group_by("agent_id", maintain_order=True)
        .agg(
            ticks=polars.col("longest").sum(),
            longest=polars.col("longest").max(),
            low=polars.col("low").min(),
            **{
                name: polars.col(name).get(polars.col("longest").arg_max())
                for name in ("from", "to")
            },
        )
        .collect()
    )
    order = polars.DataFrame({"agent_id": run.ids}, schema={"agent_id": polars.String})
    return (
        order.with_row_index("order")
        .join(found, on="agent_id")
        .sort(["ticks", "order"], descending=[True, False])
    )


def _ring_limit(run: Run) -> Iterator[Warning]:
    rows = run.events.filter(polars.col("event") == "ring_limit_reached")
    if not len(rows):
        return
    first, last = rows["tick"][0], rows["tick"][-1]
    yield Warning(
        "rings",
        "The search for cycles hit its bound",
        f"In {counted(len(rows), 'tick')}, the first {number(first)} and the last {number(last)}, "
        f"cycles looked at {counted(int(rows['count'][0]), 'ring')} and stopped. "
        "Later rings of those ticks were not tried, so that less may have settled than could have.",
        commands=(
            "paysim query RUN \"select tick from events where event = 'ring_limit_reached'\"",
        ),
        advice="Raise lsm_config.max_rings_per_tick, or lower max_cycle_length.",
    )


def _sum(rows: polars.DataFrame) -> int:
    return int(rows.select(AMOUNT).item())


def _worst(rows: polars.DataFrame) -> dict[str, Any]:
    """
    Return the transaction of the largest amount, the first of them that came to be.
    """
    return rows.row(int(rows["amount"].arg_max() or 0), named=True)


def _looks(run: Run, transaction: dict[str, Any], tick: int) -> tuple[str, ...]:
    """
    Return the commands that tell the life of a transaction, and why its sender did not pay it.
    """
    id = str(transaction["transaction_id"])
    trace = command("trace", "RUN", *(["--"] if id.startswith("-") else []), id)
    return trace, _explain(str(transaction["sender_id"]), min(tick, run.last_tick))


def _explain(agent: str, tick: int) -> str:
    return command("explain", "RUN", "--agent", agent, "--tick", tick)


def _by_agent(caption: str, rows: polars.DataFrame, tick: str, head: str) -> Table:
    """
    Return volume and value of transactions by sender, the largest value first.
    """
    found = (
        rows.group_by("sender_id", maintain_order=True)
        .agg(polars.len().alias("volume"), AMOUNT, polars.col(tick).min())
        .sort("amount", descending=True, maintain_order=True)
    )
    return _table(caption, ("agent", "volume", "value", head), list(found.iter_rows()))


def _table(caption: str, heads: tuple[str, ...], rows: list[tuple[object, ...]]) -> Table:
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


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
