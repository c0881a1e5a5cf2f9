"""
Checks of scenario events against the rest of the scenario, repetitions counted.
"""

from __future__ import annotations

import functools
import heapq
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from paysim._kernel import GivenTransactions
from paysim.behaviour import ARRIVALS_MAX
from paysim.bounds import extra_transactions, given_value, highest_credit_limits
from paysim.errors import shown
from paysim.fields import AMOUNT_MAX, TICKS_MAX, suggest_agent
from paysim.records import MISSING, Note, Partial, is_known
from paysim.scenario_events import (
    ArrivalRateChange,
    CounterpartyWeightChange,
    DeadlineOffsetChange,
    ExtraTransaction,
    LiquidityInjection,
)

WEIGHT_CHANGES_MAX: Final = 1_000_000
"""The most changes of one agent's weights that are followed, where they undo each other."""

_AGENT_KEYS = ("agent_id", "counterparty_id", "sender_id", "receiver_id")
_REPEATED = re.compile(r"(.+)@(0|[1-9][0-9]*)", re.ASCII | re.DOTALL)


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
    end = ticks[0] * ticks[1] if is_known(*ticks) else TICKS_MAX
    known = None if agent_ids is None else set(agent_ids)
    are_known = True
    for i, event in enumerate(events):
        are_known &= is_known(event)
        tick = getattr(event, "tick", MISSING)
        if is_known(tick) and tick >= end:
            text = f"must be before the end of the run, tick {end}"
            note(("scenario_events", i, "tick"), text, shown(tick))
        for key in _AGENT_KEYS:
            id = getattr(event, key, None)
            if id is None or not is_known(id) or known is None or id in known:
                continue
            are_known = False
            hint = functools.partial(suggest_agent, id, known)
            note(("scenario_events", i, key), "must be the id of an agent", shown(id), hint)
    if any(isinstance(event, ExtraTransaction) for event in events):
        _check_ids(events, scenario.transactions, end, note)
    agents = scenario.agent_configs
    if are_known and known is not None and not any(isinstance(a, Partial) for a in agents):
        _check_money(scenario, end, note)
        _check_arrivals(events, agents, note)
        _check_weights(events, agents, end, note)


def _check_ids(events: Any, transactions: Any, end: int, note: Note) -> None:
    """
    Check that no two transactions of a run, given or extra, have one id.
    """
    once: dict[str, int] = {}
    for i, id in enumerate(_given_ids(transactions)):
        if is_known(id):
            once.setdefault(f"row-{i + 1}" if id is None else id, i)
    own: dict[str, int] = {}
    repeated: dict[str, int] = {}
    for i, event in enumerate(events):
        if not isinstance(event, ExtraTransaction):
            continue
        id = f"event-{i + 1}" if event.id is None else event.id
        if own.setdefault(id, i) != i:
            text = f"must be unique, and is the id of scenario_events[{own[id]}]"
            note(("scenario_events", i, "id"), text, shown(id))
        elif event.every_ticks is not None:
            repeated[id] = i
        elif id in once:
            text = f"must be unique, and is the id of transactions[{once[id]}]"
            note(("scenario_events", i, "id"), text, shown(id))
    for id in (*once, *(id for id in own if id not in repeated)) if repeated else ():
        match = _REPEATED.fullmatch(id)
        if match is None or match[1] not in repeated:
            continue
        number = repeated[match[1]]
        if int(match[2]) in events[number].ticks(end):
            owner = f"transactions[{once[id]}]" if id in once else f"scenario_events[{own[id]}]"
            text = f"must be unique, and {owner} has the id {shown(id)} of tick {match[2]}"
            note(("scenario_events", number, "id"), text, shown(match[1]))


def _given_ids(transactions: Any) -> Iterable[Any]:
    if isinstance(transactions, GivenTransactions):
        return transactions.table().column("id")
    return [row.id for row in transactions] if is_known(transactions) else []


def _check_money(scenario: Any, end: int, note: Note) -> None:
    """
    Bound all money and all amounts, so that sums are safe.
    """
    events, agents = scenario.scenario_events, scenario.agent_configs
    injected = sum(
        event.amount * len(event.ticks(end))
        for event in events
        if isinstance(event, LiquidityInjection)
    )
    money = sum(abs(agent.opening_balance) + agent.liquidity_pool for agent in agents)
    before = money + sum(agent.credit_limit for agent in agents)
    after = money + sum(highest_credit_limits(agents, events)) + injected
    if after > AMOUNT_MAX >= before:
        text = "injections and the highest credit limits, with balances and pools, must sum to "
        note(("scenario_events",), f"{text}at most {AMOUNT_MAX}, to be safe in i64", shown(after))
    if not is_known(scenario.transactions):
        return
    given = given_value(scenario.transactions)
    total = given + extra_transactions(events, end)[1]
    if total > AMOUNT_MAX >= given:
        text = f"extra and given transactions must sum to at most {AMOUNT_MAX}, to be safe in i64"
        note(("scenario_events",), text, shown(total))


def _check_arrivals(events: Any, agents: Any, note: Note) -> None:
    """
    Check that arrivals are changed where there are some, to rates that can be drawn.
    """
    peaks = {
        agent.id: agent.arrival_config.rate_per_tick * max(agent.arrival_config.intraday_profile)
        for agent in agents
        if agent.arrival_config is not None
    }
    highest = max(peaks, key=lambda id: peaks[id], default=None)
    for i, event in enumerate(events):
        if not isinstance(
            event, ArrivalRateChange | CounterpartyWeightChange | DeadlineOffsetChange
        ):
            continue
        if event.agent_id is not None and event.agent_id not in peaks:
            text = "must be the id of an agent with an arrival_config"
            note(("scenario_events", i, "agent_id"), text, shown(event.agent_id))
        elif isinstance(event, ArrivalRateChange):
            fastest = highest if event.agent_id is None else event.agent_id
            if fastest is not None and peaks[fastest] * event.multiplier > ARRIVALS_MAX:
                text = (
                    f"times the largest rate of agent {shown(fastest)}, {peaks[fastest]}, "
                    f"must be at most {ARRIVALS_MAX}"
                )
                note(("scenario_events", i, "multiplier"), text, shown(event.multiplier))


def _check_weights(events: Any, agents: Any, end: int, note: Note) -> None:
    """
    Check that no agent with arrivals is ever left without a receiver.
    """
    changes: dict[str, list[int]] = defaultdict(list)
    for i, event in enumerate(events):
        if isinstance(event, CounterpartyWeightChange):
            changes[event.agent_id].append(i)
    for agent in agents if changes else ():
        if agent.id not in changes or agent.arrival_config is None:
            continue
        weights = agent.arrival_config.counterparty_weights
        if weights is None:
            paid = {other.id for other in agents} - {agent.id}
        else:
            paid = {id for id, weight in weights.items() if weight}
        for done, i in enumerate(_followed(events, changes[agent.id], end)):
            if done == WEIGHT_CHANGES_MAX:
                text = f"must undo changes of the weights of agent {shown(agent.id)} at most"
                note(("scenario_events", i), f"{text} {done} times")
                break
            change = events[i]
            (paid.add if change.weight else paid.discard)(change.counterparty_id)
            if not paid:
                text = f"must leave agent {shown(agent.id)} a receiver with a weight of more than 0"
                note(("scenario_events", i, "weight"), text, shown(change.weight))
                break


def _followed(events: Any, numbers: list[int], end: int) -> Iterator[int]:
    """
    Yield changes of one agent's weights in the order in which they happen.

    One that nothing undoes is the same again, so only its first time is told.
    """
    kinds: dict[str, set[bool]] = defaultdict(set)
    for i in numbers:
        kinds[events[i].counterparty_id].add(bool(events[i].weight))
    times = []
    for i in numbers:
        ticks = events[i].ticks(end)
        undone = len(kinds[events[i].counterparty_id]) > 1
        times.append(zip(ticks if undone else ticks[:1], itertools.repeat(i)))
    return (i for _, i in heapq.merge(*times))
