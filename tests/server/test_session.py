"""
One simulation in memory: what is taken of it leads back to it, and all that is wrong is told.
"""

from __future__ import annotations

import json
from contextlib import suppress

import attrs
import pytest
from hypothesis import given
from saved_runs import Eager, seen
from strategies import Dice, arrival_event, generated_scenario, money_event, rolled

from paysim._kernel import AMOUNT_MAX
from paysim.checkpoint_format import decoded, encoded
from paysim.checkpoints import read_checkpoint
from paysim.errors import PaysimError, ScenarioError
from paysim.orchestrator import Orchestrator
from paysim.policies import release
from paysim.results import TABLES
from paysim.scenario import SEED_MAX, Scenario
from paysim.scenario_events import ExtraTransaction
from paysim.server.session.decision_kinds import DECISIONS_MAX, KINDS
from paysim.server.session.session import Session, Step
from paysim.simulation import Simulation
from paysim.testing import Scripted, payment, tiny_scenario

ONE = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300, tick=2)])
HELD = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300 + i) for i in range(3)])
SUBMITTED = {"sender_id": "BANK_A", "receiver_id": "BANK_B", "amount": 5}


def act(session, dice, ids):
    """
    Do one thing to a session that a client could do; what is refused changes nothing that is kept.
    """
    kind = dice.one(("advance", "decide", "submit", "event", "arrivals"))
    if kind == "advance":
        session.advance(dice.roll(1, 3))
    elif kind == "decide":
        agent = dice.one(ids)
        account = session.account(agent)
        if not account["is_out"]:
            for decision in decisions(dice, account):
                session.decide(agent, [decision])
    elif kind == "submit":
        event = money_event(dice, ids, session.end_tick)
        keys = ("amount", "priority", "divisible", "deadline_offset")
        with suppress(ScenarioError):
            parties = {"sender_id": ids[0], "receiver_id": ids[1], "amount": 1}
            session.submit(parties | {key: event[key] for key in keys if key in event})
    else:
        with suppress(ScenarioError):
            choose = money_event if kind == "event" else arrival_event
            some = (ids,) if kind == "event" else (ids, ids)
            session.add_event(choose(dice, *some, session.end_tick))


def decisions(dice, account):
    """
    Choose decisions on what an agent sees in its queues, a different transaction each.
    """
    for queued in account["internal_queue"]:
        id, kinds = queued["id"], ["release", "hold", "reprioritise"]
        if queued["divisible"] and queued["amount"] >= 2:
            kinds.append("split")
        kind = dice.one(kinds)
        more = {"parts": 2} if kind == "split" else {}
        more |= {"priority": dice.roll(0, 10)} if kind == "reprioritise" else {}
        yield {"decision": kind, "transaction_id": id} | more
    for queued in account["central_queue"]:
        if dice.rarely():
            yield {"decision": "withdraw", "transaction_id": queued["id"]}
    if dice.rarely():
        yield {"decision": "set_release_budget", "amount": dice.one((None, 0, 7, AMOUNT_MAX))}


def picture(session):
    """
    Return everything that can be seen of a session.
    """
    ids = [config.id for config in session.scenario.agent_configs]
    results = session.results()
    return [
        *(session.scenario.to_dict(), session.seed, session.outside, session.tick, session.day),
        *(session.end_tick, session.events, session.lines(0, session.events, 1 << 40)),
        *(session.state(), session.pulse(0), [session.account(id) for id in ids]),
        *(b"".join(encoded(session.saved())), results.totals(), results.summary()),
        *(getattr(results, name).to_dicts() for name in TABLES),
    ]


@given(rolled(lambda dice: (generated_scenario(dice), [dice.roll(0, 999) for _ in range(600)])))
def test_steps_lead_back(case):
    """
    Whatever clients do, and whenever steps are taken, they lead to the same simulation, which goes
    on in the same way; so does the checkpoint.
    """
    raw, rolls = case
    ids = [config["id"] for config in raw["agent_configs"]]
    queue = iter(rolls)
    dice = Dice(lambda low, high: low + next(queue, 0) % (high - low + 1))
    outside = [id for id in ids if dice.often()]
    session = Session.start(Scenario.from_dict(raw), dice.one((None, 7, SEED_MAX)), outside)
    begun, steps = session.begun(), []
    for _ in range(dice.roll(1, 15)):
        act(session, dice, ids)
        if dice.often():
            step = session.take()
            assert not session.is_changed
            assert session.take() is None
            steps += [step] if step else []
    steps += [step] if (step := session.take()) else []
    assert begun == session.begun()
    loaded = Session.load(begun, steps)
    assert not loaded.is_changed
    assert picture(loaded) == picture(session)
    resumed = Session.resume(decoded(b"".join(encoded(session.saved())), "file"))
    assert picture(resumed) == picture(session)
    again = Session.load(resumed.begun(), [resumed.take()])
    assert picture(again) == picture(session)
    ends = [each.advance_each(5) for each in (session, loaded, resumed, again)]
    assert ends.count(ends[0]) == 4
    assert picture(loaded) == picture(session) == picture(again) == picture(resumed)


@given(rolled(lambda dice: (generated_scenario(dice), dice.roll(0, 30))))
def test_untouched(case):
    """
    A session that nobody decides for is the run of its scenario.
    """
    scenario = Scenario.from_dict(case[0])
    session, engine = Session.start(scenario), Orchestrator(case[0])
    assert session.advance_each(case[1]) == [engine.tick() for _ in range(case[1])]
    assert session.state() == engine.get_state()
    assert session.results().totals() == engine.results().totals()


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
    ],
)
def test_impossible_decisions(decision, message):
    """
    A decision that cannot be made now is told with its place, the agent and the tick.
    """
    session = Session.start(HELD, outside=["BANK_A"])
    session.advance(4)
    held = {"decision": "hold", "transaction_id": "row-2"}
    place = r"^decisions\[1\]: agent BANK_A, tick 4: .*"
    with pytest.raises(PaysimError, match=place + message) as caught:
        session.decide("BANK_A", [held, decision])
    assert not isinstance(caught.value, ScenarioError)


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
    session = Session.start(ONE)
    session.advance(2)
    session.take()
    with pytest.raises(ScenarioError) as caught:
        session.submit(raw)
    assert {problem.path: problem.expected for problem in caught.value.problems} == told
    assert not session.is_changed
    assert session.scenario is ONE


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
    session = Session.start(ONE)
    session.advance(2)
    session.take()
    with pytest.raises(ScenarioError) as caught:
        session.add_event(raw)
    assert {problem.path: problem.expected for problem in caught.value.problems} == told
    assert not session.is_changed


def test_hints():
    """
    Who writes a key that no event of the type has is told those that it has, and who comes after
    the last day that it is over, by the key of a tick that is documented.
    """
    session = Session.start(ONE)
    with pytest.raises(ScenarioError) as caught:
        session.add_event({"type": "Outage", "agent_id": "BANK_A", "duration": 5})
    assert [problem.hint for problem in caught.value.problems] == [
        "its keys are tick, every_ticks, until_tick, agent_id"
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed  must be at least 0"),
        ({"seed": SEED_MAX + 1}, f"seed  must be at most {SEED_MAX}"),
        ({"seed": True}, "seed  must be int"),
        ({"outside": ["BANK_A", "BANK_C"]}, r"outside\[1\]  must be the id of an agent"),
        ({"outside": [3]}, r"outside\[0\]  must be the id of an agent"),
    ],
)
def test_wrong_starts(arguments, message):
    """
    A seed that is none and agents that there are not are refused.
    """
    with pytest.raises(ScenarioError, match=message):
        Session.start(ONE, **arguments)


def test_account():
    """
    An agent's account is all that its view shows, as plain JSON, with its costs.
    """
    session = Session.start(HELD, outside=["BANK_A"])
    session.advance(1)
    view, account = seen(session._kernel.view(0)), session.account("BANK_A")
    assert json.loads(json.dumps(account)) == account
    for queue in ("internal_queue", "central_queue"):
        for queued in view[queue]:
            del queued["index"]
    rates = session.scenario.to_dict()
    assert account == view | {
        "cost_rates": rates["cost_rates"],
        "rules": rates["rules"],
        "is_out": False,
        "cost": session.results().totals()["agents"][0]["cost"],
        "total_cost": session.results().totals()["agents"][0]["total_cost"],
    }
    with pytest.raises(ScenarioError, match="agent_id  must be the id of an agent"):
        session.account("BANK_C")


def test_pulse():
    """
    A pulse has the figures that a watcher needs, and says nothing of ticks before the one it names.
    """
    session = Session.start(ONE)
    session.advance(5)
    pulse = session.pulse(0)
    assert json.loads(json.dumps(pulse)) == pulse | {"flows": [[0, 1, 1, 300]]}
    assert (pulse["tick"], pulse["events"], pulse["balances"]) == (5, session.events, [700, 800])
    assert pulse["settled_by"]["entry"] == {"volume": 1, "value": 300}
    assert pulse["internal_queue"] == pulse["central_queue"] == {"volume": 0, "value": 0}
    assert set(pulse["cost"]) == set(session.results().totals()["cost"])
    assert session.pulse(3)["flows"] == []


def test_uploaded_checkpoint(tmp_path):
    """
    Agents that decided in Python decide from outside once their run is resumed.
    """
    sim = Simulation(HELD, behaviour={"BANK_A": Eager()})
    sim.run(until=2)
    sim.agents["BANK_B"].set_release_budget(3)
    sim.checkpoint(tmp_path / "run.state")
    session = Session.resume(read_checkpoint(tmp_path / "run.state"))
    assert (session.outside, session.tick, session.is_changed) == (("BANK_A",), 2, True)
    step = session.take()
    assert (step.tick, step.events) == (2, session.events)
    loaded = Session.load(session.begun(), [step])
    assert loaded.advance_each(3) == session.advance_each(3)
    assert b"release_budget_set" in loaded.lines(0, 1_000)[0]


def two_steps():
    """
    Return how a session began and two steps of it, of which the first has added an event.
    """
    session = Session.start(ONE)
    begun = session.begun()
    session.submit(SUBMITTED)
    session.advance(3)
    first = session.take()
    session.advance(2)
    return begun, [first, session.take()]


def _added(step, old, new):
    """
    Return a step that has added something else.
    """
    assert old in step.added
    return attrs.evolve(step, added=step.added.replace(old, new))


@pytest.mark.parametrize(
    "change",
    [
        lambda begun, steps: (begun[:-1], steps),
        lambda begun, steps: (begun.replace(b"BANK_A", b"BANK_C"), steps),
        lambda begun, steps: (b"", steps),
        lambda begun, steps: (begun, steps[1:]),
        lambda begun, steps: (begun, steps[::-1]),
        lambda begun, steps: (begun, [steps[0], steps[0], steps[1]]),
        lambda begun, steps: (begun, [attrs.evolve(steps[0], added=b"")]),
        lambda begun, steps: (begun, [attrs.evolve(steps[0], added=b"[{}]")]),
        lambda begun, steps: (begun, [attrs.evolve(steps[0], added=b"[")]),
        lambda begun, steps: (begun, [_added(steps[0], b"BANK_B", b"BANK_C")]),
        lambda begun, steps: (begun, [_added(steps[0], b"event-1", b"row-1")]),
        lambda begun, steps: (begun, [_added(steps[0], b":5", b":6")]),
        lambda begun, steps: (begun, [attrs.evolve(steps[0], added=b"[" * 100_000)]),
        lambda begun, steps: (begun, [attrs.evolve(steps[0], added=b"\xff")]),
        lambda begun, steps: (begun, [attrs.evolve(steps[0], added=b"7")]),
        lambda begun, steps: (begun, [attrs.evolve(steps[0], piece=b"")]),
        lambda begun, steps: (begun, [attrs.evolve(steps[0], piece=steps[1].piece)]),
        lambda begun, steps: (begun, [attrs.evolve(steps[0], tick=4)]),
        lambda begun, steps: (begun, [attrs.evolve(steps[0], events=1)]),
        lambda begun, steps: (begun, [Step(5, 0, b"", b"\0" * 40)]),
    ],
)
def test_damaged(change):
    """
    What was damaged, is missing or does not belong together is one error.
    """
    begun, steps = two_steps()
    assert Session.load(begun, steps).tick == 5
    with pytest.raises(PaysimError, match=r"^the stored simulation is damaged: ") as caught:
        Session.load(*change(begun, steps))
    assert not isinstance(caught.value, ScenarioError)


def test_numbers_of_events():
    """
    Lines go on after the number of the last event seen; after the last there are none.
    """
    session = Session.start(ONE)
    session.advance(5)
    log = session.lines(0, 1_000)[0].splitlines(keepends=True)
    assert session.lines(0, 2) == (b"".join(log[:2]), 2)
    assert session.lines(2, 2) == (b"".join(log[2:4]), 4)
    assert session.lines(0, 100, bytes_max=1) == (log[0], 1)
    assert session.lines(session.events, 10) == (b"", session.events)
