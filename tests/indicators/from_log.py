"""
What the indicators come to by their definitions, out of the event log alone.

No table of results is read: transactions are followed event by event.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

LSM = ("bilateral_offsetting", "cycles", "gridlock_resolution")

Event = dict[str, Any]


class Life(NamedTuple):
    """
    What became of one transaction, or of one part of a split one.
    """

    id: str
    sender: str
    receiver: str
    amount: int
    arrived: int  # of a part: when what was split arrived
    ended: int | None  # settled or cancelled
    cause: str | None  # of its settlement
    central: list[tuple[int, int | None]]  # stays in the central queue

    @property
    def settled(self) -> int | None:
        """
        The tick of its settlement.
        """
        return self.ended if self.cause else None

    def waits(self, tick: int) -> bool:
        """
        Say whether it was unsettled at the end of a tick.
        """
        return self.arrived <= tick and (self.ended is None or self.ended > tick)


def lives(log: list[Event]) -> list[Life]:
    """
    Follow every transaction; what was split is left out, as its parts are there.
    """
    facts: dict[str, dict[str, Any]] = {}
    split: set[str] = set()
    for event in log:
        kind, tick, id = event["event"], event["tick"], event.get("transaction_id")
        if kind in ("arrived", "part_created"):
            parent = facts.get(event.get("parent_id", ""))
            facts[id] = {
                "id": id,
                "sender": event["sender_id"],
                "receiver": event["receiver_id"],
                "amount": event["amount"],
                "arrived": parent["arrived"] if parent else tick,
                "ended": None,
                "cause": None,
                "central": [],
            }
        elif kind == "queued":
            facts[id]["central"].append((tick, None))
        elif kind == "split":
            split.add(id)
        if kind in ("settled", "cancelled"):
            facts[id]["ended"] = tick
            facts[id]["cause"] = event["cause"] if kind == "settled" else None
        if kind in ("settled", "cancelled", "withdrawn"):
            stays = facts[id]["central"]
            if stays and stays[-1][1] is None:
                stays[-1] = (stays[-1][0], tick)
    return [Life(**fact) for id, fact in facts.items() if id not in split]


def net_positions(log: list[Event], ticks_per_day: int) -> dict[tuple[int, str], list[int]]:
    """
    List the net positions of each agent in each day, one after every posting and deferred credit.
    """
    found: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0])
    moves: dict[str, int] = defaultdict(int)
    deferred: dict[str, int] = defaultdict(int)
    day, posting = 0, None

    def book() -> None:
        for agent, move in moves.items():
            found[day, agent].append(found[day, agent][-1] + move)
        moves.clear()

    for event in log:
        kind = event["event"]
        if kind == "settled" and event["posting"] == posting:
            pass
        elif kind == "credit_deferred" and posting is not None:
            moves[event["agent_id"]] -= event["amount"]
            deferred[event["agent_id"]] += event["amount"]
        else:
            book()
            posting = event["posting"] if kind == "settled" else None
        day = event["tick"] // ticks_per_day
        if kind == "settled":
            moves[event["sender_id"]] -= event["amount"]
            moves[event["receiver_id"]] += event["amount"]
        elif kind == "credited":  # credits of direct transfers are in it too
            moves[event["agent_id"]] += deferred.pop(event["agent_id"], 0)
    book()
    return found


def liquidity_used(log: list[Event], ticks_per_day: int, day: int, agent: str) -> int:
    """
    Give max(0, max -N) of an agent in a day.
    """
    return max(0, -min(net_positions(log, ticks_per_day)[day, agent]))


def due_in(life: Life, first: int, last: int) -> bool:
    """
    Say whether a transaction was to settle in the ticks of a day.
    """
    return life.arrived <= last and (life.ended is None or life.ended >= first)


def delay_sums(every: list[Life], first: int, last: int) -> tuple[int, int]:
    """
    Give sum a (c - s) and sum a (T - s) of a day, by the definition.
    """
    waited = could = 0
    for life in every:
        if due_in(life, first, last):
            since = max(life.arrived, first)
            until = last if life.ended is None else min(life.ended, last)
            waited += life.amount * (until - since)
            could += life.amount * (last - since)
    return waited, could


def lower_bound(every: list[Life], agent: str, first: int, last: int) -> int:
    """
    Give max(0, what it owes - what it is owed) of a day.
    """
    due = [life for life in every if due_in(life, first, last)]
    out = sum(life.amount for life in due if life.sender == agent)
    return max(0, out - sum(life.amount for life in due if life.receiver == agent))


def is_gridlock(
    every: list[Life], order: list[str], available: dict[str, int], deferred: bool
) -> bool:
    """
    Try every choice of first transactions of each sender for one that could settle together.

    Args:
        every: All transactions.
        order: Ids in the order in which they stand in the central queue.
        available: The available liquidity of each agent at the end of the tick.
        deferred: Whether credits are deferred: they lift nobody who is below the floor.
    """
    by_id = {life.id: life for life in every}
    queues: dict[str, list[Life]] = {agent: [] for agent in available}
    for id in order:
        queues[by_id[id].sender].append(by_id[id])
    alone = any(life.amount <= available[a] for a, queue in queues.items() for life in queue)
    choices: list[list[Life]] = [[]]
    for queue in queues.values():
        choices = [[*choice, *queue[:n]] for choice in choices for n in range(len(queue) + 1)]
    for choice in filter(None, choices):
        left = dict(available)
        for life in choice:
            left[life.sender] -= life.amount
            left[life.receiver] += life.amount
        senders = {life.sender for life in choice}
        if deferred and any(available[sender] < 0 for sender in senders):
            continue
        if all(left[sender] >= 0 for sender in senders):
            return not alone
    return False


def central_queue(log: list[Event], tick: int, urgent: int, high: int) -> list[str]:
    """
    List what stands in the central queue at the end of a tick, by class, then release.
    """
    priority: dict[str, int] = {}
    number: dict[str, int] = {}
    queued: set[str] = set()
    for place, event in enumerate(log):
        kind, id = event["event"], event.get("transaction_id")
        if event["tick"] > tick:
            break
        if kind in ("arrived", "part_created", "reprioritised"):
            priority[id] = event["priority"]
        elif kind == "released":
            number[id] = place
        elif kind == "queued":
            queued.add(id)
        elif kind in ("withdrawn", "settled", "cancelled"):
            queued.discard(id)
    return sorted(
        queued,
        key=lambda id: ((priority[id] < urgent) + (priority[id] < high), number[id]),
    )
