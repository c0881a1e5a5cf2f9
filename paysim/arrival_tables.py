"""
A bound on the tables that the rates of arrival need, for a whole scenario and event by event.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from paysim.errors import shown
from paysim.records import Note, is_known
from paysim.scenario_events import ArrivalRateChange

ENTRIES_MAX: Final = 2**25
"""The most entries of eight bytes that the tables of arrivals may have."""


def check_arrival_tables(agents: Any, events: Any, note: Note) -> None:
    """
    Bound the tables that the rates of arrival need: one for each mean number per tick.

    An agent has the tables of one multiplier at a time, and those of the largest are the largest.
    """
    means: set[float] = set()
    highest = _highest_multipliers(events)
    for_all = highest.get(None, 1.0)
    for agent in agents if is_known(agents) else ():
        config = agent.arrival_config
        if config is None or not is_known(config):
            continue
        if is_known(config.rate_per_tick, config.intraday_profile):
            own = highest.get(agent.id, 1.0) if is_known(agent.id) else 1.0
            means.update(_means(config, max(for_all, own)))
    _check_entries(sum(map(_entries, means)), note)


class ArrivalTables:
    """
    The tables that the rates of arrival of a checked scenario need, event by event.
    """

    def __init__(self, agents: Any, events: Any) -> None:
        self._highest = _highest_multipliers(events)
        self._configs = {a.id: a.arrival_config for a in agents if a.arrival_config is not None}
        self._counts: Counter[float] = Counter()
        for id, config in self._configs.items():
            self._counts.update(set(_means(config, self._multiplier(id))))
        self._entries = sum(map(_entries, self._counts))
        self._checked: tuple[Any, Counter[float]] = None, Counter()

    def check(self, event: Any, note: Note) -> None:
        """
        Bound the tables that there are with one more event.
        """
        counts, change = self._counts, self._change(event)
        self._checked = event, change
        entries = self._entries
        for mean, times in change.items():
            is_there, was_there = counts[mean] + times > 0, counts[mean] > 0
            entries += _entries(mean) * (is_there - was_there)
        _check_entries(entries, note)

    def keep(self, event: Any) -> None:
        """
        Count an event among those that there are.
        """
        checked, change = self._checked
        if checked is not event:
            change = self._change(event)
        self._checked = None, Counter()
        for mean, times in change.items():
            before = self._counts[mean]
            self._counts[mean] = after = before + times
            self._entries += _entries(mean) * ((after > 0) - (before > 0))
            if not after:
                del self._counts[mean]
        if isinstance(event, ArrivalRateChange):
            _raise(self._highest, event)

    def _change(self, event: Any) -> Counter[float]:
        """
        Return by how many agents more each mean is needed.
        """
        change: Counter[float] = Counter()
        if isinstance(event, ArrivalRateChange):
            highest = self._highest
            if event.multiplier > highest.get(event.agent_id, 1.0):
                for id in self._configs if event.agent_id is None else (event.agent_id,):
                    before = self._multiplier(id)
                    if id in self._configs and event.multiplier > before:
                        change.subtract(set(_means(self._configs[id], before)))
                        change.update(set(_means(self._configs[id], event.multiplier)))
        return change

    def _multiplier(self, id: str) -> float:
        return max(self._highest.get(None, 1.0), self._highest.get(id, 1.0))


def _means(config: Any, multiplier: float) -> Iterator[float]:
    rate = config.rate_per_tick * multiplier
    return (rate * part for part in config.intraday_profile)


def _entries(mean: float) -> int:
    # A table reaches some twelve standard deviations to either side of the mean.
    return round(24 * math.sqrt(mean)) + 80


def _check_entries(entries: int, note: Note) -> None:
    if entries > ENTRIES_MAX:
        text = (
            "rates of arrival must be small and alike enough to need at most "
            f"{ENTRIES_MAX} entries of tables"
        )
        note(("agent_configs",), text, shown(entries))


def _highest_multipliers(events: Any) -> dict[str | None, float]:
    highest: dict[str | None, float] = {}
    for event in events if is_known(events) else ():
        if isinstance(event, ArrivalRateChange):
            _raise(highest, event)
    return highest


def _raise(highest: dict[str | None, float], event: ArrivalRateChange) -> None:
    highest[event.agent_id] = max(highest.get(event.agent_id, 1.0), event.multiplier)
