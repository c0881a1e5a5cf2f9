"""
The oracle against worked examples, published cases and exhaustive search.
"""

from __future__ import annotations

import tomllib
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import Oracle, Record, largest_ordered_set

CASES = tomllib.loads((Path(__file__).parent / "cases" / "gridlock.toml").read_text())["case"]


def scenario(balances: list[int], rows: list[Any], **more: Any) -> dict[str, Any]:
    """
    Build a scenario of fifo agents A0, A1, … from rows [sender, receiver, amount, other keys].
    """
    transactions = [
        {
            "sender_id": f"A{row[0]}",
            "receiver_id": f"A{row[1]}",
            "amount": row[2],
            "arrival_tick": 0,
        }
        | (row[3] if len(row) > 3 else {})
        for row in rows
    ]
    agents = [{"id": f"A{n}", "opening_balance": balance} for n, balance in enumerate(balances)]
    off = {"bilateral_offsetting": False, "cycles": False, "gridlock_resolution": False}
    return {
        "ticks_per_day": 4,
        "agent_configs": agents,
        "transactions": transactions,
        "lsm_config": off | more.pop("lsm_config", {}),
        **more,
    }


def run(config: dict[str, Any], script: dict[int, list[Any]] | None = None) -> list[dict[str, Any]]:
    """
    Run a scenario to its last tick; the script gives a tick's decisions as (agent id, kind, …).
    """
    oracle, ticks = Oracle(config), []
    by_id = {agent.id: agent for agent in oracle.agents}
    for tick in range(oracle.ticks_per_day * config.get("num_days", 1)):
        oracle.open_tick()
        for agent_id, *decision in (script or {}).get(tick, []):
            oracle.decide(by_id[agent_id], *decision)
        for agent in oracle.agents:
            oracle.ask(agent)
        outcome = oracle.close_tick()
        ticks.append(
            {
                "outcome": outcome,
                "settled": oracle.settled,
                "balances": [agent.balance for agent in oracle.agents],
                "pools": [agent.liquidity_pool for agent in oracle.agents],
                "loans": [agent.loan for agent in oracle.agents],
                "internal": [t.id for t in oracle.find("held")],
                "central": [t.id for t in oracle.find("queued")],
                "costs": [
                    {name: cost for name, cost in agent.costs.items() if cost}
                    for agent in oracle.agents
                ],
            }
        )
    return ticks


def queue(balances: list[int], rows: list[Any]) -> list[Record]:
    """
    Build the candidates of a largest ordered set; rows are [sender, receiver, amount].
    """
    agents = [Record(balance=balance, floor=0) for balance in balances]
    return [
        Record(sender=agents[s], receiver=agents[r], amount=a, row=(s, r, a)) for s, r, a in rows
    ]


def is_feasible(chosen: list[Any], balances: list[int]) -> bool:
    """
    Say whether transactions (sender, receiver, amount) together leave no sender below zero.
    """
    end = list(balances)
    for sender, receiver, amount in chosen:
        end[sender] -= amount
        end[receiver] += amount
    return all(end[sender] >= 0 for sender, _, _ in chosen)


def feasible_ordered_sets(balances: list[int], rows: list[Any]) -> list[list[Any]]:
    """
    List every feasible set that keeps each sender's order, by trying all lengths of all senders.
    """
    by_sender = [[row for row in rows if row[0] == sender] for sender in range(len(balances))]
    sets = [
        [row for sender, count in enumerate(counts) for row in by_sender[sender][:count]]
        for counts in product(*(range(len(own) + 1) for own in by_sender))
    ]
    return [chosen for chosen in sets if is_feasible(chosen, balances)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_largest_ordered_set_of_published_case(case: dict[str, Any]) -> None:
    """
    The largest ordered set of each published gridlock is the published set.
    """
    rows = [(sender - 1, receiver - 1, amount) for sender, receiver, amount in case["queue"]]
    candidates = queue(case["opening_balances"], rows)
    chosen = largest_ordered_set(candidates)
    assert case["settled"] == [candidates.index(t) + 1 for t in chosen]
    assert case["value"] == sum(t.amount for t in chosen)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_best_set_of_published_case(case: dict[str, Any]) -> None:
    """
    The best set of each published gridlock is feasible, and no other set is worth more.
    """
    rows = [(sender - 1, receiver - 1, amount) for sender, receiver, amount in case["queue"]]
    sets = [
        [row for row, taken in zip(rows, mask, strict=True) if taken]
        for mask in product((False, True), repeat=len(rows))
    ]
    feasible = [chosen for chosen in sets if is_feasible(chosen, case["opening_balances"])]
    assert [rows[position - 1] for position in case["best"]] in feasible
    assert case["best_value"] == max(sum(row[2] for row in chosen) for chosen in feasible)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_published_case_settles_in_one_tick(case: dict[str, Any]) -> None:
    """
    Gridlock resolution under strict order settles each published case in one posting of one tick.
    """
    rows = [(sender - 1, receiver - 1, amount) for sender, receiver, amount in case["queue"]]
    config = scenario(
        case["opening_balances"],
        rows,
        lsm_config={"gridlock_resolution": True},
        rules={"queue_discipline": "strict_fifo"},
    )
    first = run(config)[0]
    ids = sorted(int(transaction.removeprefix("row-")) for transaction, _, _ in first["settled"])
    assert case["settled"] == ids
    assert {(c, p) for _, c, p in first["settled"]} <= {("gridlock_resolution", 1)}
    assert case["balances_after"] == first["balances"]


@given(
    st.lists(st.integers(0, 6), min_size=2, max_size=4).flatmap(
        lambda balances: st.tuples(
            st.just(balances),
            st.lists(
                st.tuples(
                    st.integers(0, len(balances) - 1),
                    st.integers(0, len(balances) - 1),
                    st.integers(1, 9),
                ).filter(lambda row: row[0] != row[1]),
                max_size=8,
            ),
        )
    )
)
def test_largest_ordered_set_equals_exhaustive_search(case: tuple[list[int], list[Any]]) -> None:
    """
    The largest ordered set holds every feasible set that keeps each sender's order.
    """
    balances, rows = case
    chosen = [t.row for t in largest_ordered_set(queue(balances, rows))]
    feasible = feasible_ordered_sets(balances, rows)
    assert sorted(chosen) in [sorted(one) for one in feasible]
    for other in feasible:
        assert all(other.count(row) <= chosen.count(row) for row in other)
    assert len(chosen) == max(len(one) for one in feasible)
    assert sum(row[2] for row in chosen) == max(sum(row[2] for row in one) for one in feasible)


def test_queue_is_retried_when_its_sender_receives() -> None:
    """
    A queued transaction is retried when its sender receives money, before the next entry.
    """
    first = run(scenario([0, 5, 0], [[0, 2, 5], [1, 0, 5], [2, 1, 5]]))[0]
    assert first["settled"] == [
        ("row-2", "entry", 1),
        ("row-1", "queue_release", 2),
        ("row-3", "entry", 3),
    ]
    assert first["balances"] == [0, 5, 0]


def test_bypass_lets_a_smaller_transaction_pass_and_strict_order_does_not() -> None:
    """
    One that does not fit lets later ones pass under fifo_bypass only.
    """
    rows = [[0, 1, 9], [0, 1, 5]]
    assert [t for t, _, _ in run(scenario([5, 0], rows))[0]["settled"]] == ["row-2"]
    strict = scenario([5, 0], rows, rules={"queue_discipline": "strict_fifo"})
    assert run(strict)[0]["settled"] == []


def test_deferred_credit_is_spent_in_the_next_tick() -> None:
    """
    What is received under deferred crediting can be spent from the next tick on.
    """
    config = scenario([5, 0], [[0, 1, 5], [1, 0, 5]], rules={"deferred_crediting": True})
    first, second = run(config)[:2]
    assert (first["settled"], first["balances"]) == ([("row-1", "entry", 1)], [0, 5])
    assert (second["settled"], second["balances"]) == ([("row-2", "queue_release", 2)], [5, 0])


def test_end_of_day_lends_what_is_missing() -> None:
    """
    Settling on credit lends each agent its own shortfall, charges it, and takes it back.
    """
    config = scenario(
        [1, 0],
        [[0, 1, 9], [1, 0, 4]],
        num_days=2,
        rules={"end_of_day": "settle_on_credit"},
        lsm_config={},
        cost_rates={"eod_borrowing_bps": 100, "delay_cost_per_tick_per_cent": "0.5"},
    )
    ticks = run(config)
    assert ticks[2]["settled"] == []
    assert ticks[3]["loans"] == [4, 0]
    assert ticks[3]["balances"] == [0, 5]
    assert [cause for _, cause, _ in ticks[3]["settled"]] == ["end_of_day"] * 2
    assert ticks[3]["costs"][0]["end_of_day_borrowing"] == Fraction(4, 100)
    assert ticks[3]["costs"][0]["delay"] == Fraction(9 * 3, 2)
    assert ticks[7]["loans"] == [4, 0]


def test_overdue_is_charged_once_and_multiplies_from_the_next_tick() -> None:
    """
    A deadline that passes costs its penalty once; the multiplier applies from the next tick.
    """
    rates = {
        "delay_cost_per_tick_per_cent": 1,
        "overdue_delay_multiplier": 10,
        "deadline_penalty": {"bps": 5000},
        "eod_penalty_per_transaction": 7,
    }
    ticks = run(scenario([0, 0], [[0, 1, 2, {"deadline_tick": 1}]], cost_rates=rates))
    assert [tick["costs"][0]["delay"] for tick in ticks] == [2, 4, 24, 44]
    assert [tick["costs"][0].get("deadline_penalty", 0) for tick in ticks] == [0, 1, 1, 1]
    assert ticks[3]["costs"][0]["end_of_day_penalty"] == 7
    assert [tick["outcome"][4] for tick in ticks] == [2, 3, 20, 27]


def test_pool_is_allocated_in_the_morning_and_returned_at_the_close() -> None:
    """
    A pool lends its share for the day and gets back what a positive balance covers.
    """
    config = scenario(
        [0, 0], [[0, 1, 4]], num_days=2, cost_rates={"liquidity_bps_per_tick": 10_000}
    )
    config["agent_configs"][0] |= {"liquidity_pool": 9, "liquidity_allocation_fraction": "0.7"}
    ticks = run(config)
    assert [tick["balances"] for tick in ticks[2:5]] == [[2, 4], [0, 4], [3, 4]]
    assert [tick["pools"][0] for tick in ticks[2:5]] == [3, 5, 2]
    assert ticks[4]["costs"][0]["liquidity"] == 4 * 6 + 3


def test_split_pays_friction_and_leaves_the_remainder_to_the_last_part() -> None:
    """
    A split charges friction for each part after the first; its last part takes the remainder.
    """
    config = scenario([7, 0], [[0, 1, 11]], cost_rates={"split_friction_cost": "1.5"})
    first = run(config, {0: [("A0", "split", "row-1", 3)]})[0]
    assert first["settled"] == [("row-1/1", "entry", 1), ("row-1/2", "entry", 2)]
    assert first["central"] == ["row-1/3"]
    assert first["balances"] == [1, 6]
    assert first["costs"][0] == {"split_friction": 3}


def test_release_budget_holds_what_does_not_fit() -> None:
    """
    A release budget lets later smaller releases pass and starts afresh with each tick.
    """
    config = scenario([30, 0], [[0, 1, 8], [0, 1, 5], [0, 1, 2]])
    ticks = run(config, {0: [("A0", "set_release_budget", 10)]})
    assert [[t for t, _, _ in tick["settled"]] for tick in ticks[:2]] == [
        ["row-1", "row-3"],
        ["row-2"],
    ]


def test_withdrawn_and_reprioritised_transactions_change_place() -> None:
    """
    A withdrawn transaction takes a new place, a reprioritised one moves with its class.
    """
    config = scenario([0, 0], [[0, 1, 8], [0, 1, 5], [0, 1, 2]])
    config["agent_configs"][0] |= {"policy": "deadline", "urgency_threshold": 0}
    script = {
        0: [("A0", "release", f"row-{number}") for number in (1, 2, 3)],
        1: [("A0", "withdraw", "row-1"), ("A0", "reprioritise", "row-3", 9)],
        2: [("A0", "release", "row-1")],
    }
    ticks = run(config, script)
    assert (ticks[1]["internal"], ticks[1]["central"]) == (["row-1"], ["row-3", "row-2"])
    assert (ticks[2]["internal"], ticks[2]["central"]) == ([], ["row-3", "row-2", "row-1"])


def test_policy_releases_again_what_is_withdrawn() -> None:
    """
    An agent's own decisions count at once for what its policy sees: fifo releases again.
    """
    config = scenario([0, 0], [[0, 1, 8], [0, 1, 5]])
    ticks = run(config, {1: [("A0", "withdraw", "row-1")]})
    assert (ticks[1]["internal"], ticks[1]["central"]) == ([], ["row-2", "row-1"])


def test_rings_beyond_the_limit_are_not_looked_at() -> None:
    """
    The limit on rings counts those whose every edge has a queued transaction.
    """
    rows = [[0, 1, 1], [1, 2, 1], [2, 0, 1], [0, 2, 1], [2, 1, 1], [1, 0, 1]]
    both = run(scenario([0, 0, 0], rows, lsm_config={"cycles": True}))[0]
    assert [t for t, _, _ in both["settled"]] == [f"row-{n}" for n in (1, 2, 3, 4, 6, 5)]
    limited = scenario([0, 0, 0], rows, lsm_config={"cycles": True, "max_rings_per_tick": 1})
    oracle = Oracle(limited)
    oracle.open_tick()
    for agent in oracle.agents:
        oracle.ask(agent)
    assert oracle.close_tick() == (0, 6, 3, 3, 0)
    assert oracle.ring_limit_reached


def test_money_events_move_what_is_there_in_the_order_of_the_scenario() -> None:
    """
    A drain takes what is there above the floor, a transfer moves all or nothing, a cut may leave
    an agent below its floor, and an injection settles what waits.
    """
    config = scenario([3, 0], [[0, 1, 9], [0, 1, 1, {"arrival_tick": 3}]])
    config["agent_configs"][0]["credit_limit"] = 2
    config["scenario_events"] = [
        {"type": "direct_transfer", "tick": 1, "sender_id": "A0", "receiver_id": "A1", "amount": 6},
        {"type": "direct_transfer", "tick": 1, "sender_id": "A0", "receiver_id": "A1", "amount": 4},
        {"type": "liquidity_drain", "tick": 1, "agent_id": "A0", "amount": 4},
        {"type": "credit_limit_change", "tick": 1, "agent_id": "A0", "amount": 1},
        {"type": "LIQUIDITY_INJECTION", "tick": 2, "every_ticks": 1, "agent_id": "A0", "amount": 5},
    ]
    ticks = run(config)
    assert [tick["balances"] for tick in ticks] == [[3, 0], [-2, 4], [3, 4], [-1, 13]]
    assert [tick["settled"] for tick in ticks[1:]] == [[], [], [("row-1", "queue_release", 1)]]
    assert ticks[3]["central"] == ["row-2"]
    oracle = Oracle(config)
    for _ in range(2):
        oracle.open_tick()
        oracle.close_tick()
    assert [event["event"] for event in oracle.happened] == [
        *("direct_transfer_refused", "direct_transfer", "liquidity_drained"),
        "credit_limit_changed",
    ]
    assert [(event.get("amount"), event.get("missing")) for event in oracle.happened] == [
        *((6, None), (4, None), (1, 3), (None, None)),
    ]


def test_agent_in_an_outage_decides_nothing_and_still_settles() -> None:
    """
    In an outage an agent's own decisions are refused, its policy is silent, its queue settles.
    """
    rows = [[0, 1, 9], [0, 1, 1, {"arrival_tick": 1}], [1, 0, 9, {"arrival_tick": 1}]]
    outage = [
        {"type": "outage", "tick": 1, "agent_id": "A0"},
        {"type": "outage_end", "tick": 3, "agent_id": "A0"},
    ]
    script = {1: [("A0", "withdraw", "row-1"), ("A0", "release", "row-2")]}
    ticks = run(scenario([0, 9], rows, scenario_events=outage), script)
    assert [tick["internal"] for tick in ticks] == [[], ["row-2"], ["row-2"], []]
    assert [t for t, _, _ in ticks[1]["settled"]] == ["row-3", "row-1"]


def test_halt_keeps_the_line() -> None:
    """
    What is released in a halt is queued; the line it forms is served first at the resumption.
    """
    rows = [[0, 2, 9], [1, 0, 9], [0, 2, 2, {"priority": 6}], [2, 1, 1, {"arrival_tick": 2}]]
    halt = [{"type": "halt", "tick": 0}, {"type": "resume", "tick": 2}]
    ticks = run(scenario([2, 9, 0], rows, scenario_events=halt))
    assert ticks[1]["central"] == ["row-3", "row-1", "row-2"]
    # A0 is in line first, by its urgent release; its 9 fit only when A1's turn has come.
    assert [(t, cause) for t, cause, _ in ticks[2]["settled"]] == [
        ("row-3", "queue_release"),
        ("row-2", "queue_release"),
        ("row-1", "queue_release"),
        ("row-4", "entry"),
    ]
    assert ticks[2]["balances"] == [0, 1, 10]


def test_extra_transactions_arrive_before_given_ones_of_their_sender() -> None:
    """
    Extra transactions come first, with ids by their place in the scenario and their tick.
    """
    ends = {"sender_id": "A0", "receiver_id": "A1", "amount": 5}
    extra = [
        {"type": "extra_transaction", "tick": 0, "every_ticks": 2, "deadline_offset": 1} | ends,
        {"type": "extra_transaction", "tick": 2, "id": "X", "deadline_tick": 3} | ends,
    ]
    rows = [[0, 1, 9, {"arrival_tick": 2}], [0, 1, 8]]
    config = scenario([0, 0], rows, scenario_events=extra)
    ticks = run(config)
    assert ticks[0]["central"] == ["event-1@0", "row-2"]
    assert ticks[2]["central"] == ["event-1@0", "row-2", "event-1@2", "X", "row-1"]
    assert [tick["outcome"][1] for tick in ticks] == [2, 0, 3, 0]
