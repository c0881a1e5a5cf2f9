"""
The three ways to give an agent behaviour, and for which tick a decision counts.
"""

from __future__ import annotations

import json
from functools import partial

import pytest
import simpy

from paysim.errors import PaysimError, ScenarioError
from paysim.policies import Deadline, Fifo, hold, release, split
from paysim.simulation import Simulation
from paysim.testing import Scripted, payment, tiny_scenario

LANES = pytest.mark.parametrize("lane", [None, "process"])

ONE = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300, tick=2)])
"""
BANK_A has 300 to pay to BANK_B from tick 2 on.
"""


def settled(sim):
    """
    Return the ticks of all settlements.
    """
    rows = [json.loads(line) for line in sim._kernel.events_jsonl().splitlines()]
    return [row["tick"] for row in rows if row["event"] == "settled"]


def balances(sim):
    return {id: agent.balance for id, agent in sim.agents.items()}


def played(behaviour, lane=None, scenario=ONE):
    sim = Simulation(scenario, lane=lane, behaviour={"BANK_A": behaviour})
    sim.run()
    return sim


# --- the three kinds ------------------------------------------------------------------------------


@LANES
def test_named_policy(lane):
    """
    An agent without a behaviour in Python follows the policy of the scenario.
    """
    sim = Simulation(ONE, lane=lane)
    sim.run()
    assert settled(sim) == [2]
    assert balances(sim) == {"BANK_A": 700, "BANK_B": 800}
    assert sim.agents["BANK_A"].process is None


@LANES
def test_object_with_decide(lane):
    """
    An object with `decide` is asked in every tick, and its decisions count for that tick.
    """
    ticks = []

    class Patient:
        def decide(self, view):
            ticks.append(view.tick)
            return [release(t) for t in view.internal_queue if t.age_ticks >= 3]

    sim = played(Patient(), lane)
    assert ticks == list(range(10))
    assert settled(sim) == [5]
    assert balances(sim) == {"BANK_A": 700, "BANK_B": 800}


@LANES
def test_decide_may_return_none_or_yield(lane):
    """
    Decisions may come as any iterable, a generator among them, and `None` is none.
    """

    class Lazy:
        def decide(self, view):
            for transaction in view.internal_queue:
                yield release(transaction) if view.tick == 4 else hold(transaction)

    class Idle:
        def decide(self, view):
            return None

    assert settled(played(Lazy(), lane)) == [4]
    assert settled(played(Idle(), lane)) == []


@LANES
def test_process_of_ones_own(lane):
    """
    A generator function of the agent runs as a SimPy process and decides when it likes.
    """

    def careful(agent):
        while not agent.internal_queue:
            yield agent.wake()
        yield agent.env.timeout(4)
        agent.release(agent.internal_queue[0])

    sim = played(careful, lane)
    assert settled(sim) == [6]
    assert isinstance(sim.agents["BANK_A"].process, simpy.events.Process)
    assert not sim.agents["BANK_A"].process.is_alive


def test_function_that_returns_a_generator():
    """
    Any callable of the agent that returns a generator will do.
    """

    def at(tick, agent):
        yield agent.env.timeout(tick)
        agent.release("row-1")

    assert settled(played(partial(at, 7))) == [7]
    assert settled(played(lambda agent: at(8, agent))) == [8]


@LANES
def test_behaviour_takes_the_place_of_the_policy(lane):
    """
    The policy of the scenario is not asked for an agent whose behaviour is in Python.
    """
    assert settled(played(Scripted({}), lane)) == []
    assert settled(played(lambda agent: (yield agent.wake()), lane)) == []


@LANES
def test_deciding_for_an_agent_with_a_policy(lane):
    """
    Others may decide for an agent with a built-in policy, which has decided before them.
    """
    scenario = tiny_scenario(
        agent_configs=[
            {"id": "BANK_A", "opening_balance": 1_000, "policy": "deadline"},
            {"id": "BANK_B", "opening_balance": 500},
        ],
        ticks_per_day=50,
        transactions=[
            payment("BANK_A", "BANK_B", 300, tick=2, deadline_tick=12),
            payment("BANK_A", "BANK_B", 400, tick=2, deadline_tick=40),
        ],
    )
    env = simpy.Environment()

    def supervisor():
        # Waits before the agents' own processes do.
        while (yield sim.wake()) < 2:
            pass
        with pytest.raises(PaysimError):
            sim.agents["BANK_A"].release("row-1")
        sim.agents["BANK_A"].release("row-2")

    env.process(supervisor())
    sim = Simulation(scenario, env=env, lane=lane)
    sim.run()
    assert settled(sim) == [2, 2]


@LANES
def test_withdrawing_for_an_agent_with_a_policy(lane):
    """
    What others withdraw for an agent with a built-in policy stays held to the end of the tick.
    """
    scenario = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 1_300)])
    env = simpy.Environment()

    def supervisor():
        while (yield sim.wake()) < 3:
            pass
        sim.agents["BANK_A"].withdraw("row-1")
        outcome = yield sim.tick_over()
        held.append((outcome.tick, [t.id for t in sim.agents["BANK_A"].internal_queue]))
        outcome = yield sim.tick_over()
        held.append((outcome.tick, [t.id for t in sim.agents["BANK_A"].internal_queue]))

    held = []
    env.process(supervisor())
    sim = Simulation(scenario, env=env, lane=lane)
    sim.run()
    assert held == [(3, ["row-1"]), (4, [])]


# --- for which tick a decision counts -------------------------------------------------------------


@LANES
@pytest.mark.parametrize(
    ("time", "tick"), [(2.5, 3), (3, 3), (3.5, 4), (4, 4), (8.999, 9), (9.5, None)]
)
def test_decision_at_a_time(lane, time, tick):
    """
    A decision at a tick's time counts for it, one between two ticks for the later one.
    """

    def timed(agent):
        yield agent.env.timeout(time)
        agent.release("row-1")

    assert settled(played(timed, lane)) == ([] if tick is None else [tick])


@LANES
def test_decision_after_a_chain_of_events(lane):
    """
    A decision at the end of a chain of events without delay counts for the tick of that time.
    """

    def chained(agent):
        yield agent.env.timeout(3)
        for _ in range(5):
            yield agent.env.timeout(0)
            yield agent.env.process(link(agent.env))
        agent.release("row-1")

    def link(env):
        yield env.event().succeed()

    assert settled(played(chained, lane)) == [3]


@LANES
def test_decision_upon_an_outcome(lane):
    """
    A decision in reaction to the outcome of a tick counts for the next.
    """

    def reacting(agent):
        while (yield sim.tick_over()).num_arrivals == 0:
            pass
        assert agent.env.now == 2
        agent.release("row-1")

    sim = Simulation(ONE, lane=lane, behaviour={"BANK_A": reacting})
    sim.run()
    assert settled(sim) == [3]


@LANES
def test_decision_from_outside(lane):
    """
    A decision between two runs up to a time counts for the tick of that time.
    """
    sim = Simulation(ONE, lane=lane, behaviour={"BANK_A": Scripted({})})
    sim.run(until=6)
    sim.agents["BANK_A"].release(sim.agents["BANK_A"].internal_queue[0])
    sim.run()
    assert settled(sim) == [6]


@LANES
def test_wake_at_the_start_is_tick_0(lane):
    """
    The first opening that a behaviour can wait for is that of tick 0, with its arrivals.
    """
    seen = []

    def early(agent):
        seen.append(((yield agent.wake()), len(agent.internal_queue), agent.env.now))

    played(early, lane, tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 1)]))
    assert seen == [(0, 1, 0)]


@LANES
def test_decisions_are_simultaneous(lane):
    """
    No agent sees in a tick what another has decided in it.
    """
    scenario = tiny_scenario(
        transactions=[payment("BANK_A", "BANK_B", 300), payment("BANK_B", "BANK_A", 300)]
    )
    seen = []

    class Watching:
        def decide(self, view):
            seen.append((view.agent_id, view.tick, view.balance, len(view.internal_queue)))
            return [release(t) for t in view.internal_queue]

    sim = Simulation(scenario, lane=lane, behaviour={"BANK_A": Watching(), "BANK_B": Watching()})
    sim.tick()
    assert seen == [("BANK_A", 0, 1_000, 1), ("BANK_B", 0, 500, 1)]


@LANES
def test_agents_interrupt_each_other(lane):
    """
    One agent's process may interrupt another's.
    """

    def nervous(agent):
        yield agent.env.timeout(4)
        sim.agents["BANK_A"].process.interrupt("pay now")

    def sleepy(agent):
        try:
            yield agent.env.event()
        except simpy.Interrupt:
            agent.release("row-1")

    sim = Simulation(ONE, lane=lane, behaviour={"BANK_A": sleepy, "BANK_B": nervous})
    sim.run()
    assert settled(sim) == [4]


# --- errors ---------------------------------------------------------------------------------------


def test_error_in_decide():
    """
    An error in `decide` leaves the simulation as it is, with a note of agent and tick.
    """
    error = KeyError("buffer")

    class Broken:
        def decide(self, view):
            if view.tick == 3:
                raise error
            return ()

    sim = Simulation(ONE, behaviour={"BANK_A": Broken()})
    with pytest.raises(KeyError) as raised:
        sim.run()
    assert raised.value is error
    assert raised.value.__notes__ == ["while agent BANK_A decided in tick 3"]


@pytest.mark.parametrize(
    ("returned", "found"),
    [
        (7, "got 7"),
        (release("row-1"), "an iterable of decisions"),
        ("hold", "got 'hold'"),
        ([None], "got None"),
        ([("release", "row-1")], "got a list of 2"),
        ([split], "got an object of type function"),
    ],
)
def test_decision_of_the_wrong_type(returned, found):
    """
    What is not a decision is refused with the agent, the tick and what was found.
    """
    with pytest.raises(PaysimError) as raised:
        played(Scripted({4: returned}))
    assert str(raised.value).startswith("agent BANK_A, tick 4: decide must return ")
    assert found in str(raised.value)


@pytest.mark.parametrize(
    ("decision", "text"),
    [
        (release("nobody"), "nobody"),
        (release(5), r"transaction must be an entry of a queue or its id \(got 5\)"),
        (release("row-1", priority=11), r"priority must be in 0 to 10 \(got 11\)"),
        (release("row-1", priority=True), r"priority must be int \(got True\)"),
        (split("row-1", 2.0), r"parts must be int \(got 2.0\)"),
        (split("row-1", 1), r"parts must be"),
        (split("row-1", 301), r"parts"),
    ],
)
def test_decision_that_cannot_be(decision, text):
    """
    A decision that cannot be carried out is an error in the tick in which it is made.
    """
    with pytest.raises(PaysimError, match=text) as raised:
        played(Scripted({4: [decision]}))
    assert str(raised.value).startswith("agent BANK_A, tick 4: ")
    assert str(raised.value).count("tick 4") == 1


@pytest.mark.parametrize(
    ("behaviour", "text"),
    [
        ({"BANK_X": Scripted({})}, "behaviour names agent 'BANK_X', which is not in the scenario"),
        ({"BANK_A": Scripted}, "'BANK_A'.*got the class Scripted, not an instance"),
        ({"BANK_A": Fifo()}, "'BANK_A'.*a policy of the scenario"),
        ({"BANK_A": Deadline()}, "'BANK_A'.*a policy of the scenario"),
        ({"BANK_A": "fifo"}, "'BANK_A'.*got 'fifo'"),
        ({"BANK_A": None}, "'BANK_A'.*got None"),
        ({"BANK_A": lambda agent: 3}, "'BANK_A'.*got a function that returned 3"),
        ([Scripted({})], "behaviour must map agents' ids"),
    ],
)
def test_behaviour_that_cannot_be(behaviour, text):
    """
    A behaviour that is of no kind, or of no agent, is refused before the run.
    """
    with pytest.raises(ScenarioError, match=text):
        Simulation(ONE, behaviour=behaviour)


def test_error_in_a_process_of_ones_own():
    """
    An error in a process of one's own leaves the environment as in any SimPy program.
    """

    def broken(agent):
        yield agent.wake()
        raise ZeroDivisionError("by hand")

    with pytest.raises(ZeroDivisionError, match="by hand"):
        played(broken)


@pytest.mark.parametrize(
    "decide",
    [
        lambda agent: agent.release("nobody"),
        lambda agent: agent.release("row-1", 11),
        lambda agent: agent.hold("nobody"),
        lambda agent: agent.split("row-1", 1),
        lambda agent: agent.reprioritise("row-1", -1),
        lambda agent: agent.withdraw("row-1"),
        lambda agent: agent.set_release_budget("all"),
    ],
)
def test_error_of_an_agents_decision(decide):
    """
    A decision on an agent that cannot be made names the agent and the tick in its text.
    """
    sim = Simulation(ONE, behaviour={"BANK_A": Scripted({})})
    sim.run(until=5)
    with pytest.raises(PaysimError, match=r"^agent BANK_A, tick 5: "):
        decide(sim.agents["BANK_A"])
    sim.run()
    assert sim.env.now == 10


def test_yielding_what_is_no_event():
    """
    A behaviour that yields something else than an event is told so, with the agent and the tick.
    """

    def confused(agent):
        yield agent.wake()
        yield 5

    with pytest.raises(PaysimError, match=r"agent BANK_A, tick 0: .*must yield events \(got 5\)"):
        played(confused)


def test_name_of_a_process():
    """
    The process of a behaviour has the name of its generator.
    """

    def careful(agent):
        yield agent.wake()

    assert played(careful).agents["BANK_A"].process.name == "careful"
