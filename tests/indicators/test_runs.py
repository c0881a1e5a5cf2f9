"""
Indicators of whole runs: worked by hand, and on random scenarios by their definitions.
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from itertools import combinations, pairwise

import from_log
import pytest
from hypothesis import given
from record import ROOT
from strategies import generated_scenarios, scenarios

import paysim
from paysim.indicators.names import AGENT_COLUMNS, NESTED, SYSTEM, TICK_COLUMNS
from paysim.policies import release, split, withdraw
from paysim.testing import Scripted, payment, tiny_scenario

OFF = {"bilateral_offsetting": False, "cycles": False, "gridlock_resolution": False}
RING = [payment("A", "B", 5), payment("B", "C", 5), payment("C", "A", 5)]


def banks(**balances):
    return [{"id": id, "opening_balance": balance} for id, balance in balances.items()]


def log_of(results):
    return [json.loads(line) for line in results._kernel.events_jsonl().splitlines()]


def ids_of(config):
    return [agent["id"] for agent in config["agent_configs"]]


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


# ALPHA ends 50,000 down from tick 20 on, which BETA has: a lender and a borrower. In the tenth of
# tick 20 ALPHA receives half of what it pays, and BETA more than it pays.
TWO_BANKS_BY_AGENT = {
    "agent_id": ["ALPHA", "BETA"],
    "liquidity_used_value": [50_000, 50_000],
    "liquidity_lower_bound_value": [50_000, 0],
    "liquidity_upper_bound_value": [100_000, 0],
    "liquidity_bounds_position": [0, None],
    "turnover_ratio": [2, 1],
    "paid_value_share": pytest.approx([2 / 3, 1 / 3]),
    "recycled_share": [0.5, 1],
    "net_sender_index": [1, -1],
    "netting_ratio": [0.5, 1],
    "delay_indicator": [pytest.approx(15 / 54), 0],
    "delayed_volume": [1, 0],
    "central_queue_peak_value": [100_000, 0],
    "lowest_net_position": [-50_000, -50_000],
    "highest_net_position": [50_000, 50_000],
    "available_at_start_min_value": [60_000, 50_000],
    "delay_cost": ["150", "0"],
    "total_cost": ["150", "0"],
}


def test_two_banks_by_agent():
    """
    So are those of each agent, of all days and of the only one, and the tools of BCBS 248.
    """
    results = paysim.run(paysim.load_scenario(ROOT / "scenarios/two_banks.yaml"))
    for day in (None, 0):
        table = results.indicators(by="agent", day=day)
        found = {name: table.column(name) for name in TWO_BANKS_BY_AGENT}
        assert found == TWO_BANKS_BY_AGENT
    assert results.indicators(day=0) == results.indicators()
    tools = results.indicators()["bcbs248"]["ALPHA"]
    usage = tools["a1_daily_maximum_usage"]
    assert (usage["negative"]["largest"], usage["positive"]["mean"]) == ([-50_000], 50_000)
    assert tools["a2_available_at_start"]["mean"]["own_balance"] == 60_000
    assert tools["a3_total_payments"]["sent"]["largest"] == [100_000]
    assert tools["a3_total_payments"]["received"]["largest"] == [50_000]
    assert tools["c1_throughput"] == [0] * 3 + [1] * 7


def test_sums_beyond_64_bits():
    """
    What is due every day adds up to more than 64 bits hold: the dict is exact, the column real.
    """
    results = paysim.run(
        tiny_scenario(
            agent_configs=banks(A=0, B=0), num_days=5, transactions=[payment("A", "B", 4 * 10**18)]
        )
    )
    assert results.indicators()["liquidity_lower_bound_value"] == 20 * 10**18
    table = results.indicators(by="agent")
    assert table.column("liquidity_lower_bound_value") == [2e19, 0.0]
    assert table.column("unsettled_value") == [4 * 10**18, 0]


def test_unfinished_day():
    """
    In the middle of a day the tenths to come are undefined, and so is C(i) of that day.
    """
    scenario = tiny_scenario(
        agent_configs=banks(A=9, B=0), ticks_per_day=10, transactions=[payment("A", "B", 4)]
    )
    simulation = paysim.Simulation(scenario)
    simulation.run(until=3)
    found = simulation.results().indicators()
    for name in ("share", "share_of_settled"):
        assert [point[name] for point in found["throughput"]] == [1] * 3 + [None] * 7
    assert found["bcbs248"]["A"]["c1_throughput"] is None
    simulation.run()
    assert simulation.results().indicators()["bcbs248"]["A"]["c1_throughput"] == [1] * 10


def test_obligations():
    """
    Of two transactions with a deadline one is unsettled at it; a third has none.
    """
    rows = [payment("A", "B", 10, deadline_tick=3), payment("A", "B", 4, deadline_tick=3)]
    results = paysim.run(
        tiny_scenario(
            agent_configs=banks(A=4, B=0), transactions=[*rows, payment("A", "B", 9, tick=2)]
        )
    )
    tool = results.indicators()["bcbs248"]["A"]["a4_time_specific_obligations"]
    assert tool == {
        "volume": 2,
        "value": 14,
        "missed_volume": 1,
        "missed_value": 10,
        "daily_value": {"largest": [14], "mean": 14},
        "daily_missed_value": {"largest": [10], "mean": 10},
    }
    names = ("timed_volume", "timed_value", "missed_volume", "missed_value")
    table = results.indicators(by="agent")
    assert [table.column(name) for name in names] == [[2, 0], [14, 0], [1, 0], [10, 0]]


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
    both = by_day[2]
    assert {point["share"] for point in both["throughput"]} == {14 / 24}
    assert both["throughput_50_tick_of_day"] == 0
    assert both["throughput_75_tick_of_day"] is None
    assert both["liquidity_used_daily_mean_value"] == 7
    assert both["liquidity_used_daily_max_value"] == 10
    assert both["bilateral_netting_ratio"] == pytest.approx(1 - (6 + 10) / 24)


def test_credit_is_available():
    """
    What is available at the start is the balance and the credit limit, each told.
    """
    agent = {"id": "A", "opening_balance": 5, "credit_limit": 7, "liquidity_pool": 40}
    agent["liquidity_allocation_fraction"] = "0.25"
    scenario = tiny_scenario(agent_configs=[agent, *banks(B=0)])
    results = paysim.run(scenario)
    tool = results.indicators()["bcbs248"]["A"]["a2_available_at_start"]
    assert tool["smallest"] == [
        {"total": 22, "own_balance": 5, "allocated_from_pool": 10, "credit_limit": 7}
    ]
    assert results.indicators(by="agent").column("available_at_start_min_value") == [22, 0]


def test_close_does_not_count():
    """
    Who lends until the last tick of the day is a lender, whatever that tick brings.
    """
    rows = [payment("A", "B", 5), payment("B", "A", 15, tick=1)]
    config = {"agent_configs": banks(A=5, B=15), "ticks_per_day": 2, "transactions": rows}
    table = paysim.run(tiny_scenario(**config)).indicators(by="agent")
    assert table.column("net_sender_index") == [1, -1]


def test_gridlock_by_tick():
    """
    A gridlock is told for each tick but the last of a day.
    """
    config = {"agent_configs": banks(A=0, B=0, C=0), "lsm_config": OFF, "transactions": RING}
    table = paysim.run(tiny_scenario(ticks_per_day=3, num_days=2, **config)).indicators(by="tick")
    assert table.column("is_gridlock") == [True, True, None] * 2


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


@pytest.mark.parametrize("deferred", [False, True])
def test_gridlock_below_the_floor(deferred):
    """
    What is queued to an agent below its floor breaks no gridlock if its credit is deferred.
    """
    agents = banks(A=0, B=0)
    agents[0]["credit_limit"] = 10
    results = paysim.run(
        tiny_scenario(
            agent_configs=agents,
            ticks_per_day=4,
            rules={"deferred_crediting": deferred},
            lsm_config=OFF,
            transactions=[
                payment("A", "B", 10),
                payment("A", "B", 5, tick=1),
                payment("B", "A", 12, tick=1),
            ],
            scenario_events=[
                {"type": "credit_limit_change", "tick": 1, "agent_id": "A", "amount": 4}
            ],
        )
    )
    assert results.agents.column("available_liquidity")[2:] == [-6, 10] * 3
    assert results.gridlocks() == [False, *[not deferred] * 3]
    assert bool(results.explain("A", 1)["largest_ordered_set"]["volume"]) is not deferred


@pytest.mark.parametrize("again", [[release("row-1")], [split("row-1", 2)]])
def test_queued_twice(again):
    """
    What leaves the central queue and comes back, whole or in parts, counts once.
    """
    script = {0: [release("row-1")], 1: [withdraw("row-1")], 2: again}
    scenario = tiny_scenario(agent_configs=banks(A=0, B=0), transactions=[payment("A", "B", 10)])
    simulation = paysim.Simulation(scenario, behaviour={"A": Scripted(script)})
    simulation.run()
    found = simulation.results().indicators()
    assert (found["queued_value"], found["queued_share"]) == (10, 1)
    assert found["central_queue_peak_value"] == 10


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
        owed = Counter()
        for life in due:
            owed[life.sender, life.receiver] += life.amount
        net = [abs(owed[a, b] - owed[b, a]) for a, b in combinations(ids_of(config), 2)]
        assert found["bilateral_netting_ratio"] == ((value - sum(net)) / value if value else None)
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
    shares = zip(agents.column("lsm_value_share"), agents.column("settled_value"), strict=True)
    lsm = sum((share or 0) * value for share, value in shares)
    assert lsm == pytest.approx(sum(found["settled_by"][cause]["value"] for cause in from_log.LSM))
    days = [results.indicators(day=day) for day in range(config["num_days"])]
    for day, figures in enumerate(days):
        daily = results.indicators(by="agent", day=day).column("total_cost")
        assert sum(map(Decimal, daily)) == Decimal(figures["total_cost"])
    assert sum(Decimal(day["total_cost"]) for day in days) == Decimal(found["total_cost"])
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
    ids = ids_of(config)
    liquidity = results.agents.column("available_liquidity")
    for tick, answer in enumerate(results.gridlocks()):
        order = from_log.central_queue(log, tick, classes.urgent, classes.high)
        if len(order) <= 10:
            row = liquidity[tick * len(ids) : (tick + 1) * len(ids)]
            available = dict(zip(ids, row, strict=True))
            deferred = results.scenario.rules.deferred_crediting
            assert answer == from_log.is_gridlock(every, order, available, deferred)
