"""
The scenarios that are measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paysim.scenario import Scenario

RATE = 0.5
"""Payments per agent and tick."""

POLICIES: list[Any] = [
    "fifo",
    {"type": "deadline", "urgency_threshold": 10},
    {"type": "liquidity_aware", "target_buffer": 100_000, "urgency_threshold": 10},
    {"type": "liquidity_splitting", "max_splits": 5, "min_split_amount": 10_000},
    "fifo",
]
"""`mock_splitting` is for tests only."""


def bench_scenario(
    agents: int = 10,
    balance: int = 10**12,
    rate: float = RATE,
    policies: Sequence[Any] = POLICIES,
    **changes: Any,
) -> Scenario:
    """
    Return agents with the built-in policies and equal arrivals.

    Args:
        agents: How many.
        balance: Opening balance of each; the default is ample, a small one makes queues.
        rate: Payments per agent and tick.
        policies: Dealt out in turn.
        changes: Further keys of the scenario.
    """
    return Scenario.from_dict(bench_dict(agents, balance, rate, policies) | changes)


def bench_dict(
    agents: int,
    balance: int = 10**12,
    rate: float = RATE,
    policies: Sequence[Any] = POLICIES,
) -> dict[str, Any]:
    """
    Return the scenario as the plain dict that the orchestrator takes.
    """
    arrivals = {
        "rate_per_tick": rate,
        "amount_distribution": {"type": "lognormal", "mean": 10_000, "std_dev": 5_000},
        "deadline_offset": [10, 50],
    }
    return {
        "ticks_per_day": 1_000,
        "num_days": 1_000,
        "rng_seed": 1,
        "agent_configs": [
            {
                "id": f"BANK_{i:03}",
                "opening_balance": balance,
                "credit_limit": 0,
                "policy": policies[i % len(policies)],
                "arrival_config": arrivals if rate else None,
            }
            for i in range(agents)
        ],
        "cost_rates": {
            "overdraft_bps_per_tick": 0.0001,
            "delay_cost_per_tick_per_cent": 0.00001,
            "split_friction_cost": 50,
            "deadline_penalty": 700,
        },
    }
