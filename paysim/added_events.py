"""
A scenario to which events are added while it runs.
"""

from __future__ import annotations

from typing import Any

from paysim.errors import Problems, TooManyProblems
from paysim.event_checks import EventChecks
from paysim.records import Listed, layout
from paysim.scenario import Scenario
from paysim.scenario_events import ScenarioEvent, named


class GrowingScenario:
    """
    A scenario and the events that have been added to it.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._added: list[ScenarioEvent] = []
        self._checks: EventChecks | None = None

    @property
    def scenario(self) -> Scenario:
        """
        The scenario with all its events; the same object until another is added.
        """
        if self._added:
            self._scenario = self._scenario.with_checked(self._added)
            self._added = []
        return self._scenario

    def check(self, raw: dict[str, Any]) -> ScenarioEvent:
        """
        Return the event that a plain dict describes, as it would stand at the end of the events.

        Raises:
            ScenarioError: With everything that is wrong.
        """
        problems = Problems()
        try:
            event = self._checked(raw, problems)
        except TooManyProblems:
            event = None
        if event is None or problems.count:
            raise problems.error()
        return event

    def add(self, event: ScenarioEvent) -> None:
        """
        Add an event that has been checked just now.
        """
        assert self._checks is not None
        self._checks.keep(self._number(), event)
        self._added.append(event)

    def _checked(self, raw: dict[str, Any], problems: Problems) -> ScenarioEvent:
        kind = layout(Scenario)["scenario_events"].kind
        assert isinstance(kind, Listed)
        number = self._number()
        event = kind.item.read(raw, ("scenario_events", number), problems)
        if kind.most is not None and number >= kind.most:
            text = f"must hold at most {kind.most} {kind.noun}"
            problems.add(("scenario_events",), text, str(number + 1))
        event = named(event, number + 1)
        if self._checks is None:
            self._checks = EventChecks(self.scenario)
        self._checks.check(number, event, problems.add)
        return event

    def _number(self) -> int:
        return len(self._scenario.scenario_events) + len(self._added)
