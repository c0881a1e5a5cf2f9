"""
A run that was saved and restored goes on as if nothing had happened; what cannot be saved says so.
"""

from __future__ import annotations

import collections
import enum
import json
import random
import subprocess
import sys
from contextlib import suppress

import attrs
import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st
from saved_runs import ONE, STRANGERS, Eager, Moody, meddle, outcome_of, picture_of, sleeper, waiter
from strategies import generated_scenarios

from paysim.errors import PaysimError, ScenarioError
from paysim.orchestrator import Orchestrator
from paysim.policies import Stateful, release
from paysim.scenario import Scenario
from paysim.simulation import Simulation
from paysim.testing import Scripted, payment, tiny_scenario

LANES = st.sampled_from([None, "process"])
CUTS = st.lists(st.integers(0, 30), max_size=4)
POLICIES = st.lists(st.sampled_from([None, None, Moody, Eager]), max_size=5)


@given(
    scenario=generated_scenarios().map(Scenario.from_dict),
    policies=POLICIES,
    lanes=st.lists(LANES, min_size=2, max_size=5),
    cuts=CUTS,
    meddling=st.booleans(),
)
def test_rest_of_the_run_is_the_same(scenario, policies, lanes, cuts, meddling, tmp_path_factory):
    """
    Saved and restored at any ticks, in any lanes, also before the first and after the last day, a
    run leaves the log, the tables and the totals of the run that was never interrupted.
    """
    path = tmp_path_factory.getbasetemp() / "random.state"
    end = scenario.ticks_per_day * scenario.num_days
    cuts = {cut % (end + 3) for cut in cuts}

    def behaviour():
        agents = [config.id for config in scenario.agent_configs]
        return {id: kind() for id, kind in zip(agents, policies, strict=False) if kind is not None}

    def play(saves):
        sim = Simulation(scenario, lane=lanes[0], behaviour=behaviour())
        outcomes = []
        for tick in range(end + 3):
            if meddling:
                meddle(sim, tick)
            if saves and tick in cuts:
                sim.checkpoint(path)
                first, picture = path.read_bytes(), picture_of(sim)
                sim = Simulation.restore(path, behaviour(), lane=lanes[tick % len(lanes)])
                assert (sim.env.now, sim._kernel.tick) == (tick, tick)
                assert picture_of(sim) == picture
                sim.checkpoint(path)
                assert path.read_bytes() == first
            outcomes.append(sim.tick())
        return outcomes, outcome_of(sim)

    assert play(saves=True) == play(saves=False)


@given(
    scenario=generated_scenarios().map(Scenario.from_dict),
    cut=st.integers(0, 30),
    lane=st.sampled_from([None, "process", "compiled"]),
)
def test_stretches_after_a_restoration(scenario, cut, lane, tmp_path_factory):
    """
    Restored in any lane a run up to its end, in one go, is the run that was never interrupted.
    """
    path = tmp_path_factory.getbasetemp() / "stretches.state"
    end = scenario.ticks_per_day * scenario.num_days
    whole, first = Simulation(scenario), Simulation(scenario)
    whole.run()
    if cut % (end + 1):
        first.run(until=cut % (end + 1))
    first.checkpoint(path)
    rest = Simulation.restore(path, lane=lane)
    rest.run()
    assert rest.env.now == end
    assert outcome_of(rest) == outcome_of(whole)


def test_run_goes_on_after_it_was_saved(tmp_path):
    """
    A run that was saved at every tick is the run that was not.
    """

    def play(saves):
        sim = Simulation(ONE, behaviour={"BANK_A": Moody()})
        for _ in range(10):
            if saves:
                sim.checkpoint(tmp_path / "run.state")
            sim.tick()
        return outcome_of(sim)

    assert play(True) == play(False)


def test_orchestrator(tmp_path):
    """
    The step-by-step face saves and restores the same files, with the seed that the run had.
    """
    path = tmp_path / "run.state"
    sim = Simulation(ONE, seed=77)
    sim.run(until=4)
    sim.checkpoint(path)
    engine = Orchestrator.restore(path)
    assert (engine.current_tick(), engine.results().seed) == (4, 77)
    engine.tick()
    engine.checkpoint(path)
    again = Simulation.restore(path)
    again.run()
    sim.run()
    assert (again.seed, outcome_of(again)) == (77, outcome_of(sim))


def test_orchestrator_needs_no_behaviour(tmp_path):
    """
    The step-by-step face refuses a run with behaviour in Python, and names the agents.
    """
    Simulation(ONE, behaviour={"BANK_A": Eager()}).checkpoint(tmp_path / "run.state")
    with pytest.raises(ScenarioError, match=r"Simulation.restore is \(got agents .*: BANK_A\)"):
        Orchestrator.restore(tmp_path / "run.state")


def test_decision_between_ticks_is_kept(tmp_path):
    """
    A decision that waits for the next tick is carried out after the restoration.
    """
    scenario = tiny_scenario(
        agent_configs=[
            {"id": "BANK_A", "opening_balance": 500, "policy": "deadline"},
            {"id": "BANK_B", "opening_balance": 0},
        ],
        ticks_per_day=100,
        transactions=[payment("BANK_A", "BANK_B", 300, tick=2)],
    )
    sim = Simulation(scenario)
    sim.run(until=5)
    sim.agents["BANK_A"].release("row-1")
    sim.checkpoint(tmp_path / "run.state")
    rest = Simulation.restore(tmp_path / "run.state")
    assert rest.tick().num_settlements == 1


def test_log_lines(tmp_path):
    """
    The log of operation tells a run that was resumed from one that was started, and at which tick.
    """
    program = (
        "import sys; from paysim import Simulation; from paysim.logs import configure_logging\n"
        "configure_logging([sys.stdout]); Simulation.restore(sys.argv[1]).run()"
    )
    path = tmp_path / "run.state"
    lines = []
    sim = Simulation(ONE)
    for until in (None, 4, 10):
        if until:
            sim.run(until=until)
        sim.checkpoint(path)
        command = [sys.executable, "-c", program, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        lines.append([json.loads(line) for line in done.stdout.splitlines()])
    assert [[line["event"] for line in told] for told in lines] == [
        ["run started", "day closed", "run finished"],
        ["run resumed", "day closed", "run finished"],
        ["run resumed"],
    ]
    assert lines[1][0]["tick"] == 4


def test_defaults_stay_marked(tmp_path):
    """
    A restored run still knows what the scenario left at its default.
    """
    sim = Simulation(ONE)
    sim.checkpoint(tmp_path / "run.state")
    rest = Simulation.restore(tmp_path / "run.state")
    assert rest.scenario == ONE
    assert rest.scenario.resolved_rules() == ONE.resolved_rules()
    assert any(rule.is_default for rule in rest.scenario.resolved_rules())


# --- time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("until", [3, 3.5])
def test_time(until, tmp_path):
    """
    A restored run stands at the time of the next tick, in an environment given or made.
    """
    sim = Simulation(ONE)
    sim.run(until=until)
    sim.checkpoint(tmp_path / "run.state")
    tick = -(-until // 1)
    assert Simulation.restore(tmp_path / "run.state").env.now == tick
    env = simpy.Environment(initial_time=-2)
    seen = []

    def stranger():
        yield env.timeout(3)
        seen.append(env.now)

    env.process(stranger())
    rest = Simulation.restore(tmp_path / "run.state", env=env)
    assert rest.tick().tick == tick
    assert seen == [1]
    with pytest.raises(ScenarioError, match=r"env.now must be at most \d, tick \d being still to"):
        Simulation.restore(tmp_path / "run.state", env=simpy.Environment(initial_time=tick + 1))


def test_environment_past_the_end(tmp_path):
    """
    A run whose environment went on past its end is restored at its end, and can go on there.
    """
    sim = Simulation(ONE)
    sim.env.run(until=50)
    sim.checkpoint(tmp_path / "run.state")
    rest = Simulation.restore(tmp_path / "run.state")
    assert rest.tick().tick == 10


@pytest.mark.parametrize("lane", [None, "process"])
def test_open_tick(lane, tmp_path):
    """
    A run with an open tick is neither saved nor copied, and told how to get past it.
    """
    sim = Simulation(ONE, lane=lane)
    sim.run(until=sim.wake())
    for act in (sim.branch, lambda: sim.checkpoint(tmp_path / "run.state")):
        with pytest.raises(PaysimError, match=r"run tick 0 to its settlement .* run\(until=1\)"):
            act()
    assert list(tmp_path.iterdir()) == []
    sim.tick()
    sim.checkpoint(tmp_path / "run.state")
    assert Simulation.restore(tmp_path / "run.state").tick().tick == 1


def test_stopped_run(tmp_path):
    """
    A run that an error has stopped is neither saved nor copied.
    """

    class Failing:
        def decide(self, view):
            raise KeyError("buffer")

    sim = Simulation(ONE, behaviour={"BANK_A": Failing()})
    with pytest.raises(KeyError):
        sim.run()
    for act in (sim.branch, lambda: sim.checkpoint(tmp_path / "run.state")):
        with pytest.raises(PaysimError, match="stopped with an error in tick 0"):
            act()


# --- states of policies ---------------------------------------------------------------------------


class Keeper:
    """
    A policy with a state, whatever it is.
    """

    def __init__(self, state=None):
        self.state = state

    def decide(self, view):
        return None

    def get_state(self):
        return self.state

    def set_state(self, value):
        self.state = value


def restored_state(state, tmp_path):
    Simulation(ONE, behaviour={"BANK_A": Keeper(state)}).checkpoint(tmp_path / "run.state")
    keeper = Keeper("nothing")
    Simulation.restore(tmp_path / "run.state", {"BANK_A": keeper})
    return keeper.state


PLAIN = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(-(10**98), 10**98), st.text()),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=20,
)


@given(state=PLAIN)
def test_state_comes_back(state, tmp_path_factory):
    """
    `set_state` is given what `get_state` returned, to the last bit and in the same order.
    """
    assert repr(restored_state(state, tmp_path_factory.getbasetemp())) == repr(state)


class Colour(enum.IntEnum):
    RED = 1


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"a": [0, float("nan")]}, r"state\.a\[1\] must be finite \(got nan\)"),
        (float("inf"), r"state must be finite"),
        ({"seen": (1, 2)}, r"state\.seen must be .* \(got a tuple: make it a list\)"),
        ({1: 2}, r"state must have keys that are text \(got 1\)"),
        ([{"x": {3}}], r"state\[0\]\.x must be None, a bool, .* \(got an object of type set\)"),
        ({"x": Colour.RED}, r"state\.x must be .* type Colour"),
        (b"bytes", r"state must be"),
        (10**99, r"state must have less than 100 digits"),
        (-(10**5000), r"state must have less than 100 digits"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_state_that_is_not_plain(state, told, tmp_path):
    """
    A state that JSON would not give back is an error that names the agent and the path in it.
    """
    sim = Simulation(ONE, behaviour={"BANK_A": Keeper(state)})
    with pytest.raises(PaysimError, match=f"agent BANK_A cannot be saved: get_state.*{told}"):
        sim.checkpoint(tmp_path / "run.state")
    assert list(tmp_path.iterdir()) == []


def test_state_within_itself(tmp_path):
    """
    A state that holds itself is an error and not an endless search.
    """
    state = []
    state.append(state)
    with pytest.raises(PaysimError, match="nested at most"):
        restored_state(state, tmp_path)


def test_large_state(tmp_path):
    """
    A state beyond what can be read again is refused when it is saved.
    """
    with pytest.raises(PaysimError, match=r"cannot be saved: .* take \d+ bytes as JSON"):
        restored_state("x" * 2**24, tmp_path)
    with pytest.raises(PaysimError, match=r"cannot be saved: .* must hold at most 2000000 values"):
        restored_state([0] * 2_000_001, tmp_path)


@attrs.define
class Slotted:
    level: int = 3

    def decide(self, view):
        return None


class Listing(list):
    def decide(self, view):
        return None


class Drawing(random.Random):
    def decide(self, view):
        return None


class Counting(int):
    def decide(self, view):
        return None


def with_attribute():
    policy = Eager()
    policy.level = 3
    return policy


@pytest.mark.parametrize(
    "policy", [Slotted(), with_attribute(), Listing([1]), Drawing(3), Counting(3)]
)
def test_attributes_without_get_state(policy, tmp_path):
    """
    A policy that may remember something and does not tell it is an error with agent and class.
    """
    sim = Simulation(ONE, behaviour={"BANK_A": policy})
    told = f"agent BANK_A cannot be saved: its {type(policy).__name__} has attributes but no get_s"
    with pytest.raises(PaysimError, match=told):
        sim.checkpoint(tmp_path / "run.state")


@attrs.frozen
class Empty:
    def decide(self, view):
        return None


@pytest.mark.parametrize("policy", [Eager(), Empty()])
def test_policy_without_attributes(policy, tmp_path):
    """
    A policy that is nothing but its class needs no methods to be saved, and goes on deciding.
    """
    whole = Simulation(ONE, behaviour={"BANK_A": policy})
    whole.checkpoint(tmp_path / "run.state")
    rest = Simulation.restore(tmp_path / "run.state", {"BANK_A": policy})
    for sim in (whole, rest):
        sim.run()
    assert outcome_of(whole) == outcome_of(rest)


def test_get_state_alone(tmp_path):
    """
    A policy that cannot take its state back is refused when it is saved.
    """

    class Half(Eager):
        def get_state(self):
            return 3

    sim = Simulation(ONE, behaviour={"BANK_A": Half()})
    with pytest.raises(PaysimError, match=r"its .*Half has get_state\(\) but no set_state"):
        sim.checkpoint(tmp_path / "run.state")


@pytest.mark.parametrize("method", ["get_state", "set_state"])
def test_error_in_a_method_of_a_policy(method, tmp_path):
    """
    An error of a policy while it is saved or restored comes out with the agent in a note.
    """

    def fail(*_):
        raise KeyError("level")

    keeper = Keeper(3)
    sim = Simulation(ONE, behaviour={"BANK_A": keeper})
    sim.checkpoint(tmp_path / "run.state")
    setattr(keeper, method, fail)
    act = {
        "get_state": lambda: sim.checkpoint(tmp_path / "run.state"),
        "set_state": lambda: Simulation.restore(tmp_path / "run.state", {"BANK_A": keeper}),
    }
    with pytest.raises(KeyError) as raised:
        act[method]()
    assert any("BANK_A" in note for note in raised.value.__notes__)


def test_behaviours_on_restoration(tmp_path):
    """
    Every agent that decided in Python needs a behaviour that takes its state; others may have one.
    """
    path = tmp_path / "run.state"
    Simulation(ONE, behaviour={"BANK_A": Keeper(3)}).checkpoint(path)
    with pytest.raises(ScenarioError, match=r"is missing for 'BANK_A' \(Keeper\)"):
        Simulation.restore(path)
    with pytest.raises(ScenarioError, match="'BANK_A' must have set_state"):
        Simulation.restore(path, {"BANK_A": Eager()})
    with pytest.raises(ScenarioError, match="'BANK_X', which is not in the scenario"):
        Simulation.restore(path, {"BANK_A": Keeper(), "BANK_X": Eager()})
    keeper = Keeper()
    rest = Simulation.restore(path, {"BANK_A": keeper, "BANK_B": Eager()})
    rest.run()
    assert keeper.state == 3
    assert rest.results().scripted == {"BANK_A", "BANK_B"}


def test_behaviour_that_takes_over(tmp_path):
    """
    An agent with a built-in policy may decide in Python from the restoration on.
    """
    sim = Simulation(ONE)
    sim.checkpoint(tmp_path / "run.state")

    def sleeper(agent):
        yield agent.env.timeout(7)
        agent.release("row-1")

    for behaviour in (Scripted({7: [release("row-1")]}), sleeper):
        rest = Simulation.restore(tmp_path / "run.state", {"BANK_A": behaviour})
        rest.run()
        assert rest.results().transactions.column("settled_tick") == [7]


def test_script(tmp_path):
    """
    A scripted policy is saved, and a policy with both methods is one with a state.
    """
    script = Scripted({2: [], 5: [release("row-1")]})
    sim = Simulation(ONE, behaviour={"BANK_A": script})
    sim.run(until=4)
    sim.checkpoint(tmp_path / "run.state")
    rest = Simulation.restore(tmp_path / "run.state", {"BANK_A": script})
    rest.run()
    assert rest.results().transactions.column("settled_tick") == [5]
    assert isinstance(script, Stateful)
    assert not isinstance(Eager(), Stateful)


# --- what cannot be saved -------------------------------------------------------------------------


@pytest.mark.parametrize("until", [None, 3])
def test_process(until, tmp_path):
    """
    A behaviour that is a SimPy process cannot be saved, and the error names its agent.
    """
    sim = Simulation(ONE, behaviour={"BANK_A": Eager(), "BANK_B": sleeper})
    if until:
        sim.run(until=until)
    with pytest.raises(PaysimError, match=r"agent BANK_B cannot be saved, .* decide\(view\)"):
        sim.checkpoint(tmp_path / "run.state")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lane", [None, "process"])
@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
def test_strangers(stranger, lane, tmp_path):
    """
    A run with others in its environment cannot be saved, and not silently without them.
    """
    env = simpy.Environment(initial_time=-1)
    sim = Simulation(ONE, env=env, lane=lane, behaviour={"BANK_A": Eager()})
    sim.run(until=0)
    sim.checkpoint(tmp_path / "run.state")
    stranger(sim)
    for _ in range(2):
        with pytest.raises(PaysimError, match=r"where 1 process or event waits besides .* let it"):
            sim.checkpoint(tmp_path / "run.state")
        with suppress(simpy.Interrupt, RuntimeError):
            if env.peek() <= 0:
                break
            env.run(until=env.now + 0.01)


def test_stranger_that_ends(tmp_path):
    """
    A run can be saved when the others in its environment have come to their end.
    """
    sim = Simulation(ONE)
    waiter(lambda sim: sim.env.timeout(3))(sim)
    waiter(lambda sim: sim.env.timeout(4))(sim)
    with pytest.raises(PaysimError, match="2 processes or events wait"):
        sim.checkpoint(tmp_path / "run.state")
    sim.run(until=5)
    sim.checkpoint(tmp_path / "run.state")


def test_saving_from_a_process(tmp_path):
    """
    A process that saves the run it is in counts as one that would be lost.
    """
    sim = Simulation(ONE)
    seen = []

    def saver():
        yield sim.tick_over()
        with pytest.raises(PaysimError, match="1 process or event waits"):
            sim.checkpoint(tmp_path / "run.state")
        seen.append(sim.env.now)

    sim.env.process(saver())
    sim.run()
    assert seen == [0]


def test_many_missing_behaviours(tmp_path):
    """
    Of many agents without a behaviour the first are named and the others counted.
    """
    agents = [{"id": f"BANK_{n}", "opening_balance": 1} for n in range(15)]
    scenario = tiny_scenario(agent_configs=agents)
    behaviour = collections.defaultdict(Eager, {agent["id"]: Eager() for agent in agents})
    Simulation(scenario, behaviour=behaviour).checkpoint(tmp_path / "run.state")
    with pytest.raises(ScenarioError, match=r"'BANK_0' \(Eager\), .* and 5 more$"):
        Simulation.restore(tmp_path / "run.state")
