"""
A branch is a copy that goes its own way, and leaves the simulation that it comes from as it was.
"""

from __future__ import annotations

import threading

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st
from saved_runs import ONE, STRANGERS, Eager, Moody, meddle, outcome_of, sleeper
from strategies import generated_scenarios

from paysim.errors import PaysimError, ScenarioError
from paysim.policies import release
from paysim.scenario import Scenario
from paysim.simulation import Simulation
from paysim.testing import Scripted


@given(
    scenario=generated_scenarios().map(Scenario.from_dict),
    policies=st.lists(st.sampled_from([None, None, Moody, Eager]), max_size=5),
    lane=st.sampled_from([None, "process"]),
    cut=st.integers(0, 30),
)
def test_branching_changes_nothing(scenario, policies, lane, cut):
    """
    A run with a branch is the run without, and branches left alone are that run too, whatever other
    branches do meanwhile.
    """
    end = scenario.ticks_per_day * scenario.num_days
    ids = [config.id for config in scenario.agent_configs]

    def started():
        given = {id: kind() for id, kind in zip(ids, policies, strict=False) if kind is not None}
        return Simulation(scenario, lane=lane, behaviour=given)

    def run_on(sim, ticks):
        for tick in ticks:
            meddle(sim, tick)
            sim.tick()

    cut %= end + 2
    alone, sim = started(), started()
    run_on(alone, range(end + 2))
    run_on(sim, range(cut))
    first, second, other = sim.branch(), sim.branch(), sim.branch(dict.fromkeys(ids, Eager()))
    other.tick()
    assert first.env.now == sim.env.now
    run_on(first, range(cut, cut + (end + 2 - cut) // 2))
    run_on(sim, range(cut, end + 2))
    other.tick()
    run_on(second, range(cut, end + 2))
    run_on(first, range(cut + (end + 2 - cut) // 2, end + 2))
    expected = outcome_of(alone)
    assert [outcome_of(each) for each in (sim, first, second)] == [expected] * 3


def test_results_stay_good():
    """
    Tables taken before a branch, and those of a branch, are of their own runs.
    """
    sim = Simulation(ONE)
    sim.run(until=2)
    branch = sim.branch()
    results = sim.results()
    branch.run()
    assert len(results.ticks) == 2
    assert len(branch.results().ticks) == 10
    assert (sim.env.now, branch.env.now, branch.seed) == (2, 10, sim.seed)


def test_what_if():
    """
    A behaviour for the branch takes the place of what the agent has here, and only there.
    """
    sim = Simulation(ONE)
    sim.run(until=1)
    late = sim.branch({"BANK_A": Scripted({6: [release("row-1")]})})
    for each in (late, sim):
        each.run()
    settled = [each.results().transactions.column("settled_tick") for each in (late, sim)]
    assert settled == [[6], [2]]
    assert late.results().scripted == {"BANK_A"}


def test_decision_between_ticks_is_copied():
    """
    Decisions that wait for the next tick, and release budgets, are in the branch too.
    """
    sim = Simulation(ONE, behaviour={"BANK_A": sleeper})
    sim.run(until=3)
    sim.agents["BANK_A"].release("row-1")
    branch = sim.branch({"BANK_A": Eager()})
    sim.agents["BANK_A"].set_release_budget(0)
    assert branch.tick().num_settlements == 1


class Noting:
    """
    A policy without the methods of a state, and with a board that it may share.
    """

    def __init__(self, board):
        self.board = board

    def decide(self, view):
        self.board.append((view.agent_id, view.tick))


def test_shared_objects_stay_shared():
    """
    What policies share the copies share too, and nothing of it with the original.
    """
    board = []
    both = Noting(board)
    sim = Simulation(ONE, behaviour={"BANK_A": both, "BANK_B": Noting(board)})
    sim.run(until=2)
    branch = sim.branch()
    branch.tick()
    own = [given.board for given in branch._behaviour.values()]
    assert own[0] is own[1]
    assert own[0][-2:] == [("BANK_A", 2), ("BANK_B", 2)]
    assert len(board) == 4


def test_policy_that_cannot_be_copied():
    """
    A policy that cannot be copied is an error that names the agent, unless it is replaced.
    """
    policy = Eager()
    policy.lock = threading.Lock()
    sim = Simulation(ONE, behaviour={"BANK_A": policy})
    with pytest.raises(
        PaysimError, match=r"agent BANK_A cannot be copied, as copy.deepcopy of its"
    ):
        sim.branch()
    sim.branch({"BANK_A": Eager()}).run()


def test_process_needs_a_replacement():
    """
    A behaviour that is a SimPy process is replaced in the branch, or an error names its agent.
    """
    sim = Simulation(ONE, behaviour={"BANK_B": sleeper})
    sim.run(until=3)
    with pytest.raises(PaysimError, match=r"agent BANK_B cannot be copied, .* branch\(behaviour="):
        sim.branch()
    branch = sim.branch({"BANK_B": sleeper})
    branch.run()
    sim.run()
    assert outcome_of(branch) == outcome_of(sim)


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
def test_strangers(stranger):
    """
    With others in the environment a branch is made only into an environment that the caller gives.
    """
    sim = Simulation(ONE, env=simpy.Environment(initial_time=-1), behaviour={"BANK_A": Eager()})
    sim.run(until=0)
    stranger(sim)
    with pytest.raises(PaysimError, match=r"where 1 process or event waits .*branch\(env=\.\.\.\)"):
        sim.branch()
    branch = sim.branch(env=simpy.Environment())
    branch.run()
    expected = Simulation(ONE, behaviour={"BANK_A": Eager()})
    expected.run()
    assert outcome_of(branch) == outcome_of(expected)


def test_branch_from_an_observer():
    """
    A process may branch the run that it watches, and run the branch to its end.
    """
    sim = Simulation(ONE)
    seen = []

    def observer():
        while True:
            outcome = yield sim.tick_over()
            if outcome.num_arrivals:
                branch = sim.branch(env=simpy.Environment(initial_time=sim.env.now))
                branch.run()
                seen.append((sim.env.now, branch.env.now))

    sim.env.process(observer())
    sim.run()
    assert seen == [(2, 10)]


def test_lane():
    """
    A branch has the lane of its origin, or the one that it is given.
    """
    sim = Simulation(ONE, lane="process")
    assert sim.branch().lane == "process"
    assert sim.branch(lane=None).lane is None
    assert sim.branch(lane="compiled").lane == "compiled"
    with pytest.raises(ScenarioError, match="lane must be"):
        sim.branch(lane="fast")


def test_bad_arguments():
    """
    Arguments of a branch are checked as those of a simulation.
    """
    sim = Simulation(ONE)
    sim.run(until=4)
    with pytest.raises(ScenarioError, match=r"env\.now must be at most 4"):
        sim.branch(env=simpy.Environment(initial_time=5))
    with pytest.raises(ScenarioError, match="agent 'BANK_X', which is not in the scenario"):
        sim.branch({"BANK_X": Eager()})
    with pytest.raises(ScenarioError, match="must be an object with decide"):
        sim.branch({"BANK_A": 3})
