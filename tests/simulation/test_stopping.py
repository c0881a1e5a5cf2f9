"""
After an error or an interruption a simulation stands still, and says so to whoever runs it on.
"""

from __future__ import annotations

import signal

import pytest
import simpy

from paysim.errors import PaysimError
from paysim.simulation import Simulation
from paysim.testing import payment, tiny_scenario

LANES = pytest.mark.parametrize("lane", [None, "process"])

ONE = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300, tick=2)])


class Failing:
    """
    A policy that raises in tick 3.
    """

    def __init__(self, error):
        self.error = error

    def decide(self, view):
        if view.tick == 3:
            raise self.error


def failing(error):
    """
    Return a behaviour as a process that raises at the opening of tick 3.
    """

    def behave(agent):
        while (yield agent.wake()) < 3:
            pass
        raise error

    return behave


def press_ctrl_c():
    signal.raise_signal(signal.SIGINT)


def assert_stopped(sim, cause, tick=3):
    """
    Check that nothing moves the simulation on, however often it is tried.
    """
    settled = sim._kernel.tick
    for _ in range(2):
        for go_on in (
            sim.run,
            sim.tick,
            sim.env.run,
            lambda: sim.run(until=sim.wake()),
            lambda: sim.env.run(until=sim.wake()),
            lambda: sim.env.run(until=50),
        ):
            with pytest.raises(PaysimError, match=f"stopped with an error in tick {tick}") as told:
                go_on()
            assert told.value.__cause__ is cause
            assert type(cause).__name__ in str(told.value)
    assert sim._kernel.tick == settled


@LANES
@pytest.mark.parametrize("kind", [Failing, failing])
@pytest.mark.parametrize("error", [KeyError("buffer"), KeyboardInterrupt(), PaysimError("no")])
@pytest.mark.parametrize(
    "drive", [Simulation.run, lambda sim: sim.env.run(), lambda sim: [sim.tick() for _ in range(9)]]
)
def test_error_in_a_behaviour(lane, kind, error, drive):
    """
    An error in a behaviour stops the simulation, whoever runs the environment.
    """
    sim = Simulation(ONE, lane=lane, behaviour={"BANK_A": kind(error)})
    with pytest.raises(type(error)):
        drive(sim)
    assert_stopped(sim, error)
    with pytest.raises(PaysimError, match="stopped with an error in tick 3"):
        sim.results()


@pytest.mark.parametrize("kind", [Failing, failing])
def test_interrupt_that_nobody_handles(kind):
    """
    An interrupt that a behaviour does not handle is an error.
    """
    sim = Simulation(ONE, behaviour={"BANK_A": kind(KeyError())})
    sim.run(until=2)
    sim.agents["BANK_A"].process.interrupt("wake up")
    with pytest.raises(simpy.Interrupt) as raised:
        sim.env.run()
    with pytest.raises(PaysimError, match=r"in tick 2 \(Interrupt\)") as told:
        sim.env.run()
    assert told.value.__cause__.cause == raised.value.cause == "wake up"
    assert sim.results().totals()["ticks"] == 2


def test_error_that_somebody_swallows():
    """
    An error in a behaviour stops the simulation even if a process that waits for it swallows it.
    """
    error = KeyError("buffer")
    sim = Simulation(ONE, behaviour={"BANK_A": failing(error)})

    def nurse():
        with pytest.raises(KeyError):
            yield sim.agents["BANK_A"].process

    sim.env.process(nurse())
    with pytest.raises(PaysimError, match="stopped with an error in tick 3"):
        sim.env.run()
    assert_stopped(sim, error)


@pytest.mark.parametrize("lane", [None, "process", "compiled"])
@pytest.mark.parametrize(("time", "between"), [(3, False), (3.5, True)])
def test_ctrl_c_in_another_process(lane, time, between):
    """
    After Ctrl-C a run cannot go on, and its results can be had if it came between two ticks.
    """
    sim = Simulation(ONE, lane=lane)

    def stranger():
        yield sim.env.timeout(time)
        press_ctrl_c()

    sim.env.process(stranger())
    with pytest.raises(KeyboardInterrupt) as raised:
        sim.run()
    assert_stopped(sim, raised.value, tick=4 if between else 3)
    if between:
        assert sim.results().totals()["ticks"] == 4
    else:
        with pytest.raises(PaysimError, match=r"in tick 3 \(KeyboardInterrupt\)"):
            sim.results()


@pytest.mark.parametrize("call", ["open_tick", "close_tick", "advance"])
@pytest.mark.parametrize("after", [False, True])
def test_ctrl_c_around_a_call_of_the_kernel(call, after):
    """
    Ctrl-C just before or after the kernel has done something stops the simulation too.
    """

    class Pressing:
        def __init__(self, kernel):
            self.kernel = kernel

        def __getattr__(self, name):
            method = getattr(self.kernel, name)
            return self.pressing(method) if name == call else method

        def pressing(self, method):
            def act(*given):
                if not after:
                    press_ctrl_c()
                method(*given)
                press_ctrl_c()

            return act

    sim = Simulation(ONE)
    sim._clock._kernel = Pressing(sim._kernel)
    sim.env.timeout(3)
    with pytest.raises(KeyboardInterrupt) as raised:
        sim.run()
    assert_stopped(sim, raised.value, tick=sim._kernel.tick)
    if sim._kernel.is_open:
        with pytest.raises(PaysimError, match="KeyboardInterrupt"):
            sim.results()
    else:
        assert sim.results().totals()["ticks"] == sim._kernel.tick


def test_run_up_to_an_event_is_no_error():
    """
    A run that ends at its event goes on afterwards.
    """
    sim = Simulation(ONE)
    sim.run(until=sim.wake())
    sim.run(until=sim.env.timeout(3))
    sim.run()
    assert sim.results().totals()["ticks"] == 10
