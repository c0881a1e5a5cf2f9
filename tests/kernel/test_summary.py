"""
Totals of a run against its tables.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from strategies import scenarios

from paysim import Orchestrator


def finished(raw: dict[str, Any]) -> Any:
    """
    Return the results of a scenario that has run to its end.
    """
    orchestrator = Orchestrator(raw)
    orchestrator.run()
    return orchestrator.results()


@given(scenarios())
def test_peaks(raw: dict[str, Any]) -> None:
    """
    The peaks of the central queue are the largest ends of ticks, each with the first such tick.
    """
    results = finished(raw)
    peak = results.totals()["peak_queue"]
    for figure in ("volume", "value"):
        column = results.ticks.column(f"central_queue_{figure}")
        assert max(column) == peak[figure]
        assert column.index(max(column)) == peak[f"{figure}_tick"]


@given(scenarios())
def test_days(raw: dict[str, Any]) -> None:
    """
    What a day brought is the sum of its ticks, and its queues are those of its last tick.
    """
    results = finished(raw)
    ticks = results.ticks.to_dicts()
    for day in results.days.to_dicts():
        own = [tick for tick in ticks if tick["day"] == day["day"]]
        assert own[-1]["tick"] == day["tick"]
        assert sum(Decimal(tick["cost"]) for tick in own) == Decimal(day["cost"])
        for name in set(day) - {"tick", "day", "cost"}:
            flows = [tick[name] for tick in own]
            assert (flows[-1] if "_queue_v" in name else sum(flows)) == day[name]


@given(scenarios())
def test_costs(raw: dict[str, Any]) -> None:
    """
    The costs of the totals, of the costs table and of the transactions add up to the last digit.
    """
    results = finished(raw)
    totals = results.totals()
    rows = results.costs.to_dicts()
    for component, cost in totals["cost"].items():
        own = [Decimal(row["cost"]) for row in rows if row["component"] == component]
        assert sum(own) == Decimal(cost)
        of_agents = (Decimal(agent["cost"][component]) for agent in totals["agents"])
        assert sum(of_agents) == Decimal(cost)
    for component in ("delay", "split_friction", "deadline_penalty", "end_of_day_penalty"):
        column = results.transactions.column(f"{component}_cost")
        assert sum(map(Decimal, column)) == Decimal(totals["cost"][component])
