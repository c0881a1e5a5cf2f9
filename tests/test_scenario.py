"""
Scenarios made in Python and from dicts: what is refused, and in which words.
"""

from __future__ import annotations

import copy
import decimal
import pickle
import subprocess
import sys
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import scenarios

from paysim.errors import PaysimError, Problem, ScenarioError, path_text, shown
from paysim.scenario import (
    AgentConfig,
    ArrivalConfig,
    Bps,
    CostRates,
    Empirical,
    Fifo,
    Fixed,
    LiquidityAware,
    LiquiditySplitting,
    LsmConfig,
    Rules,
    Scenario,
    Transaction,
    Uniform,
    WeightedPriorities,
)


def small(**changes):
    """
    Return a valid scenario of two agents as a dict, with changes at its top.
    """
    agents = [{"id": "A", "opening_balance": 100}, {"id": "B", "opening_balance": 50}]
    return {"ticks_per_day": 10, "agent_configs": agents} | changes


def with_transaction(**changes):
    """
    Return a valid scenario as a dict with one transaction, with changes to it.
    """
    one = {"sender_id": "A", "receiver_id": "B", "amount": 5, "arrival_tick": 0}
    return small(transactions=[one | changes])


def told(raw):
    """
    Return the lines of the error that a dict leads to.
    """
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_dict(raw)
    return str(caught.value).splitlines()


def test_everything_at_once():
    """
    One error tells all that is wrong, between sound fields too, in the order of the keys.
    """
    raw = small(num_days=0, rules={"end_of_day": "never"}, surplus=1)
    raw["agent_configs"] += [
        {"id": "A", "opening_balance": -1, "credit_limit": "5"},
        {"id": "C", "balance": -1},
    ]
    raw["transactions"] = [
        {"sender_id": "D", "receiver_id": "C", "amount": 1},
        {"sender_id": "C", "receiver_id": "C", "amount": 1, "arrival_tick": 10**6},
    ]
    assert told(raw) == [
        "agent_configs[2].credit_limit  must be int (got '5'); "
        "write it as a plain number, without quotes or separators",
        "agent_configs[3].balance  must be at least 0, the floor that credit_limit sets (got -1)",
        "rules.end_of_day  must be carry_over, cancel or settle_on_credit (got 'never')",
        "transactions[0].arrival_tick  is missing",
        "transactions[1].receiver_id  must not be the sender (got 'C')",
        "surplus  unknown key; the keys here are ticks_per_day, agent_configs, num_days, rng_seed, "
        "cost_rates, lsm_config, rules, transactions, scenario_events",
        "num_days  must be at least 1 (got 0)",
        "agent_configs[2].id  must be unique, and is the id of agent_configs[0] (got 'A')",
        "transactions[0].sender_id  must be the id of an agent (got 'D')",
    ]


def test_ticks_that_a_file_may_tell():
    """
    Where how a file is read may tell the ticks of a day, they are not said to be missing.
    """
    raw = small(transactions={"file": "day.csv", "open": "07:00", "close": "18:00", "tick": "1min"})
    del raw["ticks_per_day"]
    (line,) = told(raw)
    assert line.startswith("transactions  must be a list of transactions")


def test_under_a_misspelt_key():
    """
    What stands under the misspelt name of a key that is needed is looked through as well.
    """
    raw = small()
    agents = raw.pop("agent_configs")
    agents[1] |= {"credit_limit": "5"}
    agents[0]["opening_balanse"] = 1.5
    del agents[0]["opening_balance"]
    lines = told(raw | {"agents_configs": agents})
    assert "agents_configs  unknown key; did you mean agent_configs?" in lines
    assert any(line.startswith("agents_configs[1].credit_limit  must be int") for line in lines)
    assert "agents_configs[0].opening_balanse  must be int (got 1.5)" in lines


def test_many_errors():
    """
    The first hundred problems are told, and the rest are counted.
    """
    lines = told(small(transactions=[{"amount": 0}] * 1_000))
    assert len(lines) == 101
    assert lines[-1] == "... and 3900 more"


def test_unknown_ids_are_not_blamed_on_a_bad_agent():
    """
    A transaction of an agent whose own id cannot be read is not reported as well.
    """
    raw = with_transaction(sender_id="7")
    raw["agent_configs"][0]["id"] = 7
    assert told(raw) == ["agent_configs[0].id  must be text (got 7); put it in quotes"]


def test_construction_in_python():
    """
    An object made in Python is checked as completely as one from a dict.
    """
    with pytest.raises(ScenarioError) as caught:
        AgentConfig(id="A/1", opening_balance=1.5, policy="fifo", credit_limit=-1)
    assert [problem.path for problem in caught.value.problems] == [
        "id",
        "opening_balance",
        "credit_limit",
        "policy",
    ]
    agent = AgentConfig(id="A", opening_balance=1)
    with pytest.raises(ScenarioError, match=r"agent_configs\[1\].id  must be unique"):
        Scenario(ticks_per_day=5, agent_configs=[agent, agent])
    with pytest.raises(ScenarioError, match=r"agent_configs\[1\]  must be AgentConfig \(got 5\)"):
        Scenario(ticks_per_day=5, agent_configs=(agent, 5))
    with pytest.raises(ScenarioError, match="agent_configs  must be a tuple of agents"):
        Scenario(ticks_per_day=5, agent_configs="AB")
    with pytest.raises(ScenarioError, match="deadline_penalty  must be a number"):
        CostRates(deadline_penalty="x")
    with pytest.raises(ScenarioError, match="max  must be at least min"):
        Uniform(min=2, max=1)
    with pytest.raises(ScenarioError, match="num_days  must be at least 1"):
        attrs.evolve(Scenario.from_dict(small()), num_days=0)


def test_same_in_python_and_from_dict():
    """
    Python objects and the dict with the same content make equal scenarios.
    """
    raw = {
        "ticks_per_day": 10,
        "agent_configs": [
            {
                "id": "A",
                "balance": 5,
                "liquidity_allocation_fraction": 0.5,
                "policy": "LIQUIDITY_AWARE",
                "target_buffer": 7,
                "arrival_config": {
                    "rate_per_tick": 2,
                    "amount_distribution": {"type": "Empirical", "values": [1, 2]},
                    "counterparty_weights": {"B": 1},
                    "deadline_offset": [1, 2],
                    "priority": {"values": [1, 2], "weights": [1, 3]},
                },
            },
            {"id": "B", "opening_balance": 6, "policy": {"type": "liquidity_splitting"}},
        ],
        "cost_rates": {"split_friction_cost": 0.1, "deadline_penalty": {"bps": 5}},
        "lsm_config": {"bilateral_offset_enabled": False},
        "transactions": [{"sender_id": "A", "receiver_id": "B", "amount": 1, "arrival_tick": 2}],
    }
    arrivals = ArrivalConfig(
        rate_per_tick=2.0,
        amount_distribution=Empirical(values=(1, 2)),
        counterparty_weights={"B": 1.0},
        deadline_offset=(1, 2),
        priority=WeightedPriorities(values=(1, 2), weights=(1.0, 3.0)),
    )
    expected = Scenario(
        ticks_per_day=10,
        agent_configs=(
            AgentConfig(
                id="A",
                opening_balance=5,
                liquidity_allocation_fraction=Decimal("0.5"),
                policy=LiquidityAware(target_buffer=7),
                arrival_config=arrivals,
            ),
            AgentConfig(id="B", opening_balance=6, policy=LiquiditySplitting()),
        ),
        cost_rates=CostRates(split_friction_cost=Decimal("0.1"), deadline_penalty=Bps(bps=5)),
        lsm_config=LsmConfig(bilateral_offsetting=False),
        transactions=(
            Transaction(sender_id="A", receiver_id="B", amount=1, arrival_tick=2, id="row-1"),
        ),
    )
    assert expected == Scenario.from_dict(raw)
    assert expected.digest() == Scenario.from_dict(raw).digest()


def test_defaults():
    """
    What is not given has the documented default.
    """
    scenario = Scenario.from_dict(small())
    assert (scenario.num_days, scenario.rng_seed, scenario.transactions) == (1, 0, ())
    assert scenario.cost_rates == CostRates()
    assert scenario.lsm_config == LsmConfig(True, True, 4, 100_000, False)
    assert scenario.rules == Rules("fifo_bypass", False, "carry_over")
    agent = scenario.agent_configs[0]
    assert (agent.credit_limit, agent.liquidity_pool, agent.policy) == (0, 0, Fifo())
    assert agent.liquidity_allocation_fraction == 1
    assert agent.arrival_config is None


def test_row_ids():
    """
    A transaction without an id is called by its row, counted from 1.
    """
    row = {"sender_id": "A", "receiver_id": "B", "amount": 5, "arrival_tick": 0}
    scenario = Scenario.from_dict(small(transactions=[row, row | {"id": "x"}, row]))
    assert [t.id for t in scenario.transactions] == ["row-1", "x", "row-3"]


def test_a_deadline_before_the_arrival():
    """
    A deadline may lie before the arrival.
    """
    raw = with_transaction(arrival_tick=5, deadline_tick=2)
    assert Scenario.from_dict(raw).transactions[0].deadline_tick == 2


@pytest.mark.parametrize(
    ("given_as", "expected"),
    [
        (7, "7"),
        (1000, "1000"),
        (0.0001, "0.0001"),
        (1e-05, "0.00001"),
        (1 / 3, "0.333333333333333"),
        (2 / 3, "0.666666666666667"),
        (0.0000000000000005, "0"),
        ("0.100000000000000000000", "0.1"),
        ("+1.50e2", "150"),
        (Decimal("1E+3"), "1000"),
        (-0.0, "0"),
    ],
)
def test_exact_rates(given_as, expected):
    """
    A rate is read by its shortest decimal, rounded half-even to 15 places, or refused.
    """
    if expected == "0" and given_as:
        assert "rounded to 0" in told(small(cost_rates={"split_friction_cost": given_as}))[0]
        return
    scenario = Scenario.from_dict(small(cost_rates={"split_friction_cost": given_as}))
    assert expected == scenario.to_dict()["cost_rates"]["split_friction_cost"]
    assert Decimal(expected) == scenario.cost_rates.split_friction_cost


def test_rates_do_not_depend_on_the_decimal_context():
    """
    A caller's decimal precision changes nothing.
    """
    raw = {"overdraft_bps_per_tick": "123456.123456789012345", "overdue_delay_multiplier": "1.25"}
    expected = Scenario.from_dict(small(cost_rates=raw))
    with decimal.localcontext() as context:
        context.prec = 3
        assert expected == Scenario.from_dict(small(cost_rates=raw))
        assert expected.digest() == Scenario.from_dict(small(cost_rates=raw)).digest()


def test_resolved_rules():
    """
    A setting is at its default if its key was not given, whatever its value.
    """
    raw = small(
        rng_seed=0,
        rules={"deferred_crediting": False, "priority_classes": {"high": 7}},
        lsm_config={"cycle_detection_enabled": True},
        cost_rates={"deadline_penalty": {"bps": 5}},
    )
    rules = {rule.name: rule for rule in Scenario.from_dict(raw).resolved_rules()}
    assert list(rules)[:4] == ["ticks_per_day", "num_days", "rng_seed", "rules.queue_discipline"]
    assert {name for name, rule in rules.items() if not rule.is_default} == {
        "ticks_per_day",
        "rng_seed",
        "rules.deferred_crediting",
        "rules.priority_classes.high",
        "lsm_config.cycles",
        "cost_rates.deadline_penalty.bps",
    }
    assert rules["rules.end_of_day"].value == "carry_over"
    assert rules["cost_rates.deadline_penalty.bps"].value == 5


def test_resolved_rules_in_python():
    """
    Of a scenario made in Python, a setting is at its default if it has the default's value.
    """
    agents = [AgentConfig(id=id, opening_balance=1) for id in "AB"]
    scenario = Scenario(ticks_per_day=1, agent_configs=agents, rules=Rules(end_of_day="cancel"))
    changed = {rule.name for rule in scenario.resolved_rules() if not rule.is_default}
    assert changed == {"ticks_per_day", "rules.end_of_day"}


def test_digest():
    """
    The digest depends on what a scenario means, not on how it is spelled.
    """
    first = Scenario.from_dict(small())
    spelled = small(num_days=1, cost_rates={"split_friction_cost": "0.00"}, transactions=[])
    spelled["agent_configs"][0] = {"policy": "FIFO", "id": "A", "balance": 100}
    assert first.digest() == Scenario.from_dict(spelled).digest()
    assert first.digest() != Scenario.from_dict(small(num_days=2)).digest()
    assert len(first.digest()) == 64


def test_a_scenario_is_a_value():
    """
    A scenario can be pickled, copied and compared, is a key, and does not change with its dict.
    """
    raw = small()
    raw["agent_configs"][0]["arrival_config"] = {
        "rate_per_tick": 1,
        "amount_distribution": {"type": "fixed", "value": 5},
        "counterparty_weights": {"B": 1},
    }
    scenario = Scenario.from_dict(raw)
    raw["agent_configs"][0]["arrival_config"]["counterparty_weights"]["B"] = 5
    assert scenario == pickle.loads(pickle.dumps(scenario)) == copy.deepcopy(scenario)
    assert scenario.agent_configs[0].arrival_config.counterparty_weights == {"B": 1.0}
    assert {scenario: 1}[copy.deepcopy(scenario)] == 1


def test_errors_are_values():
    """
    A ScenarioError is a PaysimError and a ValueError, is made from a text too, and pickles.
    """
    error = ScenarioError("seed must be int (got 1.5)")
    assert str(error) == "seed must be int (got 1.5)"
    assert isinstance(error, PaysimError)
    assert isinstance(error, ValueError)
    assert isinstance(error, RuntimeError)
    assert len(error.problems) == 1
    problem = Problem("day.yaml:7:20", "agent_configs[2].credit_limit", "must be int", "1.5")
    error = pickle.loads(pickle.dumps(ScenarioError([problem], omitted=3)))
    assert error.problems == (problem,)
    assert str(error).splitlines() == [
        "day.yaml:7:20  agent_configs[2].credit_limit  must be int (got 1.5)",
        "... and 3 more",
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x" * 99, repr("x" * 60) + "..."),
        ([[]], "a list of 1"),
        (Decimal("1.50"), "1.50"),
        (10**100, "an int of 333 bits"),
        (Fixed(5), "an object of type Fixed"),
        ({"a": 1}, "a mapping of 1"),
    ],
)
def test_shown(value, expected):
    """
    Whatever was found is shown in a short line.
    """
    assert expected == shown(value)


def test_path_text():
    """
    A key that would be misread in a path is quoted.
    """
    assert path_text(("a", 2, "B_C", "x.y", "\n")) == r"a[2].B_C['x.y']['\n']"


def test_light_imports():
    """
    The classes and errors of a scenario are imported without the parsers of its files.
    """
    heavy = "{'cattrs', 'hashlib', 'json', 'msgspec', 'yaml'}"
    code = f"import sys, paysim.loading; sys.exit(str({heavy} & sys.modules.keys() or ''))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


KEYS = st.one_of(
    st.sampled_from(
        [
            *("ticks_per_day", "agent_configs", "id", "balance", "opening_balance", "policy"),
            *("arrival_config", "rate_per_tick", "amount_distribution", "type", "mean", "min"),
            *("max", "values", "weights", "priority", "counterparty_weights", "deadline_offset"),
            *("transactions", "sender_id", "receiver_id", "amount", "arrival_tick", "cost_rates"),
            *("deadline_penalty", "bps", "rules", "lsm_config", "cycles", "given"),
            *("scenario_events", "tick", "every_ticks", "until_tick", "agent_id", "multiplier"),
            *("counterparty_id", "weight", "deadline_tick", "credit_limit"),
        ]
    ),
    st.text(max_size=5),
    st.integers(),
    st.none(),
    st.tuples(st.text(max_size=2)),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from((0, 1, 2, -1, 10**19, -(10**400))),
    st.floats(),
    st.decimals(),
    st.binary(max_size=3),
    st.dates(),
    st.text(max_size=5),
    st.sampled_from(("A", "B", "fifo", "deadline", "both", "1e-9", "uniform", "t2")),
    st.sampled_from(("halt", "outage", "extra_transaction", "counterparty_weight_change")),
)
DATA = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(KEYS, inner, max_size=4),
        st.frozensets(st.text(max_size=2), max_size=2),
    ),
    max_leaves=20,
)


def accepts_or_tells(raw):
    """
    Check that any data lead to a scenario, or to a ScenarioError of one line for each problem.
    """
    try:
        answer = Scenario.from_dict(raw)
    except ScenarioError as error:
        answer = error
    if not isinstance(answer, Scenario):
        lines = str(answer).splitlines()
        assert 1 <= len(answer.problems) <= 100
        assert len(lines) == len(answer.problems) + bool(answer.omitted)


@given(DATA)
def test_arbitrary_data(raw):
    """
    Whatever data are given, the answer is a scenario or a ScenarioError.
    """
    accepts_or_tells(raw)


def positions(data, path=()):
    """
    Yield the path of everything within some data.
    """
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, item in items:
        yield (*path, key)
        if isinstance(item, (dict, list)):
            yield from positions(item, (*path, key))


@given(st.data())
def test_mutated_scenarios(data):
    """
    A valid scenario with some things changed is a scenario or leads to a ScenarioError.
    """
    raw = copy.deepcopy(data.draw(scenarios()))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(positions(raw)) or [("x",)]))
        inner = raw
        for step in path[:-1]:
            inner = inner[step]
        change = data.draw(st.sampled_from(("set", "delete", "add")))
        if change == "delete":
            del inner[path[-1]]
        elif change == "set" or isinstance(inner, list):
            inner[path[-1]] = data.draw(DATA)
        else:
            inner[data.draw(KEYS)] = data.draw(DATA)
        if not raw:
            break
    accepts_or_tells(raw)


@given(scenarios())
def test_round_trip(raw):
    """
    A scenario written as a dict and read again is the same, and so is its digest.
    """
    scenario = Scenario.from_dict(raw)
    again = Scenario.from_dict(scenario.to_dict())
    assert scenario == again
    assert scenario.to_dict() == again.to_dict()
    assert scenario.digest() == again.digest()


def test_costs_beyond_exact_counting():
    """
    Rates at which the given transactions could cost more than can be counted are refused.
    """
    raw = with_transaction(amount=10**15) | {"cost_rates": {"deadline_penalty": {"bps": 10**9}}}
    with pytest.raises(ScenarioError, match="cost_rates  must be so low that all costs"):
        Scenario.from_dict(raw)


def test_arrival_tables_beyond_memory():
    """
    Many different large rates of arrival, whose tables would fill the memory, are refused.
    """
    raw = small(ticks_per_day=20_000)
    raw["agent_configs"][0]["arrival_config"] = {
        "rate_per_tick": 50_000,
        "intraday_profile": [1 + i / 10**5 for i in range(20_000)],
        "amount_distribution": {"type": "fixed", "value": 1},
    }
    with pytest.raises(ScenarioError, match="agent_configs  rates of arrival must be small"):
        Scenario.from_dict(raw)


def test_places_of_the_overdue_multiplier():
    """
    Places that overdue_delay_multiplier alone has too many of are told of it, and once.
    """
    assert told(small(cost_rates={"overdue_delay_multiplier": 1.23456})) == [
        "cost_rates.overdue_delay_multiplier  must have at most 4 decimal places (got 1.23456)"
    ]
    rates = {"overdue_delay_multiplier": 1.234, "priority_delay_multipliers": {"high": 1.23}}
    assert told(small(cost_rates=rates)) == [
        "cost_rates.priority_delay_multipliers.high  times overdue_delay_multiplier must have "
        "at most 4 decimal places (got 1.51782)"
    ]
