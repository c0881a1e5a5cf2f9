"""
The shipped scenarios: each gives the answer that its first comment promises, and always the same.
"""

from __future__ import annotations

import csv
import tomllib
from collections import Counter
from decimal import Decimal
from statistics import mean, stdev

import attrs
import pytest
from record import GOLDEN, ROOT, SCENARIOS, event_log_hash

import paysim

HASHES = tomllib.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}


def load(name):
    return paysim.load_scenario(ROOT / "scenarios" / f"{name}.yaml")


def settlements(results):
    """
    Return tick, transaction, cause and posting of every settlement.
    """
    return [
        (row["tick"], row["transaction_id"], row["cause"], row["posting"])
        for row in results.events.to_dicts()
        if row["event"] == "settled"
    ]


def balances(results):
    return {agent["id"]: agent["balance"] for agent in results.totals()["agents"]}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_golden_hash(path):
    """
    The event log of a shipped scenario has the recorded bytes.
    """
    assert HASHES[path.stem] == event_log_hash(path)


def test_golden_hashes_are_those_of_the_scenarios():
    """
    There is a recorded hash for every shipped scenario and for nothing else.
    """
    assert set(HASHES) == {path.stem for path in SCENARIOS}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_first_comment_asks(path):
    """
    The first comment of a scenario asks a question, and the list of scenarios has a line for it.
    """
    comment = path.read_text().split("\n\n")[0]
    assert comment.startswith("# ")
    assert "?" in comment
    assert f"[{path.name}]({path.name})" in (path.parent / "README.md").read_text()


def test_two_banks():
    """
    ALPHA's payment waits from tick 5 to tick 20, settles on BETA's money, and the wait costs 150.
    """
    results = paysim.run(load("two_banks"))
    assert settlements(results) == [(20, "wages", "entry", 1), (20, "rent", "queue_release", 2)]
    assert balances(results) == {"ALPHA": 10_000, "BETA": 100_000}
    costs = {agent["id"]: Decimal(agent["total_cost"]) for agent in results.totals()["agents"]}
    assert costs == {"ALPHA": 150, "BETA": 0}


def test_gridlock_three_banks():
    """
    Gridlock resolution settles all four payments in one posting; without it nothing ever settles.
    """
    scenario = load("gridlock_three_banks")
    results = paysim.run(scenario)
    expected = [(0, f"row-{n}", "gridlock_resolution", 1) for n in (1, 2, 3, 4)]
    assert sorted(settlements(results)) == expected
    assert balances(results) == {"ALPHA": 600, "BETA": 200, "GAMMA": 100}

    lsm = attrs.evolve(scenario.lsm_config, gridlock_resolution=False)
    without = paysim.run(attrs.evolve(scenario, lsm_config=lsm))
    assert settlements(without) == []
    assert balances(without) == {"ALPHA": 300, "BETA": 200, "GAMMA": 400}


def test_ring():
    """
    The ring settles as one posting when it closes, and not at all if the search stops at three.
    """
    scenario = load("ring")
    results = paysim.run(scenario)
    assert sorted(settlements(results)) == [(3, f"row-{n}", "cycles", 1) for n in (1, 2, 3, 4)]
    assert set(balances(results).values()) == {250_000}

    lsm = attrs.evolve(scenario.lsm_config, max_cycle_length=3)
    short = paysim.run(attrs.evolve(scenario, lsm_config=lsm))
    assert settlements(short) == []
    assert short.totals()["unsettled"] == {"volume": 4, "value": 4_000_000}


def test_ubin_gridlock():
    """
    Gridlock resolution settles all six payments of the published case, with its balances.
    """
    results = paysim.run(load("ubin_gridlock"))
    expected = [(0, f"row-{n}", "gridlock_resolution", 1) for n in (1, 2, 3, 4, 5, 6)]
    assert sorted(settlements(results)) == expected
    assert list(balances(results).values()) == [7, 3, 10, 2, 1]
    assert results.totals()["settlements"] == {"volume": 6, "value": 71}


def test_busy_day_treats_all_alike():
    """
    Two banks have each of the five policies, and all ten hold, expect and pay the same.
    """
    scenario = load("busy_day")
    names = sorted(config.policy.name for config in scenario.agent_configs)
    policies = ("deadline", "fifo", "liquidity_aware", "liquidity_splitting", "mock_splitting")
    assert names == sorted(policies * 2)
    first = scenario.agent_configs[0]
    for config in scenario.agent_configs:
        assert attrs.evolve(config, id=first.id, policy=first.policy) == first


def test_busy_day():
    """
    Over many seeds banks that keep a buffer or split bear more than those that release everything
    at once, most of it for missed deadlines; those that wait for deadlines bear about the same.
    """
    scenario = load("busy_day")
    policies = {config.id: config.policy.name for config in scenario.agent_configs}
    days = []
    delayed, penalties, total = Counter(), Counter(), Counter()
    for seed in range(300):
        costs = Counter()
        for agent in paysim.run(scenario, seed=seed).totals()["agents"]:
            policy = policies[agent["id"]]
            costs[policy] += float(agent["total_cost"])
            penalties[policy] += float(agent["cost"]["deadline_penalty"])
            delayed[policy] += agent["delayed"]["volume"] / agent["settled"]["volume"]
        days.append(costs)
        total += costs

    def standard_errors(policy):
        """
        Return how far above `fifo` a policy is on the average of the days, in its standard error.
        """
        more = [costs[policy] - costs["fifo"] for costs in days]
        return mean(more) / (stdev(more) / len(more) ** 0.5)

    for policy in ("liquidity_aware", "liquidity_splitting", "mock_splitting"):
        assert standard_errors(policy) > 4
        assert penalties[policy] > total[policy] / 2
    assert abs(standard_errors("deadline")) < 2
    assert delayed["deadline"] > 0.99 * 2 * len(days)


def test_cut_credit():
    """
    The cut line delays `rent` to tick 20 and BETA's `fees` with it, which costs 75; without it
    nothing waits.
    """
    scenario = load("cut_credit")
    results = paysim.run(scenario)
    assert settlements(results)[2:] == [
        (15, "first", "entry", 3),
        (20, "second", "entry", 4),
        (20, "rent", "queue_release", 5),
        (20, "fees", "queue_release", 6),
    ]
    after = {row["tick"]: row for row in results.agents.to_dicts() if row["agent_id"] == "ALPHA"}
    assert [after[tick]["available_liquidity"] for tick in (9, 10, 15, 20)] == [
        *(100_000, -300_000, -100_000, 0),
    ]
    costs = {agent["id"]: Decimal(agent["total_cost"]) for agent in results.totals()["agents"]}
    assert costs == {"ALPHA": 40, "BETA": 35, "GAMMA": 0}

    without = paysim.run(attrs.evolve(scenario, scenario_events=()))
    assert {cause for _, _, cause, _ in settlements(without)} == {"entry"}
    assert Decimal(without.totals()["total_cost"]) == 0


def late_and_cost(results):
    """
    Return the volume delayed, the volume overdue and the cost, of LARGE and of all others together.
    """
    large, *others = results.totals()["agents"]
    late = Counter(row["sender_id"] for row in results.transactions.to_dicts() if row["is_overdue"])
    for agents in ([large], others):
        yield sum(agent["delayed"]["volume"] for agent in agents)
        yield sum(late[agent["id"]] for agent in agents)
        yield sum(float(agent["total_cost"]) for agent in agents)


def test_outage():
    """
    Over many seeds LARGE gathers nearly all money; the others' payments wait too, but the cost that
    the outage adds is mostly LARGE's.
    """
    scenario = load("outage")
    most = sum(config.opening_balance + config.credit_limit for config in scenario.agent_configs)
    assert most - scenario.agent_configs[0].credit_limit == 16_500_000
    added, held = [], []
    for seed in range(60):
        disturbed = paysim.run(scenario, seed=seed)
        undisturbed = paysim.run(attrs.evolve(scenario, scenario_events=()), seed=seed)
        pairs = zip(late_and_cost(disturbed), late_and_cost(undisturbed), strict=True)
        added.append([after - before for after, before in pairs])
        held.append(disturbed.agents.column("balance")[299 * len(scenario.agent_configs)])
    assert all(row[0] > 0 < row[3] for row in added)
    own, own_late, own_cost, others, others_late, others_cost = map(mean, zip(*added, strict=True))
    assert (round(own, -1), round(others, -1)) == (170, 140)
    assert round(own_late) == 60 > 10 * others_late
    assert 0.88 < own_cost / (own_cost + others_cost) < 0.95
    assert round(mean(held) / 1e6, 1) == 15.9


def test_replay():
    """
    The recorded payments arrive in the minute that the file says, and offsetting settles ten more
    of them; without it the banks bear a third more.
    """
    scenario = load("replay")
    with (ROOT / "scenarios" / "replay.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = []
    for row in rows:
        hours, minutes, _ = row["booked"].split()[1].split(":")
        tick = (int(hours) - 7) * 60 + int(minutes)
        expected.append((row["ref"], int(row["amount"].replace(".", "")), tick))
    table = scenario.transactions.table().to_dicts()
    assert [(row["id"], row["amount"], row["arrival_tick"]) for row in table] == expected

    results = paysim.run(scenario).totals()
    lsm = attrs.evolve(scenario.lsm_config, bilateral_offsetting=False, cycles=False)
    without = paysim.run(attrs.evolve(scenario, lsm_config=lsm)).totals()
    assert (results["settlements"]["volume"], results["unsettled"]["volume"]) == (226, 14)
    assert (without["settlements"]["volume"], without["unsettled"]["volume"]) == (216, 24)
    assert 1.33 < Decimal(without["total_cost"]) / Decimal(results["total_cost"]) < 1.35
