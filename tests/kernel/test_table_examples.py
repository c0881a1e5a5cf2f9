"""
Worked examples of the tables of queues, pairs, positions and delays.

BANK_A opens with 1,000 and BANK_B with 500, unless an example says otherwise; days have ten ticks.
"""

from __future__ import annotations

from typing import Any

import paysim
from paysim.policies import release, split, withdraw
from paysim.testing import Scripted, payment, tiny_scenario

A, B, C = "BANK_A", "BANK_B", "BANK_C"
POOR = [{"id": name, "opening_balance": 0} for name in (A, B, C)]


def ran(script: Any = None, **changes: Any) -> paysim.Results:
    """
    Return the results of a tiny scenario, in which BANK_A may follow a script.
    """
    behaviour = {} if script is None else {A: Scripted(script)}
    simulation = paysim.Simulation(tiny_scenario(**changes), behaviour=behaviour)
    simulation.run()
    return simulation.results()


def rows(table: Any, *columns: str) -> list[tuple[Any, ...]]:
    """
    Return some columns of a table as rows.
    """
    return list(zip(*(table.column(name) for name in columns), strict=True))


STAY = ("queue", "transaction_id", "joined_tick", "left_tick", "cause", "outcome")


def test_a_stay_in_the_central_queue():
    """
    A payment of 1,200 waits from tick 0 until 300 come in tick 2; those 300 never wait.
    """
    queues = ran(transactions=[payment(A, B, 1_200), payment(B, A, 300, tick=2)]).queues
    assert queues.to_dicts() == [
        {
            "queue": "central",
            "transaction_id": "row-1",
            "agent_id": A,
            "receiver_id": B,
            "amount": 1_200,
            "priority": 5,
            "joined_tick": 0,
            "left_tick": 2,
            "cause": "liquidity",
            "outcome": "queue_release",
        }
    ]


def test_stays_of_one_transaction():
    """
    Each queue that it joins makes a row, with its priority then; its parts wait on their own.
    """
    script = {
        2: [release("row-1", priority=7)],
        3: [withdraw("row-1")],
        4: [split("row-1", 2)],
    }
    results = ran(script, transactions=[payment(A, B, 3_000)], rules={"end_of_day": "cancel"})
    assert rows(results.queues, *STAY) == [
        ("internal", "row-1", 0, 2, "arrival", "released"),
        ("central", "row-1", 2, 3, "liquidity", "withdrawn"),
        ("internal", "row-1", 3, 4, "withdrawn", "split"),
        ("central", "row-1/1", 4, 9, "liquidity", "cancelled"),
        ("central", "row-1/2", 4, 9, "liquidity", "cancelled"),
    ]
    assert rows(results.queues, "priority", "amount") == [
        *((5, 3_000), (7, 3_000), (7, 3_000)),
        *((7, 1_500), (7, 1_500)),
    ]


def test_what_waits_at_the_end():
    """
    A stay that lasts has no end; one in an internal queue that ends in its tick has no row.
    """
    script = {4: [release("row-2")]}
    held = ran(script, transactions=[payment(A, B, 10), payment(A, B, 20, tick=4)])
    assert rows(held.queues, *STAY) == [("internal", "row-1", 0, None, "arrival", None)]
    halted = ran(transactions=[payment(A, B, 10)], scenario_events=[{"type": "halt", "tick": 0}])
    assert rows(halted.queues, *STAY) == [("central", "row-1", 0, None, "halt", None)]


PAIR = ("day", "sender_id", "receiver_id")
FLOWS = [f"{name}_value" for name in ("arrived", "settled", "lsm", "unsettled")]


def test_pairs():
    """
    Whole payments arrive and parts settle; what is left is counted again on the next day.
    """
    offset = [payment(A, B, 5_000), payment(B, A, 5_000)]
    script = {
        0: [release("row-1")],
        3: [split("row-3", 3)],
    }
    one = ran(script, num_days=2, transactions=[*offset, payment(A, B, 2_400, tick=1)])
    assert rows(one.bilateral, *PAIR, *FLOWS) == [
        (0, A, B, 7_400, 5_800, 5_000, 1_600),
        (0, B, A, 5_000, 5_000, 5_000, 0),
        (1, A, B, 0, 0, 0, 1_600),
    ]
    volumes = [name.replace("value", "volume") for name in FLOWS]
    assert rows(one.bilateral, *volumes) == [(2, 2, 1, 2), (1, 1, 1, 0), (0, 0, 0, 2)]


def test_pairs_of_what_is_cancelled():
    """
    What a close has cancelled is unsettled no more, and no pair has a row for nothing.
    """
    rules = {"end_of_day": "cancel"}
    results = ran(num_days=2, rules=rules, transactions=[payment(A, B, 5_000)])
    assert rows(results.bilateral, *PAIR, *FLOWS) == [(0, A, B, 5_000, 0, 0, 0)]


NET = (
    *("agent_id", "lowest_net_position", "lowest_tick", "highest_net_position", "highest_tick"),
    "immediate_lowest_net_position",
)


def test_net_positions_one_by_one():
    """
    A pays 300 and 400, then gets 500 and 600: it was 700 below, ends 400 above; B mirrors it.

    At once, in order of arrival, each would have gone as far.
    """
    paid = [payment(A, B, 300, tick=1), payment(A, B, 400, tick=2)]
    back = [payment(B, A, 500, tick=5), payment(B, A, 600, tick=6)]
    results = ran(transactions=[*paid, *back])
    assert rows(results.positions, *NET) == [
        (A, -700, 2, 400, 6, -700),
        (B, -400, 6, 700, 2, -400),
    ]
    flows = ("paid_volume", "paid_value", "received_volume", "received_value")
    assert rows(results.positions, *flows) == [(2, 700, 2, 1_100), (2, 1_100, 2, 700)]


def test_a_ring_that_nets_to_nothing():
    """
    Three banks without money settle a ring of 5,000: nobody's net position moves.

    Paid alone in order of arrival, A and nobody else would need 5,000.
    """
    ring = [payment(A, B, 5_000), payment(B, C, 5_000), payment(C, A, 5_000)]
    results = ran(agent_configs=POOR, transactions=ring)
    assert rows(results.positions, *NET) == [
        (A, 0, None, 0, None, -5_000),
        (B, 0, None, 0, None, 0),
        (C, 0, None, 0, None, 0),
    ]
    assert results.ticks.column("cycles_volume")[0] == 3


def test_a_ring_that_nets_to_something():
    """
    With 7,000 instead of 5,000 on its first edge A falls by the 2,000 it has and B rises by them.
    """
    banks = [{**POOR[0], "opening_balance": 2_000}, *POOR[1:]]
    ring = [payment(A, B, 7_000), payment(B, C, 5_000), payment(C, A, 5_000)]
    results = ran(agent_configs=banks, transactions=ring)
    assert rows(results.positions, *NET) == [
        (A, -2_000, 0, 0, None, -7_000),
        (B, 0, None, 2_000, 0, 0),
        (C, 0, None, 0, None, 0),
    ]


def test_deferred_credits_count_when_they_come():
    """
    A pays 300 and B pays 200 in one tick: B has the 300 after it, so B needs 200 of its own.
    """
    transactions = [payment(A, B, 300), payment(B, A, 200)]
    at_once = ran(transactions=transactions)
    assert rows(at_once.positions, *NET) == [(A, -300, 0, 0, None, -300), (B, 0, None, 300, 0, 0)]
    deferred = ran(transactions=transactions, rules={"deferred_crediting": True})
    assert rows(deferred.positions, *NET) == [
        (A, -300, 0, 0, None, -300),
        (B, -200, 0, 100, 0, -200),
    ]


def test_deferred_credits_of_earlier_ticks_count():
    """
    What is received in tick 0 can be spent in tick 1 if nothing waits, deferred or not.
    """
    transactions = [payment(A, B, 300), payment(B, A, 200, tick=1)]
    results = ran(transactions=transactions, rules={"deferred_crediting": True})
    assert rows(results.positions, *NET) == [(A, -300, 0, 0, None, -300), (B, 0, None, 300, 0, 0)]


def test_what_is_no_settlement_moves_no_net_position():
    """
    Transfers, also deferred ones, injections and drains change balances and nothing of a day's row.
    """
    moves = [
        {"type": "direct_transfer", "tick": 1, "sender_id": A, "receiver_id": B, "amount": 400},
        {"type": "liquidity_injection", "tick": 1, "agent_id": A, "amount": 50},
        {"type": "liquidity_drain", "tick": 1, "agent_id": B, "amount": 50},
    ]
    for deferred in (False, True):
        results = ran(
            scenario_events=moves,
            transactions=[payment(A, B, 100, tick=1)],
            rules={"deferred_crediting": deferred},
        )
        assert rows(results.positions, *NET) == [
            (A, -100, 1, 0, None, -100),
            (B, 0, None, 100, 1, 0),
        ]


def test_what_a_day_opens_with():
    """
    Loans are repaid and pools allocated before the opening is noted, and events come after it.

    A owes 1,800 with a pool of 600 and settles on credit; its second day opens with what is left.
    """
    banks = [
        {"id": A, "opening_balance": 200, "liquidity_pool": 600, "credit_limit": 100},
        {"id": B, "opening_balance": 500},
    ]
    results = ran(
        num_days=2,
        agent_configs=banks,
        rules={"end_of_day": "settle_on_credit"},
        transactions=[payment(A, B, 1_800)],
        scenario_events=[
            {"type": "liquidity_injection", "tick": 10, "agent_id": B, "amount": 1},
            {"type": "credit_limit_change", "tick": 10, "agent_id": A, "amount": 7},
        ],
    )
    opening = ("opening_balance", "opening_credit_limit")
    pool = ("liquidity_allocated", "opening_liquidity_pool")
    # 200 + 600 - 1,800 with a loan of 900: -100, where its credit ends.
    assert rows(results.positions, "day", "agent_id", *opening, *pool) == [
        (0, A, 800, 100, 600, 0),
        (0, B, 500, 0, 0, 0),
        (1, A, -100, 100, 0, 0),
        (1, B, 2_300, 0, 0, 0),
    ]
    assert rows(results.positions, *NET)[0] == (A, -1_800, 9, 0, None, -1_800)


def test_what_is_carried_over_is_due_first():
    """
    1,500 of yesterday are due today before the 600 that arrive to pay them, and count in both.
    """
    transactions = [payment(A, B, 1_500, tick=1), payment(B, A, 600, tick=12)]
    banks = [{"id": A, "opening_balance": 1_000}, {"id": B, "opening_balance": 600}]
    results = ran(num_days=2, agent_configs=banks, transactions=transactions)
    due = ("due_value", "expected_value", "immediate_lowest_net_position", "lowest_net_position")
    assert rows(results.positions, "day", "agent_id", *due) == [
        (0, A, 1_500, 0, -1_500, 0),
        (0, B, 0, 1_500, 0, 0),
        (1, A, 1_500, 600, -1_500, -900),
        (1, B, 600, 1_500, 0, -600),
    ]


def test_obligations_with_a_deadline():
    """
    Of 900 in three parts, due by tick 5, one of 300 settles in time and two do not: one obligation
    is missed, with 600. A second one is met, and a third has no deadline.
    """
    banks = [{"id": A, "opening_balance": 350}, {"id": B, "opening_balance": 0}]
    transactions = [
        payment(A, B, 900, deadline_tick=5),
        payment(A, B, 50, tick=7, deadline_tick=7),
        payment(A, B, 5_000, tick=9),
    ]
    script = {2: [split("row-1", 3)], 7: [release("row-2")]}
    results = ran(script, num_days=2, agent_configs=banks, transactions=transactions)
    timed = ("timed_volume", "timed_value", "missed_volume", "missed_value")
    assert rows(results.positions, "day", "agent_id", *timed) == [
        (0, A, 2, 950, 1, 600),
        (0, B, 0, 0, 0, 0),
        (1, A, 0, 0, 0, 0),
        (1, B, 0, 0, 0, 0),
    ]


def test_a_deadline_missed_on_a_later_day():
    """
    It counts for the day and the bank of its arrival.
    """
    late = [payment(A, B, 5_000, tick=3, deadline_tick=14)]
    results = ran(num_days=2, transactions=late)
    assert rows(results.positions, "missed_volume", "missed_value") == [
        *((1, 5_000), (0, 0)),
        *((0, 0), (0, 0)),
    ]


def test_delays():
    """
    Each delay has a row in the day of arrival; a part waits from the arrival of the whole.
    """
    transactions = [
        payment(A, B, 100, tick=1),
        payment(A, B, 900, tick=2),
        payment(B, A, 700, tick=6),
        payment(B, A, 5_000, tick=9),
    ]
    script = {1: [release("row-1")], 5: [split("row-2", 2)]}
    results = ran(script, transactions=transactions)
    assert rows(results.delays, "day", "agent_id", "delay", "volume", "value") == [
        (0, A, 0, 1, 100),
        (0, A, 3, 2, 900),
        (0, B, 0, 1, 700),
    ]


def test_a_delay_over_the_close():
    """
    What arrives on one day and settles on the next counts for the day of its arrival.
    """
    transactions = [payment(A, B, 1_200, tick=8), payment(B, A, 300, tick=11)]
    results = ran(num_days=2, transactions=transactions)
    assert rows(results.delays, "day", "agent_id", "delay", "volume", "value") == [
        (0, A, 3, 1, 1_200),
        (1, B, 0, 1, 300),
    ]
