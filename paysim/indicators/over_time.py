"""
What is looked at tick by tick: liquidity in use, recycling, gridlocks.
"""

from __future__ import annotations

from paysim.indicators.facts import Facts, agent_flow
from paysim.indicators.figures import by_tenth
from paysim.indicators.gridlock import Stay, gridlocked
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
    Return whether there is a gridlock at the end of each tick asked for.

    None at the last tick of a day: the end-of-day rule and the return of liquidity come between the
    mechanisms and the end of that tick.
    """
    first, end, agents = facts.first_tick, facts.end_tick, len(facts.ids)
    answers = [False] * (end - first)
    if any(facts.system("central_queue_volume")[first:end]):
        liquidity = facts.column("agents", "available_liquidity")
        rows = [liquidity[t * agents : (t + 1) * agents] for t in range(first, end)]
        answers = list(gridlocked(_stays(facts), rows, first))
    last = facts.ticks_per_day - 1
    return [
        None if tick % facts.ticks_per_day == last else answer
        for tick, answer in enumerate(answers, first)
    ]


def _stays(facts: Facts) -> list[Stay]:
    """
    Return the stays in the central queue that saw the end of a tick.
    """
    classes = facts.results.scenario.rules.priority_classes
    places = {id: place for place, id in enumerate(facts.ids)}
    names = ("queue", "agent_id", "receiver_id", "amount", "priority", "joined_tick", "left_tick")
    rows = zip(*(facts.column("queues", name) for name in names), strict=True)
    return [
        Stay(
            places[sender],
            places[receiver],
            amount,
            (priority < classes.urgent) + (priority < classes.high),
            joined,
            left,
        )
        for queue, sender, receiver, amount, priority, joined, left in rows
        if queue == "central" and joined < facts.end_tick and left != joined
    ]
