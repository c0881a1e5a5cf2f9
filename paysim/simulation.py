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
from types import EllipsisType, MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import simpy
from simpy.events import Event, Process

from paysim._kernel import Kernel
from paysim.added_events import GrowingScenario
from paysim.agent import Agent
from paysim.arguments import (
    check_behaviour,
    check_env,
    check_lane,
    check_scenario,
    check_seed,
    is_plain,
)
from paysim.clock import Clock, TickOutcome
from paysim.errors import PaysimError, ScenarioError, shown
from paysim.operation_log import OperationLog
from paysim.processes import behaviour_process, policy_process
from paysim.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from paysim.policies import Policy
    from paysim.processes import AgentProcess
    from paysim.results import Results

    Behaviour: TypeAlias = Policy | Callable[[Agent], AgentProcess]

Lane: TypeAlias = Literal["process", "compiled"]


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
        seed = check_seed(scenario, seed)
        env = check_env(env, 0)
        behaviour = check_behaviour(scenario, behaviour)
        check_lane(lane, env, behaviour)
        kernel = Kernel(scenario, seed, _scripted(scenario, behaviour))
        self._set_up(scenario, seed, env, lane, behaviour, kernel)

    @classmethod
    def restore(
        cls,
        path: str | PathLike[str],
        behaviour: Mapping[str, Behaviour] | None = None,
        *,
        env: simpy.Environment | None = None,
        lane: Lane | None = None,
    ) -> Simulation:
        """
        Return the simulation that `checkpoint` has saved, which goes on as that one would have.

        Args:
            path: The file.
            behaviour: As for a new simulation. Every agent that decided in Python must be in it;
                an object with `set_state` is given what `get_state` returned.
            env: An environment at the time of the next tick or before; `None` makes one at it.
            lane: As for a new simulation, whatever the lane was.

        Raises:
            ScenarioError: An argument is not what it has to be, or the file is damaged, truncated,
                newer, or no checkpoint.
        """
        from paysim.checkpoints import read_checkpoint, restored_kernel
        from paysim.saving import check_takers, give_states

        saved = read_checkpoint(path)
        env = check_env(env, saved.tick)
        behaviour = check_behaviour(saved.scenario, behaviour)
        check_lane(lane, env, behaviour)
        check_takers(saved.agents, behaviour)
        kernel = restored_kernel(saved, _scripted(saved.scenario, behaviour))
        give_states(saved.agents, behaviour)
        simulation = cls.__new__(cls)
        simulation._set_up(saved.scenario, saved.seed, env, lane, behaviour, kernel)
        return simulation

    def _set_up(
        self,
        scenario: Scenario,
        seed: int,
        env: simpy.Environment,
        lane: Lane | None,
        behaviour: Mapping[str, Behaviour],
        kernel: Kernel,
    ) -> None:
        """
        Begin with the next tick of a kernel.
        """
        self._growing = GrowingScenario(scenario)
        self.seed = seed
        self.env = env
        self.lane = lane
        self._kernel = kernel
        self._end = scenario.num_ticks
        ids = [config.id for config in scenario.agent_configs]
        facts = {"agents": len(ids), "ticks": self._end, "seed": seed, "lane": lane}
        logger = _logger()
        log = None
        if logger is not None:
            log = OperationLog(logger, kernel, scenario.ticks_per_day, **facts)
        self._clock = clock = Clock(
            env,
            kernel,
            end=self._end,
            asks_policies=lane != "process",
            stretches=lane != "process" and is_plain(env),
            ticks_per_day=scenario.ticks_per_day,
            log=log,
        )
        self._behaviour = {id: behaviour[id] for id in ids if id in behaviour}
        self._agents = {
            id: Agent(clock, kernel, index, id, id in behaviour) for index, id in enumerate(ids)
        }
        self._processes: list[Process] = []
        if lane == "process":
            # Before all others, so that policies are the first to act at an opening.
            for index, id in enumerate(ids):
                if id not in behaviour:
                    self._processes.append(env.process(policy_process(clock, kernel, index)))
        for id, agent in self._agents.items():
            if id in behaviour:
                agent.process = env.process(behaviour_process(clock, agent, behaviour[id]))
                self._processes.append(agent.process)

    def __repr__(self) -> str:
        """
        Return the class, the next tick, the length of the run, and the number of agents.
        """
        return (
            f"<Simulation tick {self._clock.next_tick} of {self._end}, {len(self._agents)} agents>"
        )

    @property
    def scenario(self) -> Scenario:
        """
        What is run, with the events that were added so far.
        """
        return self._growing.scenario

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
        event = self._growing.check(raw)
        self._kernel.add_event(event)
        self._growing.add(event)

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

    def checkpoint(self, path: str | PathLike[str]) -> None:
        """
        Save everything that decides the future of this run to a file, whole or not at all.

        The run goes on as if nothing had happened. What is saved is the state between two ticks,
        the decisions that wait for the next one included.

        Args:
            path: The file; one that is there is replaced.

        Raises:
            ScenarioError: `path` is not the path of a file.
            PaysimError: A tick is open, the simulation has stopped with an error, a behaviour
                cannot be saved, other processes wait in the environment, the file cannot be
                written, or another process is using it.
        """
        from paysim.checkpoint_format import Checkpoint
        from paysim.checkpoints import write_checkpoint
        from paysim.saving import check_alone, check_between_ticks, saved_agents

        check_between_ticks(self._clock, self._kernel, "saved")
        agents = saved_agents(self._behaviour)
        check_alone(
            self._clock,
            self._processes,
            "saved",
            "let it come to its end first, and start one like it after restoring",
        )
        kernel = self._kernel
        saved = Checkpoint(self.scenario, self.seed, kernel.tick, agents, kernel.save())
        write_checkpoint(path, saved)

    def branch(
        self,
        behaviour: Mapping[str, Behaviour] | None = None,
        *,
        env: simpy.Environment | None = None,
        lane: Lane | EllipsisType | None = ...,
    ) -> Simulation:
        """
        Return a copy of this simulation that goes its own way; this one stays as it is.

        Objects with `decide(view)` are copied by `copy.deepcopy`, all in one go, so that what they
        share their copies share. A SimPy process cannot be copied.

        Args:
            behaviour: Behaviours that take the place of what agents have here, as they are given.
                An agent whose behaviour is a generator function must be in it.
            env: An environment at the time of the next tick or before; `None` makes a plain one
                at the time of this one's. If other processes wait here it must be given: they stay
                behind, and those that the branch is to have are started in it by the caller.
            lane: As for a new simulation; the lane of this one if it is not given.

        Raises:
            ScenarioError: An argument is not what it has to be.
            PaysimError: A tick is open, the simulation has stopped with an error, a behaviour
                cannot be copied, or other processes wait in the environment.
        """
        from paysim.saving import check_alone, check_between_ticks, copies

        check_between_ticks(self._clock, self._kernel, "copied")
        changed = check_behaviour(self.scenario, behaviour)
        if env is None:
            check_alone(
                self._clock,
                self._processes,
                "copied",
                "give the branch an environment of its own, branch(env=...), and start there what "
                "it is to have",
            )
            env = simpy.Environment(initial_time=self.env.now)
        else:
            env = check_env(env, self._kernel.tick)
        kept = {id: given for id, given in self._behaviour.items() if id not in changed}
        every = {**copies(kept), **changed}
        lane = self.lane if lane is ... else lane
        check_lane(lane, env, every)
        kernel = self._kernel.branch(_scripted(self.scenario, every))
        other = type(self).__new__(type(self))
        other._set_up(self.scenario, self.seed, env, lane, every, kernel)
        return other

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


def _scripted(scenario: Scenario, behaviour: Mapping[str, Behaviour]) -> list[int]:
    """
    Return the numbers of the agents that have no compiled policy.
    """
    return [i for i, config in enumerate(scenario.agent_configs) if config.id in behaviour]


def _logger() -> Any | None:
    """
    Return a structlog logger if the program uses structlog and has configured it.

    The library never configures structlog, which unconfigured would print lines on the standard
    output, and it does not import it (at 60 ms) for a program that does not.
    """
    structlog = sys.modules.get("structlog")
    if structlog is None or not structlog.is_configured():
        return None
    return structlog.get_logger()
