"""
Warnings of agents without liquidity, or with a queue, for long.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import polars

from paysim.plain_text import counted, number, share
from paysim.report.parts import Warning
from paysim.report.run import Run
from paysim.report.warning_parts import explain, shown_table

FLOOR_SHARE: Final = 0.1
"""Share of the ticks from which an agent is at its floor for long."""

QUEUE_SHARE: Final = 0.5
"""Share of a day's ticks from which a queue is one that did not empty."""


def at_floor(run: Run) -> Iterator[Warning]:
    """
    Warn of agents that could pay nothing more for long.
    """
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
    table = shown_table(
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
        (explain(worst["agent_id"], worst["from"]),),
        "A negative figure under “lowest” stands below the floor: a credit limit was cut.",
    )


def not_emptied(run: Run) -> Iterator[Warning]:
    """
    Warn of agents whose central queue stayed.
    """
    day = run.results.scenario.ticks_per_day
    least = max(2, QUEUE_SHARE * day)
    rows = _stretches(run, polars.col("central_queue_volume") > 0)
    rows = rows.filter(polars.col("longest") >= least).sort(
        "longest", descending=True, maintain_order=True
    )
    if not len(rows):
        return
    worst = rows.row(0, named=True)
    table = shown_table(
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
        (explain(worst["agent_id"], worst["to"]),),
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
