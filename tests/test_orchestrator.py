"""
The step-by-step face: a dict in, a dict out for each tick, the state at any time.
"""

from __future__ import annotations

import json

import pytest

from paysim import Orchestrator, PaysimError, ScenarioError, Simulation
from paysim.scenario import Scenario


def config(**changes):
    return {
        "ticks_per_day": 100,
        "num_days": 1,
        "rng_seed": 12345,
        "agent_configs": [
            {
                "id": "BANK_A",
                "opening_balance": 1_000_000,
                "credit_limit": 500_000,
                "policy": "fifo",
                "arrival_config": {
                    "rate_per_tick": 0.5,
                    "amount_distribution": {"type": "normal", "mean": 100_000, "std_dev": 20_000},
                    "deadline_offset": [5, 20],
                },
            },
            {
                "id": "BANK_B",
                "balance": 2_000_000,
                "policy": {"type": "Liquidity_Aware", "target_buffer": 100_000},
            },
        ],
        "cost_rates": {"overdraft_bps_per_tick": 0.5, "delay_cost_per_tick_per_cent": 0.0001},
        "transactions": [
            {
                "sender_id": "BANK_B",
                "receiver_id": "BANK_A",
                "amount": 250_000,
                "arrival_tick": 3,
                "deadline_tick": 9,
            }
        ],
    } | changes


KEYS = ["tick", "num_arrivals", "num_settlements", "num_lsm_releases", "total_cost"]


def test_tick_is_five_ints():
    """
    A tick returns its number and four counts, all of them ints.
    """
    engine = Orchestrator(config())
    outcomes = [engine.tick() for _ in range(20)]
    assert [list(outcome) for outcome in outcomes] == [KEYS] * 20
    assert {type(value) for outcome in outcomes for value in outcome.values()} == {int}
    assert [outcome["tick"] for outcome in outcomes] == list(range(20))
    assert outcomes[3]["num_arrivals"] >= 1


def test_current_tick_and_day():
    """
    The current tick is the next to run, and ticks go on into further days.
    """
    engine = Orchestrator(config(ticks_per_day=4))
    seen = []
    for _ in range(9):
        seen.append((engine.current_tick(), engine.current_day()))
        engine.tick()
    assert seen == [(tick, tick // 4) for tick in range(9)]


def test_run_ends_with_the_last_day():
    """
    Running does the ticks that are left of `num_days`, and nothing after them.
    """
    engine = Orchestrator(config(ticks_per_day=10, num_days=2))
    engine.tick()
    engine.run()
    assert engine.current_tick() == 20
    engine.run()
    assert engine.current_tick() == 20
    assert engine.tick()["tick"] == 20
    engine.run()
    assert engine.current_tick() == 21


def test_state():
    """
    The state shows every agent, every transaction that has arrived, and the central queue.
    """
    engine = Orchestrator(config())
    for _ in range(5):
        engine.tick()
    state = engine.get_state()
    assert list(state["agents"]) == ["BANK_A", "BANK_B"]
    assert set(state["agents"]["BANK_B"]) == {
        "id",
        "balance",
        "credit_limit",
        "available_liquidity",
        "is_using_credit",
        "credit_used",
        "liquidity_pressure",
        "outgoing_queue_size",
        "cost",
    }
    balances = [agent["balance"] for agent in state["agents"].values()]
    assert sum(balances) == 3_000_000
    assert state["transactions"]["row-1"] == {
        "id": "row-1",
        "sender_id": "BANK_B",
        "receiver_id": "BANK_A",
        "amount": 250_000,
        "remaining_amount": 0,
        "arrival_tick": 3,
        "deadline_tick": 9,
        "priority": 5,
        "is_fully_settled": True,
        "is_split": False,
    }
    assert (state["queue_size"], state["queue_value"]) == (0, 0)
    json.dumps(state)


def test_same_engine_as_the_simulation():
    """
    The orchestrator and the simulation give the same events.
    """
    engine = Orchestrator(config())
    engine.run()
    sim = Simulation(Scenario.from_dict(config()), lane="process")
    sim.run()
    assert engine.results()._kernel.events_jsonl() == sim._kernel.events_jsonl()


def test_config_is_left_alone():
    """
    The dict that was given is not changed, and changing it later changes nothing.
    """
    given = config()
    engine = Orchestrator(given)
    assert given == config()
    given["agent_configs"].clear()
    assert list(engine.get_state()["agents"]) == ["BANK_A", "BANK_B"]


def without(key):
    return {name: value for name, value in config().items() if name != key}


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (config(ticks_per_day=0), "ticks_per_day"),
        (without("ticks_per_day"), "ticks_per_day"),
        (without("agent_configs"), "agent_configs"),
        (config(agent_configs=[{"id": "BANK_A", "opening_balance": 1}]), "agent_configs"),
        (config(ticks_per_dya=3), "ticks_per_dya.*ticks_per_day"),
        (config(ticks_per_day=1.5), r"ticks_per_day.*must be int \(got 1.5\)"),
        (config(rng_seed=True), r"rng_seed.*must be int \(got True\)"),
        (
            config(
                agent_configs=[
                    {"id": "BANK_A", "opening_balance": 1, "policy": "fiffo"},
                    {"id": "BANK_B", "opening_balance": 1},
                ]
            ),
            "fiffo",
        ),
        (
            config(
                agent_configs=[
                    {"id": "BANK_A", "opening_balance": 4 * 10**18},
                    {"id": "BANK_B", "opening_balance": 4 * 10**18},
                ]
            ),
            "i64",
        ),
        ([], "config must be a dict"),
        (None, "config must be a dict"),
    ],
)
def test_config_that_cannot_be(bad, text):
    """
    A bad config is refused at construction, with the name of what is wrong.
    """
    with pytest.raises(ScenarioError, match=text) as raised:
        Orchestrator(bad)
    assert isinstance(raised.value, PaysimError)
    assert isinstance(raised.value, ValueError)
