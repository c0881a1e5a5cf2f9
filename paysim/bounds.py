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

ARRIVAL_ENTRIES_MAX: Final = 2**25
"""The most entries of eight bytes that the tables of arrivals may have."""

COSTS_MAX: Final = 10**19
"""What costs can be counted to exactly, in minor units: 128 bits of 1e-19 each."""


def check_arrival_tables(agents: Any, note: Note) -> None:
    """
    Bound the tables that the rates of arrival need: one for each mean number per tick.
    """
    means: set[float] = set()
    for agent in agents if is_known(agents) else ():
        config = agent.arrival_config
        if is_known(config) and config is not None:
            rate, profile = config.rate_per_tick, config.intraday_profile
            if is_known(rate, profile):
                means |= {(rate * multiplier) for multiplier in profile}
    # A table reaches some twelve standard deviations to either side of the mean.
    entries = sum(round(24 * mean**0.5) + 80 for mean in means)
    if entries > ARRIVAL_ENTRIES_MAX:
        text = (
            "rates of arrival must be small and alike enough to need at most "
            f"{ARRIVAL_ENTRIES_MAX} entries of tables"
        )
        note(("agent_configs",), text, shown(entries))


def check_costs(scenario: Any, note: Note) -> None:
    """
    Bound what agents and given transactions can cost, so that costs stay exact to the end.
    """
    agents, given, rates = scenario.agent_configs, scenario.transactions, scenario.cost_rates
    ticks_per_day, days = scenario.ticks_per_day, scenario.num_days
    if not is_known(agents, given, rates, ticks_per_day, days) or isinstance(rates, Partial):
        return
    is_columns = isinstance(given, GivenTransactions)
    amounts = [] if is_columns else [transaction.amount for transaction in given]
    credits = [agent.credit_limit for agent in agents]
    pools = [agent.liquidity_pool for agent in agents]
    if not is_known(*amounts, *credits, *pools):
        return
    value = given.total_amount if is_columns else sum(amounts)
    by_class = rates.priority_delay_multipliers
    multiplier = max(by_class.urgent, by_class.high, by_class.normal)
    multiplier = product(multiplier, max(rates.overdue_delay_multiplier, Decimal(1)))
    per_tick = (
        value * 10_000 * Fraction(rates.delay_cost_per_tick_per_cent) * Fraction(multiplier)
        + sum(credits) * Fraction(rates.overdraft_bps_per_tick)
        + sum(pools) * Fraction(rates.liquidity_bps_per_tick)
    )
    per_day = len(given) * 10_000 * Fraction(rates.eod_penalty_per_transaction) + value * Fraction(
        rates.eod_borrowing_bps
    )
    penalty = rates.deadline_penalty
    once = (
        value * Fraction(penalty.bps)
        if isinstance(penalty, Bps)
        else len(given) * 10_000 * Fraction(penalty)
    )
    most = (per_tick * ticks_per_day * days + per_day * days + once) / 10_000
    if most > COSTS_MAX:
        text = f"must be so low that all costs of a run come to at most {COSTS_MAX:,} minor units"
        note(("cost_rates",), text, f"up to {int(most):,}")
