"""
What can be seen of a simulation in memory, which changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from paysim.added_events import GrowingScenario
from paysim.errors import Problems, shown
from paysim.fields import suggest_agent
from paysim.server.session.accounts import account_of
from paysim.server.session.additions import gathered

if TYPE_CHECKING:
    from paysim._kernel import Kernel, Table
    from paysim.results import Results
    from paysim.scenario import Scenario


@attrs.define(eq=False, slots=False)
class Viewed:
    """
    A simulation between two ticks, to be looked at.

    Args:
        scenario: What is simulated, without the events that are added to it.
        seed: Seed of the random streams.
        outside: Ids of the agents that have no policy of their own.
        kernel: The kernel, between two ticks.
        growing: The scenario with the events that were added so far.
    """

    _first: Scenario = attrs.field(alias="scenario")
    seed: int
    outside: tuple[str, ...]
    _kernel: Kernel
    _growing: GrowingScenario = attrs.field()
    _indices: dict[str, int] = attrs.field(init=False)

    @_growing.default
    def _without_more(self) -> GrowingScenario:
        return GrowingScenario(self._first)

    @_indices.default
    def _number_agents(self) -> dict[str, int]:
        return {config.id: i for i, config in enumerate(self._first.agent_configs)}

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
        The number of ticks of the scenario's days; it can be run beyond them.
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
            after: The number, from 1, of the event before the first; 0 begins with the first.
            most: How many events it may have.
            bytes_max: A length after which no further line is added.
        """
        return self._kernel.event_lines(after, most, bytes_max)

    @property
    def num_transactions(self) -> int:
        """
        How many transactions have arrived, parts included.
        """
        return self._kernel.num_transactions

    @property
    def pending_bytes(self) -> int:
        """
        How many bytes every step has, as long as no tick runs, for the decisions that are pending.
        """
        kernel = self._kernel
        return len(kernel.piece(kernel.tick))

    def state(self, transactions: bool = True) -> dict[str, Any]:
        """
        Return the state as `Orchestrator.get_state` does, with or without transactions.
        """
        return self._kernel.state(transactions)

    def agents_of(self, first_tick: int, end_tick: int) -> Table:
        """
        Return those rows of the table of agents that are of some ticks.
        """
        return self._kernel.agents(first_tick, end_tick)

    def account(self, agent_id: str) -> dict[str, Any]:
        """
        Return what an agent sees of itself, as plain JSON values, and its costs so far.

        Raises:
            ScenarioError: There is no such agent.
        """
        with gathered() as problems:
            index = self._index(agent_id, problems)
        return account_of(self._kernel, index)

    def pulse(self, since_tick: int) -> dict[str, Any]:
        """
        Return how the simulation stands, and what has settled since a tick: for somebody watching.

        Returns:
            `tick`, `events`, `balances` in scenario order, `internal_queue` and `central_queue`,
            `cost` by component and `total_cost` (exact text); and since that tick `settled_by`
            cause and `flows`, each the positions of sender and receiver, volume and value.
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

    def _index(self, agent_id: str, problems: Problems) -> int:
        index = self._indices.get(agent_id) if type(agent_id) is str else None
        if index is None:
            hint = suggest_agent(agent_id, self._indices) if type(agent_id) is str else ""
            problems.add(("agent_id",), "must be the id of an agent", shown(agent_id), hint)
            return -1
        return index
