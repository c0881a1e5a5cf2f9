"""
The agents that decide from outside: who they are, for the kernel and for a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from paysim.checkpoint_format import SavedAgent
from paysim.scenario import Scenario

OUTSIDE: Final = "outside agent"
"""What a checkpoint calls whatever decides for an agent over HTTP."""


def saved_agents(ids: Iterable[str]) -> dict[str, SavedAgent]:
    """
    Return what a checkpoint says of agents.
    """
    return {id: SavedAgent(OUTSIDE) for id in ids}


def in_order(scenario: Scenario, ids: Iterable[str]) -> tuple[str, ...]:
    """
    Return agents' ids in scenario order, each once.
    """
    some = set(ids)
    return tuple(config.id for config in scenario.agent_configs if config.id in some)


def numbers_of(scenario: Scenario, ids: Iterable[str]) -> list[int]:
    """
    Return the numbers of agents, in scenario order.
    """
    some = set(ids)
    return [i for i, config in enumerate(scenario.agent_configs) if config.id in some]
