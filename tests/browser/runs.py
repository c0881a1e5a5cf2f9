"""
Runs whose reports are opened in a browser: few agents and many, nothing at all, and hostile names.
"""

from __future__ import annotations

from record import ROOT

import paysim
from paysim.testing import payment, tiny_scenario

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "\"quoted\" 'too' `and` ${alert(3)} {{ 7 * 7 }}",
    "javascript:alert(4)//<!--",
    "&lt;b&gt; \\u003c \\",
    "https://example.org/tracker.png",
)
"""Names that a page which does not escape them would take for something else."""


def shipped(name):
    return paysim.load_scenario(ROOT / "scenarios" / f"{name}.yaml")


def many():
    """
    Return a scenario of 200 agents over three days, with some of everything to report.
    """
    banks = [
        {
            "id": f"BANK_{n:03}",
            "opening_balance": 1_000_000_000 * (1 + n % 7),
            "credit_limit": 500_000_000 * (n % 3),
            "policy": ("fifo", "liquidity_aware", "deadline")[n % 3],
            "arrival_config": {
                "rate_per_tick": 0.05,
                "amount_distribution": {
                    "type": "lognormal",
                    "mean": 2_000_000_000,
                    "std_dev": 9_000_000_000,
                },
                "deadline_offset": [5, 60],
            },
        }
        for n in range(200)
    ]
    return tiny_scenario(
        ticks_per_day=100,
        num_days=3,
        agent_configs=banks,
        cost_rates={"overdraft_bps_per_tick": 0.1, "deadline_penalty": 700_000},
        lsm_config={"max_rings_per_tick": 10},
        scenario_events=[{"type": "outage", "tick": 20, "agent_id": "BANK_003"}],
    )


def hostile():
    """
    Return a scenario in which every name is an attempt to get out of the page.
    """
    arrivals = {
        "rate_per_tick": 0.5,
        "amount_distribution": {"type": "uniform", "min": 1, "max": 900},
        "deadline_offset": 3,
    }
    banks = [{"id": id, "opening_balance": 300, "arrival_config": arrivals} for id in HOSTILE]
    first, second = HOSTILE[:2]
    return tiny_scenario(
        ticks_per_day=40,
        agent_configs=banks,
        transactions=[payment(first, second, 10**6, id=f"{HOSTILE[0]} paid", deadline_tick=9)],
        cost_rates={"deadline_penalty": 5},
        scenario_events=[{"type": "outage", "tick": 20, "agent_id": second}],
    )


RUNS = {
    "two": lambda: shipped("two_banks"),
    "ten": lambda: shipped("busy_day"),
    "many": many,
    "empty": tiny_scenario,
    "hostile": hostile,
    "unstarted": lambda: shipped("busy_day"),
}
"""Scenarios by name; the last is not run."""


def report_of(scenario):
    """
    Return the report of a scenario's run.
    """
    from paysim import report

    simulation = paysim.Simulation(scenario())
    if scenario is not RUNS["unstarted"]:
        simulation.run()
    title = HOSTILE[0] if scenario is hostile else None
    return report.html(simulation.results(), title)
