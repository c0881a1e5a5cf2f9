"""
One simulation of the service, in memory: always between two ticks, and nothing of HTTP or files.

What happens to it is told in steps, which a store keeps one after the other: each holds the moves
of the ticks since the step before, the scenario events that were added, and the decisions that
wait. A session is loaded by making the same moves again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import attrs

from paysim._kernel import Kernel
from paysim.added_events import GrowingScenario
from paysim.checkpoint_format import Checkpoint, SavedAgent, decoded, encoded
from paysim.errors import Problem, Problems, ScenarioError, path_text, shown
from paysim.fields import TICKS_MAX, Whole, did_you_mean, suggest_agent
from paysim.records import layout
from paysim.scenario import SEED_MAX, Scenario
from paysim.scenario_events import ExtraTransaction
from paysim.server.accounts import account_of
from paysim.server.deciding import Deciding
from paysim.server.decisions import read_decisions

if TYPE_CHECKING:
    from paysim.results import Results
    from paysim.scenario import ScenarioEvent

OUTSIDE: Final = "outside agent"
"""What a checkpoint calls whatever decides for an agent over HTTP."""

SUBMITTED: Final = (
    *("sender_id", "receiver_id", "amount", "tick", "arrival_tick", "id"),
    *("deadline_tick", "deadline_offset", "priority", "divisible"),
)
"""The keys of a submitted transaction."""


@attrs.frozen
class Step:
    """
    All that has happened to a session since the step before.

    Attributes:
        tick: The next tick, after it.
        events: How many events the log has, after it.
        added: The scenario events added, as a JSON list of plain dicts, or nothing.
        piece: What the kernel has done in these ticks, and the decisions that wait.
    """

    tick: int
    events: int
    added: bytes
    piece: bytes


class Session:
    """
    A simulation whose ticks happen on demand, and whose agents may decide from outside.

    An error that an argument is to blame for leaves it as it was, except where a method says so.
    After any other error it is to be dropped, and loaded again.
    """

    def __init__(
        self,
        first: Scenario,
        growing: GrowingScenario,
        seed: int,
        outside: tuple[str, ...],
        kernel: Kernel,
    ) -> None:
        self._first = first
        self._growing = growing
        self.seed = seed
        self.outside = outside
        self._kernel = kernel
        self._indices = {config.id: i for i, config in enumerate(first.agent_configs)}
        # What the last step that was taken has ended with.
        self._taken_tick = kernel.tick
        self._added: list[ScenarioEvent] = []
        self._has_decided = False

    @classmethod
    def start(
        cls, scenario: Scenario, seed: int | None = None, outside: Sequence[str] = ()
    ) -> Session:
        """
        Return a simulation before its first tick.

        Args:
            scenario: What is simulated.
            seed: Seed of the random streams; `None` takes the scenario's.
            outside: Ids of agents that have no policy of their own.

        Raises:
            ScenarioError: An argument is not what it has to be.
        """
        problems = Problems()
        if seed is not None:
            Whole(0, SEED_MAX).check(seed, ("seed",), problems)
        ids = {config.id for config in scenario.agent_configs}
        for i, id in enumerate(outside):
            if type(id) is not str or id not in ids:
                hint = suggest_agent(id, ids) if type(id) is str else ""
                problems.add(("outside", i), "must be the id of an agent", shown(id), hint)
        if problems.count:
            raise problems.error()
        seed = scenario.rng_seed if seed is None else seed
        kernel = Kernel(scenario, seed, _numbers(scenario, outside))
        return cls(scenario, GrowingScenario(scenario), seed, _sorted(scenario, outside), kernel)

    @classmethod
    def resume(cls, saved: Checkpoint) -> Session:
        """
        Return the simulation of a checkpoint; agents that decided in Python decide from outside.

        Raises:
            ScenarioError: What the kernel saved is damaged.
        """
        from paysim.checkpoints import restored_kernel

        scenario = saved.scenario
        outside = _sorted(scenario, saved.agents)
        kernel = restored_kernel(saved, _numbers(scenario, outside))
        session = cls(scenario, GrowingScenario(scenario), saved.seed, outside, kernel)
        session._taken_tick = 0
        session._has_decided = True
        return session

    @classmethod
    def load(cls, begun: bytes, steps: Sequence[Step]) -> Session:
        """
        Return the simulation that `begun` and these steps were taken of.

        Raises:
            PaysimError: They are damaged, or do not belong together.
        """
        first = decoded(begun, "")
        growing = GrowingScenario(first.scenario)
        for step in steps:
            for raw in _added(step):
                growing.add(growing.check(raw))
        outside = tuple(first.agents)
        scripted = _numbers(first.scenario, outside)
        pieces = [step.piece for step in steps]
        kernel = Kernel.rejoin(growing.scenario, first.seed, scripted, pieces)
        if steps and (kernel.tick, kernel.num_events) != (steps[-1].tick, steps[-1].events):
            raise PaysimError("the steps of a simulation are damaged: they do not end as told")
        return cls(first.scenario, growing, first.seed, outside, kernel)

    # For the store

    def begun(self) -> bytes:
        """
        Return how the simulation began: its scenario without added events, seed, outside agents.

        Raises:
            PaysimError: It is too large.
        """
        return b"".join(encoded(Checkpoint(self._first, self.seed, 0, self._agents(), b"")))

    @property
    def is_changed(self) -> bool:
        """
        Whether anything has happened since a step was taken.
        """
        has_moved = self._kernel.tick != self._taken_tick
        return has_moved or self._has_decided or bool(self._added)

    def take(self) -> Step | None:
        """
        Return what has happened since the last step was taken, if anything has.
        """
        if not self.is_changed:
            return None
        added = b""
        if self._added:
            added = json.dumps([_written(event) for event in self._added]).encode()
        piece = self._kernel.piece(self._taken_tick)
        step = Step(self._kernel.tick, self.events, added, piece)
        self._taken_tick = self._kernel.tick
        self._added = []
        self._has_decided = False
        return step

    def saved(self) -> Checkpoint:
        """
        Return what a checkpoint file holds.
        """
        kernel = self._kernel
        return Checkpoint(self.scenario, self.seed, kernel.tick, self._agents(), kernel.save())

    # Acting

    def advance(self, ticks: int) -> dict[str, int]:
        """
        Run so many ticks, at least one, and return what the last has done.

        Returns:
            What `Orchestrator.tick` returns.

        Raises:
            PaysimError: A sum of money passes its bound.
        """
        tick, arrivals, settlements, lsm_releases, cost = self._kernel.advance(ticks)
        return {
            "tick": tick,
            "num_arrivals": arrivals,
            "num_settlements": settlements,
            "num_lsm_releases": lsm_releases,
            "total_cost": cost,
        }

    def advance_each(self, ticks: int) -> list[dict[str, int]]:
        """
        Run so many ticks and return what each has done.

        Raises:
            PaysimError: A sum of money passes its bound.
        """
        return [self.advance(1) for _ in range(ticks)]

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
        problems = Problems()
        if not isinstance(raw, dict):
            raise ScenarioError([Problem("", "", "must be a mapping", shown(raw))])
        for key in raw:
            if key not in SUBMITTED:
                hint = did_you_mean(key, SUBMITTED)
                problems.add((str(key),), "unknown key", "", hint, at_key=True)
        if "tick" in raw and "arrival_tick" in raw:
            text = "tick and arrival_tick are one key, and both are given"
            problems.add(("arrival_tick",), text, at_key=True)
        spelling = {"tick": "arrival_tick"} if "arrival_tick" in raw else {}
        own = {key: value for key, value in raw.items() if key in SUBMITTED}
        own["tick"] = own.pop("arrival_tick", own.get("tick", self.tick))
        event = self._add({"type": ExtraTransaction.name} | own, spelling, problems)
        assert isinstance(event, ExtraTransaction)
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
        if isinstance(raw, dict):
            raw = {"tick": self.tick} | raw
        return _written(self._add(raw, {}, Problems()))

    def decide(self, agent_id: str, decisions: Sequence[dict[str, Any]]) -> None:
        """
        Make decisions of an agent, which count for the next tick.

        Where one is refused, those before it are made already: the session is to be dropped.

        Raises:
            ScenarioError: With everything that is wrong in itself; nothing is decided.
            PaysimError: The agent cannot decide so now.
        """
        problems = Problems()
        index = self._index(agent_id, problems)
        read = read_decisions(decisions, problems)
        if problems.count:
            raise problems.error()
        self._has_decided |= Deciding(self._kernel, index, agent_id).make_all(read)

    # Looking

    @property
    def scenario(self) -> Scenario:
        """
        What is simulated, with the events that were added so far.
        """
        return self._growing.scenario

    @property
    def tick(self) -> int:
        """
        The next tick.
        """
        return self._kernel.tick

    @property
    def day(self) -> int:
        """
        The day of the next tick.
        """
        return self._kernel.tick // self._first.ticks_per_day

    @property
    def end_tick(self) -> int:
        """
        The tick after the last of the scenario's days, at which nothing has to end.
        """
        return self._first.num_ticks

    @property
    def events(self) -> int:
        """
        How many events the log has.
        """
        return self._kernel.num_events

    def lines(self, after: int, most: int, bytes_max: int = 262_144) -> tuple[bytes, int]:
        """
        Return a stretch of the event log as JSON lines, and the number of its last event.

        Args:
            after: The number of the event before the first, from 1; 0 begins with the first.
            most: How many events it may have.
            bytes_max: A length after which no further line is added.
        """
        return self._kernel.event_lines(after, most, bytes_max)

    def state(self) -> dict[str, Any]:
        """
        Return what `Orchestrator.get_state` returns.
        """
        return self._kernel.state()

    def account(self, agent_id: str) -> dict[str, Any]:
        """
        Return what an agent sees of itself, as plain JSON values, and its costs so far.

        Raises:
            ScenarioError: There is no such agent.
        """
        problems = Problems()
        index = self._index(agent_id, problems)
        if problems.count:
            raise problems.error()
        return account_of(self._kernel, index)

    def pulse(self, since_tick: int) -> dict[str, Any]:
        """
        Return how the simulation stands and what has passed since a tick, at little cost.
        """
        settled_by, flows = self._kernel.flows(since_tick)
        head = {"tick": self.tick, "events": self.events}
        return head | self._kernel.standing() | {"settled_by": settled_by, "flows": flows}

    def results(self) -> Results:
        """
        Return the results of all ticks run so far.
        """
        from paysim.results import Results

        return Results(self._kernel, self.scenario, self.seed, self.outside)

    def _agents(self) -> dict[str, SavedAgent]:
        return {id: SavedAgent(OUTSIDE) for id in self.outside}

    def _index(self, agent_id: str, problems: Problems) -> int:
        index = self._indices.get(agent_id) if type(agent_id) is str else None
        if index is None:
            hint = suggest_agent(agent_id, self._indices) if type(agent_id) is str else ""
            problems.add(("agent_id",), "must be the id of an agent", shown(agent_id), hint)
            return -1
        return index

    def _add(self, raw: dict[str, Any], spelling: dict[str, str], problems: Problems) -> Any:
        """
        Add a scenario event.

        Args:
            raw: The event.
            spelling: Keys as the caller wrote them, where they differ.
            problems: What is wrong with it already.
        """
        event, omitted = None, 0
        try:
            event = self._growing.check(raw)
        except ScenarioError as error:
            omitted = error.omitted
            for problem in error.problems:
                problems.add_placed(_as_written(problem, spelling))
        tick = raw.get("tick") if isinstance(raw, dict) else None
        if type(tick) is int and 0 <= tick < min(self.tick, TICKS_MAX):
            text = f"must be at least {self.tick}, the next tick"
            problems.add((spelling.get("tick", "tick"),), text, shown(tick))
        if problems.count or event is None:
            found = problems.error()
            raise ScenarioError(found.problems, found.omitted + omitted)
        self._kernel.add_event(event)
        self._growing.add(event)
        self._added.append(event)
        return event


def _added(step: Step) -> list[Any]:
    """
    Return the scenario events that a step has added.

    Raises:
        PaysimError: It holds something else.
    """
    if not step.added:
        return []
    try:
        added = json.loads(step.added)
    except ValueError:
        added = None
    if not isinstance(added, list):
        raise PaysimError("the steps of a simulation are damaged: no list of events was added")
    return added


def _written(event: ScenarioEvent) -> dict[str, Any]:
    """
    Return a scenario event as a scenario's dict has it.
    """
    kind: Any = layout(Scenario)["scenario_events"].kind
    written: dict[str, Any] = kind.item.write(event)
    return written


def _as_written(problem: Problem, spelling: dict[str, str]) -> Problem:
    """
    Return a problem of a scenario event with the path of its key alone.
    """
    steps = problem.steps
    if steps[:1] == ("scenario_events",):
        steps = steps[2:]
    if steps and isinstance(steps[0], str):
        steps = (spelling.get(steps[0], steps[0]), *steps[1:])
    return attrs.evolve(problem, path=path_text(steps), steps=steps)


def _sorted(scenario: Scenario, ids: Iterable[str]) -> tuple[str, ...]:
    """
    Return agents' ids in scenario order, each once.
    """
    some = set(ids)
    return tuple(config.id for config in scenario.agent_configs if config.id in some)


def _numbers(scenario: Scenario, ids: Iterable[str]) -> list[int]:
    """
    Return the numbers of agents, in scenario order.
    """
    some = set(ids)
    return [i for i, config in enumerate(scenario.agent_configs) if config.id in some]
