"""
Checks of scenario events against the rest of the scenario, repetitions counted.

Those of a whole scenario are gone through once; an event that is added later is checked against
what is kept of the others, so that it costs the same however many there are.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import Any

from paysim.arrival_tables import ArrivalTables
from paysim.behaviour import ARRIVALS_MAX
from paysim.bounds import CostBound, EventTotals, MoneyBound
from paysim.errors import shown
from paysim.event_ids import EventIds
from paysim.fields import TICKS_MAX, suggest_agent
from paysim.records import MISSING, Note, Partial, is_known
from paysim.scenario_events import (
    ArrivalRateChange,
    CounterpartyWeightChange,
    DeadlineOffsetChange,
    ExtraTransaction,
)
from paysim.weight_checks import WeightChanges

_AGENT_KEYS = ("agent_id", "counterparty_id", "sender_id", "receiver_id")


def check_scenario_events(scenario: Any, agent_ids: list[str] | None, note: Note) -> None:
    """
    Check scenario events against agents, transactions, the length of the run and each other.

    Args:
        scenario: The scenario, or what could be read of it.
        agent_ids: Ids of its agents, or `None` if not all are known.
        note: Where problems are noted.
    """
    events = scenario.scenario_events
    if not is_known(events) or not events:
        return
    ticks = scenario.ticks_per_day, scenario.num_days
    if not is_known(*ticks):
        ticks = TICKS_MAX, 1
    end = ticks[0] * ticks[1]
    known = None if agent_ids is None else set(agent_ids)
    are_known = True
    for i, event in enumerate(events):
        are_known &= is_known(event)
        are_known &= _check_alone(i, event, end, known, note)
    if any(isinstance(event, ExtraTransaction) for event in events):
        ids = EventIds(scenario.transactions, end)
        for i, event in enumerate(events):
            if isinstance(event, ExtraTransaction):
                ids.check(i, event, note)
                ids.keep(i, event)
    agents = scenario.agent_configs
    if are_known and known is not None and not any(isinstance(a, Partial) for a in agents):
        totals = EventTotals(agents, *ticks, events).totals
        MoneyBound(agents, scenario.transactions).check(totals, note)
        peaks, weights = ArrivalPeaks(agents), WeightChanges(agents, end)
        for i, event in enumerate(events):
            peaks.check(i, event, note)
            weights.keep(i, event)
        weights.check_all(note)


class EventChecks:
    """
    What the checks of a further event need to know of a checked scenario.
    """

    def __init__(self, scenario: Any) -> None:
        agents, events = scenario.agent_configs, scenario.scenario_events
        ticks = scenario.ticks_per_day, scenario.num_days
        self._end = end = ticks[0] * ticks[1]
        self._agents = {agent.id for agent in agents}
        self._transactions = scenario.transactions
        self._ids: EventIds | None = None
        self._totals = EventTotals(agents, *ticks)
        self._money = MoneyBound(agents, scenario.transactions)
        self._costs = CostBound(scenario)
        self._tables = ArrivalTables(agents, events)
        self._peaks = ArrivalPeaks(agents)
        self._weights = WeightChanges(agents, end)
        for i, event in enumerate(events):
            self.keep(i, event)

    def check(self, number: int, event: Any, note: Note) -> None:
        """
        Check one more event, which changes nothing here.
        """
        self._tables.check(event, note)
        if not _check_alone(number, event, self._end, self._agents, note):
            return
        if isinstance(event, ExtraTransaction):
            self._known_ids().check(number, event, note)
        totals = self._totals.after(event)
        self._money.check(totals, note)
        self._peaks.check(number, event, note)
        self._weights.check(number, event, note)
        self._costs.check(totals, note)

    def keep(self, number: int, event: Any) -> None:
        """
        Count a checked event among those that there are.
        """
        self._tables.keep(event)
        self._totals.keep(event)
        self._weights.keep(number, event)
        if isinstance(event, ExtraTransaction):
            self._known_ids().keep(number, event)

    def _known_ids(self) -> EventIds:
        # Ids of given transactions are many, and mostly no transaction is added.
        if self._ids is None:
            self._ids = EventIds(self._transactions, self._end)
        return self._ids


class ArrivalPeaks:
    """
    The highest rates of agents with arrivals.
    """

    def __init__(self, agents: Any) -> None:
        configs = ((agent.id, agent.arrival_config) for agent in agents)
        self._peaks = {
            id: config.rate_per_tick * max(config.intraday_profile)
            for id, config in configs
            if config is not None
        }
        self._highest = max(self._peaks, key=lambda id: self._peaks[id], default=None)

    def check(self, number: int, event: Any, note: Note) -> None:
        """
        Check that arrivals are changed where there are some, to rates that can be drawn.
        """
        if not isinstance(
            event, ArrivalRateChange | CounterpartyWeightChange | DeadlineOffsetChange
        ):
            return
        if event.agent_id is not None and event.agent_id not in self._peaks:
            text = "must be the id of an agent with an arrival_config"
            note(("scenario_events", number, "agent_id"), text, shown(event.agent_id))
        elif isinstance(event, ArrivalRateChange):
            fastest = self._highest if event.agent_id is None else event.agent_id
            if fastest is not None and self._peaks[fastest] * event.multiplier > ARRIVALS_MAX:
                text = (
                    f"times the largest rate of agent {shown(fastest)}, {self._peaks[fastest]}, "
                    f"must be at most {ARRIVALS_MAX}"
                )
                note(("scenario_events", number, "multiplier"), text, shown(event.multiplier))


def _check_alone(
    number: int, event: Any, end: int, agents: Collection[str] | None, note: Note
) -> bool:
    """
    Check when an event happens, and to whom; return whether these are agents.
    """
    tick = getattr(event, "tick", MISSING)
    if is_known(tick) and tick >= end:
        text = f"must be before the end of the run, tick {end}"
        note(("scenario_events", number, "tick"), text, shown(tick))
    are_known = True
    for key in _AGENT_KEYS:
        id = getattr(event, key, None)
        if id is None or not is_known(id) or agents is None or id in agents:
            continue
        are_known = False
        hint = functools.partial(suggest_agent, id, agents)
        note(("scenario_events", number, key), "must be the id of an agent", shown(id), hint)
    return are_known
