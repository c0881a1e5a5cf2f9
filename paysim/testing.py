"""
Small scenarios and scripted policies, for tests of one's own policies and processes.

    sim = Simulation(
        tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300, tick=2)]),
        behaviour={"BANK_A": Scripted({5: [release("row-1")]})},
    )
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from paysim.scenario import Scenario

if TYPE_CHECKING:
    from paysim._kernel import View
    from paysim.policies import Decision

__all__ = ["Scripted", "payment", "tiny_scenario"]


@attrs.frozen
class Scripted:
    """
    A policy that makes given decisions in given ticks, and none in others.

    Attributes:
        script: Decisions by tick; the transactions in them are usually ids.
    """

    script: Mapping[int, Iterable[Decision]]

    def decide(self, view: View) -> Iterable[Decision]:
        """
        Return the decisions of the script for this tick.
        """
        return self.script.get(view.tick, ())

    def get_state(self) -> None:
        """
        Return nothing: what a script decides depends on the tick alone.
        """

    def set_state(self, value: None) -> None:
        """
        Take nothing back.
        """


def payment(
    sender_id: str, receiver_id: str, amount: int, tick: int = 0, **changes: Any
) -> dict[str, Any]:
    """
    Return one entry of a scenario's `transactions`.

    Args:
        sender_id: Who pays.
        receiver_id: Who is paid.
        amount: Minor units.
        tick: The arrival tick.
        changes: Any other key of a transaction.
    """
    return {
        "sender_id": sender_id,
        "receiver_id": receiver_id,
        "amount": amount,
        "arrival_tick": tick,
    } | changes


def tiny_scenario(**changes: Any) -> Scenario:
    """
    Return a scenario of one day of ten ticks with two agents that release everything.

    BANK_A opens with 1,000 and BANK_B with 500; no credit, no costs, nothing arrives.

    Args:
        changes: Any keys of a scenario file, with the values they would have there; each takes the
            place of the key here, as in `tiny_scenario(num_days=2)`.

    Raises:
        ScenarioError: The changes do not make a valid scenario.
    """
    return Scenario.from_dict(
        {
            "ticks_per_day": 10,
            "agent_configs": [
                {"id": "BANK_A", "opening_balance": 1_000},
                {"id": "BANK_B", "opening_balance": 500},
            ],
        }
        | changes
    )
