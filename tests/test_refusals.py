"""
What a scenario is refused for, one thing at a time, and in which words.
"""

from __future__ import annotations

import pytest

from paysim.errors import ScenarioError
from paysim.scenario import AMOUNT_MAX, Scenario


def small(**changes):
    """
    Return a valid scenario of two agents as a dict, with changes at its top.
    """
    agents = [{"id": "A", "opening_balance": 100}, {"id": "B", "opening_balance": 50}]
    return {"ticks_per_day": 10, "agent_configs": agents} | changes


def with_agent(**changes):
    """
    Return a valid scenario as a dict, with changes to its first agent.
    """
    raw = small()
    raw["agent_configs"][0] |= changes
    return raw


def with_arrivals(**changes):
    """
    Return a valid scenario as a dict, with changes to the arrivals of its first agent.
    """
    arrivals = {"rate_per_tick": 1, "amount_distribution": {"type": "fixed", "value": 5}}
    return with_agent(arrival_config=arrivals | changes)


def with_amounts(**distribution):
    """
    Return a valid scenario as a dict, with a distribution of amounts of its first agent.
    """
    return with_arrivals(amount_distribution=distribution)


def with_transaction(**changes):
    """
    Return a valid scenario as a dict with one transaction, with changes to it.
    """
    one = {"sender_id": "A", "receiver_id": "B", "amount": 5, "arrival_tick": 0}
    return small(transactions=[one | changes])


def without(raw, *path):
    """
    Return a dict without the key at the end of a path.
    """
    inner = raw
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return raw


# What is refused, and the one line that says so.
REFUSED = [
    (5, "must be a mapping (got 5)"),
    (small(ticks_per_day=0), "ticks_per_day  must be at least 1 (got 0)"),
    (small(ticks_per_day=1_000_001), "ticks_per_day  must be at most 1000000 (got 1000001)"),
    (without(small(), "ticks_per_day"), "ticks_per_day  is missing"),
    (without(small(), "agent_configs"), "agent_configs  is missing"),
    (small(agent_configs={}), "agent_configs  must be a list of agents (got a mapping of 0)"),
    (small(agent_configs="AB"), "agent_configs  must be a list of agents (got 'AB')"),
    (
        small(agent_configs=small()["agent_configs"][:1]),
        "agent_configs  must hold at least 2 agents (got 1)",
    ),
    (small(num_days=1.5), "num_days  must be int (got 1.5)"),
    (small(num_days=True), "num_days  must be int (got True)"),
    (small(num_days=None), "num_days  must be int (got None)"),
    (
        small(num_days="1_0"),
        "num_days  must be int (got '1_0'); "
        "write it as a plain number, without quotes or separators",
    ),
    (
        small(num_days=2**31),
        "num_days  times ticks_per_day must be at most 2147483648 ticks (got 21474836480)",
    ),
    (small(rng_seed=-1), "rng_seed  must be at least 0 (got -1)"),
    (small(rng_seed=2**64), "rng_seed  must be at most 18446744073709551615 (got 2**64)"),
    (small(rng_seed=10**5000), "rng_seed  must be at most 18446744073709551615 (got an int of"),
    (small(ticks_per_dya=5), "ticks_per_dya  unknown key; did you mean ticks_per_day?"),
    (small(given=[]), "given  unknown key"),
    (small() | {5: 1}, "5  key must be text (got 5); put it in quotes"),
    (
        small(scenario_events=[{}]),
        "scenario_events[0].type  is missing, must be liquidity_injection, liquidity_drain, "
        "credit_limit_change, direct_transfer, extra_transaction, arrival_rate_change, "
        "counterparty_weight_change, deadline_offset_change, outage, outage_end, halt or resume",
    ),
    (small(scenario_events=None), "scenario_events  must be a list of events (got None)"),
    # Agents.
    (without(with_agent(), "agent_configs", 0, "id"), "agent_configs[0].id  is missing"),
    (with_agent(id=7), "agent_configs[0].id  must be text (got 7); put it in quotes"),
    (with_agent(id=""), "agent_configs[0].id  must be 1 to 128 characters (got empty text)"),
    (
        with_agent(id="x" * 129),
        "agent_configs[0].id  must be 1 to 128 characters (got 129 characters)",
    ),
    (
        with_agent(id="A\n"),
        r"agent_configs[0].id  must consist of printable characters (got 'A\n')",
    ),
    (
        with_agent(id="\ud800"),
        r"agent_configs[0].id  must consist of printable characters (got '\ud800')",
    ),
    (
        with_agent(id="A/1"),
        "agent_configs[0].id  must not look like the id of a part, X/1 (got 'A/1')",
    ),
    (
        with_agent(id="A@7.12"),
        "agent_configs[0].id  must not look like a generated id, X@1.1 (got 'A@7.12')",
    ),
    (
        with_agent(id="B"),
        "agent_configs[1].id  must be unique, and is the id of agent_configs[0] (got 'B')",
    ),
    (
        without(with_agent(), "agent_configs", 0, "opening_balance"),
        "agent_configs[0].opening_balance  is missing",
    ),
    (with_agent(opening_balance=1.0), "agent_configs[0].opening_balance  must be int (got 1.0)"),
    (
        with_agent(balance=3),
        "agent_configs[0].balance  opening_balance and balance are one key, and both are given",
    ),
    (
        with_agent(opening_balance=-6, credit_limit=5),
        "agent_configs[0].opening_balance  must be at least -5, the floor that credit_limit sets "
        "(got -6)",
    ),
    (
        without(with_agent(balance=-1), "agent_configs", 0, "opening_balance"),
        "agent_configs[0].balance  must be at least 0, the floor that credit_limit sets (got -1)",
    ),
    (with_agent(credit_limit=-5), "agent_configs[0].credit_limit  must be at least 0 (got -5)"),
    (
        with_agent(credit_limt=5),
        "agent_configs[0].credit_limt  unknown key; did you mean credit_limit?",
    ),
    (
        with_agent(liquidity_allocation_fraction="1.01"),
        "agent_configs[0].liquidity_allocation_fraction  must be at most 1 (got 1.01)",
    ),
    (
        with_agent(credit_limit=AMOUNT_MAX),
        "agent_configs  sum of all balances, credit limits and pools must be at most "
        "4000000000000000000, to be safe in i64 (got 4000000000000000150)",
    ),
    # Policies.
    (
        with_agent(policy="fito"),
        "agent_configs[0].policy  must be fifo, deadline, liquidity_aware, liquidity_splitting "
        "or mock_splitting (got 'fito'); did you mean fifo?",
    ),
    (
        with_agent(policy={"type": "LiquidityAware"}),
        "agent_configs[0].policy.type  must be fifo, deadline, liquidity_aware, "
        "liquidity_splitting or mock_splitting (got 'LiquidityAware'); "
        "did you mean liquidity_aware?",
    ),
    (
        with_agent(policy={}),
        "agent_configs[0].policy.type  is missing, must be fifo, deadline, liquidity_aware, "
        "liquidity_splitting or mock_splitting",
    ),
    (
        with_agent(policy=None),
        "agent_configs[0].policy  must be a name or a mapping with a type: fifo, deadline, "
        "liquidity_aware, liquidity_splitting or mock_splitting (got None)",
    ),
    (
        with_agent(policy="fifo", target_buffer=5),
        "agent_configs[0].target_buffer  fifo has no such parameter; liquidity_aware has",
    ),
    (
        with_agent(urgency_threshold=5),
        "agent_configs[0].urgency_threshold  fifo has no such parameter; "
        "deadline or liquidity_aware has",
    ),
    (
        with_agent(policy={"type": "deadline"}, urgency_threshold=5),
        "agent_configs[0].urgency_threshold  must stand inside policy, which is a mapping",
    ),
    (
        with_agent(policy={"type": "deadline", "treshold": 5}),
        "agent_configs[0].policy.treshold  unknown key; did you mean urgency_threshold?",
    ),
    (
        with_agent(policy="liquidity_splitting", max_splits=1),
        "agent_configs[0].max_splits  must be at least 2 (got 1)",
    ),
    (
        with_agent(policy={"type": "mock_splitting", "num_splits": 10_001}),
        "agent_configs[0].policy.num_splits  must be at most 10000 (got 10001)",
    ),
    # Arrivals.
    (with_agent(arrival_config=5), "agent_configs[0].arrival_config  must be a mapping (got 5)"),
    (
        with_agent(arrival_config={"rate_per_tick": 1}),
        "agent_configs[0].arrival_config.amount_distribution  is missing",
    ),
    (
        with_arrivals(rate_per_tick=-0.5),
        "agent_configs[0].arrival_config.rate_per_tick  must be at least 0 (got -0.5)",
    ),
    (
        with_arrivals(rate_per_tick=float("nan")),
        "agent_configs[0].arrival_config.rate_per_tick  must be finite (got nan)",
    ),
    (
        with_arrivals(rate_per_tick=10**400),
        "agent_configs[0].arrival_config.rate_per_tick  must be at most 100000 (got an int of",
    ),
    (
        with_arrivals(rate_per_tick="1"),
        "agent_configs[0].arrival_config.rate_per_tick  must be a number (got '1')",
    ),
    (
        with_arrivals(rate_per_tick=60_000, intraday_profile=[1, 2]),
        "agent_configs[0].arrival_config.intraday_profile  rate_per_tick times its largest "
        "multiplier must be at most 100000 (got 120000.0)",
    ),
    (
        with_arrivals(intraday_profile=[]),
        "agent_configs[0].arrival_config.intraday_profile  must hold at least 1 multipliers "
        "(got 0)",
    ),
    (
        with_arrivals(intraday_profile=[1] * 11),
        "agent_configs[0].arrival_config.intraday_profile  must hold at most ticks_per_day, 10, "
        "multipliers (got 11)",
    ),
    (
        with_arrivals(intraday_profile=[1, True]),
        "agent_configs[0].arrival_config.intraday_profile[1]  must be a number (got True)",
    ),
    (
        with_arrivals(counterparty_weights={"A": 1, "B": 1}),
        "agent_configs[0].arrival_config.counterparty_weights.A  must not be the agent itself "
        "(got 'A')",
    ),
    (
        with_arrivals(counterparty_weights={"BB": 1}),
        "agent_configs[0].arrival_config.counterparty_weights.BB  must be the id of an agent "
        "(got 'BB'); did you mean B?",
    ),
    (
        with_arrivals(counterparty_weights={"B": 0}),
        "agent_configs[0].arrival_config.counterparty_weights  must hold a weight of more than 0 "
        "(got a mapping of 1)",
    ),
    (
        with_arrivals(counterparty_weights={"B": -1}),
        "agent_configs[0].arrival_config.counterparty_weights.B  must be at least 0 (got -1.0)",
    ),
    (
        with_arrivals(counterparty_weights={1: 1}),
        "agent_configs[0].arrival_config.counterparty_weights.1  key must be text (got 1); "
        "put it in quotes",
    ),
    (
        with_arrivals(deadline_offset=[5, 3]),
        "agent_configs[0].arrival_config.deadline_offset[1]  must be at least the lowest, 5 "
        "(got 3)",
    ),
    (
        with_arrivals(deadline_offset=[5]),
        "agent_configs[0].arrival_config.deadline_offset  must be int or a pair "
        "[lowest, highest] (got a list of 1)",
    ),
    (
        with_arrivals(deadline_offset=[-1, 3]),
        "agent_configs[0].arrival_config.deadline_offset[0]  must be at least 0 (got -1)",
    ),
    (
        with_arrivals(priority=11),
        "agent_configs[0].arrival_config.priority  must be at most 10 (got 11)",
    ),
    (
        with_arrivals(priority={"values": [1, 2], "weights": [1]}),
        "agent_configs[0].arrival_config.priority.weights  must have as many weights as there "
        "are values, 2 (got 1)",
    ),
    (
        with_arrivals(divisible=1),
        "agent_configs[0].arrival_config.divisible  must be true or false (got 1)",
    ),
    # Amounts.
    (
        with_arrivals(amount_distribution="fixed"),
        "agent_configs[0].arrival_config.amount_distribution  must be a mapping with a type: "
        "fixed, uniform, normal, lognormal, exponential or empirical (got 'fixed')",
    ),
    (
        with_amounts(type="fixed", value=0),
        "agent_configs[0].arrival_config.amount_distribution.value  must be at least 1 (got 0)",
    ),
    (
        with_amounts(type="uniform", min=5, max=3),
        "agent_configs[0].arrival_config.amount_distribution.max  must be at least min, 5 (got 3)",
    ),
    (
        with_amounts(type="normal", mean=0, std_dev=1),
        "agent_configs[0].arrival_config.amount_distribution.mean  must be more than 0 (got 0.0)",
    ),
    (
        with_amounts(type="lognormal", mean=10, std_dev=-1),
        "agent_configs[0].arrival_config.amount_distribution.std_dev  must be at least 0 "
        "(got -1.0)",
    ),
    (
        with_amounts(type="exponential"),
        "agent_configs[0].arrival_config.amount_distribution.mean  is missing",
    ),
    (
        with_amounts(type="empirical", values=[]),
        "agent_configs[0].arrival_config.amount_distribution.values  must hold at least 1 "
        "amounts (got 0)",
    ),
    (
        with_amounts(type="empirical", values=[1], weights=[0]),
        "agent_configs[0].arrival_config.amount_distribution.weights  must hold a weight of more "
        "than 0 (got a list of 1)",
    ),
    # Transactions.
    (small(transactions="a.csv"), "transactions  must be a list of transactions (got 'a.csv')"),
    (small(transactions=[5]), "transactions[0]  must be a mapping (got 5)"),
    (
        with_transaction(receiver_id="A"),
        "transactions[0].receiver_id  must not be the sender (got 'A')",
    ),
    (
        with_transaction(sender_id="C"),
        "transactions[0].sender_id  must be the id of an agent (got 'C')",
    ),
    (with_transaction(amount=0), "transactions[0].amount  must be at least 1 (got 0)"),
    (with_transaction(amount=True), "transactions[0].amount  must be int (got True)"),
    (
        with_transaction(arrival_tick=10),
        "transactions[0].arrival_tick  must be before the end of the run, tick 10 (got 10)",
    ),
    (
        with_transaction(deadline_tick=-1),
        "transactions[0].deadline_tick  must be at least 0 (got -1)",
    ),
    (
        with_transaction(id="X/1"),
        "transactions[0].id  must not look like the id of a part, X/1 (got 'X/1')",
    ),
    (
        small(
            transactions=[
                with_transaction(id="row-2")["transactions"][0],
                with_transaction()["transactions"][0],
            ]
        ),
        "transactions[1].id  must be unique, and is the id of transactions[0] (got 'row-2')",
    ),
    (
        small(transactions=with_transaction(amount=AMOUNT_MAX)["transactions"] * 2),
        "transactions  sum of all amounts must be at most 4000000000000000000, to be safe in i64 "
        "(got 8000000000000000000)",
    ),
    # Rates.
    (
        small(cost_rates={"overdraft_bps_per_tick": -0.5}),
        "cost_rates.overdraft_bps_per_tick  must be at least 0 (got -0.5)",
    ),
    (
        small(cost_rates={"split_friction_cost": "0.0000000000000001"}),
        "cost_rates.split_friction_cost  must have at most 15 decimal places "
        "(got '0.0000000000000001')",
    ),
    (
        small(cost_rates={"split_friction_cost": 1e-16}),
        "cost_rates.split_friction_cost  must be 0 or at least 1e-15 "
        "(it would be rounded to 0) (got 1e-16)",
    ),
    (
        small(cost_rates={"split_friction_cost": float("inf")}),
        "cost_rates.split_friction_cost  must be finite (got inf)",
    ),
    (
        small(cost_rates={"split_friction_cost": "1_0"}),
        "cost_rates.split_friction_cost  must be a number (got '1_0')",
    ),
    (
        small(cost_rates={"split_friction_cost": True}),
        "cost_rates.split_friction_cost  must be a number (got True)",
    ),
    (
        small(cost_rates={"split_friction_cost": 10**9 + 1}),
        "cost_rates.split_friction_cost  must be at most 1000000000 (got 1000000001)",
    ),
    (
        small(cost_rates={"deadline_penalty": {"bp": 5, "bps": 5}}),
        "cost_rates.deadline_penalty.bp  unknown key; did you mean bps?",
    ),
    (
        small(cost_rates={"delay_applies_to": "Both"}),
        "cost_rates.delay_applies_to  must be both, internal or central (got 'Both'); "
        "did you mean both?",
    ),
    (
        small(
            cost_rates={
                "overdue_delay_multiplier": "1.001",
                "priority_delay_multipliers": {"high": "1.01"},
            }
        ),
        "cost_rates.priority_delay_multipliers.high  times overdue_delay_multiplier must have at "
        "most 4 decimal places (got 1.01101)",
    ),
    (small(cost_rates={"collateral_bps_per_tick": 1}), "cost_rates.collateral_bps_per_tick  unkn"),
    # Rules.
    (small(lsm_config={"max_cycle_length": 2}), "lsm_config.max_cycle_length  must be at least 3"),
    (small(lsm_config={"cycles": "yes"}), "lsm_config.cycles  must be true or false (got 'yes')"),
    (
        small(lsm_config={"cycles": True, "cycle_detection_enabled": True}),
        "lsm_config.cycle_detection_enabled  cycles and cycle_detection_enabled are one key, "
        "and both are given",
    ),
    (
        small(rules={"queue_discipline": "fifo"}),
        "rules.queue_discipline  must be fifo_bypass or strict_fifo (got 'fifo')",
    ),
    (
        small(rules={"priority_classes": {"urgent": 5}}),
        "rules.priority_classes.high  must be at most urgent, 5 (got 6)",
    ),
]


@pytest.mark.parametrize(("raw", "line"), REFUSED, ids=[line.split("  ")[0] for _, line in REFUSED])
def test_refused(raw, line):
    """
    What is wrong is told in one line: the path, what was expected, what was found.
    """
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_dict(raw)
    assert len(caught.value.problems) == 1
    assert str(caught.value).startswith(line.replace("2**64", str(2**64)))
