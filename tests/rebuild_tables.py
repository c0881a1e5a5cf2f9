"""
The tables of queues, pairs, positions and delays, made from the lines of the event log alone.

Each row is counted anew from when each transaction came and went; nothing is asked of the kernel.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from rebuild import Books

Row = dict[str, Any]
Steps = list[tuple[int, dict[str, int]]]

OPENING = {"account_opened", "loan_repaid", "liquidity_allocated"}
LSM_CAUSES = {"bilateral_offsetting", "cycles", "gridlock_resolution"}


class Facts:
    """
    What a log says of its closed ticks, by transaction.

    Args:
        config: The scenario, of which the agents' order, the length of a day, and whether credits
            are deferred count.
        events: The lines of the log.
        ticks: How many ticks are closed; what the log says of later ones does not count.
    """

    def __init__(self, config: dict[str, Any], events: list[Row], ticks: int) -> None:
        """
        Note when each transaction came to be and when it ended.
        """
        self.config, self.ticks = config, ticks
        self.agents = [agent["id"] for agent in config["agent_configs"]]
        self.per_day = config["ticks_per_day"]
        self.days = range(-(-ticks // self.per_day))
        self.defers = config.get("rules", {}).get("deferred_crediting", False)
        self.events = [event for event in events if event["tick"] < ticks]
        self.terms: dict[str, Row] = {}
        self.whole: dict[str, str] = {}
        self.ended: dict[str, Row] = {}
        for event in self.events:
            key = event.get("transaction_id")
            if event["event"] in ("arrived", "part_created"):
                self.terms[key] = event
                self.whole[key] = self.whole[event["parent_id"]] if "parent_id" in event else key
            elif event["event"] in ("split", "settled", "cancelled"):
                self.ended[key] = event
        self.arrived = [key for key, whole in self.whole.items() if key == whole]
        self.settled = [key for key, end in self.ended.items() if end["event"] == "settled"]

    def day(self, event: Row) -> int:
        """
        Give the day of an event.
        """
        return int(event["tick"] // self.per_day)

    def arrival(self, key: str) -> Row:
        """
        Give the arrival of a transaction, of the whole for a part.
        """
        return self.terms[self.whole[key]]

    def unsettled(self, day: int) -> list[str]:
        """
        List what has come to be and not ended at the end of a day, in order of coming to be.
        """
        return [
            key
            for key, born in self.terms.items()
            if self.day(born) <= day and (key not in self.ended or self.day(self.ended[key]) > day)
        ]

    def flow(self, name: str, keys: list[str]) -> Row:
        """
        Count transactions and their value.
        """
        value = sum(self.terms[key]["amount"] for key in keys)
        return {f"{name}_volume": len(keys), f"{name}_value": value}


def queues(facts: Facts) -> list[Row]:
    """
    List all stays in queues, those in an internal queue that end in their tick left out.
    """
    stays: list[Row] = []
    staying: dict[str, Row] = {}
    priorities: dict[str, int] = {}
    for event in facts.events:
        kind, key = event["event"], event.get("transaction_id", "")
        if "priority" in event:
            priorities[key] = event["priority"]
        if kind in ("released", "split", "withdrawn", "cancelled", "settled") and key in staying:
            outcome = event["cause"] if kind == "settled" else kind
            staying.pop(key).update(left_tick=event["tick"], outcome=outcome)
        if kind in ("arrived", "withdrawn", "queued"):
            terms = facts.terms[key]
            staying[key] = {
                "queue": "central" if kind == "queued" else "internal",
                "transaction_id": key,
                "agent_id": terms["sender_id"],
                "receiver_id": terms["receiver_id"],
                "amount": terms["amount"],
                "priority": priorities[key],
                "joined_tick": event["tick"],
                "left_tick": None,
                "cause": {"arrived": "arrival"}.get(kind, event.get("cause", kind)),
                "outcome": None,
            }
            stays.append(staying[key])
    return [
        stay
        for stay in stays
        if stay["queue"] == "central" or stay["joined_tick"] != stay["left_tick"]
    ]


def bilateral(facts: Facts) -> list[Row]:
    """
    List the pairs of each day with anything to count.
    """
    rows = []
    for day in facts.days:
        settled = [key for key in facts.settled if facts.day(facts.ended[key]) == day]
        counted = {
            "arrived": [key for key in facts.arrived if facts.day(facts.terms[key]) == day],
            "settled": settled,
            "lsm": [key for key in settled if facts.ended[key]["cause"] in LSM_CAUSES],
            "unsettled": facts.unsettled(day),
        }
        for sender in facts.agents:
            for receiver in facts.agents:
                row: Row = {"day": day, "sender_id": sender, "receiver_id": receiver}
                for name, keys in counted.items():
                    sent = [key for key in keys if facts.terms[key]["sender_id"] == sender]
                    both = [key for key in sent if facts.terms[key]["receiver_id"] == receiver]
                    row |= facts.flow(name, both)
                if any(row[f"{name}_volume"] for name in counted):
                    rows.append(row)
    return rows


def delays(facts: Facts) -> list[Row]:
    """
    List how often each delay occurs, by day of arrival and sender.
    """
    found = defaultdict(list)
    for key in facts.settled:
        arrival, end = facts.arrival(key), facts.ended[key]
        sender = facts.agents.index(end["sender_id"])
        found[facts.day(arrival), sender, end["tick"] - arrival["tick"]].append(end["amount"])
    return [
        {
            "day": day,
            "agent_id": facts.agents[sender],
            "delay": delay,
            "volume": len(amounts),
            "value": sum(amounts),
        }
        for (day, sender, delay), amounts in sorted(found.items())
    ]


def positions(facts: Facts) -> list[Row]:
    """
    List every agent in every day.
    """
    opened, moved = openings(facts), steps(facts)
    rows = []
    for day in facts.days:
        paid = [key for key in facts.settled if facts.day(facts.ended[key]) == day]
        timed = [
            key
            for key in facts.arrived
            if facts.day(facts.terms[key]) == day and facts.terms[key]["deadline_tick"] is not None
        ]
        due = due_in(facts, day)
        at_once = immediate(facts, day, due)
        for agent in facts.agents:
            own = [step for step in moved if step[0] // facts.per_day == day and agent in step[1]]
            lowest, lowest_tick = extreme(own, agent, -1)
            highest, highest_tick = extreme(own, agent, 1)
            sent = [key for key in paid if facts.terms[key]["sender_id"] == agent]
            got = [key for key in paid if facts.terms[key]["receiver_id"] == agent]
            promised = [key for key in timed if facts.terms[key]["sender_id"] == agent]
            rows.append(
                {
                    "day": day,
                    "agent_id": agent,
                    **opened[day][agent],
                    **facts.flow("paid", sent),
                    **facts.flow("received", got),
                    "lowest_net_position": lowest,
                    "lowest_tick": lowest_tick,
                    "highest_net_position": highest,
                    "highest_tick": highest_tick,
                    "due_value": sum(a for k, a in due if facts.terms[k]["sender_id"] == agent),
                    "expected_value": sum(
                        a for k, a in due if facts.terms[k]["receiver_id"] == agent
                    ),
                    "immediate_lowest_net_position": extreme(at_once, agent, -1)[0],
                    **facts.flow("timed", promised),
                    **missed(facts, promised),
                }
            )
    return rows


def openings(facts: Facts) -> list[dict[str, Row]]:
    """
    Give what each agent has after step 1 of each day.
    """
    books, opened = Books(facts.config), []
    for tick in range(facts.ticks):
        events = [event for event in facts.events if event["tick"] == tick]
        if tick % facts.per_day == 0:
            while events and events[0]["event"] in OPENING:
                books.read(events.pop(0))
            opened.append(
                {
                    agent: {
                        "opening_balance": books.balances[agent],
                        "opening_credit_limit": -books.floors[agent],
                        "liquidity_allocated": books.allocated[agent],
                        "opening_liquidity_pool": books.pools[agent],
                    }
                    for agent in facts.agents
                }
            )
        books.tick(events)
    return opened


def steps(facts: Facts) -> Steps:
    """
    List how net positions change: by each posting, and by each credit that was deferred in one.
    """
    found: Steps = []
    awaited: Counter[str] = Counter()
    for first, *rest in postings(facts):
        change: Counter[str] = Counter()
        if first["event"] == "credited":
            change[first["agent_id"]] = awaited.pop(first["agent_id"], 0)
        elif first["event"] == "settled":
            for event in (first, *rest):
                if event["event"] == "settled":
                    change[event["sender_id"]] -= event["amount"]
                    change[event["receiver_id"]] += event["amount"]
                else:
                    change[event["agent_id"]] -= event["amount"]
                    awaited[event["agent_id"]] += event["amount"]
        found.append((first["tick"], change))
    return found


def postings(facts: Facts) -> Iterator[list[Row]]:
    """
    Give the events one by one, and those of a posting together with the credits it defers.
    """
    together: list[Row] = []
    for event in facts.events:
        follows = event["event"] == "credit_deferred" or (
            event["event"] == "settled" == together[-1]["event"]
            and event["posting"] == together[-1]["posting"]
        )
        if together and not follows:
            yield together
            together = []
        together.append(event)
    if together:
        yield together


def due_in(facts: Facts, day: int) -> list[tuple[str, int]]:
    """
    List what is due in a day: what is left of earlier days, as it once arrived, then what arrives.
    """
    left: Counter[str] = Counter()
    for key in facts.unsettled(day - 1):
        left[facts.whole[key]] += facts.terms[key]["amount"]
    today = [key for key in facts.arrived if facts.day(facts.terms[key]) == day]
    carried = [(key, left[key]) for key in facts.arrived if left[key]]
    return carried + [(key, facts.terms[key]["amount"]) for key in today]


def immediate(facts: Facts, day: int, due: list[tuple[str, int]]) -> Steps:
    """
    List how net positions would change if each of these settled at once, alone.
    """
    found: Steps = []
    by_tick = defaultdict(list)
    for key, amount in due:
        terms = facts.terms[key]
        by_tick[max(terms["tick"], day * facts.per_day)].append((terms, amount))
    for tick, together in by_tick.items():
        credits: Steps = []
        for terms, amount in together:
            found.append((tick, {terms["sender_id"]: -amount}))
            credit = (tick, {terms["receiver_id"]: amount})
            (credits if facts.defers else found).append(credit)
        found += credits
    return found


def extreme(moves: Steps, agent: str, sign: int) -> tuple[int, int | None]:
    """
    Give the lowest (sign -1) or highest (1) position an agent comes to, and when it first does.
    """
    position, best, when = 0, 0, None
    for tick, change in moves:
        position += change.get(agent, 0)
        if sign * position > sign * best:
            best, when = position, tick
    return best, when


def missed(facts: Facts, promised: list[str]) -> Row:
    """
    Count what of these became overdue; of those in parts, the value that did.
    """
    late = [
        event["transaction_id"]
        for event in facts.events
        if event["event"] == "overdue" and facts.whole[event["transaction_id"]] in promised
    ]
    return {
        "missed_volume": len({facts.whole[key] for key in late}),
        "missed_value": sum(facts.terms[key]["amount"] for key in late),
    }
