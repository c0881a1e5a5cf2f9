"""
The event log is the truth: what is rebuilt from it alone equals what the kernel says.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from itertools import groupby, permutations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rebuild import Books
from strategies import generated_scenarios, scenarios

from paysim._kernel import Kernel
from paysim.scenario import Scenario

GRIDLOCK_ONLY = {"bilateral_offsetting": False, "cycles": False, "gridlock_resolution": True}
CYCLES_ONLY = {"bilateral_offsetting": False, "cycles": True}
COMPONENTS = (
    *("overdraft", "delay", "split_friction", "deadline_penalty"),
    *("end_of_day_penalty", "end_of_day_borrowing", "liquidity"),
)
LSM_CAUSES = ("bilateral_offsetting", "cycles", "gridlock_resolution")
IN_ANOTHER_PROCESS = """
import json, sys
from paysim._kernel import Kernel
from paysim.scenario import Scenario
config = json.load(sys.stdin)
kernel = Kernel(Scenario.from_dict(config), config["rng_seed"])
kernel.advance(config["ticks_per_day"] * config["num_days"])
sys.stdout.buffer.write(kernel.events_jsonl())
"""


def last_tick(config: dict[str, Any]) -> int:
    """
    Give the last tick of a scenario.
    """
    return int(config["ticks_per_day"] * config["num_days"]) - 1


def started(config: dict[str, Any]) -> Kernel:
    """
    Make a kernel for a scenario, with the scenario's own seed.
    """
    return Kernel(Scenario.from_dict(config), config.get("rng_seed", 0))


def finished(config: dict[str, Any]) -> Kernel:
    """
    Make a kernel for a scenario and run it to its last tick.
    """
    kernel = started(config)
    kernel.advance(last_tick(config) + 1)
    return kernel


def log(kernel: Kernel) -> list[dict[str, Any]]:
    """
    Read the event log.
    """
    return [json.loads(line) for line in kernel.events_jsonl().splitlines()]


def by_tick(kernel: Kernel, ticks: int) -> list[list[dict[str, Any]]]:
    """
    Read the event log, one list of events for each tick.
    """
    events: list[list[dict[str, Any]]] = [[] for _ in range(ticks)]
    for event in log(kernel):
        events[event["tick"]].append(event)
    return events


@given(generated_scenarios())
def test_rebuilt_books_equal_the_kernels_at_every_tick(config: dict[str, Any]) -> None:
    """
    Balances, pools, queues and costs rebuilt from the log equal the kernel's at every tick.

    Reading checks on the way that money is conserved after every event, what the central bank has
    injected and drained included, and that no posting leaves a sender below its floor.
    """
    kernel, told = started(config), []
    for _ in range(last_tick(config) + 1):
        outcome = kernel.advance(1)
        views = [kernel.view(agent) for agent in range(len(config["agent_configs"]))]
        told.append((outcome, kernel.state(), kernel.summary(), views))
    books, total = Books(config), Fraction(0)
    for tick, events in enumerate(by_tick(kernel, len(told))):
        books.tick(events)
        outcome, state, summary, views = told[tick]
        assert books.balances == {key: row["balance"] for key, row in state["agents"].items()}
        assert books.pools == {view.agent_id: view.liquidity_pool for view in views}
        for view in views:
            assert books.loans[view.agent_id] == view.loan
            assert books.available(view.agent_id) == view.available_liquidity
            held = books.queue(view.agent_id, "internal")
            assert len(held) == state["agents"][view.agent_id]["outgoing_queue_size"]
            assert sorted(held) == sorted(q.id for q in view.internal_queue)
            queued = books.queue(view.agent_id, "central")
            assert sorted(queued) == sorted(q.id for q in view.central_queue)
        central = [key for key, place in books.where.items() if place == "central"]
        assert state["queue_size"] == len(central)
        assert state["queue_value"] == sum(books.transactions[key]["amount"] for key in central)
        for row in summary["agents"]:
            for component, cost in row["cost"].items():
                assert books.costs[row["id"], component] == Fraction(cost)
        before, total = total, sum(books.costs.values(), Fraction(0))
        assert total == Fraction(summary["total_cost"])
        names = [event["event"] for event in events]
        causes = [event["cause"] for event in events if event["event"] == "settled"]
        by_lsm = [cause for cause in causes if cause in LSM_CAUSES]
        cost = round(total) - round(before)
        assert (tick, names.count("arrived"), len(causes), len(by_lsm), cost) == tuple(outcome)


def rebuilt_row(books: Books, agent_id: str) -> dict[str, Any]:
    """
    Give what the table of agents has to say of an agent at the end of the tick just read.
    """
    amounts = {
        place: [books.transactions[key]["amount"] for key in books.queue(agent_id, place)]
        for place in ("internal", "central")
    }
    return {
        "tick": books.ticks - 1,
        "day": (books.ticks - 1) // books.ticks_per_day,
        "agent_id": agent_id,
        "balance": books.balances[agent_id],
        "credit_limit": -books.floors[agent_id],
        "available_liquidity": books.available(agent_id),
        "liquidity_allocated": books.allocated[agent_id],
        "liquidity_pool": books.pools[agent_id],
        "loan": books.loans[agent_id],
        "credits_deferred": books.deferred[agent_id],
        "internal_queue_volume": len(amounts["internal"]),
        "internal_queue_value": sum(amounts["internal"]),
        "central_queue_volume": len(amounts["central"]),
        "central_queue_value": sum(amounts["central"]),
    }


@given(generated_scenarios())
def test_rebuilt_books_equal_the_table_of_agents(config: dict[str, Any]) -> None:
    """
    The table of agents, made after the run, says of every tick what the books say of it.
    """
    kernel, ticks = finished(config), last_tick(config) + 1
    rows = iter(kernel.agents().to_dicts())
    books, before = Books(config), Counter[tuple[str, str]]()
    for events in by_tick(kernel, ticks):
        books.tick(events)
        for agent_id in books.balances:
            row, expected = next(rows), rebuilt_row(books, agent_id)
            assert expected == {name: row[name] for name in expected}
            for component in COMPONENTS:
                cost = books.costs[agent_id, component] - before[agent_id, component]
                assert cost == Fraction(row[f"{component}_cost"])
        before = books.costs.copy()
    assert next(rows, None) is None


@given(generated_scenarios())
def test_no_deadline_penalty_can_be_escaped(config: dict[str, Any]) -> None:
    """
    Whatever is unsettled when its deadline passes becomes overdue then, exactly once.

    A deadline before the arrival passes in the tick of arrival; a part of what is overdue already
    pays no second penalty; what a day's end cancels in the tick of its deadline pays.
    """
    born: dict[str, tuple[int, int | None, str | None]] = {}
    gone: dict[str, int] = {}
    cancelled: dict[str, int] = {}
    overdue: dict[str, list[int]] = {}
    for event in log(finished(config)):
        key, tick = event.get("transaction_id", ""), event["tick"]
        match event["event"]:
            case "arrived" | "part_created":
                born[key] = (tick, event["deadline_tick"], event.get("parent_id"))
            case "settled" | "split":
                gone[key] = tick
            case "cancelled":
                cancelled[key] = tick
            case "overdue":
                overdue.setdefault(key, []).append(tick)
    for key, (tick, deadline, parent) in born.items():
        due = last_tick(config) + 1 if deadline is None else max(tick, deadline)
        paid_before = parent is not None and is_overdue_line(parent, born, overdue)
        escaped = gone.get(key, due + 1) <= due or cancelled.get(key, due) < due
        expected = [] if due > last_tick(config) or escaped or paid_before else [due]
        assert expected == overdue.get(key, [])


def is_overdue_line(key: str | None, born: dict[str, Any], overdue: dict[str, Any]) -> bool:
    """
    Say whether a transaction, or one that it is a part of, has become overdue.
    """
    return key is not None and (key in overdue or is_overdue_line(born[key][2], born, overdue))


@given(generated_scenarios())
def test_same_scenario_and_seed_give_the_same_bytes(config: dict[str, Any]) -> None:
    """
    The event log is the same, byte for byte, however the ticks are stepped.
    """
    stepped = started(config)
    for _ in range(last_tick(config) + 1):
        stepped.open_tick()
        for agent in reversed(range(len(config["agent_configs"]))):
            stepped.ask(agent)
        stepped.close_tick()
    assert finished(config).events_jsonl() == stepped.events_jsonl()


@settings(max_examples=5)
@given(generated_scenarios())
def test_same_bytes_in_another_process(config: dict[str, Any]) -> None:
    """
    The event log is the same in processes of other hash seeds.
    """
    expected = finished(config).events_jsonl()
    for hash_seed in ("0", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", IN_ANOTHER_PROCESS],
            input=json.dumps(config).encode(),
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        )
        assert expected == done.stdout


@given(generated_scenarios(), st.integers(0, 4), st.sampled_from((0, 0.7, 4)))
def test_one_agents_rate_changes_no_other_agents_arrivals(
    config: dict[str, Any], number: int, rate: float
) -> None:
    """
    Adding or changing the rate of one agent leaves the arrivals of all others as they were.
    """
    configs = [dict(agent) for agent in config["agent_configs"]]
    changed = configs[number % len(configs)]
    arrivals = changed.get("arrival_config") or {
        "amount_distribution": {"type": "fixed", "value": 3}
    }
    changed["arrival_config"] = arrivals | {"rate_per_tick": rate}
    logs = [
        [
            event
            for event in log(finished(config | {"agent_configs": agents}))
            if event["event"] == "arrived" and event["sender_id"] != changed["id"]
        ]
        for agents in (config["agent_configs"], configs)
    ]
    assert logs[0] == logs[1]


@given(generated_scenarios())
def test_costs_of_ticks_add_up_to_the_rounded_total(config: dict[str, Any]) -> None:
    """
    The whole minor units reported tick by tick sum to the exact total, rounded half-even once.
    """
    kernel = started(config)
    reported = sum(kernel.advance(1)[4] for _ in range(last_tick(config) + 1))
    assert reported == round(Fraction(kernel.summary()["total_cost"]))


@pytest.mark.parametrize(
    "ring", [r for n in (3, 4, 5) for r in permutations(range(n)) if r[0] == 0], ids=str
)
def test_every_ring_is_found_in_both_orientations(ring: tuple[int, ...]) -> None:
    """
    A ring of any agents, in any direction, settles in one posting of its first tick.
    """
    edges = list(zip(ring, ring[1:] + ring[:1], strict=True))
    kernel = finished(one_tick([0] * len(ring), [(a, b, 5) for a, b in edges], CYCLES_ONLY))
    settled = [event for event in log(kernel) if event["event"] == "settled"]
    assert [f"A{a}" for a, _ in sorted(edges)] == [event["sender_id"] for event in settled]
    assert {("cycles", 1)} == {(event["cause"], event["posting"]) for event in settled}


def one_tick(
    balances: list[int], rows: list[tuple[int, int, int]], lsm_config: dict[str, Any]
) -> dict[str, Any]:
    """
    Build a scenario of one tick in which fifo agents without credit release all rows.
    """
    return {
        "ticks_per_day": 1,
        "num_days": 1,
        "agent_configs": [{"id": f"A{n}", "opening_balance": b} for n, b in enumerate(balances)],
        "lsm_config": lsm_config | {"max_cycle_length": 5},
        "transactions": [
            {"sender_id": f"A{a}", "receiver_id": f"A{b}", "amount": amount, "arrival_tick": 0}
            for a, b, amount in rows
        ],
    }


def assert_postings_are_largest(config: dict[str, Any]) -> None:
    """
    Check each posting of gridlock resolution, and that none is left, by trying all ordered sets.
    """
    books = Books(config)
    events = [event for event in log(finished(config)) if event["event"] != "liquidity_returned"]
    for cause, group in groupby(events, key=lambda event: event.get("cause")):
        posting = list(group)
        if cause == "gridlock_resolution":
            for _, one in groupby(posting, key=lambda event: event["posting"]):
                settled = list(one)
                assert {event["transaction_id"] for event in settled} == largest_by_trial(books)
                for event in settled:
                    books.read(event)
        else:
            for event in posting:
                books.read(event)
    assert largest_by_trial(books) == set()


def largest_by_trial(books: Books) -> set[str]:
    """
    Try all numbers of first transactions of all senders; give the feasible set of most.
    """
    queues = [ordered(books, agent_id) for agent_id in books.balances]
    best: set[str] = set()
    for counts in product(*(range(len(queue) + 1) for queue in queues)):
        chosen = [key for queue, n in zip(queues, counts, strict=True) for key in queue[:n]]
        end = dict(books.balances)
        for key in chosen:
            end[books.transactions[key]["sender_id"]] -= books.transactions[key]["amount"]
            end[books.transactions[key]["receiver_id"]] += books.transactions[key]["amount"]
        senders = {books.transactions[key]["sender_id"] for key in chosen}
        if all(end[sender] >= books.floors[sender] for sender in senders):
            best = max(best, set(chosen), key=len)
    return best


def ordered(books: Books, agent_id: str) -> list[str]:
    """
    Give the central queue of an agent whose transactions are all of one class.
    """
    return sorted(books.queue(agent_id, "central"), key=lambda key: int(key.removeprefix("row-")))


def test_largest_ordered_set_equals_trial_of_all_on_all_small_cases() -> None:
    """
    On every case of three banks and three transactions gridlock resolution settles the largest set.
    """
    pairs = list(permutations(range(3), 2))
    payments = [(a, b, amount) for a, b in pairs for amount in (1, 2)]
    for rows in product(payments, repeat=3):
        for balances in ([0, 0, 0], [1, 0, 0]):
            assert_postings_are_largest(one_tick(balances, list(rows), GRIDLOCK_ONLY))


@given(
    st.lists(st.integers(0, 5), min_size=2, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(1, 9)), max_size=9),
)
def test_largest_ordered_set_equals_trial_of_all(
    balances: list[int], drawn: list[tuple[int, int, int]]
) -> None:
    """
    On larger random cases, too, gridlock resolution settles the largest set that keeps order.
    """
    size = len(balances)
    rows = [(a % size, (a + b) % size, amount) for a, b, amount in drawn if b % size]
    assert_postings_are_largest(one_tick(balances, rows, GRIDLOCK_ONLY))


@given(scenarios())
def test_more_ticks_than_the_scenario_has_days(config: dict[str, Any]) -> None:
    """
    A kernel ticks on as long as it is asked, and the books still agree.
    """
    kernel, extra = started(config), config["ticks_per_day"] + 3
    kernel.advance(last_tick(config) + 1 + extra)
    books = Books(config)
    for events in by_tick(kernel, last_tick(config) + 1 + extra):
        books.tick(events)
    assert books.balances == {key: row["balance"] for key, row in kernel.state()["agents"].items()}
    assert sum(books.costs.values()) == Fraction(kernel.summary()["total_cost"])
