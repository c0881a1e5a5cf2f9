"""
What the event log tells of one transaction, and of one agent in one tick.

Both are dicts of plain values that JSON can hold, and `str` gives them as text for people.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from paysim.errors import ScenarioError, shown
from paysim.fields import one_of, suggest_agent

if TYPE_CHECKING:
    from paysim._kernel import Kernel
    from paysim.scenario import Scenario


AGENTS_TOLD = 10
"""
Agents that an error names at most.
"""

_WHERE_IDS = "the table transactions has the ids of those that have"


class Trace(dict[str, Any]):
    """
    The life of one transaction; `print` shows it as text.
    """

    def __str__(self) -> str:
        """
        Return it as people read it.
        """
        from paysim.trace_text import trace_text

        return trace_text(self)


class Explanation(dict[str, Any]):
    """
    One agent in one tick; `print` shows it as text.
    """

    def __str__(self) -> str:
        """
        Return it as people read it.
        """
        from paysim.explanation_text import explanation_text

        return explanation_text(self)


def trace(kernel: Kernel, transaction_id: str) -> Trace:
    """
    Return the life of a transaction.

    Raises:
        ScenarioError: It is no text, or no transaction of this id has arrived.
    """
    if not isinstance(transaction_id, str):
        raise ScenarioError(f"transaction_id must be text (got {shown(transaction_id)})")
    is_text = not any("\ud800" <= character <= "\udfff" for character in transaction_id)
    told = kernel.trace(transaction_id) if is_text else []
    if isinstance(told, list):
        hint = f"did you mean {one_of(shown(id) for id in told)}?" if told else _WHERE_IDS
        raise ScenarioError(f"no transaction {shown(transaction_id)} has arrived; {hint}")
    return Trace(told)


def explain(
    kernel: Kernel, scenario: Scenario, scripted: Collection[str], agent_id: str, tick: int
) -> Explanation:
    """
    Return what an agent saw and decided in a tick, and what became of its transactions.

    Raises:
        ScenarioError: There is no such agent, or the tick is not over.
    """
    configs = scenario.agent_configs
    if not isinstance(agent_id, str):
        raise ScenarioError(f"agent_id must be text (got {shown(agent_id)})")
    number = next((n for n, config in enumerate(configs) if config.id == agent_id), None)
    if number is None:
        ids = [config.id for config in configs]
        hint = suggest_agent(agent_id, set(ids)) or _told_agents(ids)
        raise ScenarioError(f"no agent {shown(agent_id)} in the run; {hint}")
    if not isinstance(tick, int) or isinstance(tick, bool):
        raise ScenarioError(f"tick must be int (got {shown(tick)})")
    if kernel.tick == 0:
        raise ScenarioError(f"no tick is over (got {shown(tick)})")
    if not 0 <= tick < kernel.tick:
        last = f"{kernel.tick - 1}, the last tick that is over"
        raise ScenarioError(f"tick must be in 0 to {last} (got {shown(tick)})")
    told = kernel.explain(number, tick)
    policy = configs[number].policy
    rules, lsm = scenario.rules, scenario.lsm_config
    is_scripted = agent_id in scripted
    return Explanation(
        told
        | {
            "policy": None if is_scripted else {"type": policy.name} | attrs.asdict(policy),
            "rules": {
                "queue_discipline": rules.queue_discipline,
                "deferred_crediting": rules.deferred_crediting,
                "end_of_day": rules.end_of_day,
                **attrs.asdict(lsm),
            },
        }
    )


def _told_agents(ids: Sequence[str]) -> str:
    named = ", ".join(ids[:AGENTS_TOLD])
    more = len(ids) - AGENTS_TOLD
    return f"its agents are {named}" + (f" and {more:,} more" if more > 0 else "")
