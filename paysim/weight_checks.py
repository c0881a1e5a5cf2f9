"""
Checks of changes of counterparty weights: who is left to be paid, and how much memory they take.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import attrs

from paysim.errors import shown
from paysim.records import Note
from paysim.scenario_events import CounterpartyWeightChange

CHANGES_MAX: Final = 1_000_000
"""The most changes of one agent's weights that are followed, where they undo each other."""

ENTRIES_MAX: Final = 2**24
"""The most weights, of some 32 bytes each, that agents without any of their own may be given."""

_Change = tuple[int, CounterpartyWeightChange]


@attrs.define
class _Followed:
    """
    The changes of one agent's weights.

    Attributes:
        given: Its weights as configured; `None` gives every other agent 1.
        receivers: How many agents it pays at first.
        lost: Those of them that a change takes from it, at least for a time.
        changes: Its changes, with their numbers.
    """

    given: dict[str, float] | None
    receivers: int
    lost: set[str] = attrs.field(factory=set)
    changes: list[_Change] = attrs.field(factory=list)

    def pays_at_first(self, id: str) -> bool:
        return self.given is None or self.given.get(id, 0) > 0

    def loses(self, event: CounterpartyWeightChange) -> bool:
        return event.weight == 0 and self.pays_at_first(event.counterparty_id)


class WeightChanges:
    """
    The changes of counterparty weights of a scenario, of which some are added later.
    """

    def __init__(self, agents: Any, end: int) -> None:
        self._end = end
        self._agents = len(agents)
        self._configs = {a.id: a.arrival_config for a in agents if a.arrival_config is not None}
        self._followed: dict[str, _Followed] = {}
        self._filled = 0

    def check(self, number: int, event: Any, note: Note) -> None:
        """
        Check that with one more event no agent with arrivals is ever left without a receiver.
        """
        if isinstance(event, CounterpartyWeightChange) and event.agent_id in self._configs:
            id = event.agent_id
            known = self._followed.get(id)
            followed = known or self._at_first(id)
            lost = len(followed.lost)
            if followed.loses(event) and event.counterparty_id not in followed.lost:
                lost += 1
            if lost >= followed.receivers:
                self._follow(id, followed, [*followed.changes, (number, event)], note)
            self._check_entries(self._filled + (known is None and followed.given is None), note)

    def keep(self, number: int, event: Any) -> None:
        """
        Count an event among those that there are.
        """
        if isinstance(event, CounterpartyWeightChange) and event.agent_id in self._configs:
            followed = self._followed.get(event.agent_id)
            if followed is None:
                followed = self._followed[event.agent_id] = self._at_first(event.agent_id)
                self._filled += followed.given is None
            followed.changes.append((number, event))
            if followed.loses(event):
                followed.lost.add(event.counterparty_id)

    def check_all(self, note: Note) -> None:
        """
        Check the events that there are.
        """
        for id, followed in self._followed.items():
            if len(followed.lost) >= followed.receivers:
                self._follow(id, followed, followed.changes, note)
        self._check_entries(self._filled, note)

    def _at_first(self, id: str) -> _Followed:
        given = self._configs[id].counterparty_weights
        if given is None:
            return _Followed(None, self._agents - 1)
        return _Followed(given, sum(1 for weight in given.values() if weight))

    def _check_entries(self, filled: int, note: Note) -> None:
        entries = filled * (self._agents - 1)
        if entries > ENTRIES_MAX:
            text = (
                "must change the weights of so few agents without counterparty_weights that they "
                f"get at most {ENTRIES_MAX} weights, one for each other agent"
            )
            note(("scenario_events",), text, shown(entries))

    def _follow(self, id: str, followed: _Followed, changes: list[_Change], note: Note) -> None:
        """
        Check one agent's changes in the order in which they happen.
        """
        pays: dict[str, bool] = {}
        receivers = followed.receivers
        for done, (number, event) in enumerate(_in_time(changes, self._end)):
            if done == CHANGES_MAX:
                text = f"must undo changes of the weights of agent {shown(id)} at most"
                note(("scenario_events", number), f"{text} {done} times")
                return
            other = event.counterparty_id
            paid = pays[other] if other in pays else followed.pays_at_first(other)
            pays[other] = event.weight > 0
            receivers += pays[other] - paid
            if not receivers:
                text = f"must leave agent {shown(id)} a receiver with a weight of more than 0"
                note(("scenario_events", number, "weight"), text, shown(event.weight))
                return


def _in_time(changes: list[_Change], end: int) -> Iterator[_Change]:
    """
    Yield changes of one agent's weights in the order in which they happen.

    One that nothing undoes is the same again, so only its first time is told.
    """
    kinds: dict[str, set[bool]] = defaultdict(set)
    for _, event in changes:
        kinds[event.counterparty_id].add(bool(event.weight))
    times = []
    for change in changes:
        ticks = change[1].ticks(end)
        undone = len(kinds[change[1].counterparty_id]) > 1
        times.append(zip(ticks if undone else ticks[:1], itertools.repeat(change)))
    # Of one tick, the order of the scenario.
    return (change for _, change in heapq.merge(*times, key=lambda due: (due[0], due[1][0])))
