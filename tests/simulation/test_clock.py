"""
Which ticks the clock opens, leaves to the kernel and settles, and when, on a recording kernel.
"""

from __future__ import annotations

import pytest
import simpy

from paysim.clock import Clock, TickOutcome
from paysim.errors import PaysimError


class RecordingKernel:
    """
    A kernel without money, which writes down what it is told and at what time.
    """

    def __init__(self, env):
        self.env, self.tick, self.is_open, self.calls = env, 0, False, []

    def open_tick(self):
        assert not self.is_open
        self.is_open = True
        self.calls.append(("open", self.tick, self.env.now))

    def ask_all(self):
        self.calls.append(("ask", self.tick, self.env.now))

    def close_tick(self):
        assert self.is_open
        self.is_open = False
        self.calls.append(("close", self.tick, self.env.now))
        self.tick += 1
        return (self.tick - 1, 0, 0, 0, 0)

    def advance(self, ticks):
        assert not self.is_open
        self.calls.append(("advance", self.tick, self.tick + ticks - 1))
        self.tick += ticks
        return (self.tick - 1, 0, 0, 0, 0)

    def openings(self):
        return [tick for name, tick, _ in self.calls if name == "open"]

    def stretches(self):
        return [(first, last) for name, first, last in self.calls if name == "advance"]


def started(env=None, end=100, stretches=True, asks_policies=True):
    env = env or simpy.Environment()
    kernel = RecordingKernel(env)
    clock = Clock(
        env,
        kernel,
        end=end,
        asks_policies=asks_policies,
        stretches=stretches,
        ticks_per_day=10,
    )
    return env, kernel, clock


def at(env, time, act):
    """
    Act at a time, in a normal event.
    """
    timeout = env.timeout(time - env.now)
    timeout.callbacks.append(lambda _: act())


def test_idle_run_is_one_stretch():
    """
    A run in which nobody waits for anything is one call of the kernel.
    """
    env, kernel, _ = started()
    env.run()
    assert kernel.calls == [("advance", 0, 99)]
    assert env.now == 100


def test_stretch_stops_before_until():
    """
    A stretch ends with the last tick before the time that the environment runs to.
    """
    env, kernel, _ = started()
    env.run(until=7)
    assert (kernel.tick, env.now) == (7, 7)
    env.run(until=7.5)
    assert (kernel.tick, env.now) == (8, 7.5)
    env.run()
    assert kernel.stretches() == [(0, 6), (7, 7), (8, 99)]


def test_stretch_and_step():
    """
    After a step that was a stretch, the environment's time is the last tick that has settled.
    """
    env, kernel, _ = started()
    at(env, 30, lambda: None)
    env.step()
    assert (env.now, kernel.tick) == (29, 30)
    assert env.peek() == 30


def test_tick_with_another_event_is_opened():
    """
    A tick in whose time another event falls is opened, asked about and settled around that event.
    """
    env, kernel, _ = started()
    at(env, 5, lambda: kernel.calls.append(("event", 5, env.now)))
    env.run()
    assert kernel.calls == [
        ("advance", 0, 4),
        ("open", 5, 5),
        ("ask", 5, 5),
        ("event", 5, 5),
        ("close", 5, 5),
        ("advance", 6, 99),
    ]


def test_event_between_ticks_interrupts_no_tick():
    """
    An event between two ticks only parts one stretch from the next.
    """
    env, kernel, _ = started()
    at(env, 5.5, lambda: None)
    env.run()
    assert kernel.calls == [("advance", 0, 5), ("advance", 6, 99)]


def test_chain_without_delay_is_before_the_settlement():
    """
    Events of a time that follow from one another without delay all come before the settlement.
    """
    env, kernel, _ = started()

    def chain():
        yield env.timeout(3)
        for _ in range(4):
            assert (kernel.tick, kernel.is_open) == (3, True)
            yield env.timeout(0)
        yield env.process(link())

    def link():
        assert (kernel.tick, kernel.is_open) == (3, True)
        yield env.timeout(0)
        assert (kernel.tick, kernel.is_open) == (3, True)

    env.run(until=env.process(chain()))
    assert kernel.is_open


def test_urgent_event_is_before_the_opening():
    """
    A process started from outside at the time of a tick starts before the opening and wakes on it.
    """
    env, kernel, clock = started()
    env.run(until=4)
    seen = []

    def late():
        seen.append((env.now, kernel.is_open))
        seen.append(((yield clock.wake()), env.now, kernel.is_open))

    env.process(late())
    env.run()
    assert seen == [(4, False), (4, 4, True)]
    assert kernel.openings() == [4]


def test_wake_during_a_tick_is_the_next():
    """
    Waking is for the next opening, once that of the tick has been.
    """
    env, kernel, clock = started(end=5)
    ticks = []

    def waker():
        while True:
            ticks.append((yield clock.wake()))
            assert kernel.tick == env.now == ticks[-1]

    env.process(waker())
    env.run()
    assert [0, 1, 2, 3, 4] == ticks == kernel.openings()
    assert kernel.stretches() == []
    assert env.now == 5


def test_clock_acts_first_at_an_opening():
    """
    Whoever waits for an opening finds the tick open, even if it waited before the clock settled the
    tick before.
    """
    env, kernel, clock = started()
    opened = []
    clock.wake().callbacks.append(lambda _: opened.append((kernel.tick, kernel.is_open)))
    at(env, 6, lambda: clock.wake().callbacks.append(lambda _: opened.append((kernel.tick, True))))
    env.run()
    assert opened == [(0, True), (7, True)]


def test_abandoned_wait_still_opens_the_tick():
    """
    A tick somebody was to wait for is opened even if an interrupt has called the waiter away.
    """
    env, kernel, clock = started()

    def sleeper():
        yield env.timeout(20)
        try:
            yield clock.wake()
        except simpy.Interrupt:
            seen.append(env.now)

    seen = []
    process = env.process(sleeper())
    at(env, 20.5, process.interrupt)
    env.run()
    assert seen == [20.5]
    assert kernel.openings() == [20, 21]
    assert kernel.stretches() == [(0, 19), (22, 99)]


def test_outcome_comes_after_the_settlement_at_the_same_time():
    """
    The outcome of a tick is handed out at the tick's time, after the settlement.
    """
    env, kernel, clock = started()
    seen = []

    def watcher():
        outcome = yield clock.tick_over()
        seen.append((outcome, env.now, kernel.is_open, kernel.tick))
        yield env.timeout(3.5)
        outcome = yield clock.tick_over()
        seen.append((outcome.tick, env.now))

    env.process(watcher())
    env.run()
    assert [(TickOutcome(0, 0, 0, 0, 0), 0, False, 1), (4, 4)] == seen
    assert kernel.openings() == [0, 4]


def test_outcome_and_opening_in_turn():
    """
    A process may wait for each opening and each outcome in turn and misses none.
    """
    env, _, clock = started(end=4)
    seen = []

    def watcher():
        while True:
            opened = yield clock.wake()
            outcome = yield clock.tick_over()
            seen.append((opened, outcome.tick, env.now))

    env.process(watcher())
    env.run()
    assert [(tick, tick, tick) for tick in range(4)] == seen


def test_run_up_to_an_opening():
    """
    An environment that runs up to an opening stops in the open tick, and goes on from there.
    """
    env, kernel, clock = started()
    env.run(until=8)
    assert env.run(until=clock.wake()) == 8
    assert (kernel.tick, kernel.is_open) == (8, True)
    env.run()
    assert kernel.openings() == [8]
    assert kernel.tick == env.now == 100


def test_negative_start():
    """
    An environment may start before tick 0, at any time.
    """
    env, kernel, clock = started(simpy.Environment(initial_time=-2.3))
    seen = []
    at(env, -1, lambda: seen.append((env.now, kernel.tick)))
    clock.wake().callbacks.append(lambda _: seen.append((env.now, kernel.tick)))
    env.run()
    assert seen == [(-1, 0), (0, 0)]
    assert (env.now, kernel.tick) == (100, 100)


def test_without_stretches_every_tick_is_opened():
    """
    A clock without stretches opens every tick.
    """
    env, kernel, _ = started(stretches=False, end=6)
    env.run()
    assert list(range(6)) == kernel.openings()
    assert env.now == 6


def test_two_clocks_share_an_environment():
    """
    Two simulations in one environment settle the same ticks side by side.
    """
    env, first, _ = started(end=5)
    _, second, _ = started(env, end=8)
    env.run()
    assert (first.tick, second.tick) == (5, 8)


def test_extend_goes_on_at_the_end():
    """
    At the end the clock opens one tick more for each time it is told to.
    """
    env, kernel, clock = started(end=3)
    env.run()
    for tick in (3, 4):
        clock.extend()
        assert tick == env.run(until=clock.tick_over()).tick
        assert tick == env.now
    env.run()
    assert (env.now, kernel.tick) == (5, 5)


def test_extend_before_the_end_changes_nothing():
    """
    A clock that has ticks left is not extended.
    """
    env, kernel, clock = started(end=3)
    clock.extend()
    env.run()
    assert (clock.end, kernel.tick) == (3, 3)


def test_extend_into_the_past_is_refused():
    """
    A tick whose time has passed in the environment cannot be opened.
    """
    env, _, clock = started(end=3)
    env.run(until=10)
    with pytest.raises(PaysimError, match="tick 3 cannot be opened: the environment is at 10"):
        clock.extend()


def test_error_of_the_kernel_leaves_step_as_it_is():
    """
    An error of the kernel comes out of the environment itself, and the clock stands for ever.
    """
    env, kernel, clock = started()
    error = PaysimError("the sum of balances is beyond i64")

    def fail():
        raise error

    kernel.close_tick = fail
    at(env, 5, lambda: None)
    with pytest.raises(PaysimError) as raised:
        env.run()
    assert raised.value is error
    with pytest.raises(PaysimError, match="stopped with an error in tick 5"):
        clock.check()
