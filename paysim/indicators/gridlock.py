"""
Gridlock: whether queued transactions that cannot settle alone could settle together.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence

import attrs

Queue = Sequence[tuple[int, int]]
"""What one agent has queued, in its order: receiver and amount of each transaction."""


@attrs.frozen
class Stay:
    """
    A transaction's stay in the central queue.

    Attributes:
        sender: Place of its sender in scenario order.
        receiver: Place of its receiver.
        amount: Minor units.
        rank: 0 for urgent, 1 for high, 2 for normal.
        joined: The tick in which it joined.
        left: The tick in which it left, or None.
    """

    sender: int
    receiver: int
    amount: int
    rank: int
    joined: int
    left: int | None


def largest_ordered_set(queues: Sequence[Queue], liquidity: Sequence[int]) -> list[int]:
    """
    Return how many of each agent's first transactions could settle together.

    Starting with all, an agent that would be short drops its last one until none is short. The
    result does not depend on who drops first.

    Args:
        queues: What each agent has queued.
        liquidity: The available liquidity of each agent.

    Source: Bech and Soramäki (2001), Bank of Finland DP 9/2001.
    """
    kept = [len(queue) for queue in queues]
    after = list(liquidity)
    for sender, queue in enumerate(queues):
        for receiver, amount in queue:
            after[sender] -= amount
            after[receiver] += amount
    short = [agent for agent, left in enumerate(after) if left < 0]
    while short:
        agent = short.pop()
        queue = queues[agent]
        while after[agent] < 0 and kept[agent]:
            kept[agent] -= 1
            receiver, amount = queue[kept[agent]]
            after[agent] += amount
            after[receiver] -= amount
            if after[receiver] < 0:
                short.append(receiver)
    return kept


def could_settle_together(queues: Sequence[Queue], liquidity: Sequence[int]) -> bool:
    """
    Return whether the largest ordered set is not empty.

    What could settle out of the first few of each queue could settle out of the whole; so ever
    longer beginnings are tried, as gridlocks are mostly found in short ones.
    """
    longest = max(map(len, queues), default=0)
    length = 1
    while length < longest:
        if any(largest_ordered_set([queue[:length] for queue in queues], liquidity)):
            return True
        length *= 4
    return any(largest_ordered_set(queues, liquidity))


def is_gridlock(queues: Sequence[Queue], liquidity: Sequence[int]) -> bool:
    """
    Return whether no queued transaction could settle alone, but a set of them could together.

    A set keeps each sender's order. If not even that is possible it is a deadlock, and no gridlock.

    Args:
        queues: What each agent has queued, in its order.
        liquidity: The available liquidity of each agent.

    Source: Bech and Soramäki (2001).
    """
    alone = any(
        amount <= left for queue, left in zip(queues, liquidity, strict=True) for _, amount in queue
    )
    return not alone and could_settle_together(queues, liquidity)


def gridlocked(
    stays: Iterable[Stay], liquidity: Sequence[Sequence[int]], first_tick: int = 0
) -> Iterator[bool]:
    """
    Yield for the end of each tick whether there is a gridlock.

    The gridlock index is the share of ticks in which there is.

    Args:
        stays: Stays in the central queue, in the order of joining.
        liquidity: The available liquidity of each agent at the end of each tick.
        first_tick: The tick of the first of them; stays that begin earlier count too.
    """
    lasting = [
        (stay.rank, number, stay)
        for number, stay in enumerate(stays)
        if stay.left is None or stay.left > max(stay.joined, first_tick)
    ]
    # The next to join or leave stands last.
    joining = sorted(lasting, key=lambda item: (item[2].joined, item[1]), reverse=True)
    leaving = [item for item in lasting if item[2].left is not None]
    leaving.sort(key=_left, reverse=True)
    state = _State([_Agent() for _ in (liquidity[0] if liquidity else ())])
    before: Sequence[int] = ()
    answer = False
    for tick, available in enumerate(liquidity, first_tick):
        changed = before != available
        while joining and joining[-1][2].joined <= tick:
            state.join(*joining.pop())
            changed = True
        while leaving and _left(leaving[-1]) <= tick:
            state.leave(*leaving.pop())
            changed = True
        if changed:
            answer = state.is_gridlock(available)
        before = available
        yield answer


def _left(item: tuple[int, int, Stay]) -> int:
    return item[2].left or 0


@attrs.define
class _Agent:
    """
    What an agent has queued, in its order, and the amounts of it in ascending order.
    """

    places: list[tuple[int, int]] = attrs.Factory(list)
    queue: list[tuple[int, int]] = attrs.Factory(list)
    amounts: list[int] = attrs.Factory(list)


@attrs.frozen
class _State:
    agents: list[_Agent]

    def join(self, rank: int, number: int, stay: Stay) -> None:
        agent = self.agents[stay.sender]
        place = bisect_left(agent.places, (rank, number))
        agent.places.insert(place, (rank, number))
        agent.queue.insert(place, (stay.receiver, stay.amount))
        insort(agent.amounts, stay.amount)

    def leave(self, rank: int, number: int, stay: Stay) -> None:
        agent = self.agents[stay.sender]
        place = bisect_left(agent.places, (rank, number))
        del agent.places[place], agent.queue[place]
        del agent.amounts[bisect_left(agent.amounts, stay.amount)]

    def is_gridlock(self, available: Sequence[int]) -> bool:
        """
        Return the same as the function of this name, without a look at every amount.
        """
        waiting = [agent for agent in self.agents if agent.queue]
        if len(waiting) < 2:
            return False
        for agent, left in zip(self.agents, available, strict=True):
            if agent.amounts and agent.amounts[0] <= left:
                return False
        return could_settle_together([agent.queue for agent in self.agents], available)
