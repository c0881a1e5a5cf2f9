"""
Both lanes give the same bytes, and the compiled lane never passes a SimPy event.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import cycle
from math import floor

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st
from strategies import generated_scenarios

from paysim.errors import PaysimError, ScenarioError
from paysim.policies import release, reprioritise, set_release_budget, split, withdraw
from paysim.scenario import Scenario
from paysim.simulation import Simulation, run
from paysim.testing import payment, tiny_scenario

AGENTS = ("BANK_A", "BANK_B", "BANK_C")


def event_log(sim):
    return sim._kernel.events_jsonl()


# --- random scenarios -----------------------------------------------------------------------------


class Fickle:
    """
    A policy that makes every kind of decision, by rules that only look at the view.
    """

    def decide(self, view):
        if view.tick % 7 == 0:
            yield set_release_budget(None if view.tick % 2 else 20)
        for transaction in view.internal_queue:
            mood = (transaction.amount + view.tick) % 5
            if mood == 0:
                yield release(transaction)
            elif mood == 1 and transaction.divisible and transaction.amount >= 3:
                yield split(transaction, 3)
            elif mood == 2:
                yield reprioritise(transaction.id, view.tick % 11)
            elif mood == 3:
                yield release(transaction.id, priority=9)
        if view.central_queue and view.tick % 3 == 0:
            yield withdraw(view.central_queue[0])


def roamer(delays):
    """
    Return a behaviour that waits for these delays in turn (0 is an opening) and then decides.
    """

    def behave(agent):
        for delay in cycle(delays):
            with suppress(simpy.Interrupt):
                yield agent.env.timeout(delay) if delay else agent.wake()
            act(agent)

    return behave


def act(agent):
    """
    Release some of what the agent holds, as far as it is not released yet, or withdraw something.

    A policy in Python is left alone: it would fall over what others have decided for it.
    """
    if agent.process is not None and agent.process.name == "decide_process":
        return
    for transaction in agent.internal_queue:
        if transaction.amount % 3:
            with suppress(PaysimError):
                agent.release(transaction)
    for transaction in agent.central_queue:
        if transaction.amount % 2:
            with suppress(PaysimError):
                agent.withdraw(transaction)


def meddler(env, sim_of, delays):
    """
    Decide for the first two agents, and interrupt them if they roam, at times of its own.
    """
    for delay in cycle(delays):
        yield env.timeout(delay) if delay else sim_of().wake()
        first, second, *_ = sim_of().agents.values()
        act(first)
        for agent in (first, second):
            if agent.process is not None and agent.process.name == "behave":
                agent.process.interrupt("meddling")
        act(second)


def watcher(sim_of, seen):
    while True:
        outcome = yield sim_of().tick_over()
        seen.append(outcome)
        act(next(iter(sim_of().agents.values())))
        yield sim_of().env.timeout(2.25)


def troublemaker(sim_of, troubles):
    """
    Let things befall the world in the ticks after those in which they are thought of.
    """
    for delay, trouble in troubles:
        yield sim_of().env.timeout(delay)
        sim = sim_of()
        with suppress(ScenarioError):  # beyond the end of the run
            sim.at(floor(sim.env.now) + 1, **trouble)


SCENARIOS = generated_scenarios().map(Scenario.from_dict)

DELAYS = st.lists(st.sampled_from([0, 0.5, 1, 1.5, 2, 3, 7]), min_size=1, max_size=4).filter(any)
BEHAVIOURS = st.one_of(st.none(), st.just(Fickle()), DELAYS.map(roamer))
TROUBLES = st.lists(
    st.tuples(
        st.sampled_from([0, 0.5, 1, 2.75, 4]),
        st.sampled_from(
            [
                {"type": "outage", "agent_id": "ALFA"},
                {"type": "outage_end", "agent_id": "ALFA"},
                {"type": "halt"},
                {"type": "resume", "every_ticks": 3},
                {"type": "liquidity_injection", "agent_id": "BETA", "amount": 5},
                {"type": "credit_limit_change", "agent_id": "BETA", "amount": 0},
            ]
        ),
    ),
    max_size=4,
)
DRIVES = st.one_of(
    st.integers(0, 12),
    st.lists(
        st.tuples(st.sampled_from([0.5, 1, 2, 3.75, 6]), st.one_of(st.none(), DELAYS)), max_size=3
    ),
)
"""
A number of single steps, or stops after so much time, at some of which another process starts.
"""


@given(
    scenario=SCENARIOS,
    given_behaviours=st.lists(BEHAVIOURS, max_size=5),
    meddling=st.one_of(st.none(), DELAYS),
    meddles_early=st.booleans(),
    watching=st.booleans(),
    troubles=TROUBLES,
    drive=DRIVES,
)
def test_lanes_give_the_same_bytes(
    scenario, given_behaviours, meddling, meddles_early, watching, troubles, drive
):
    """
    Whatever behaviours, other processes, added events and stops there are, both lanes give the same
    event log.
    """
    behaviour = {
        config.id: given
        for config, given in zip(scenario.agent_configs, given_behaviours, strict=False)
        if given is not None
    }
    end = scenario.ticks_per_day * scenario.num_days

    def play(lane):
        env = simpy.Environment()
        if meddling and meddles_early:
            env.process(meddler(env, lambda: sim, meddling))
        sim = Simulation(scenario, env=env, lane=lane, behaviour=behaviour)
        if meddling and not meddles_early:
            env.process(meddler(env, lambda: sim, meddling))
        outcomes = []
        if watching:
            env.process(watcher(lambda: sim, outcomes))
        if troubles:
            env.process(troublemaker(lambda: sim, troubles))
        if isinstance(drive, int):
            for _ in range(drive):
                if env.peek() < end:
                    env.step()
        else:
            for time, late in drive:
                sim.run(until=min(env.now + time, end))
                if late:
                    env.process(meddler(env, lambda: sim, late))
        sim.run()
        assert sim._kernel.tick == env.now == end
        return event_log(sim), outcomes

    expected = play("process")
    assert play(None) == expected
    if not any(isinstance(given, Fickle) for given in behaviour.values()):
        assert play("compiled") == expected


@given(scenario=SCENARIOS)
def test_tick_by_tick_gives_the_same_bytes(scenario):
    """
    A run in one go and tick by tick give the same event log, also into further days.
    """
    ticks = scenario.ticks_per_day * scenario.num_days
    whole = run(scenario)
    by_ticks = Simulation(scenario)
    outcomes = [by_ticks.tick() for _ in range(ticks)]
    assert [outcome.tick for outcome in outcomes] == list(range(ticks))
    assert by_ticks.results().ticks.to_dicts() == whole.ticks.to_dicts()
    assert event_log(by_ticks) == whole._kernel.events_jsonl()
    in_processes = Simulation(scenario, lane="process")
    further = [in_processes.tick() for _ in range(ticks + 3)]
    assert further[:ticks] == outcomes
    assert further[ticks:] == [by_ticks.tick() for _ in range(3)]
    assert event_log(in_processes) == event_log(by_ticks)


# --- the compiled lane never passes an event ------------------------------------------------------

BUSY = tiny_scenario(
    ticks_per_day=100,
    rng_seed=7,
    agent_configs=[
        {
            "id": id,
            "opening_balance": 2_000,
            "policy": "fifo",
            "arrival_config": {
                "rate_per_tick": 0.7,
                "amount_distribution": {"type": "uniform", "min": 1, "max": 900},
            },
        }
        for id in AGENTS
    ],
    transactions=[payment("BANK_A", "BANK_B", 300, tick=20)],
)


def both_lanes(play):
    """
    Return what a play in the compiled lane gives, after comparing it with the process lane.
    """
    compiled, process = play("compiled"), play("process")
    assert compiled == process
    return compiled


@pytest.mark.parametrize("until", [1, 36, 36.5, 99, 100])
def test_run_until(until):
    """
    Running up to a time settles exactly the ticks before it in both lanes.
    """

    def play(lane):
        sim = Simulation(BUSY, lane=lane)
        sim.env.run(until=until)
        reached = (sim.env.now, sim._kernel.tick, event_log(sim))
        sim.env.run()
        return reached, sim.env.now, event_log(sim)

    (now, tick, _), end, _ = both_lanes(play)
    assert (now, tick, end) == (until, -(-until // 1), 100)


def test_step_by_step():
    """
    Between two steps of the environment its time is never before a tick that has settled.
    """
    sim = Simulation(BUSY, lane="compiled")
    for time in (3, 3.25, 50):
        sim.env.timeout(time)
    seen = []
    while sim.env.peek() < 100:
        sim.env.step()
        seen.append((sim.env.now, sim._kernel.tick))
        assert sim._kernel.tick - 1 <= sim.env.now < sim._kernel.tick + 1
    assert (3, 4) in seen
    assert (3.25, 4) in seen
    assert (49, 50) in seen
    other = Simulation(BUSY, lane="process")
    other.env.run()
    assert event_log(sim) == event_log(other)


def test_process_added_late():
    """
    A process added in the middle of a run wakes at the same tick in both lanes.
    """

    def play(lane):
        sim = Simulation(BUSY, lane=lane)
        seen = []

        def late():
            for _ in range(3):
                seen.append(((yield sim.wake()), sim._kernel.tick))
                seen.append((sim.agents["BANK_B"].balance, sim.env.now))
                yield sim.env.timeout(4)

        sim.run(until=40)
        sim.env.process(late())
        sim.run()
        return seen, event_log(sim)

    seen, _ = both_lanes(play)
    assert [tick for tick, _ in seen[::2]] == [40, 45, 50]


def test_times_between_ticks():
    """
    A process at times between ticks sees the state after the tick before, and decides for the next.
    """

    def play(lane):
        sim = Simulation(
            tiny_scenario(
                agent_configs=[
                    {"id": "BANK_A", "opening_balance": 100, "policy": "deadline"},
                    {"id": "BANK_B", "opening_balance": 0},
                ],
                ticks_per_day=100,
                transactions=[payment("BANK_A", "BANK_B", 60, tick=10)],
            ),
            lane=lane,
        )
        seen = []

        def between():
            bank = sim.agents["BANK_A"]
            yield sim.env.timeout(10.75)
            seen.append((sim._kernel.tick, bank.balance, [t.id for t in bank.internal_queue]))
            bank.release("row-1")
            yield sim.env.timeout(0.5)
            seen.append((sim._kernel.tick, bank.balance, bank.internal_queue))

        sim.env.process(between())
        sim.run()
        return seen, event_log(sim)

    seen, log = both_lanes(play)
    assert seen == [(11, 100, ["row-1"]), (12, 40, [])]
    assert b'{"tick":11,"event":"released","transaction_id":"row-1"' in log


def test_interrupt_in_the_middle_of_a_stretch():
    """
    An interrupt finds the kernel at its own time, however long the sleeper wanted to sleep.
    """

    def play(lane):
        seen = []

        def sleeper(agent):
            try:
                yield agent.env.timeout(90)
            except simpy.Interrupt as interrupt:
                seen.append((interrupt.cause, agent.env.now, agent.view().tick))
                for transaction in agent.internal_queue:
                    agent.release(transaction)

        sim = Simulation(BUSY, lane=lane, behaviour={"BANK_A": sleeper})

        def alarm(time):
            yield sim.env.timeout(time)
            sim.agents["BANK_A"].process.interrupt("alarm")

        sim.env.process(alarm(37))
        sim.run()
        return seen, event_log(sim)

    seen, log = both_lanes(play)
    assert seen == [("alarm", 37, 37)]
    assert b'{"tick":37,"event":"released","transaction_id":"row-1","agent_id":"BANK_A"}' in log


def test_stretch_is_one_call(monkeypatch):
    """
    A run of built-in policies alone is a single call of the kernel.
    """
    calls = []

    class Counting:
        def __init__(self, *args):
            self.kernel = Kernel(*args)

        def advance(self, ticks):
            calls.append(ticks)
            return self.kernel.advance(ticks)

        def __getattr__(self, name):
            return getattr(self.kernel, name)

    from paysim import simulation

    Kernel = simulation.Kernel
    monkeypatch.setattr(simulation, "Kernel", Counting)
    sim = Simulation(BUSY)
    sim.run()
    assert calls == [100]
