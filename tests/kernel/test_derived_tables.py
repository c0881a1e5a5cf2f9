"""
The tables of queues, pairs, positions and delays equal those made from the log in plain Python.
"""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from typing import Any

import rebuild_tables
from hypothesis import given
from hypothesis import strategies as st
from rebuild_tables import Facts
from strategies import Move, generated_scenarios, scenarios, scripts

from paysim import PaysimError
from paysim._kernel import Kernel
from paysim.scenario import Scenario

TABLES = ("queues", "bilateral", "positions", "delays")


def played(config: dict[str, Any], script: list[Move], ticks: int, *, stays_open: bool) -> Kernel:
    """
    Run a scenario for so many ticks with the decisions of a script, and perhaps open one more.
    """
    kernel = Kernel(Scenario.from_dict(config), config.get("rng_seed", 0))
    agents = len(config["agent_configs"])
    for tick in range(ticks):
        kernel.open_tick()
        for phase in (0, 1):
            for move in script:
                if (move.tick % ticks, move.phase % 2) == (tick, phase):
                    offer(kernel, move, move.agent % agents)
            if phase == 0:
                kernel.ask_all()
        kernel.close_tick()
    if stays_open:
        kernel.open_tick()
    return kernel


def offer(kernel: Kernel, move: Move, agent: int) -> None:
    """
    Offer a decision on what the agent has in its queues; one it cannot take is not taken.
    """
    view = kernel.view(agent)
    queue = view.central_queue if move.kind == "withdraw" else view.internal_queue
    queue = list(queue) or [*view.internal_queue, *view.central_queue]
    with contextlib.suppress(PaysimError):
        if move.kind == "set_release_budget":
            kernel.set_release_budget(agent, move.number)
        elif queue:
            transaction = queue[move.pick % len(queue)].index
            number = (5 if move.number is None else move.number,)
            arguments = () if move.kind in ("withdraw", "release") else number
            getattr(kernel, move.kind)(agent, transaction, *arguments)


def log(kernel: Kernel) -> list[dict[str, Any]]:
    """
    Read the event log.
    """
    return [json.loads(line) for line in kernel.events_jsonl().splitlines()]


def all_ticks(config: dict[str, Any]) -> int:
    """
    Give the number of ticks of a scenario.
    """
    return int(config["ticks_per_day"] * config["num_days"])


def assert_equal_tables(kernel: Kernel, config: dict[str, Any], ticks: int) -> None:
    """
    Compare all four tables with those made in Python, their columns in order.
    """
    facts = Facts(config, log(kernel), ticks)
    for name in TABLES:
        table = getattr(kernel, name)()
        expected = getattr(rebuild_tables, name)(facts)
        assert expected == table.to_dicts(), name
        assert all(list(row) == table.column_names for row in expected[:1])


@given(generated_scenarios(), scripts())
def test_whole_runs(config: dict[str, Any], script: list[Move]) -> None:
    """
    After a run, with splits, withdrawals and all that scenarios can bring, all four are the same.
    """
    ticks = all_ticks(config)
    assert_equal_tables(played(config, script, ticks, stays_open=False), config, ticks)


@given(scenarios(), scripts(), st.integers(0, 23), st.booleans())
def test_results_taken_at_any_tick(
    config: dict[str, Any], script: list[Move], ticks: int, stays_open: bool
) -> None:
    """
    In the middle of a day, before the first tick, or within a tick, which then does not count yet.
    """
    ticks %= all_ticks(config)
    kernel = played(config, script, ticks, stays_open=stays_open)
    assert_equal_tables(kernel, config, ticks)


@given(generated_scenarios(), scripts())
def test_sums_across_tables(config: dict[str, Any], script: list[Move]) -> None:
    """
    What settled, arrived and waits is the same in whichever table it is counted.
    """
    kernel = played(config, script, all_ticks(config), stays_open=False)
    days, positions = kernel.days().to_dicts(), kernel.positions().to_dicts()
    by_day = defaultdict(lambda: dict.fromkeys(FLOWS, 0))
    for row in kernel.bilateral().to_dicts():
        for name in FLOWS:
            by_day[row["day"]][name] += row[name]
    for row in days:
        sums = by_day[row["day"]]
        lsm = sum(row[f"{cause}_value"] for cause in sorted(rebuild_tables.LSM_CAUSES))
        waits = row["internal_queue_value"] + row["central_queue_value"]
        expected = (row["arrived_value"], row["settled_value"], lsm, waits)
        assert expected == tuple(sums[name] for name in FLOWS)
        of_day = [agent for agent in positions if agent["day"] == row["day"]]
        paid, received, due, expected_value = (
            sum(agent[name] for agent in of_day)
            for name in ("paid_value", "received_value", "due_value", "expected_value")
        )
        assert row["settled_value"] == paid == received
        assert due == expected_value
        assert due >= row["arrived_value"]
    delays = kernel.delays().to_dicts()
    for name in ("volume", "value"):
        settled = sum(row[f"settled_{name}"] for row in days)
        assert settled == sum(row[name] for row in delays)


FLOWS = ("arrived_value", "settled_value", "lsm_value", "unsettled_value")


@given(generated_scenarios(), scripts())
def test_stays_add_up_to_the_queues_of_agents(config: dict[str, Any], script: list[Move]) -> None:
    """
    The stays that last over the end of a tick are what each agent's queues hold there.
    """
    kernel = played(config, script, all_ticks(config), stays_open=False)
    stays = kernel.queues().to_dicts()
    for row in kernel.agents().to_dicts():
        for queue in ("internal", "central"):
            amounts = [
                stay["amount"]
                for stay in stays
                if (stay["queue"], stay["agent_id"]) == (queue, row["agent_id"])
                and stay["joined_tick"] <= row["tick"]
                and (stay["left_tick"] is None or row["tick"] < stay["left_tick"])
            ]
            assert len(amounts) == row[f"{queue}_queue_volume"]
            assert sum(amounts) == row[f"{queue}_queue_value"]


@given(scenarios(), scripts())
def test_delays_add_up_to_the_queues_of_days(config: dict[str, Any], script: list[Move]) -> None:
    """
    Over a day at whose end nothing is left, value times delay is the queue value over its ticks.
    """
    rules = {"end_of_day": "settle_on_credit"}
    config = config | {"ticks_per_day": all_ticks(config), "num_days": 1, "rules": rules}
    kernel = played(config, script, all_ticks(config), stays_open=False)
    waited = [
        row["internal_queue_value"] + row["central_queue_value"]
        for row in kernel.ticks().to_dicts()
    ]
    assert sum(waited) == sum(row["delay"] * row["value"] for row in kernel.delays().to_dicts())


@given(scenarios())
def test_extremes_follow_balances_where_no_other_money_moves(config: dict[str, Any]) -> None:
    """
    Without pools, loans and events, balances at the ends of ticks stay between the two extremes and
    touch them wherever an extreme stood at the end of a tick.
    """
    config = config | {"scenario_events": [], "rules": {"queue_discipline": "strict_fifo"}}
    config["agent_configs"] = [
        {key: value for key, value in agent.items() if not key.startswith("liquidity_")}
        for agent in config["agent_configs"]
    ]
    kernel = played(config, [], all_ticks(config), stays_open=False)
    rows = {(row["day"], row["agent_id"]): row for row in kernel.positions().to_dicts()}
    for agent in kernel.agents().to_dicts():
        row = rows[agent["day"], agent["agent_id"]]
        net = agent["balance"] - row["opening_balance"]
        assert row["lowest_net_position"] <= net <= row["highest_net_position"]
        assert -row["lowest_net_position"] <= row["opening_balance"] + row["opening_credit_limit"]


@given(scenarios())
def test_nobody_needs_more_than_to_pay_at_once(config: dict[str, Any]) -> None:
    """
    Where everybody has plenty and releases everything in order, the lowest positions are the same.

    This holds with deferred credits, too: neither counts them before the end of their tick.
    """
    config = without_priorities(config)
    plenty = [{"id": agent["id"], "opening_balance": 10**12} for agent in config["agent_configs"]]
    halts = {"halt", "outage"}  # what either holds up
    events = [event for event in config["scenario_events"] if event["type"].lower() not in halts]
    config = config | {"agent_configs": plenty, "scenario_events": events}
    rows = played(config, [], all_ticks(config), stays_open=False).positions()
    assert rows.column("lowest_net_position") == rows.column("immediate_lowest_net_position")


def without_priorities(config: dict[str, Any]) -> dict[str, Any]:
    """
    Leave out what makes a later transaction settle before an earlier one.
    """
    plain = {
        key: [{k: v for k, v in entry.items() if k != "priority"} for entry in config[key]]
        for key in ("transactions", "scenario_events")
    }
    return config | plain
