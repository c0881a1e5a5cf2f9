"""
Bounds on a scenario as a whole that keep a run within memory and its costs exact.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from paysim._kernel import GivenTransactions
from paysim.errors import shown
from paysim.exact import product
from paysim.records import Note, Partial, is_known
from paysim.rules import Bps
from paysim.scenario_events import ArrivalRateChange, CreditLimitChange, ExtraTransaction

ARRIVAL_ENTRIES_MAX: Final = 2**25
"""The most entries of eight bytes that the tables of arrivals may have."""

COSTS_MAX: Final = 10**19
"""What costs can be counted to exactly, in minor units: 128 bits of 1e-19 each."""


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
        if is_known(config) and config is not None:
            rate, profile = config.rate_per_tick, config.intraday_profile
            if is_known(rate, profile):
                most = max(for_all, highest.get(agent.id, 1.0) if is_known(agent.id) else 1.0)
                means |= {(rate * most * multiplier) for multiplier in profile}
    # A table reaches some twelve standard deviations to either side of the mean.
    entries = sum(round(24 * mean**0.5) + 80 for mean in means)
    if entries > ARRIVAL_ENTRIES_MAX:
        text = (
            "rates of arrival must be small and alike enough to need at most "
            f"{ARRIVAL_ENTRIES_MAX} entries of tables"
        )
        note(("agent_configs",), text, shown(entries))


def given_value(transactions: Any) -> int:
    """
    Return the sum of the amounts of given transactions, 0 if not all are known.
    """
    amounts = _amounts(transactions) if is_known(transactions) else []
    return sum(amounts) if is_known(*amounts) else 0


def _amounts(transactions: Any) -> list[Any]:
    """
    Return amounts that sum to those of given transactions.
    """
    if isinstance(transactions, GivenTransactions):
        return [transactions.total_amount]
    return [transaction.amount for transaction in transactions]


def check_costs(scenario: Any, note: Note) -> None:
    """
    Bound what agents and given transactions can cost, so that costs stay exact to the end.
    """
    agents, given, rates = scenario.agent_configs, scenario.transactions, scenario.cost_rates
    ticks_per_day, days = scenario.ticks_per_day, scenario.num_days
    if not is_known(agents, given, rates, ticks_per_day, days) or isinstance(rates, Partial):
        return
    amounts = _amounts(given)
    credits = [agent.credit_limit for agent in agents]
    pools = [agent.liquidity_pool for agent in agents]
    if not is_known(*amounts, *credits, *pools):
        return
    extra_volume, extra_value = extra_transactions(scenario.scenario_events, ticks_per_day * days)
    volume, value = len(given) + extra_volume, sum(amounts) + extra_value
    credits = highest_credit_limits(agents, scenario.scenario_events)
    by_class = rates.priority_delay_multipliers
    multiplier = max(by_class.urgent, by_class.high, by_class.normal)
    multiplier = product(multiplier, max(rates.overdue_delay_multiplier, Decimal(1)))
    per_tick = (
        value * 10_000 * Fraction(rates.delay_cost_per_tick_per_cent) * Fraction(multiplier)
        + sum(credits) * Fraction(rates.overdraft_bps_per_tick)
        + sum(pools) * Fraction(rates.liquidity_bps_per_tick)
    )
    per_day = volume * 10_000 * Fraction(rates.eod_penalty_per_transaction) + value * Fraction(
        rates.eod_borrowing_bps
    )
    penalty = rates.deadline_penalty
    once = (
        value * Fraction(penalty.bps)
        if isinstance(penalty, Bps)
        else volume * 10_000 * Fraction(penalty)
    )
    most = (per_tick * ticks_per_day * days + per_day * days + once) / 10_000
    if most > COSTS_MAX:
        text = f"must be so low that all costs of a run come to at most {COSTS_MAX:,} minor units"
        note(("cost_rates",), text, f"up to {int(most):,}")


def extra_transactions(events: Any, end: int) -> tuple[int, int]:
    """
    Return how many transactions arrive by scenario events before tick `end`, and their value.
    """
    volume = value = 0
    for event in events if is_known(events) else ():
        if isinstance(event, ExtraTransaction):
            times = len(event.ticks(end))
            volume += times
            value += times * event.amount
    return volume, value


def highest_credit_limits(agents: Any, events: Any) -> list[int]:
    """
    Return the largest credit limit that each agent ever has.
    """
    highest: dict[str, int] = {}
    for event in events if is_known(events) else ():
        if isinstance(event, CreditLimitChange):
            highest[event.agent_id] = max(highest.get(event.agent_id, 0), event.amount)
    return [max(agent.credit_limit, highest.get(agent.id, 0)) for agent in agents]


def _highest_multipliers(events: Any) -> dict[str | None, float]:
    highest: dict[str | None, float] = {}
    for event in events if is_known(events) else ():
        if isinstance(event, ArrivalRateChange):
            highest[event.agent_id] = max(highest.get(event.agent_id, 1.0), event.multiplier)
    return highest
