"""
A run of a scenario in a SimPy environment.

    sim = Simulation(scenario, behaviour={"BANK_A": Patient()})
    sim.run()
    print(sim.results().ticks)

Time is the integer tick, which is the environment's time; `paysim.clock` says how the ticks take
their places among the events. Two lanes lead through it and give the same event log, byte for byte:
in the process lane every agent is a SimPy process that wakes at every opening; in the compiled lane
only behaviours in Python are processes, and ticks that nobody waits for are left to the kernel.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from math import isfinite
from os import PathLike
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import simpy
from simpy.events import Event

from paysim._kernel import Kernel
from paysim.agent import Agent
from paysim.clock import Clock, TickOutcome
from paysim.errors import PaysimError, ScenarioError, shown
from paysim.processes import behaviour_process, has_decide, policy_process
from paysim.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from paysim.policies import Policy
    from paysim.processes import AgentProcess
    from paysim.results import Results

    Behaviour: TypeAlias = Policy | Callable[[Agent], AgentProcess]

Lane: TypeAlias = Literal["process", "compiled"]

SEED_MAX = 2**64 - 1


def run(scenario: Scenario, seed: int | None = None) -> Results:
    """
    Run a scenario from its first tick to its last and return the results.

    Args:
        scenario: What to run.
        seed: Seed of the random streams, 0 to 2**64 - 1; `None` takes the scenario's `rng_seed`.

    Raises:
        ScenarioError: An argument is not what it has to be.
    """
    simulation = Simulation(scenario, seed=seed)
    simulation.run()
    return simulation.results()


class Simulation:
    """
    One run of a scenario: a SimPy environment, a kernel, and the agents.

    The run has `num_days` days. Its ticks happen whoever moves the environment on: `run`, `tick`,
    or `run` and `step` of `env` itself.

    An error that leaves `run` or `tick`, an interruption from the keyboard included, and an error
    in the behaviour of an agent stop the simulation for good: whatever moves it on then raises
    `PaysimError`, with that error as its cause.

    Args:
        scenario: What to run.
        env: An environment of one's own, with whatever else lives in it, at time 0 or before.
        seed: Seed of the random streams, 0 to 2**64 - 1; `None` takes the scenario's `rng_seed`.
        lane: `"process"` or `"compiled"` forces a lane. `None` chooses for each stretch of time:
            compiled wherever nobody in Python waits for the tick.
        behaviour: For any agents' ids, an object with `decide(view)` or a generator function of the
            agent; it takes the place of the policy in the scenario.

    Raises:
        ScenarioError: An argument is not what it has to be, or the lane cannot be had.
    """

    def __init__(
        self,
        scenario: Scenario,
        env: simpy.Environment | None = None,
        seed: int | None = None,
        lane: Lane | None = None,
        behaviour: Mapping[str, Behaviour] | None = None,
    ) -> None:
        scenario = check_scenario(scenario)
        self.scenario = scenario
        self.seed = check_seed(scenario, seed)
        self.env = env = _check_env(env)
        self.lane = lane
        behaviour = _check_behaviour(scenario, behaviour)
        _check_lane(lane, env, behaviour)

        ids = [config.id for config in scenario.agent_configs]
        scripted = [index for index, id in enumerate(ids) if id in behaviour]
        self._kernel = kernel = Kernel(scenario, self.seed, scripted)
        self._end = scenario.ticks_per_day * scenario.num_days
        log = _operational_log()
        self._clock = clock = Clock(
            env,
            kernel,
            end=self._end,
            asks_policies=lane != "process",
            stretches=lane != "process" and _is_plain(env),
            ticks_per_day=scenario.ticks_per_day,
            log=log,
        )
        self._agents = {
            id: Agent(clock, kernel, index, id, id in behaviour) for index, id in enumerate(ids)
        }
        if lane == "process":
            # Before all others, so that policies are the first to act at an opening.
            for index, id in enumerate(ids):
                if id not in behaviour:
                    env.process(policy_process(clock, kernel, index))
        for id, agent in self._agents.items():
            if id in behaviour:
                agent.process = env.process(behaviour_process(clock, agent, behaviour[id]))
        if log is not None:
            log.info("run started", agents=len(ids), ticks=self._end, seed=self.seed, lane=lane)

    def __repr__(self) -> str:
        """
        Return the class, the next tick, the length of the run, and the number of agents.
        """
        return (
            f"<Simulation tick {self._clock.next_tick} of {self._end}, {len(self._agents)} agents>"
        )

    @property
    def agents(self) -> Mapping[str, Agent]:
        """
        The agents by id, in scenario order.
        """
        return MappingProxyType(self._agents)

    def at(
        self,
        tick: int,
        type: str,
        *,
        every_ticks: int | None = None,
        until_tick: int | None = None,
        **keys: Any,
    ) -> None:
        """
        Let a scenario event happen, as `sim.at(600, "outage", agent_id="BANK_A")`.

        It is as if it stood at the end of the scenario's events; from here on `scenario` has it.

        Args:
            tick: A tick that has not opened yet, before the end of the run.
            type: The type of event.
            every_ticks: Ticks after which it happens again; `None` is once.
            until_tick: The last tick in which it may happen again; `None` is no end.
            keys: What the type needs.

        Raises:
            ScenarioError: The event does not fit into the scenario, or its tick has opened already.
            PaysimError: The simulation has stopped with an error.
        """
        self._clock.check()
        raw = {"type": type, "tick": tick} | keys
        repetition = {"every_ticks": every_ticks, "until_tick": until_tick}
        raw |= {key: value for key, value in repetition.items() if value is not None}
        scenario = self.scenario.with_event(raw)
        self._kernel.add_event(scenario.scenario_events[-1])
        self.scenario = scenario

    def wake(self) -> Event:
        """
        Return the opening of the next tick, an event to be yielded; its value is the tick.
        """
        return self._clock.wake()

    def tick_over(self) -> Event:
        """
        Return the event of the settlement of the open tick, else of the next; its value is its
        `TickOutcome`.
        """
        return self._clock.tick_over()

    def tick(self) -> TickOutcome:
        """
        Run one more tick, or the open one to its settlement, and return its outcome.

        The tick after the last day's opens a further day, and so on for as long as this is called.

        Raises:
            PaysimError: The environment's time is past that tick, the simulation has stopped with
                an error, or this is called from one of its processes.
        """
        self._check("tick")
        self._clock.extend()
        return cast(TickOutcome, self._drive())

    def run(self, until: float | Event | None = None) -> Any:
        """
        Run to the end of the last day, or to a time or an event.

        Other processes of the environment run along, and may have events left at the end.

        Args:
            until: A time, before whose events and whose tick to stop, or a SimPy event.

        Returns:
            The value of the event, if it is one.

        Raises:
            ScenarioError: The time is before the environment's.
            PaysimError: The simulation has stopped with an error, or this is called from one of its
                processes.
        """
        self._check("run")
        if isinstance(until, Event):
            return self._drive(until)
        if until is None:
            until = max(self._end, self.env.now)
        elif isinstance(until, bool) or not isinstance(until, int | float) or not isfinite(until):
            raise ScenarioError(f"until must be a finite time or an event (got {shown(until)})")
        elif until < self.env.now:
            raise ScenarioError(f"until must be at least env.now, {self.env.now} (got {until})")
        if until > self.env.now:
            self._drive(until)
        return None

    def results(self) -> Results:
        """
        Return the results of all ticks settled so far.

        Raises:
            PaysimError: The simulation has stopped with an error half-way through a tick.
        """
        from paysim.results import Results

        if self._kernel.is_open:
            self._clock.check()
        scripted = [id for id, agent in self._agents.items() if agent.process is not None]
        return Results(self._kernel, self.scenario, self.seed, scripted)

    def _drive(self, until: float | Event | None = None) -> Any:
        """
        Run the environment, to the end of the tick if no other is given, and stop the clock upon
        whatever breaks it off.
        """
        try:
            return self.env.run(until=self._clock.tick_over() if until is None else until)
        except BaseException as error:
            self._clock.stop(error)
            raise

    def _check(self, method: str) -> None:
        self._clock.check()
        if self.env.active_process is not None:
            raise PaysimError(
                f"Simulation.{method} cannot be called from a process: yield an event instead, "
                "such as Simulation.tick_over()"
            )


def check_scenario(scenario: object) -> Scenario:
    """
    Return what is a scenario already.

    Raises:
        ScenarioError: It is something else, such as the path of one.
    """
    if isinstance(scenario, Scenario):
        return scenario
    hint = ""
    if isinstance(scenario, Mapping):
        hint = ": use Scenario.from_dict"
    elif isinstance(scenario, str | PathLike):
        hint = ": use load_scenario"
    raise ScenarioError(f"scenario must be a Scenario (got {type(scenario).__name__}{hint})")


def check_seed(scenario: Scenario, seed: object) -> int:
    """
    Return a seed, or the scenario's for `None`.

    Raises:
        ScenarioError: It is not an int of 64 bits.
    """
    if seed is None:
        return scenario.rng_seed
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise ScenarioError(f"seed must be int (got {shown(seed)})")
    if not 0 <= seed <= SEED_MAX:
        raise ScenarioError(f"seed must be in 0 to {SEED_MAX} (got {shown(seed)})")
    return seed


def _check_env(env: simpy.Environment | None) -> simpy.Environment:
    if env is None:
        return simpy.Environment()
    if not isinstance(env, simpy.Environment):
        raise ScenarioError(f"env must be a simpy.Environment (got {shown(env)})")
    if env.now > 0:
        raise ScenarioError(
            f"env.now must be at most 0, tick 0 being still to come (got {env.now})"
        )
    return env


def _check_behaviour(
    scenario: Scenario, behaviour: Mapping[str, Behaviour] | None
) -> Mapping[str, Behaviour]:
    if behaviour is None:
        return {}
    if not isinstance(behaviour, Mapping):
        raise ScenarioError(
            f"behaviour must map agents' ids to behaviours (got {shown(behaviour)})"
        )
    known = {config.id for config in scenario.agent_configs}
    for id in behaviour:
        if id not in known:
            raise ScenarioError(f"behaviour names agent {shown(id)}, which is not in the scenario")
    return behaviour


def _check_lane(lane: object, env: simpy.Environment, behaviour: Mapping[str, Behaviour]) -> None:
    if lane not in (None, "process", "compiled"):
        raise ScenarioError(f"lane must be 'process', 'compiled' or None (got {shown(lane)})")
    if lane != "compiled":
        return
    for id, given in behaviour.items():
        if has_decide(given):
            raise ScenarioError(
                f"lane 'compiled' cannot be had: agent {id!r} decides in Python in every tick"
            )
    if not _is_plain(env):
        raise ScenarioError(
            f"lane 'compiled' cannot be had: a {type(env).__name__} may have its own idea of time"
        )


def _is_plain(env: simpy.Environment) -> bool:
    # A subclass may do something between two events, as `RealtimeEnvironment` does.
    return type(env) is simpy.Environment


def _operational_log() -> Any | None:
    """
    Return a structlog logger if the program uses structlog and has configured it.

    The library never configures structlog, which unconfigured would print lines on the standard
    output, and it does not import it (at 60 ms) for a program that does not.
    """
    structlog = sys.modules.get("structlog")
    if structlog is None or not structlog.is_configured():
        return None
    return structlog.get_logger()
