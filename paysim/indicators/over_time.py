"""
What is looked at tick by tick: liquidity in use, recycling, gridlocks.
"""

from __future__ import annotations

from paysim.indicators.facts import Facts, agent_flow
from paysim.indicators.figures import by_tenth
from paysim.indicators.liquidity import liquidity_in_use, net_positions, recycled


def positions_in_use(facts: Facts) -> list[int]:
    """
    Return the liquidity in use at the end of each tick of the days asked for.
    """
    days: list[list[list[int]]] = [[] for _ in facts.spans]
    for place in range(len(facts.ids)):
        received = facts.by_day(facts.agent("received_value", place))
        paid = facts.by_day(facts.agent("paid_value", place))
        for day, positions in enumerate(map(net_positions, received, paid)):
            days[day].append(positions)
    return [value for agents in days for value in liquidity_in_use(agents)]


def recycled_value(facts: Facts, place: int) -> int:
    """
    Return the value an agent paid out of receipts of the same tenth of the day.
    """
    flow = agent_flow(facts, place)
    received = facts.agent("received_value", place)
    length = facts.ticks_per_day
    return sum(
        recycled(by_tenth(receipts, length), by_tenth(payments, length))
        for receipts, payments in zip(
            facts.by_day(received), facts.by_day(flow.settled), strict=True
        )
    )


def gridlock_ticks(facts: Facts) -> list[bool | None]:
    """
    Return whether each tick asked for ended in a gridlock.

    None at the last tick of a day: the end-of-day rule and the return of liquidity come between the
    mechanisms and the end of that tick.
    """
    last = facts.ticks_per_day - 1
    answers = facts.of_period(facts.results.gridlocks())
    return [
        None if tick % facts.ticks_per_day == last else answer
        for tick, answer in enumerate(answers, facts.first_tick)
    ]
