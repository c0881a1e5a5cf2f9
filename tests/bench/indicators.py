"""
All indicators of the system of a run of a million transactions, the making of its tables included.
"""

from __future__ import annotations

from collections.abc import Callable

from measuring import Line, best_seconds
from scenes import bench_scenario

from paysim import Simulation

AGENTS = 40
TICKS = 1_000
RATE = 25
"""Payments per agent and tick: a million in all."""

BALANCES = {"no queues": 10**12, "a tenth queued": 2_000_000}


def indicator_lines() -> list[Line]:
    """
    Measure them in runs with and without queues.
    """
    lines = []
    for name, balance in BALANCES.items():
        scenario = bench_scenario(
            AGENTS, balance, RATE, policies=["fifo"], ticks_per_day=TICKS, num_days=1
        )
        simulation = Simulation(scenario, lane="compiled")
        simulation.run()

        def making(simulation: Simulation = simulation) -> Callable[[], object]:
            # New results, so that no table is there yet.
            return simulation.results().indicators

        (seconds,) = best_seconds([making])
        text = f"indicators of a million transactions, {name}"
        lines.append(Line(text, f"{seconds:.2f} s", "< 2 s", seconds < 2))
    return lines
