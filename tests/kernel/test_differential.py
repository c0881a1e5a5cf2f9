"""
The kernel against the oracle: every tick of random scenarios, with decisions between and in ticks.
"""

from __future__ import annotations

import json
import tomllib
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import COSTS, Oracle, Record
from oracle_events import LOGGED
from strategies import Dice, Move, scenario, scenarios, scripts
from strategies import script as script_of

from paysim._kernel import Kernel
from paysim.errors import PaysimError
from paysim.scenario import Scenario

NOWHERE = 1_000_000
PUBLISHED = Path(__file__).parents[1] / "cases" / "gridlock.toml"


class Match:
    """
    A run of both, in step: each decision is offered to both, each tick is compared in full.
    """

    def __init__(self, config: dict[str, Any], scripted: tuple[int, ...] = ()) -> None:
        """
        Start both on the scenario, the kernel on the checked form of it.
        """
        self.oracle = Oracle(config)
        self.kernel = Kernel(Scenario.from_dict(config), 0, scripted)
        self.scripted = [self.oracle.agents[number] for number in scripted]
        self.ticks = config["ticks_per_day"] * config["num_days"]
        self.looks_closely = True
        self.indices: dict[str, int] = {}
        self.settled: dict[int, list[Any]] = {}
        self.limited: list[int] = []

    def play(self, script: list[Move]) -> None:
        """
        Play all ticks, each with its moves, and compare the whole.
        """
        for tick in range(self.ticks):
            self.play_tick([move for move in script if move.tick % self.ticks == tick])
        self.finish()

    def play_tick(self, script: list[Move]) -> None:
        """
        Play one tick, with the moves of it.
        """
        self.decide(script, phase=0)
        self.oracle.open_tick()
        self.kernel.open_tick()
        self.compare()
        self.decide(script, phase=1)
        for agent in self.oracle.agents:
            if agent not in self.scripted:
                self.oracle.ask(agent)
        for move in script[:1]:
            self.kernel.ask(move.agent % len(self.oracle.agents))
        self.kernel.ask_all()
        self.decide(script, phase=2)
        self.close(self.oracle.close_tick(), self.kernel.close_tick())

    def close(self, expected: tuple[int, ...], actual: tuple[int, ...]) -> None:
        """
        Compare what is true after a tick.
        """
        assert expected == tuple(actual)
        self.settled[expected[0]] = self.oracle.settled
        self.limited += [expected[0]] if self.oracle.ring_limit_reached else []
        self.compare()
        if self.looks_closely:
            self.compare_state(self.kernel.state())
            self.compare_costs(self.kernel.summary())

    def decide(self, script: list[Move], phase: int) -> None:
        """
        Offer decisions to both.
        """
        for move in script:
            if move.phase == phase:
                self.offer(move)
                self.compare()

    def offer(self, move: Move) -> None:
        """
        Offer a decision to both: the kernel refuses exactly what the oracle finds inapplicable.
        """
        agent = self.oracle.agents[move.agent % len(self.oracle.agents)]
        number = move.number
        if move.kind == "set_release_budget":
            number = number and number - 1
            applicable = self.oracle.decide(agent, move.kind, number)
            arguments: tuple[Any, ...] = (number,)
        else:
            number = 5 if number is None and move.kind in ("split", "reprioritise") else number
            transaction = self.pick(agent, move.pick)
            applicable = self.oracle.decide(agent, move.kind, transaction, number)
            arguments = (self.indices.get(transaction, NOWHERE),)
            arguments += () if move.kind == "withdraw" else (number,)
        decide = getattr(self.kernel, move.kind)
        if applicable:
            decide(agent.index, *arguments)
        else:
            with pytest.raises(PaysimError):
                decide(agent.index, *arguments)

    def pick(self, agent: Record, pick: int) -> str:
        """
        Pick one in the agent's own queues, or now and then any other, or one that nobody has.
        """
        own = [t.id for queue in self.queues(agent) for t in queue]
        others = [t.id for t in self.oracle.transactions if t.id in self.indices]
        choice = pick % (len(own) + 2)
        if choice < len(own):
            return own[choice]
        return others[pick % len(others)] if choice == len(own) and others else "unknown"

    def queues(self, agent: Record) -> tuple[list[Record], list[Record]]:
        """
        Give the two queues as the agent sees them, its own decisions of this tick included.
        """
        withdrawn = [d[2] for d in self.oracle.decisions if d[0] is agent and d[1] == "withdraw"]
        held = self.oracle.find("held", agent) + [t for t in withdrawn if t.state == "withdrawn"]
        return held, self.oracle.find("queued", agent)

    def compare(self) -> None:
        """
        Compare what each agent sees of itself.
        """
        for agent in self.oracle.agents:
            held, queued = self.queues(agent)
            for t in held + queued:
                if t.id not in self.indices:
                    self.indices[t.id] = self.kernel.find(agent.index, t.id)
            if not self.looks_closely:
                continue
            view = self.kernel.view(agent.index)
            assert agent.balance == view.balance
            assert agent.balance - agent.floor == view.available_liquidity
            assert agent.liquidity_pool == view.liquidity_pool
            assert agent.loan == view.loan
            assert self.oracle.free(agent) == view.free_liquidity
            for expected, actual in ((held, view.internal_queue), (queued, view.central_queue)):
                assert [facts(t) for t in expected] == [
                    (q.id, q.amount, q.priority, q.divisible, q.is_overdue) for q in actual
                ]
                assert [self.indices[t.id] for t in expected] == [q.index for q in actual]

    def compare_state(self, state: dict[str, Any]) -> None:
        """
        Compare every transaction that has arrived, and the central queue as a whole.
        """
        arrived = {t.id: t for t in self.oracle.transactions if t.state != "expected"}
        assert {
            t.id: (
                t.sender.id,
                t.receiver.id,
                t.amount,
                t.arrival_tick,
                t.deadline_tick,
                t.priority,
            )
            for t in arrived.values()
        } == {
            key: tuple(
                row[name]
                for name in (
                    *("sender_id", "receiver_id", "amount", "arrival_tick"),
                    *("deadline_tick", "priority"),
                )
            )
            for key, row in state["transactions"].items()
        }
        for key, t in arrived.items():
            row = state["transactions"][key]
            assert remaining(t, arrived) == row["remaining_amount"]
            assert (remaining(t, arrived) == 0) == row["is_fully_settled"]
            assert (t.state == "split") == row["is_split"]
        queued = self.oracle.find("queued")
        assert len(queued) == state["queue_size"]
        assert sum(t.amount for t in queued) == state["queue_value"]
        for agent in self.oracle.agents:
            row = state["agents"][agent.id]
            assert agent.balance == row["balance"]
            assert len(self.oracle.find("held", agent)) == row["outgoing_queue_size"]
            assert sum(agent.costs.values()) == Fraction(row["cost"])

    def compare_costs(self, summary: dict[str, Any]) -> None:
        """
        Compare the exact cost of every agent and component so far, and the totals.
        """
        rows = {row["id"]: row for row in summary["agents"]}
        for agent in self.oracle.agents:
            exact = {name: Fraction(cost) for name, cost in rows[agent.id]["cost"].items()}
            assert agent.costs == exact
            assert sum(agent.costs.values()) == Fraction(rows[agent.id]["total_cost"])
        for name in COSTS:
            total = sum(agent.costs[name] for agent in self.oracle.agents)
            assert total == Fraction(summary["cost"][name])
        assert self.oracle.total == Fraction(summary["total_cost"])

    def finish(self) -> None:
        """
        Compare the settlements and scenario events of the whole run, as the event log tells them.
        """
        logged: dict[int, list[Any]] = defaultdict(list)
        limited, happened = [], []
        for line in self.kernel.events_jsonl().splitlines():
            event = json.loads(line)
            if event["event"] == "settled":
                settlement = (event["transaction_id"], event["cause"], event["posting"])
                logged[event["tick"]].append(settlement)
            if event["event"] == "ring_limit_reached":
                limited.append(event["tick"])
            if event["event"] in LOGGED:
                happened.append(event)
        self.compare_state(self.kernel.state())
        self.compare_costs(self.kernel.summary())
        assert self.limited == limited
        assert self.oracle.happened == happened
        for tick, settled in self.settled.items():
            assert in_posting_order(settled) == in_posting_order(logged[tick])


def facts(t: Record) -> tuple[Any, ...]:
    """
    Give what an agent sees of a transaction in its queue.
    """
    return t.id, t.amount, t.priority, t.divisible, t.is_overdue


def remaining(t: Record, arrived: dict[str, Record]) -> int:
    """
    Give what is not settled of a transaction; of a split one, what is not settled of its parts.
    """
    if t.state == "split":
        parts = [part for part in arrived.values() if part.id.rpartition("/")[0] == t.id]
        return sum(remaining(part, arrived) for part in parts)
    return 0 if t.state == "settled" else t.amount


def in_posting_order(settled: list[Any]) -> list[Any]:
    """
    Sort the one posting of the end of the day by id: it has no order between the two queues.
    """
    return sorted(settled, key=lambda row: (row[2], row[0] if row[1] == "end_of_day" else ""))


@given(scenarios(), scripts())
def test_every_tick_equals_the_oracles(config: dict[str, Any], script: list[Move]) -> None:
    """
    Outcome, balances, queues, settlements and exact costs of every tick equal the oracle's.
    """
    Match(config).play(script)


@given(scenarios(), scripts())
def test_decisions_of_a_scripted_agent_equal_the_oracles(
    config: dict[str, Any], script: list[Move]
) -> None:
    """
    An agent whose behaviour is Python's is never asked; all it does is what it decides.
    """
    Match(config, scripted=(0,)).play(script)


@pytest.mark.parametrize("block", range(10))
def test_seeded_workload_equals_the_oracles(block: int) -> None:
    """
    Many dense scenarios, a seed each, end as the oracle's do, with the same settlements on the way.
    """
    for seed in range(block * 120, block * 120 + 120):
        dice = Dice(Random(seed).randint)
        match = Match(scenario(dice))
        match.looks_closely = False
        match.play(script_of(dice))


def two_banks(*amounts: int, **more: Any) -> dict[str, Any]:
    """
    Build a scenario in which A, who has 5, gets payments to B at tick 0, each due at once.
    """
    return {
        "ticks_per_day": 4,
        "num_days": 1,
        "agent_configs": [{"id": "A", "opening_balance": 5}, {"id": "B", "opening_balance": 0}],
        "transactions": [
            {
                "sender_id": "A",
                "receiver_id": "B",
                "amount": a,
                "arrival_tick": 0,
                "deadline_tick": 0,
            }
            for a in amounts
        ],
        "cost_rates": {"deadline_penalty": 7, "delay_cost_per_tick_per_cent": "0.5"},
        **more,
    }


def test_parts_of_an_overdue_transaction_pay_no_second_penalty() -> None:
    """
    A split after the deadline makes parts that are overdue already.
    """
    match = Match(two_banks(20), scripted=(0,))
    match.play([Move(tick=1, phase=1, agent=0, kind="split", pick=0, number=3)])
    assert match.oracle.agents[0].costs["deadline_penalty"] == 7


@pytest.mark.parametrize("kind", ["withdraw", "reprioritise"])
def test_change_in_ones_own_queue_lets_what_stood_behind_settle(kind: str) -> None:
    """
    Under strict order a withdrawal, or another class, makes way for what fits.
    """
    match = Match(two_banks(9, 3, rules={"queue_discipline": "strict_fifo"}), scripted=(0,))
    release = [Move(tick=0, phase=1, agent=0, kind="release", pick=0, number=None)] * 2
    pick = {"withdraw": 0, "reprioritise": 1}[kind]
    match.play([*release, Move(tick=2, phase=0, agent=0, kind=kind, pick=pick, number=9)])
    assert match.settled[2] == [("row-2", "queue_release", 1)]


@pytest.mark.parametrize("deferred", [False, True])
def test_agent_below_its_floor_does_not_keep_others_from_a_posting(deferred: bool) -> None:
    """
    What an agent below its floor cannot pay is left out of a posting; the rest of it settles.

    Under deferred crediting its net receipt does not count, as it comes after the posting.
    """
    rows = [("B", "C", 6), ("C", "B", 4), ("C", "A", 2), ("A", "B", 1)]
    config = {
        "ticks_per_day": 1,
        "num_days": 1,
        "agent_configs": [
            {"id": "A", "opening_balance": -1, "credit_limit": 1},
            {"id": "B", "opening_balance": 2},
            {"id": "C", "opening_balance": 0},
        ],
        "lsm_config": {"bilateral_offsetting": False, "cycles": False, "gridlock_resolution": True},
        "rules": {"deferred_crediting": deferred},
        "transactions": [
            {"sender_id": a, "receiver_id": b, "amount": amount, "arrival_tick": 0}
            for a, b, amount in rows
        ],
        "scenario_events": [
            {"type": "credit_limit_change", "tick": 0, "agent_id": "A", "amount": 0}
        ],
    }
    match = Match(config)
    match.play([])
    ids = sorted(transaction for transaction, _, _ in match.settled[0])
    assert ids == ["row-1", "row-2", "row-3"] + ["row-4"] * (not deferred)


@given(scenarios(), st.lists(st.integers(1, 9), min_size=1))
def test_advancing_many_ticks_equals_the_oracles(
    config: dict[str, Any], stretches: list[int]
) -> None:
    """
    Advancing any number of ticks at once ends where the oracle ends, beyond the last day too.
    """
    match = Match(config)
    last = config["ticks_per_day"] * config["num_days"] + 2
    for number in range(last):
        stretch = min(stretches[number % len(stretches)], last - match.oracle.tick)
        if stretch == 0:
            break
        for _ in range(stretch):
            match.oracle.open_tick()
            for agent in match.oracle.agents:
                match.oracle.ask(agent)
            outcome = match.oracle.close_tick()
            match.settled[outcome[0]] = match.oracle.settled
            match.limited += [outcome[0]] if match.oracle.ring_limit_reached else []
        limited = list(match.limited)
        match.close(outcome, match.kernel.advance(stretch))
        match.limited = limited
    match.finish()


@pytest.mark.parametrize(
    "case", tomllib.loads(PUBLISHED.read_text())["case"], ids=lambda case: case["name"]
)
def test_published_gridlock_settles_as_published(case: dict[str, Any]) -> None:
    """
    Each published gridlock settles in one posting and leaves the balances published with it.
    """
    config = {
        "ticks_per_day": 1,
        "agent_configs": [
            {"id": f"BANK{number}", "opening_balance": balance}
            for number, balance in enumerate(case["opening_balances"], start=1)
        ],
        "transactions": [
            {
                "sender_id": f"BANK{a}",
                "receiver_id": f"BANK{b}",
                "amount": amount,
                "arrival_tick": 0,
            }
            for a, b, amount in case["queue"]
        ],
        "lsm_config": {"bilateral_offsetting": False, "cycles": False, "gridlock_resolution": True},
        "rules": {"queue_discipline": "strict_fifo"},
    }
    kernel = Kernel(Scenario.from_dict(config), 0)
    assert kernel.advance(1)[:3] == (0, len(case["queue"]), len(case["settled"]))
    agents = kernel.state()["agents"]
    assert case["balances_after"] == [agents[key]["balance"] for key in agents]
    settled = [
        (event["transaction_id"], event["cause"], event["posting"])
        for event in map(json.loads, kernel.events_jsonl().splitlines())
        if event["event"] == "settled"
    ]
    expected = [(f"row-{number}", "gridlock_resolution", 1) for number in case["settled"]]
    assert sorted(expected) == sorted(settled)
