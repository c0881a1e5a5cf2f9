"""
A simulation from the outside: environments, seeds, lanes, running, ticking, and its log lines.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import simpy
import simpy.rt
import structlog

import paysim
from paysim import PaysimError, ScenarioError, Simulation, TickOutcome
from paysim.testing import Scripted, payment, tiny_scenario

LANES = pytest.mark.parametrize("lane", [None, "process", "compiled"])

ONE = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300, tick=2)])
BUSY = tiny_scenario(
    agent_configs=[
        {
            "id": id,
            "opening_balance": 1_000,
            "arrival_config": {
                "rate_per_tick": 2,
                "amount_distribution": {"type": "uniform", "min": 1, "max": 500},
            },
        }
        for id in ("BANK_A", "BANK_B")
    ]
)


def event_log(sim):
    return sim._kernel.events_jsonl()


# --- environments ---------------------------------------------------------------------------------


@LANES
def test_own_environment_with_other_processes(lane):
    """
    Processes of the caller's live beside the banks, and the run ends though they do not.
    """
    env = simpy.Environment()
    beats = []

    def heart():
        while True:
            beats.append(env.now)
            yield env.timeout(0.75)

    env.process(heart())
    sim = Simulation(BUSY, env=env, lane=lane)
    assert sim.env is env
    sim.run()
    assert env.now == 10
    assert beats == [0.75 * n for n in range(14)]
    alone = Simulation(BUSY, lane=lane)
    alone.run()
    assert event_log(sim) == event_log(alone)


@LANES
def test_environment_runs_itself(lane):
    """
    The caller may run the environment instead: it ends at the end of the last day.
    """
    sim = Simulation(BUSY, lane=lane)
    sim.env.run()
    assert sim.env.now == 10
    assert len(sim.results().ticks) == 10


@LANES
def test_environment_before_tick_0(lane):
    """
    An environment that starts before time 0 comes to tick 0 in its own time.
    """
    env = simpy.Environment(initial_time=-5)
    sim = Simulation(BUSY, env=env, lane=lane)
    sim.run(until=-1)
    assert sim.results().totals()["ticks"] == 0
    sim.run()
    other = Simulation(BUSY)
    other.run()
    assert event_log(sim) == event_log(other)


def test_environment_past_tick_0_is_refused():
    """
    In an environment past time 0 there is no tick 0 any more.
    """
    with pytest.raises(ScenarioError, match=r"env\.now must be at most 0.*\(got 3\)"):
        Simulation(ONE, env=simpy.Environment(initial_time=3))


def test_environment_of_another_kind_is_refused():
    """
    An environment that is not SimPy's is refused.
    """
    with pytest.raises(ScenarioError, match=r"env must be a simpy\.Environment"):
        Simulation(ONE, env=object())


def test_environment_with_its_own_idea_of_time():
    """
    An environment that does something between events passes every tick.
    """

    class Slow(simpy.rt.RealtimeEnvironment):
        steps = 0

        def step(self):
            Slow.steps += 1
            super().step()

    sim = Simulation(BUSY, env=Slow(factor=0.0001, strict=False))
    sim.run()
    assert Slow.steps >= 20
    other = Simulation(BUSY)
    other.run()
    assert event_log(sim) == event_log(other)


# --- arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1])
def test_seed(seed):
    """
    A seed given to the run takes the place of the scenario's.
    """
    sim = Simulation(BUSY, seed=seed)
    sim.run()
    assert sim.seed == seed
    assert sim.results().seed == seed
    assert event_log(sim) == paysim.run(BUSY, seed=seed)._kernel.events_jsonl()
    assert (event_log(sim) == paysim.run(BUSY)._kernel.events_jsonl()) == (seed == 0)


@pytest.mark.parametrize(
    ("seed", "text"),
    [
        (-1, r"seed must be in 0 to 18446744073709551615 \(got -1\)"),
        (2**64, "seed must be in 0 to"),
        (True, r"seed must be int \(got True\)"),
        (1.0, r"seed must be int \(got 1.0\)"),
        ("1", r"seed must be int \(got '1'\)"),
    ],
)
def test_seed_that_cannot_be(seed, text):
    """
    A seed is an int of 64 bits.
    """
    with pytest.raises(ScenarioError, match=text):
        Simulation(ONE, seed=seed)


@pytest.mark.parametrize(
    ("scenario", "text"),
    [
        ({"ticks_per_day": 10}, r"got dict: use Scenario\.from_dict"),
        ("day.yaml", "got str: use load_scenario"),
        (Path("day.yaml"), "use load_scenario"),
        (None, "got NoneType"),
    ],
)
def test_scenario_that_is_none(scenario, text):
    """
    What is not a scenario is refused with the way to make one.
    """
    for run in (Simulation, paysim.run):
        with pytest.raises(ScenarioError, match=text):
            run(scenario)


def test_lane_that_does_not_exist():
    """
    A lane has one of two names.
    """
    with pytest.raises(ScenarioError, match=r"lane must be .* \(got 'fast'\)"):
        Simulation(ONE, lane="fast")


def test_compiled_lane_with_a_policy_in_python():
    """
    The compiled lane cannot be had where an agent decides in Python in every tick.
    """
    with pytest.raises(ScenarioError, match=r"'compiled' cannot be had: agent 'BANK_B' decides"):
        Simulation(ONE, lane="compiled", behaviour={"BANK_B": Scripted({})})


def test_compiled_lane_in_an_environment_of_another_class():
    """
    The compiled lane cannot be had in an environment that may have its own idea of time.
    """
    with pytest.raises(ScenarioError, match="'compiled' cannot be had: a RealtimeEnvironment"):
        Simulation(ONE, env=simpy.rt.RealtimeEnvironment(), lane="compiled")


def test_agents():
    """
    The agents are found by id, in scenario order.
    """
    sim = Simulation(ONE)
    assert list(sim.agents) == ["BANK_A", "BANK_B"]
    assert sim.agents["BANK_B"].id == "BANK_B"
    assert sim.agents["BANK_B"].env is sim.env
    with pytest.raises(TypeError):
        sim.agents["BANK_C"] = sim.agents["BANK_A"]


def test_looking_at_an_agent():
    """
    An agent shows its own account and queues as they are.
    """
    sim = Simulation(ONE, behaviour={"BANK_A": Scripted({})})
    sim.run(until=5)
    bank = sim.agents["BANK_A"]
    assert (bank.balance, bank.available_liquidity) == (1_000, 1_000)
    assert [t.id for t in bank.internal_queue] == ["row-1"]
    assert bank.central_queue == []
    assert (bank.view().agent_id, bank.view().tick) == ("BANK_A", 5)


# --- running and ticking --------------------------------------------------------------------------


@LANES
def test_tick_returns_the_outcome(lane):
    """
    A tick at a time, each returns what it has done, and goes on into further days.
    """
    sim = Simulation(ONE, lane=lane)
    outcomes = [sim.tick() for _ in range(12)]
    assert outcomes[2] == TickOutcome(
        tick=2, num_arrivals=1, num_settlements=1, num_lsm_releases=0, total_cost=0
    )
    assert [outcome.tick for outcome in outcomes] == list(range(12))
    assert sim.env.now == 11
    assert len(sim.results().ticks) == 12


@LANES
def test_tick_after_run(lane):
    """
    After the run there is a next tick, at the time at which the run ended.
    """
    sim = Simulation(ONE, lane=lane)
    sim.run()
    assert (sim.tick().tick, sim.env.now) == (10, 10)
    assert (sim.tick().tick, sim.env.now) == (11, 11)


@LANES
def test_tick_settles_an_open_one(lane):
    """
    Where the environment has stopped in an open tick, the next outcome is that tick's.
    """
    sim = Simulation(ONE, lane=lane)
    sim.run(until=3)
    sim.run(until=sim.wake())
    assert sim.tick().tick == 3
    assert sim.tick().tick == 4


def test_tick_in_the_past():
    """
    A tick whose time has passed cannot be run.
    """
    sim = Simulation(ONE)
    sim.run(until=20)
    with pytest.raises(PaysimError, match="tick 10 cannot be opened"):
        sim.tick()


@LANES
def test_run_is_over_at_the_end(lane):
    """
    Running at the end, or up to now, does nothing.
    """
    sim = Simulation(ONE, lane=lane)
    sim.run(until=4)
    sim.run(until=4)
    assert sim.env.now == 4
    sim.run()
    sim.run()
    assert sim.env.now == 10
    assert len(sim.results().ticks) == 10


@LANES
def test_run_until_an_event(lane):
    """
    Running up to an event returns its value.
    """
    sim = Simulation(ONE, lane=lane)
    assert sim.run(until=sim.env.timeout(3.5, "half past three")) == "half past three"
    assert sim.env.now == 3.5
    outcome = sim.run(until=sim.tick_over())
    assert outcome.tick == 4


@pytest.mark.parametrize(
    ("until", "text"),
    [
        (3, r"until must be at least env\.now, 5 \(got 3\)"),
        (True, "until must be a finite time or an event"),
        ("end", r"\(got 'end'\)"),
        (float("inf"), r"\(got inf\)"),
        (float("nan"), r"\(got nan\)"),
    ],
)
def test_until_that_cannot_be(until, text):
    """
    The time to run to is a number that is not past.
    """
    sim = Simulation(ONE)
    sim.run(until=5)
    with pytest.raises(ScenarioError, match=text):
        sim.run(until=until)


@pytest.mark.parametrize("method", ["run", "tick"])
def test_running_from_a_process_is_refused(method):
    """
    A process waits for events; it cannot run the simulation that it is part of.
    """

    def eager(agent):
        yield agent.wake()
        getattr(sim, method)()

    sim = Simulation(ONE, behaviour={"BANK_A": eager})
    with pytest.raises(PaysimError, match=f"Simulation.{method} cannot be called from a process"):
        sim.run()


# --- log lines ------------------------------------------------------------------------------------


@pytest.fixture
def log():
    """
    Configure structlog to gather its lines, and put it back.
    """
    gather = structlog.testing.LogCapture()
    structlog.configure(processors=[gather])
    yield gather.entries
    structlog.reset_defaults()


def test_log_of_a_stretch(log):
    """
    A run in one stretch has a line for its start, its day and its end.
    """
    Simulation(ONE).run()
    assert [line["event"] for line in log] == ["run started", "day closed", "run finished"]
    assert {line["log_level"] for line in log} == {"info"}
    facts = {"agents": 2, "ticks": 10, "seed": 0, "lane": None}
    assert log[0] == {"event": "run started", "log_level": "info"} | facts
    assert (log[1]["day"], log[1]["tick"], log[2]["ticks"]) == (0, 9, 10)


@LANES
def test_log_of_days(lane, log):
    """
    In every lane there is one line per day, wherever a run is broken off.
    """
    sim = Simulation(tiny_scenario(num_days=3), lane=lane)
    sim.run(until=14)
    sim.run()
    assert [(line["event"], line.get("day"), line.get("tick")) for line in log] == [
        ("run started", None, None),
        ("day closed", 0, 9),
        ("day closed", 1, 19),
        ("day closed", 2, 29),
        ("run finished", None, None),
    ]


def test_unconfigured_log_is_silent(capsys):
    """
    A program that has not configured structlog gets no lines.
    """
    structlog.reset_defaults()
    Simulation(ONE).run()
    assert capsys.readouterr() == ("", "")


def test_what_importing_loads():
    """
    The package itself loads neither SimPy nor the kernel, and a run does not load structlog.
    """
    program = """
import sys, paysim
assert not {"simpy", "structlog", "paysim._kernel"} & set(sys.modules), sorted(sys.modules)
assert paysim.__version__ and set(paysim.__all__) <= set(dir(paysim))
for name in paysim.__all__:
    getattr(paysim, name)
paysim.run(paysim.testing.tiny_scenario())
assert "structlog" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
