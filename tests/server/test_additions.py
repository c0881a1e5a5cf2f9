"""
Transactions and scenario events that are added to a simulation, and what is wrong with them.
"""

from __future__ import annotations

import pytest

from paysim._kernel import AMOUNT_MAX
from paysim.errors import ScenarioError
from paysim.scenario_events import ExtraTransaction
from paysim.server.session.session import Session
from paysim.testing import payment, tiny_scenario

ONE = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300, tick=2)])
SUBMITTED = {"sender_id": "BANK_A", "receiver_id": "BANK_B", "amount": 5}


def told_of(method, raw):
    """
    Return by key what is wrong with something that a client adds after two ticks; nothing is added.
    """
    session = Session.start(ONE)
    session.advance(2)
    session.take()
    with pytest.raises(ScenarioError) as caught:
        getattr(session, method)(raw)
    assert not session.is_changed
    assert session.scenario is ONE
    return {problem.path: problem.expected for problem in caught.value.problems}


def test_submitted_transactions():
    """
    A submitted transaction arrives in the next tick or a later one, by its own id or by that of its
    place among the scenario's events.
    """
    session = Session.start(ONE)
    assert session.submit(SUBMITTED) == ("event-1", 0)
    session.advance(1)
    assert session.submit(SUBMITTED | {"arrival_tick": 4, "id": "RENT", "priority": 9}) == (
        *("RENT", 4),
    )
    assert session.submit(SUBMITTED | {"tick": 3, "deadline_offset": 2}) == ("event-3", 3)
    session.advance(9)
    rows = {row["transaction_id"]: row for row in session.results().transactions.to_dicts()}
    assert list(rows) == ["event-1", "row-1", "event-3", "RENT"]
    assert [rows[id]["arrival_tick"] for id in rows] == [0, 2, 3, 4]
    assert (rows["RENT"]["priority"], rows["event-3"]["deadline_tick"]) == (9, 5)
    assert (
        session.scenario.scenario_events
        == Session.load(session.begun(), [session.take()]).scenario.scenario_events
    )


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({}, {"sender_id": "is missing", "receiver_id": "is missing", "amount": "is missing"}),
        (SUBMITTED | {"amount": 0}, {"amount": "must be at least 1"}),
        (SUBMITTED | {"amount": "5"}, {"amount": "must be int"}),
        (SUBMITTED | {"sender_id": "BANK_C"}, {"sender_id": "must be the id of an agent"}),
        (SUBMITTED | {"receiver_id": "BANK_A"}, {"receiver_id": "must not be the sender"}),
        (SUBMITTED | {"tick": 1}, {"tick": "must be at least 2, the next tick"}),
        (SUBMITTED | {"arrival_tick": 1}, {"arrival_tick": "must be at least 2, the next tick"}),
        (SUBMITTED | {"arrival_tick": -1}, {"arrival_tick": "must be at least 0"}),
        (SUBMITTED | {"tick": 10}, {"tick": "must be before the end of the run, tick 10"}),
        (
            SUBMITTED | {"tick": 3, "arrival_tick": 3},
            {"arrival_tick": "tick and arrival_tick are one key, and both are given"},
        ),
        (SUBMITTED | {"every_ticks": 2}, {"every_ticks": "unknown key"}),
        (SUBMITTED | {"type": "halt"}, {"type": "unknown key"}),
        (SUBMITTED | {"id": "row-1"}, {"id": "must be unique, and is the id of transactions[0]"}),
        (
            SUBMITTED | {"deadline_tick": 5, "deadline_offset": 1},
            {"deadline_offset": "deadline_tick and deadline_offset cannot both be given"},
        ),
        (SUBMITTED | {"divisible": 1}, {"divisible": "must be true or false"}),
        ([SUBMITTED], {"": "must be a mapping"}),
        (
            SUBMITTED | {"amount": AMOUNT_MAX},
            {
                "": "extra and given transactions must sum to at most "
                f"{AMOUNT_MAX}, to be safe in i64"
            },
        ),
    ],
)
def test_wrong_transactions(raw, told):
    """
    What is wrong with a submitted transaction is told by the keys that the client wrote, and
    nothing is added.
    """
    assert told_of("submit", raw) == told


def test_added_events():
    """
    A scenario event is in the next tick where it names none, and the scenario has it.
    """
    session = Session.start(ONE)
    session.advance(2)
    added = session.add_event({"type": "outage", "agent_id": "BANK_A"})
    assert added == {"type": "outage", "tick": 2, "agent_id": "BANK_A"}
    later = session.add_event({"type": "halt", "tick": 4, "every_ticks": 2})
    assert later == {"type": "halt", "tick": 4, "every_ticks": 2}
    assert session.scenario.to_dict()["scenario_events"] == [added, later]
    session.advance(1)
    assert b'"event":"outage_began"' in session.lines(0, 100)[0]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"type": "outage"}, {"agent_id": "is missing"}),
        ({"type": "outage", "agent_id": "BANK_C"}, {"agent_id": "must be the id of an agent"}),
        ({"type": "halt", "tick": 1}, {"tick": "must be at least 2, the next tick"}),
        ({"type": "halt", "tick": "2"}, {"tick": "must be int"}),
        ({"type": "halt", "until": 1}, {"until": "unknown key"}),
        (
            {"type": "credit_limit_change", "agent_id": "BANK_A", "credit_limit": -1},
            {"credit_limit": "must be at least 0"},
        ),
    ],
)
def test_wrong_events(raw, told):
    """
    What is wrong with an added event is told by the keys that the client wrote.
    """
    assert told_of("add_event", raw) == told


def test_hints():
    """
    Who writes a key that no event of the type has is told those that it has, and who comes after
    the last day that it is over, by the key of a tick that is documented.
    """
    session = Session.start(ONE)
    with pytest.raises(ScenarioError) as caught:
        session.add_event({"type": "Outage", "agent_id": "BANK_A", "duration": 5})
    assert [problem.hint for problem in caught.value.problems] == [
        "the keys here are tick, every_ticks, until_tick, agent_id"
    ]
    session.advance(session.end_tick)
    with pytest.raises(ScenarioError) as caught:
        session.submit(SUBMITTED)
    (problem,) = caught.value.problems
    assert problem.path == "arrival_tick"
    assert "the last day of the scenario is over" in problem.hint


@pytest.mark.parametrize("method", ["submit", "add_event"])
def test_very_many_wrong_keys(method):
    """
    Of very many problems the first are told and the others counted, up to a bound.
    """
    raw = {f"key {number}": 0 for number in range(20_000)}
    if method == "add_event":
        raw["type"] = ExtraTransaction.name
    with pytest.raises(ScenarioError) as caught:
        getattr(Session.start(ONE), method)(raw)
    assert len(caught.value.problems) == 100
    assert caught.value.omitted >= 9_900
