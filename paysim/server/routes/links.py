"""
What can be asked of a simulation next: where its id stands, and the operations.
"""

from __future__ import annotations

from typing import Final

from paysim.server.openapi import examples
from paysim.server.openapi.operations import Link

SAME: Final = {"simulation_id": "$request.path.simulation_id"}
"""The simulation that was asked for."""

IT: Final = {"simulation_id": "$response.body#/simulation_id"}
"""The simulation that was made."""


def links_to(parameters: dict[str, str]) -> tuple[Link, ...]:
    """
    Return what can be asked of a simulation.

    Args:
        parameters: Where its id stands.
    """
    return (
        Link("tick", parameters, text="Run its next tick."),
        Link("get_state", parameters, text="Look at its state."),
        Link("get_simulation", parameters, text="Look at it."),
        Link("get_scenario", parameters, text="Get its scenario."),
        Link("get_events", parameters, text="Read its event log."),
        Link("get_account", {**parameters, "agent_id": "BANK_A"}, text="Look at an agent."),
        Link("start_run", parameters, text="Run it in the background."),
        Link("get_run", parameters, text="Look at its run."),
        Link("cancel_run", parameters, text="End its run."),
        Link("submit_transaction", parameters, text="Let a transaction arrive."),
        Link("decide", parameters, text="Decide for an agent."),
        Link("add_scenario_event", parameters, text="Let something happen to it."),
        Link("get_results", parameters, text="Get its results."),
        Link("get_indicators", parameters, text="Get its indicators."),
        Link("get_comparison", {**parameters, "with": examples.OTHER_ID}, text="Compare it."),
        Link("create_checkpoint", parameters, text="Keep the moment that it is at."),
        Link("list_checkpoints", parameters, text="List its checkpoints."),
        Link("create_branch", parameters, text="Branch from it."),
        Link("list_branches", parameters, text="List its branches."),
        Link("delete_simulation", parameters, text="Remove it."),
    )
