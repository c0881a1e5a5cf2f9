"""
Decisions made from outside: what they do, and what is wrong with them.
"""

from __future__ import annotations

import json

import pytest

from paysim.errors import PaysimError, ScenarioError
from paysim.policies import release
from paysim.server.session.deciding import CannotDecide
from paysim.server.session.decision_kinds import DECISIONS_MAX, KINDS
from paysim.server.session.session import Session
from paysim.simulation import Simulation
from paysim.testing import Scripted, payment, tiny_scenario

HELD = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300 + i) for i in range(3)])


def test_outside_agents_decide():
    """
    What an outside agent decides between two ticks is what a policy in Python decides in the next.
    """
    session = Session.start(HELD, outside=["BANK_A"])
    sim = Simulation(HELD, behaviour={"BANK_A": Scripted({3: [release("row-2", 9)]})})
    assert session.outside == ("BANK_A",)
    session.advance(3)
    sim.run(until=3)
    assert [t["id"] for t in session.account("BANK_A")["internal_queue"]] == [
        *("row-1", "row-2", "row-3")
    ]
    decision = {"decision": "release", "transaction_id": "row-2", "priority": 9}
    session.decide("BANK_A", [decision])
    session.advance(7)
    sim.run()
    assert session.lines(0, 1_000)[0] == sim._kernel.events_jsonl()


def test_every_decision():
    """
    Each kind of decision does what its name says, in the tick after it was made.
    """
    session = Session.start(HELD, outside=["BANK_A"])
    session.advance(1)
    session.decide(
        "BANK_A",
        [
            {"decision": "set_release_budget", "amount": 10_000},
            {"decision": "reprioritise", "transaction_id": "row-1", "priority": 3},
            {"decision": "split", "transaction_id": "row-1", "parts": 3},
            {"decision": "release", "transaction_id": "row-2", "priority": 8},
            {"decision": "hold", "transaction_id": "row-3"},
        ],
    )
    session.add_event({"type": "halt"})
    session.advance(1)
    told = [json.loads(line) for line in session.lines(0, 1_000)[0].splitlines()]
    kinds = [event["event"] for event in told if event["tick"] == 1]
    assert kinds == [
        *("halted", "release_budget_set", "reprioritised", "split"),
        *(["part_created", "released"] * 3),
        *("reprioritised", "released", *(["queued"] * 4)),
    ]
    session.decide("BANK_A", [{"decision": "withdraw", "transaction_id": "row-1/2"}])
    session.decide("BANK_A", [{"decision": "set_release_budget", "amount": None}])
    session.advance(1)
    account = session.account("BANK_A")
    assert [t["id"] for t in account["internal_queue"]] == ["row-3", "row-1/2"]
    assert [t["id"] for t in account["central_queue"]] == ["row-2", "row-1/1", "row-1/3"]


def test_holding_changes_nothing():
    """
    Holding is to decide nothing; only what is in the internal queue can be held.
    """
    session = Session.start(HELD, outside=["BANK_A"])
    session.advance(1)
    session.take()
    session.decide("BANK_A", [{"decision": "hold", "transaction_id": "row-1"}])
    assert not session.is_changed
    with pytest.raises(PaysimError, match="row-1: it is not in the internal queue"):
        session.decide(
            "BANK_A",
            [{"decision": kind, "transaction_id": "row-1"} for kind in ("release", "hold")],
        )


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        ({"decision": "release", "transaction_id": "row-9"}, "transaction row-9 is in no queue"),
        ({"decision": "withdraw", "transaction_id": "row-1"}, "it is not in the central queue"),
        ({"decision": "split", "transaction_id": "row-1", "parts": 301}, "must be at most 300"),
        ({"decision": "hold", "transaction_id": "row-9"}, "transaction row-9 is in no queue"),
        ({"decision": "release", "transaction_id": "row-3"}, "it is released"),
        ({"decision": "release", "transaction_id": "row-3", "priority": 9}, "it is released"),
    ],
)
def test_impossible_decisions(decision, message):
    """
    A decision that cannot be made now is told with its place, the agent and the tick, and changes
    nothing.
    """
    session = Session.start(HELD, outside=["BANK_A"])
    session.advance(4)
    session.decide("BANK_A", [{"decision": "release", "transaction_id": "row-3"}])
    before = session._kernel.save()
    held = {"decision": "hold", "transaction_id": "row-2"}
    place = r"^decisions\[1\]: agent BANK_A, tick 4: .*"
    with pytest.raises(CannotDecide, match=place + message) as caught:
        session.decide("BANK_A", [held, decision])
    assert not caught.value.has_decided
    assert session._kernel.save() == before
    made = {"decision": "release", "transaction_id": "row-1"}
    with pytest.raises(CannotDecide) as caught:
        session.decide("BANK_A", [made, decision])
    assert caught.value.has_decided


def test_nobody_decides_while_out():
    """
    An agent that is out decides nothing, and that is told.
    """
    session = Session.start(HELD, outside=["BANK_A"])
    session.add_event({"type": "outage", "agent_id": "BANK_A"})
    session.advance(1)
    assert session.account("BANK_A")["is_out"]
    with pytest.raises(PaysimError, match="it is out since tick 0"):
        session.decide("BANK_A", [{"decision": "release", "transaction_id": "row-1"}])


def test_wrong_decisions_are_told_together():
    """
    All that is wrong with decisions is told at once, each thing by its path, and none is made.
    """
    session = Session.start(HELD, outside=["BANK_A"])
    session.advance(1)
    session.take()
    with pytest.raises(ScenarioError) as caught:
        session.decide(
            "BANK_X",
            [
                {"decision": "release", "transaction_id": "row-1"},
                {"decision": "releases", "transaction_id": "row-1"},
                {"decision": "reprioritise", "transaction_id": "row-1", "priority": 11},
                {"decision": "split", "transaction_id": 7, "parts": True, "amount": 3},
                {"transaction_id": "row-1"},
                {"decision": "set_release_budget"},
                {"decision": ["release"]},
                "release",
            ],
        )
    assert {problem.path: problem.expected for problem in caught.value.problems} == {
        "agent_id": "must be the id of an agent",
        "decisions[1].decision": f"must be {', '.join(list(KINDS)[:-1])} or set_release_budget",
        "decisions[2].priority": "must be at most 10",
        "decisions[3].transaction_id": "must be text",
        "decisions[3].parts": "must be int",
        "decisions[3].amount": "unknown key",
        "decisions[4].decision": (
            f"is missing, must be {', '.join(list(KINDS)[:-1])} or set_release_budget"
        ),
        "decisions[5].amount": "is missing",
        "decisions[6].decision": f"must be {', '.join(list(KINDS)[:-1])} or set_release_budget",
        "decisions[7]": (
            "must be a mapping with a decision: "
            f"{', '.join(list(KINDS)[:-1])} or set_release_budget"
        ),
    }
    assert not session.is_changed
    assert len(session.account("BANK_A")["internal_queue"]) == 3


@pytest.mark.parametrize("number", [0, DECISIONS_MAX + 1])
def test_number_of_decisions(number):
    """
    There is at least one decision, and at most a thousand.
    """
    hold = {"decision": "hold", "transaction_id": "row-1"}
    with pytest.raises(ScenarioError, match="decisions  must hold 1 to 1000 decisions"):
        Session.start(HELD).decide("BANK_A", [hold] * number)
