"""
Scenario events added from Python, and outages of agents whose behaviour is Python.
"""

from __future__ import annotations

import pytest
import simpy

from paysim.errors import PaysimError, ScenarioError
from paysim.loading import load_scenario
from paysim.policies import release
from paysim.simulation import Simulation, run
from paysim.testing import payment, tiny_scenario

LANES = pytest.mark.parametrize("lane", [None, "process"])

DAILY = [payment("BANK_A", "BANK_B", 10, tick=tick) for tick in range(10)]


def releases(sim):
    """
    Return the ticks in which BANK_A released something.
    """
    rows = sim.results().events.to_dicts()
    return [row["tick"] for row in rows if row["event"] == "released"]


def started(lane=None, behaviour=None, **changes):
    """
    Return a simulation in which BANK_A is to pay in every tick.
    """
    own = None if behaviour is None else {"BANK_A": behaviour}
    return Simulation(tiny_scenario(transactions=DAILY, **changes), lane=lane, behaviour=own)


@LANES
def test_at_adds_to_the_scenario(lane):
    """
    An event added before or during a run is part of the scenario, as if it had stood there.
    """
    sim = started(lane)
    sim.at(7, "Outage", agent_id="BANK_A")
    sim.run(until=4)
    sim.at(4, "extra_transaction", sender_id="BANK_B", receiver_id="BANK_A", amount=1)
    sim.at(5, "liquidity_injection", every_ticks=2, until_tick=7, agent_id="BANK_B", amount=3)
    sim.run()
    expected = tiny_scenario(
        transactions=DAILY,
        scenario_events=[
            {"type": "outage", "tick": 7, "agent_id": "BANK_A"},
            {
                "type": "extra_transaction",
                "tick": 4,
                "sender_id": "BANK_B",
                "receiver_id": "BANK_A",
                "amount": 1,
                "id": "event-2",
            },
            {
                "type": "liquidity_injection",
                "tick": 5,
                "every_ticks": 2,
                "until_tick": 7,
                "agent_id": "BANK_B",
                "amount": 3,
            },
        ],
    )
    assert sim.scenario == expected
    assert sim._kernel.events_jsonl() == run(expected)._kernel.events_jsonl()


def test_written_results_run_again(tmp_path):
    """
    What is written after events were added leads to the same bytes when it is run again.
    """
    sim = started()
    sim.run(until=3)
    sim.at(3, "halt")
    sim.at(6, "resume")
    sim.run()
    sim.results().write(tmp_path / "one")
    run(load_scenario(tmp_path / "one" / "scenario.json")).write(tmp_path / "two")
    logs = [(tmp_path / name / "events.jsonl").read_bytes() for name in ("one", "two")]
    assert logs[0] == logs[1]
    assert b'"halted"' in logs[0]


@LANES
def test_at_from_a_process(lane):
    """
    A process may add an event for the tick whose opening is still to come, at its very time too.
    """
    sim = started(lane)

    def shock():
        yield sim.env.timeout(2.5)
        sim.at(3, "outage", agent_id="BANK_A")
        yield sim.wake()
        with pytest.raises(ScenarioError, match="tick must be at least 4, the next tick to open"):
            sim.at(3, "outage_end", agent_id="BANK_A")
        sim.at(5, "outage_end", agent_id="BANK_A")

    sim.env.process(shock())
    sim.run()
    assert releases(sim) == [0, 1, 2, 5, 5, 5, 6, 7, 8, 9]


@LANES
def test_at_refuses_whole(lane):
    """
    An event that is wrong, or too late, changes nothing, and the error names its place.
    """
    sim = started(lane)
    sim.run(until=4)
    scenario = sim.scenario
    for tick, keys, text in [
        (5, {"type": "outrage"}, r"^scenario_events\[0\].type  must be .* did you mean outage\?"),
        (5, {"type": "outage"}, r"^scenario_events\[0\].agent_id  is missing"),
        (5, {"type": "outage", "agent_id": "X"}, r"\[0\].agent_id  must be the id of an agent"),
        (5, {"type": "halt", "until_tick": 6}, r"\[0\].until_tick  must be absent from"),
        (10, {"type": "halt"}, r"\[0\].tick  must be before the end of the run, tick 10"),
        ("5", {"type": "halt"}, r"\[0\].tick  must be int"),
        (3, {"type": "halt"}, r"^tick must be at least 4, the next tick to open \(got 3\)"),
    ]:
        with pytest.raises(ScenarioError, match=text):
            sim.at(tick, **keys)
    assert sim.scenario is scenario
    sim.run()
    assert sim._kernel.events_jsonl() == run(scenario)._kernel.events_jsonl()


def test_at_after_an_error():
    """
    A simulation that has stopped with an error takes no more events.
    """

    def failing(agent):
        yield agent.wake()
        raise KeyError("buffer")

    sim = started(behaviour=failing)
    with pytest.raises(KeyError):
        sim.run()
    with pytest.raises(PaysimError, match="stopped with an error in tick 0"):
        sim.at(5, "halt")


class Eager:
    """
    A policy that releases everything and notes when it was asked.
    """

    def __init__(self):
        self.asked = []

    def decide(self, view):
        self.asked.append(view.tick)
        return [release(t) for t in view.internal_queue]


OUT = [
    {"type": "outage", "tick": 3, "agent_id": "BANK_A"},
    {"type": "outage_end", "tick": 6, "agent_id": "BANK_A"},
]


@LANES
def test_outage_of_a_policy_in_python(lane):
    """
    An object with `decide` is asked in every tick but those of an outage.
    """
    policy = Eager()
    sim = started(lane, policy, scenario_events=OUT)
    sim.run()
    assert policy.asked == [0, 1, 2, 6, 7, 8, 9]
    assert releases(sim) == [0, 1, 2, 6, 6, 6, 6, 7, 8, 9]


@pytest.mark.parametrize("lane", [None, "process", "compiled"])
def test_outage_of_a_process_that_waits_for_the_tick(lane):
    """
    A process that waits for exactly the next opening sleeps until the first after the outage.
    """
    woken = []

    def behave(agent):
        while True:
            tick = yield agent.wake()
            woken.append((tick, agent.env.now))
            for t in agent.internal_queue:
                agent.release(t)

    sim = started(lane, behave, scenario_events=OUT)
    sim.run()
    assert woken == [(tick, tick) for tick in (0, 1, 2, 6, 7, 8, 9)]
    assert releases(sim) == [0, 1, 2, 6, 6, 6, 6, 7, 8, 9]


@LANES
def test_outage_of_the_three_behaviours_gives_one_log(lane):
    """
    A built-in policy, an object and a process that do the same leave the same bytes.
    """

    def behave(agent):
        while True:
            yield agent.wake()
            for t in agent.internal_queue:
                agent.release(t)

    logs = set()
    for behaviour in (None, Eager(), behave):
        sim = started(lane, behaviour, scenario_events=[*OUT, OUT[0] | {"tick": 9}])
        sim.run()
        logs.add(sim._kernel.events_jsonl())
    assert len(logs) == 1


@LANES
def test_decision_in_an_outage(lane):
    """
    A decision made for an agent that is out is an error; what was decided before stays.
    """
    told = []

    def behave(agent):
        # Between two ticks: this counts for tick 3, in which the outage begins.
        yield agent.env.timeout(2.5)
        agent.release("row-1")
        agent.set_release_budget(25)
        assert not agent.is_out
        yield agent.env.timeout(2)
        assert agent.is_out
        for decide in (
            lambda: agent.release("row-2"),
            lambda: agent.release("row-2", 9),
            lambda: agent.split("row-2", 2),
            lambda: agent.reprioritise("row-2", 9),
            lambda: agent.set_release_budget(5),
        ):
            with pytest.raises(PaysimError) as caught:
                decide()
            told.append(str(caught.value))
        yield agent.env.timeout(1.5)
        assert not agent.is_out
        agent.release("row-2")

    sim = started(lane, behave, scenario_events=OUT)
    sim.run()
    place = "agent BANK_A, tick 5: BANK_A cannot "
    assert told == [
        f"{place}release transaction row-2: it is out since tick 3",
        f"{place}reprioritise transaction row-2: it is out since tick 3",
        f"{place}split transaction row-2: it is out since tick 3",
        f"{place}reprioritise transaction row-2: it is out since tick 3",
        f"{place}set its release budget: it is out since tick 3",
    ]
    assert releases(sim) == [3, 6]


@LANES
def test_outage_does_not_keep_a_process_from_other_events(lane):
    """
    A process that waits for anything else than an opening, or is interrupted, is resumed.
    """
    resumed = []

    def behave(agent):
        yield agent.env.timeout(4)
        resumed.append(agent.env.now)
        yield agent.wake() | agent.env.timeout(50)
        resumed.append(agent.env.now)
        try:
            yield agent.wake()
        except simpy.Interrupt:
            resumed.append("interrupted")
        yield agent.wake()
        resumed.append(agent.env.now)

    sim = started(lane, behave, scenario_events=[OUT[0], OUT[1] | {"tick": 8}])

    def disturb():
        yield sim.env.timeout(6.5)
        sim.agents["BANK_A"].process.interrupt()

    sim.env.process(disturb())
    sim.run()
    assert resumed == [4, 5, "interrupted", 8]
