"""
What the reader of a report has to know before the figures are used.

Each warning says who, when and how much, and which command looks further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars

from paysim.plain_text import counted, number
from paysim.report.agent_warnings import at_floor, not_emptied
from paysim.report.parts import Warning
from paysim.report.run import Run
from paysim.report.transaction_warnings import borrowed, cancelled, overdue, unsettled
from paysim.report.warning_parts import was


def warnings(run: Run) -> list[Warning]:
    """
    Return the warnings of a run; none if there is nothing to warn of.
    """
    checks: tuple[Callable[[Run], Iterator[Warning]], ...] = (
        _stopped_early,
        _reading,
        _nothing_arrived,
        unsettled,
        cancelled,
        borrowed,
        overdue,
        at_floor,
        not_emptied,
        _ring_limit,
    )
    return [warning for check in checks for warning in check(run)]


def _stopped_early(run: Run) -> Iterator[Warning]:
    ran, planned = run.totals["ticks"], run.results.scenario.num_ticks
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
                f"{was(count)} {what}; "
                f"{counted(read, 'row')} {was(read)} read.",
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
