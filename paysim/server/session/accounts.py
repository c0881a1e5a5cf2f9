"""
What an agent sees of itself, as plain JSON values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from paysim.records import Record
from paysim.rules import CostRates, Rules

if TYPE_CHECKING:
    from paysim._kernel import Kernel, QueuedTransaction

FIGURES: Final = (
    *("tick", "day", "ticks_left_in_day", "balance", "available_liquidity", "credit_limit"),
    *("free_liquidity", "liquidity_pool", "loan", "day_inflow", "day_outflow"),
)
"""What of a view is a number."""

TERMS: Final = (
    *("id", "receiver_id", "amount", "arrival_tick", "deadline_tick", "ticks_to_deadline"),
    *("age_ticks", "priority", "priority_class", "is_overdue", "divisible"),
)
"""What is told of a transaction in a queue."""


def account_of(kernel: Kernel, agent: int) -> dict[str, Any]:
    """
    Return an agent's account and queues, the rules as it sees them, and its costs so far.

    Args:
        kernel: The kernel, between two ticks.
        agent: The agent's number.
    """
    view = kernel.view(agent)
    cost, total_cost = kernel.costs_of(agent)
    account: dict[str, Any] = {"agent_id": view.agent_id}
    account |= {key: getattr(view, key) for key in FIGURES}
    account["is_out"] = kernel.is_out(agent)
    account["internal_queue"] = [_terms(queued) for queued in view.internal_queue]
    account["central_queue"] = [_terms(queued) for queued in view.central_queue]
    account["cost"] = cost
    account["total_cost"] = total_cost
    account["cost_rates"] = Record(CostRates).write(view.cost_rates)
    account["rules"] = Record(Rules).write(view.rules)
    return account


def _terms(queued: QueuedTransaction) -> dict[str, Any]:
    return {key: getattr(queued, key) for key in TERMS}
