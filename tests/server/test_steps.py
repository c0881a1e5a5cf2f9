"""
The steps taken of a simulation lead back to it, and damaged ones to nothing.
"""

from __future__ import annotations

from contextlib import suppress

import attrs
import pytest
from hypothesis import given
from saved_runs import Eager
from strategies import Dice, arrival_event, generated_scenario, money_event, rolled

from paysim._kernel import AMOUNT_MAX
from paysim.checkpoint_format import decoded, encoded
from paysim.checkpoints import read_checkpoint
from paysim.errors import PaysimError, ScenarioError
from paysim.results import TABLES
from paysim.scenario import SEED_MAX, Scenario
from paysim.server.session.session import Session
from paysim.server.store.records import Step
from paysim.simulation import Simulation
from paysim.testing import payment, tiny_scenario

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
