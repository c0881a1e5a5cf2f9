"""
One simulation of the service, in memory: always between two ticks, and nothing of HTTP or files.

What happens to it is told in steps, which a store keeps one after the other: each holds the moves
of the ticks since the step before, the scenario events that were added, and the decisions that
wait. A session is loaded by making the same moves again; no policy is asked anew.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs

from paysim._kernel import Kernel
from paysim.added_events import GrowingScenario
from paysim.checkpoint_format import Checkpoint, decoded, encoded
from paysim.errors import PaysimError, shown
from paysim.fields import Whole, suggest_agent
from paysim.scenario import SEED_MAX, Scenario
from paysim.server.session.additions import (
    check_event,
    check_transaction,
    event_dict,
    gathered,
    with_added,
    write_added,
)
from paysim.server.session.deciding import Deciding
from paysim.server.session.decision_kinds import read_decisions
from paysim.server.session.outside import in_order, numbers_of, saved_agents
from paysim.server.session.viewing import Viewed
from paysim.server.store.records import Step

if TYPE_CHECKING:
    from paysim.scenario import ScenarioEvent


@attrs.define(eq=False, slots=False)
class Session(Viewed):
    """
    A simulation whose ticks happen on demand, and whose agents may decide from outside.

    A `ScenarioError` leaves it as it was. After any other error it is to be dropped, and loaded
    again.

    Args:
        scenario: What is simulated, without the events that are added to it.
        seed: Seed of the random streams.
        outside: Ids of the agents that decide from outside.
        kernel: The kernel, between two ticks.
        growing: The scenario with the events that were added so far.
    """

    # What has happened since the last step was taken.
    _taken_tick: int = attrs.field(init=False)
    _added: list[ScenarioEvent] = attrs.field(init=False, factory=list)
    _has_decided: bool = attrs.field(init=False, default=False)

    @_taken_tick.default
    def _now(self) -> int:
        return self._kernel.tick

    @classmethod
    def start(
        cls, scenario: Scenario, seed: int | None = None, outside: Sequence[str] = ()
    ) -> Session:
        """
        Return a simulation before its first tick.

        Args:
            scenario: What is simulated.
            seed: Seed of the random streams, 0 to 2**64 - 1; `None` takes the scenario's.
            outside: Ids of agents that decide from outside, in the place of their policies.

        Raises:
            ScenarioError: An argument is not what it has to be.
        """
        ids = {config.id for config in scenario.agent_configs}
        with gathered() as problems:
            if seed is not None:
                Whole(0, SEED_MAX).check(seed, ("seed",), problems)
            for i, id in enumerate(outside):
                if type(id) is not str or id not in ids:
                    hint = suggest_agent(id, ids) if type(id) is str else ""
                    problems.add(("outside", i), "must be the id of an agent", shown(id), hint)
        seed = scenario.rng_seed if seed is None else seed
        kernel = Kernel(scenario, seed, numbers_of(scenario, outside))
        return cls(scenario, seed, in_order(scenario, outside), kernel)

    @classmethod
    def resume(cls, saved: Checkpoint, most: int | None = None) -> Session:
        """
        Return the simulation of a checkpoint; agents that decided in Python decide from outside.

        Args:
            saved: The checkpoint.
            most: How many events its log may have.

        Raises:
            TooManyEvents: It has more.
            ScenarioError: What the kernel saved is damaged.
        """
        from paysim.checkpoints import restored_kernel

        scenario = saved.scenario
        outside = in_order(scenario, saved.agents)
        kernel = restored_kernel(saved, numbers_of(scenario, outside), most)
        session = cls(scenario, saved.seed, outside, kernel)
        # Its first step is all that it has behind it, even where that is only a decision.
        session._taken_tick = 0
        session._has_decided = True
        return session

    @classmethod
    def load(cls, begun: bytes, steps: Sequence[Step]) -> Session:
        """
        Return the simulation of which `begun` and then these steps were taken.

        Raises:
            PaysimError: They are damaged, or do not belong together.
        """
        try:
            first = decoded(begun, "")
            scenario = with_added(first.scenario, (step.added for step in steps))
            outside = tuple(first.agents)
            scripted, pieces = numbers_of(scenario, outside), [step.piece for step in steps]
            kernel = Kernel.rejoin(scenario, first.seed, scripted, pieces)
            if steps and (kernel.tick, kernel.num_events) != (steps[-1].tick, steps[-1].events):
                raise PaysimError("it does not end as its last step does")
        except PaysimError as error:
            raise PaysimError(f"the stored simulation is damaged: {error}") from error
        return cls(first.scenario, first.seed, outside, kernel, GrowingScenario(scenario))

    # For the store

    def begun(self) -> bytes:
        """
        Return how the simulation began: its scenario without added events, seed, outside agents.

        Raises:
            PaysimError: It is too large.
        """
        agents = saved_agents(self.outside)
        return b"".join(encoded(Checkpoint(self._first, self.seed, 0, agents, b"")))

    @property
    def is_changed(self) -> bool:
        """
        Whether anything has happened since the last step was taken.
        """
        return self._kernel.tick != self._taken_tick or self._has_decided or len(self._added) > 0

    def take(self) -> Step | None:
        """
        Return what has happened since the last step was taken, if anything has.
        """
        if not self.is_changed:
            return None
        kernel = self._kernel
        piece = kernel.piece(self._taken_tick)
        step = Step(kernel.tick, kernel.num_events, write_added(self._added), piece)
        self._taken_tick = kernel.tick
        self._added = []
        self._has_decided = False
        return step

    def saved(self) -> Checkpoint:
        """
        Return what a checkpoint file holds; `resume` goes on from it.
        """
        kernel, agents = self._kernel, saved_agents(self.outside)
        return Checkpoint(self.scenario, self.seed, kernel.tick, agents, kernel.save())

    def limit_events(self, most: int) -> None:
        """
        Let the log have so many events; ticks with which it would have more fail.
        """
        self._kernel.limit_events(most)

    # Acting

    def advance(self, ticks: int, seconds: float | None = None) -> dict[str, int]:
        """
        Run so many ticks and return what the last has done, as `Orchestrator.tick` does.

        Args:
            ticks: How many.
            seconds: A time after which no further tick begins, or `None`.

        Raises:
            TooManyEvents: The log has no room for them.
            PaysimError: A sum of money passes its bound.
        """
        told = self._kernel.advance(ticks, seconds)
        tick, arrivals, settlements, lsm_releases, cost = told
        return {
            "tick": tick,
            "num_arrivals": arrivals,
            "num_settlements": settlements,
            "num_lsm_releases": lsm_releases,
            "total_cost": cost,
        }

    def advance_each(self, ticks: int, seconds: float | None = None) -> list[dict[str, int]]:
        """
        Run so many ticks and return what each has done; otherwise as `advance`.
        """
        end = None if seconds is None else time.monotonic() + seconds
        outcomes = []
        for _ in range(ticks):
            outcomes.append(self.advance(1))
            if end is not None and time.monotonic() >= end:
                break
        return outcomes

    def submit(self, raw: dict[str, Any]) -> tuple[str, int]:
        """
        Let a transaction arrive.

        Args:
            raw: The keys of an `extra_transaction` that happens once. `tick`, also spelled
                `arrival_tick`, is the next tick where it is absent.

        Returns:
            Its id, and the tick in which it arrives.

        Raises:
            ScenarioError: With everything that is wrong, by the caller's keys.
        """
        event = check_transaction(self._growing, raw, self.tick)
        self._add(event)
        assert event.id is not None
        return event.id, event.tick

    def add_event(self, raw: dict[str, Any]) -> dict[str, Any]:
        """
        Let a scenario event happen, in the next tick where it has no `tick`.

        Returns:
            The event as the scenario now has it.

        Raises:
            ScenarioError: With everything that is wrong, by the caller's keys.
        """
        event = check_event(self._growing, raw, self.tick)
        self._add(event)
        return event_dict(event)

    def decide(self, agent_id: str, decisions: Sequence[dict[str, Any]]) -> None:
        """
        Make decisions of an agent, which count for the next tick.

        Raises:
            ScenarioError: With everything that is wrong in itself; nothing is decided.
            CannotDecide: The agent cannot decide so now; what stands before that is decided.
        """
        with gathered() as problems:
            index = self._index(agent_id, problems)
            read = read_decisions(decisions, problems)
        self._has_decided |= Deciding(self._kernel, index, agent_id).make_all(read)

    def _add(self, event: ScenarioEvent) -> None:
        self._kernel.add_event(event)
        self._growing.add(event)
        self._added.append(event)
