"""
Indicators of whole runs: worked by hand, and on random scenarios by their definitions.
"""

from __future__ import annotations

import json
from itertools import pairwise

import from_log
import pytest
from hypothesis import given
from record import ROOT
from strategies import generated_scenarios, scenarios

import paysim
from paysim.indicators.names import AGENT_COLUMNS, NESTED, SYSTEM, TICK_COLUMNS
from paysim.testing import payment, tiny_scenario

OFF = {"bilateral_offsetting": False, "cycles": False, "gridlock_resolution": False}
RING = [payment("A", "B", 5), payment("B", "C", 5), payment("C", "A", 5)]


def banks(**balances):
    return [{"id": id, "opening_balance": balance} for id, balance in balances.items()]


def log_of(results):
    return [json.loads(line) for line in results._kernel.events_jsonl().splitlines()]


def run(config):
    return paysim.run(paysim.Scenario.from_dict(config), config.get("rng_seed", 0))


# ALPHA owes 100,000 at tick 5 and has 60,000; BETA pays it 50,000 at tick 20, then ALPHA pays.
# Each is 50,000 down for a moment. Netted, ALPHA pays 50,000; without delay it pays 100,000 first.
# 100,000 wait 15 ticks; they could wait 54, and BETA's 50,000 39. Ticks 5 to 19 of 60 have a queue.
TWO_BANKS = {
    "liquidity_used_value": 100_000,
    "liquidity_lower_bound_value": 50_000,
    "liquidity_upper_bound_value": 100_000,
    "liquidity_bounds_position": 1,
    "turnover_ratio": 1.5,
    "liquidity_in_use_peak_value": 50_000,
    "liquidity_in_use_peak_tick": 20,
    "liquidity_in_use_mean_value": pytest.approx(50_000 * 40 / 60),
    "delay_indicator": pytest.approx(100 * 15 / (100 * 54 + 50 * 39)),
    "delay_mean_ticks": 7.5,
    "delay_value_weighted_mean_ticks": 10,
    "delayed_value_share": pytest.approx(2 / 3),
    "central_queue_peak_value": 100_000,
    "central_queue_peak_value_tick": 5,
    "central_queue_mean_volume": 0.25,
    "queued_share": pytest.approx(2 / 3),
    "gridlock_index": 0,
    "throughput_50_tick_of_day": 20,
    "recycled_share": pytest.approx(2 / 3),
    "netting_ratio": pytest.approx(2 / 3),
    "herfindahl_paid_value": pytest.approx(5 / 9),
    "liquidity_provision_gini": pytest.approx(1 / 6),
    "total_cost": "150",
}


def test_two_banks():
    """
    The indicators of the first example are those worked out by hand.
    """
    found = paysim.run(paysim.load_scenario(ROOT / "scenarios/two_banks.yaml")).indicators()
    assert {name: found[name] for name in TWO_BANKS} == TWO_BANKS
    assert found["settled_by"]["entry"]["value_share"] == pytest.approx(1 / 3)
    assert [point["share"] for point in found["throughput"]] == [0] * 3 + [1] * 7


def two_days():
    """
    Return a run in which A owes B 10 and gets 4 on day 0, and 6 from outside on day 1.
    """
    return paysim.run(
        tiny_scenario(
            ticks_per_day=2,
            num_days=2,
            agent_configs=banks(A=0, B=4),
            transactions=[payment("A", "B", 10), payment("B", "A", 4)],
            scenario_events=[
                {"type": "liquidity_injection", "agent_id": "A", "amount": 6, "tick": 2}
            ],
        )
    )


def test_two_days():
    """
    Over days, numerators and denominators are summed; what is carried over is due in both.
    """
    names = ("liquidity_used_value", "liquidity_lower_bound_value", "liquidity_upper_bound_value")
    names += ("liquidity_bounds_position", "delay_indicator", "settled_share", "unsettled_value")
    names += ("carried_over_value",)
    results = two_days()
    by_day = [results.indicators(day=day) for day in (0, 1, None)]
    assert [tuple(found[name] for name in names) for found in by_day] == [
        (4, 6, 10, -0.5, pytest.approx(10 / 14), pytest.approx(4 / 14), 10, 0),
        (10, 10, 10, None, 0, 1, 0, 10),
        (14, 16, 20, -0.5, pytest.approx(10 / 24), 1, 0, 0),
    ]
    shares = results.indicators(by="tick").column("throughput_share")
    assert shares == pytest.approx([4 / 14, 4 / 14, 1, 1])


@pytest.mark.parametrize(
    ("balances", "index"),
    [({"A": 0, "B": 0, "C": 0}, 1), ({"A": 0, "B": 0, "C": -1}, 0), ({"A": 5, "B": 0, "C": 0}, 0)],
)
def test_gridlock(balances, index):
    """
    A ring without money is a gridlock; with a hole in it a deadlock; with money it settles.
    """
    agents = banks(**balances)
    agents[2]["credit_limit"] = 1
    if balances["C"]:
        agents[2] |= {"credit_limit": 1, "opening_balance": -1}
    else:
        agents[2] |= {"credit_limit": 0}
    rows = [payment("A", "B", 5), payment("B", "C", 5), payment("C", "A", 6 - (not balances["C"]))]
    config = {"agent_configs": agents, "lsm_config": OFF, "transactions": rows}
    assert paysim.run(tiny_scenario(**config)).indicators()["gridlock_index"] == index
    resolved = config | {"lsm_config": OFF | {"gridlock_resolution": True}}
    assert paysim.run(tiny_scenario(**resolved)).indicators()["gridlock_index"] == 0


def test_names():
    """
    The keys and columns are those of the lists of names.
    """
    results = two_days()
    flat = [name for section in SYSTEM.values() for name in section]
    assert sorted(results.indicators()) == sorted([*flat, *NESTED])
    assert results.indicators(by="agent").column_names == list(AGENT_COLUMNS)
    assert results.indicators(by="tick").column_names == list(TICK_COLUMNS)


def test_nothing_has_run():
    """
    Before the first tick everything is 0 or undefined.
    """
    results = paysim.Simulation(tiny_scenario(transactions=RING[:0])).results()
    found = results.indicators()
    assert found["days"] == found["settled_value"] == 0
    assert found["delay_indicator"] is found["throughput"] is found["gridlock_index"] is None
    assert len(results.indicators(by="tick")) == 0
    assert results.indicators(by="agent").column("turnover_ratio") == [None, None]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"day": 2}, "day must be an int from 0 to 1 (got 2)"),
        ({"day": -1}, "day must be an int from 0 to 1 (got -1)"),
        ({"day": True}, "day must be an int from 0 to 1 (got True)"),
        ({"by": "bank"}, "by must be 'agent', 'tick' or None (got 'bank')"),
    ],
)
def test_arguments(arguments, message):
    """
    A day that the run has not, and another grouping, are refused.
    """
    with pytest.raises(paysim.ScenarioError) as raised:
        two_days().indicators(**arguments)
    assert message in str(raised.value).replace("true", "True")


@given(generated_scenarios())
def test_liquidity(config):
    """
    Liquidity used and the lower bound are those of the log, and what must hold between them holds.
    """
    results, length = run(config), config["ticks_per_day"]
    log = log_of(results)
    every, positions = from_log.lives(log), from_log.net_positions(log, length)
    sums = {name: 0 for name in ("used", "lower", "upper")}
    for day in range(config["num_days"]):
        first, last = day * length, (day + 1) * length - 1
        table = results.indicators(by="agent", day=day)
        columns = ("used", "lower_bound", "upper_bound")
        cells = [table.column(f"liquidity_{column}_value") for column in columns]
        due = [life for life in every if from_log.due_in(life, first, last)]
        all_settled = all(life.cause and life.ended <= last for life in due)
        for id, used, lower, upper in zip(table.column("agent_id"), *cells, strict=True):
            assert used == max(0, -min(positions[day, id]))
            assert lower == from_log.lower_bound(every, id, first, last)
            assert lower <= upper
            assert -positions[day, id][-1] <= used
            assert lower <= used or not all_settled
        for name, column in zip(sums, cells, strict=True):
            sums[name] += sum(column)
        found = results.indicators(day=day)
        assert found["liquidity_in_use_peak_value"] <= found["liquidity_used_value"]
        assert (found["liquidity_bounds_position"] or 0) >= 0 or not all_settled
    found = results.indicators()
    assert sums["used"] == found["liquidity_used_value"]
    assert sums["lower"] == found["liquidity_lower_bound_value"]
    assert sums["upper"] == found["liquidity_upper_bound_value"]


@given(scenarios())
def test_immediate(config):
    """
    The upper bound of day 0 is what settlement of each transaction at its arrival would use.
    """
    results = run(config)
    is_deferred = results.scenario.rules.deferred_crediting
    now = {agent["id"]: 0 for agent in config["agent_configs"]}
    lowest, later, tick = dict(now), dict.fromkeys(now, 0), 0
    for event in log_of(results):
        if event["event"] != "arrived" or event["tick"] >= config["ticks_per_day"]:
            continue
        if event["tick"] > tick:
            now, later = {id: now[id] + later[id] for id in now}, dict.fromkeys(now, 0)
        tick, sender = event["tick"], event["sender_id"]
        now[sender] -= event["amount"]
        lowest[sender] = min(lowest[sender], now[sender])
        (later if is_deferred else now)[event["receiver_id"]] += event["amount"]
    upper = results.indicators(by="agent", day=0).column("liquidity_upper_bound_value")
    assert upper == [-low for low in lowest.values()]


@given(generated_scenarios())
def test_delay_and_flows(config):
    """
    Delay, flows and queues are what the transactions, followed one by one, come to.
    """
    results, length = run(config), config["ticks_per_day"]
    every = from_log.lives(log_of(results))
    sums = [0, 0]
    for day in range(config["num_days"]):
        first, last = day * length, (day + 1) * length - 1
        waited, could = from_log.delay_sums(every, first, last)
        sums = [sums[0] + waited, sums[1] + could]
        found = results.indicators(day=day)
        assert found["delay_indicator"] == (waited / could if could else None)
        due = [life for life in every if from_log.due_in(life, first, last)]
        value = sum(life.amount for life in due)
        assert found["arrived_value"] + found["carried_over_value"] == value
        assert found["unsettled_value"] == sum(life.amount for life in due if life.waits(last))
        in_queue = {
            life.id: life.amount
            for life in due
            for since, until in life.central
            if since <= last and (until is None or until >= first)
        }
        assert found["queued_value"] == sum(in_queue.values())
        settled = {
            life.id: life.settled - life.arrived
            for life in every
            if life.settled is not None and first <= life.arrived <= last
        }
        assert found["delay_max_ticks"] == max(settled.values(), default=None)
        if settled:
            assert found["delay_mean_ticks"] == sum(settled.values()) / len(settled)
        shares = results.indicators(by="tick", day=day).column("throughput_share")
        assert shares[-1] == found["settled_share"]
        assert [(low or 0) <= (high or 0) <= 1 for low, high in pairwise(shares)].count(False) == 0
        if found["throughput"]:
            assert found["throughput"][-1]["share"] == found["settled_share"]
    assert results.indicators()["delay_indicator"] == (sums[0] / sums[1] if sums[1] else None)


@given(generated_scenarios())
def test_shares_and_sums(config):
    """
    Shares by cause sum to 1, agents sum to the system, and JSON can hold all of it.
    """
    results = run(config)
    found = results.indicators()
    json.dumps(found, allow_nan=False)
    for measure in ("volume", "value"):
        shares = [figure[f"{measure}_share"] for figure in found["settled_by"].values()]
        if found["settled_value"]:
            assert sum(shares) == pytest.approx(1)
            lsm = [found["settled_by"][cause][f"{measure}_share"] for cause in from_log.LSM]
            assert found[f"lsm_{measure}_share"] == pytest.approx(sum(lsm))
        else:
            assert set(shares) == {None}
    agents = results.indicators(by="agent")
    for name in ("arrived_value", "settled_value", "unsettled_value", "cancelled_value"):
        assert sum(agents.column(name)) == found[name]
    assert sum(agents.column("delayed_volume")) == found["delayed_volume"]
    names = ("delay_indicator", "settled_share", "queued_share", "recycled_share", "gridlock_index")
    assert all(0 <= (found[name] or 0) <= 1 for name in names)
    assert all(-1 <= (index or 0) <= 1 for index in agents.column("net_sender_index"))


@given(scenarios())
def test_gridlocks(config):
    """
    A tick ends in a gridlock where trying every choice of first transactions finds one.
    """
    results = run(config)
    log = log_of(results)
    every = from_log.lives(log)
    classes = results.scenario.rules.priority_classes
    ids = [agent["id"] for agent in config["agent_configs"]]
    liquidity = results.agents.column("available_liquidity")
    for tick, answer in enumerate(results.gridlocks()):
        order = from_log.central_queue(log, tick, classes.urgent, classes.high)
        if len(order) <= 10:
            row = liquidity[tick * len(ids) : (tick + 1) * len(ids)]
            available = dict(zip(ids, row, strict=True))
            assert answer == from_log.is_gridlock(every, order, available, tick)
