"""
Bounds on a scenario as a whole that keep sums of money safe and costs exact.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import attrs

from paysim._kernel import GivenTransactions
from paysim.errors import shown
from paysim.exact import product
from paysim.fields import AMOUNT_MAX
from paysim.records import Note, Partial, is_known
from paysim.rules import Bps
from paysim.scenario_events import CreditLimitChange, ExtraTransaction, LiquidityInjection

COSTS_MAX: Final = 10**19
"""What costs can be counted to exactly, in minor units: 128 bits of 1e-19 each."""


@attrs.frozen
class Totals:
    """
    What scenario events come to, repetitions counted.

    Attributes:
        injected: What is injected.
        credit: The sum of the highest credit limits that agents ever have.
        cut: The most that is lent because credit limits are cut.
        volume: How many transactions arrive by events.
        value: Their value.
    """

    injected: int
    credit: int
    cut: int
    volume: int
    value: int


class EventTotals:
    """
    Counts the totals of scenario events, of which some are added later.
    """

    def __init__(self, agents: Any, ticks_per_day: int, days: int, events: Any = ()) -> None:
        self._days = days
        self._end = ticks_per_day * days
        self._limits = {agent.id: (agent.credit_limit, 0) for agent in agents}
        self.totals = Totals(0, sum(agent.credit_limit for agent in agents), 0, 0, 0)
        for event in events if is_known(events) else ():
            self.keep(event)

    def after(self, event: Any) -> Totals:
        """
        Return the totals with one more event.
        """
        totals = self.totals
        if isinstance(event, ExtraTransaction):
            times = len(event.ticks(self._end))
            volume, value = totals.volume + times, totals.value + times * event.amount
            return attrs.evolve(totals, volume=volume, value=value)
        if isinstance(event, LiquidityInjection):
            amount = event.amount * len(event.ticks(self._end))
            return attrs.evolve(totals, injected=totals.injected + amount)
        if isinstance(event, CreditLimitChange) and event.agent_id in self._limits:
            before, after = self._limits[event.agent_id], self._limit(event)
            credit = totals.credit + after[0] - before[0]
            return attrs.evolve(totals, credit=credit, cut=totals.cut + self._cut(before, after))
        return totals

    def keep(self, event: Any) -> None:
        """
        Count an event.
        """
        self.totals = self.after(event)
        if isinstance(event, CreditLimitChange) and event.agent_id in self._limits:
            self._limits[event.agent_id] = self._limit(event)

    def _limit(self, event: CreditLimitChange) -> tuple[int, int]:
        """
        Return the highest limit of an agent, and how often it changes.
        """
        highest, times = self._limits[event.agent_id]
        return max(highest, event.amount), times + len(event.ticks(self._end))

    def _cut(self, before: tuple[int, int], after: tuple[int, int]) -> int:
        # A cut leaves an agent below its floor by at most its highest limit, and is made up for by
        # a loan at the end of the day.
        most = [limit * min(times, self._days) for limit, times in (before, after)]
        return most[1] - most[0]


class MoneyBound:
    """
    Bounds all money and all amounts of a scenario, so that sums are safe.
    """

    def __init__(self, agents: Any, transactions: Any) -> None:
        self._money = sum(abs(agent.opening_balance) + agent.liquidity_pool for agent in agents)
        self._before = self._money + sum(agent.credit_limit for agent in agents)
        self._is_given = is_known(transactions)
        self._given = given_value(transactions)

    def check(self, totals: Totals, note: Note) -> None:
        """
        Note sums that are too large, unless they are so without any events.
        """
        after = self._money + totals.credit + totals.injected
        most = f"at most {AMOUNT_MAX}, to be safe in i64"
        if after > AMOUNT_MAX >= self._before:
            text = "injections and the highest credit limits, with balances and pools, must sum to "
            note(("scenario_events",), text + most, shown(after))
        value = self._given + totals.value
        if self._is_given and value > AMOUNT_MAX >= self._given:
            text = "extra and given transactions must sum to "
            note(("scenario_events",), text + most, shown(value))


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
    credits = [agent.credit_limit for agent in agents]
    pools = [agent.liquidity_pool for agent in agents]
    if is_known(*_amounts(given), *credits, *pools):
        totals = EventTotals(agents, ticks_per_day, days, scenario.scenario_events).totals
        CostBound(scenario).check(totals, note)


class CostBound:
    """
    Bounds what a scenario can cost, by what its events come to.
    """

    def __init__(self, scenario: Any) -> None:
        rates, days = scenario.cost_rates, scenario.num_days
        ticks = scenario.ticks_per_day * days
        self._given = len(scenario.transactions), given_value(scenario.transactions)
        by_class = rates.priority_delay_multipliers
        multiplier = max(by_class.urgent, by_class.high, by_class.normal)
        multiplier = product(multiplier, max(rates.overdue_delay_multiplier, Decimal(1)))
        delay = 10_000 * Fraction(rates.delay_cost_per_tick_per_cent) * Fraction(multiplier)
        penalty = rates.deadline_penalty
        once = Fraction(penalty.bps) if isinstance(penalty, Bps) else 10_000 * Fraction(penalty)
        # What stands as a loan at a close was lent to settle transactions or for a cut limit.
        self._per_loan = Fraction(rates.eod_borrowing_bps) * days
        self._per_value = delay * ticks + self._per_loan
        self._per_transaction = 10_000 * Fraction(rates.eod_penalty_per_transaction) * days
        if isinstance(penalty, Bps):
            self._per_value += once
        else:
            self._per_transaction += once
        self._per_credit = Fraction(rates.overdraft_bps_per_tick) * ticks
        pools = sum(agent.liquidity_pool for agent in scenario.agent_configs)
        self._fixed = pools * Fraction(rates.liquidity_bps_per_tick) * ticks

    def check(self, totals: Totals, note: Note) -> None:
        """
        Note costs that are too large.
        """
        volume, value = self._given
        most = self._fixed + totals.credit * self._per_credit + totals.cut * self._per_loan
        most += (value + totals.value) * self._per_value
        most += (volume + totals.volume) * self._per_transaction
        most /= 10_000
        if most > COSTS_MAX:
            text = f"so low that all costs of a run come to at most {COSTS_MAX:,} minor units"
            note(("cost_rates",), f"must be {text}", f"up to {int(most):,}")
