"""
Ticks per second: SimPy's floor, both lanes, a late day against an early one, the orchestrator.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from statistics import median
from time import perf_counter

import simpy
from measuring import Line, best_seconds
from scenes import bench_dict, bench_scenario

from paysim import Orchestrator, Simulation
from paysim.scenario import Scenario

AGENTS = 10
PROCESS_TICKS = 20_000
COMPILED_TICKS = 100_000

HISTORY_DAY_TICKS = 10_000
HISTORY_DAYS = 61
HISTORY_WINDOWS = 20


def floor_env(agents: int) -> simpy.Environment:
    """
    Return processes that wake in each tick on one shared event and do nothing.
    """
    env = simpy.Environment()
    shared = [env.event()]

    def clock() -> Generator[simpy.Event, None, None]:
        while True:
            opening, shared[0] = shared[0], env.event()
            opening.succeed()
            yield env.timeout(1)

    def agent() -> Generator[simpy.Event, None, None]:
        while True:
            yield shared[0]

    for _ in range(agents):
        env.process(agent())
    env.process(clock())
    return env


def lane_lines() -> list[Line]:
    """
    Measure the floor and both lanes in turns.
    """
    # 10 agents that send about 5,000 per tick each: a balance of 50,000 makes queues.
    ample, tight = bench_scenario(AGENTS), bench_scenario(AGENTS, balance=50_000)

    def floor() -> Callable[[], object]:
        return partial(floor_env(AGENTS).run, until=PROCESS_TICKS)

    def process() -> Callable[[], object]:
        return partial(Simulation(ample, lane="process").run, until=PROCESS_TICKS)

    def compiled(scenario: Scenario) -> Callable[[], object]:
        return partial(Simulation(scenario, lane="compiled").run, until=COMPILED_TICKS)

    makers = [floor, process, partial(compiled, ample), partial(compiled, tight)]
    seconds = best_seconds(makers)
    floor_rate, process_rate = (PROCESS_TICKS / s for s in seconds[:2])
    ample_rate, tight_rate = (COMPILED_TICKS / s for s in seconds[2:])
    share = process_rate / floor_rate
    return [
        Line(f"SimPy's floor, {AGENTS} processes", f"{floor_rate:,.0f} ticks/s"),
        Line(
            f"process lane, {AGENTS} agents, 5 payments a tick",
            f"{process_rate:,.0f} ticks/s",
            ">= 60,000",
            process_rate >= 60_000,
        ),
        Line("  share of the floor", f"{share:.2f}", ">= 0.25", share >= 0.25),
        Line(
            "compiled lane, the same scenario",
            f"{ample_rate:,.0f} ticks/s",
            ">= 400,000",
            ample_rate >= 400_000,
        ),
        Line("compiled lane, congested", f"{tight_rate:,.0f} ticks/s"),
    ]


def history_line(repeats: int = 3) -> Line:
    """
    Measure day 60 of one run against day 1 of another, window by window in turns.
    """
    scenario = bench_scenario(AGENTS, ticks_per_day=HISTORY_DAY_TICKS, num_days=HISTORY_DAYS)
    window = HISTORY_DAY_TICKS // HISTORY_WINDOWS
    ratios = []
    for _ in range(repeats):
        late, early = (Simulation(scenario, lane="compiled") for _ in range(2))
        late.run(until=60 * HISTORY_DAY_TICKS)
        early.run(until=HISTORY_DAY_TICKS)
        for _ in range(HISTORY_WINDOWS):
            seconds = []
            for simulation in (early, late):
                start = perf_counter()
                simulation.run(until=simulation.env.now + window)
                seconds.append(perf_counter() - start)
            ratios.append(seconds[0] / seconds[1])
    ratio = median(ratios)
    return Line("speed on day 60 / day 1", f"{ratio:.3f}", "0.90 to 1.10", 0.9 <= ratio <= 1.1)


def orchestrator_lines(ticks: int = 2_000) -> list[Line]:
    """
    Measure `Orchestrator.tick()` with few and many agents.
    """

    def ticking(agents: int) -> Callable[[], object]:
        tick = Orchestrator(bench_dict(agents)).tick

        def work() -> None:
            for _ in range(ticks):
                tick()

        return work

    sizes = (5, 10, 20, 50)
    seconds = best_seconds([partial(ticking, agents) for agents in sizes])
    return [
        Line(f"Orchestrator.tick(), {agents} agents", f"{s / ticks * 1e6:.1f} us")
        for agents, s in zip(sizes, seconds, strict=True)
    ]
