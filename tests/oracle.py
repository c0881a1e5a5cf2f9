"""
A slow, plain model of a run, written from the specification alone: every rule rescans everything.

It takes the plain dict of a scenario whose transactions are all given.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import combinations, permutations
from typing import Any

from oracle_events import scenario_events
from oracle_policies import parts_wanted

LSM = {"bilateral_offsetting": True, "cycles": True, "gridlock_resolution": False}
COSTS = ("overdraft", "delay", "split_friction", "deadline_penalty", "end_of_day_penalty")
COSTS += ("end_of_day_borrowing", "liquidity")
AGENT = {"credit_limit": 0, "liquidity_pool": 0, "liquidity_allocation_fraction": 1}
AGENT |= {"policy": "fifo", "allocated": 0, "loan": 0, "deferred": 0, "budget": None}
AGENT |= {"is_out": False}  # in an outage
TRANSACTION = {"id": None, "deadline_tick": None, "priority": 5, "divisible": True}
TRANSACTION |= {"is_overdue": False, "state": "expected"}
SEEN = {"release": "released", "split": "splitting", "withdraw": "withdrawn"}
LIMITS = {"max_cycle_length": 4, "max_rings_per_tick": 100_000}


def exact(number: float | str) -> Fraction:  # a float counts by its shortest decimal
    decimal = Decimal(str(number))
    return Fraction(round(decimal, 15) if isinstance(number, float) else decimal)


class Record:  # the facts of an agent or a transaction; one equals only itself
    def __init__(self, **facts: Any) -> None:
        self.__dict__ |= facts


def value(transactions: list[Record]) -> int:
    return sum(t.amount for t in transactions)


def largest_ordered_set(candidates: list[Record], deferring: bool = False) -> list[Record]:
    chosen = list(candidates)  # start with all of them, in each sender's order
    while True:
        net = {agent: 0 for t in chosen for agent in (t.sender, t.receiver)}
        for t in chosen:
            net[t.sender] -= t.amount
            net[t.receiver] += t.amount
        end = {a: a.balance + (min(net[a], 0) if deferring else net[a]) for a in net}
        short = [t for t in chosen if end[t.sender] < t.sender.floor]
        if not short:
            return chosen
        chosen.remove([t for t in short if t.sender is short[0].sender][-1])  # drop its last


class Oracle:  # one run: open_tick, then decide and ask, then close_tick, again and again
    def __init__(self, scenario: dict[str, Any]) -> None:
        self.ticks_per_day, self.tick = scenario["ticks_per_day"], 0
        self.rates, self.rules = scenario.get("cost_rates", {}), scenario.get("rules", {})
        self.strict = self.rules.get("queue_discipline") == "strict_fifo"
        self.deferring = self.rules.get("deferred_crediting", False)
        self.lowest = {"urgent": 8, "high": 6} | self.rules.get("priority_classes", {})
        self.lsm = LSM | LIMITS | scenario.get("lsm_config", {})
        self.agents = [Record(**AGENT | config) for config in scenario["agent_configs"]]
        for index, agent in enumerate(self.agents):
            agent.index, agent.costs = index, dict.fromkeys(COSTS, Fraction(0))
            agent.balance, agent.floor = agent.opening_balance, -agent.credit_limit
        self.transactions = [self.transaction(row) for row in scenario["transactions"]]
        for number, t in enumerate(self.transactions, start=1):
            t.id = t.id or f"row-{number}"
        self.total, self.places, self.postings = Fraction(0), 0, 0
        self.line, self.decisions, self.asked = [], [], []
        self.events, self.happened = scenario.get("scenario_events", []), []
        self.halted = False

    def transaction(self, row: dict[str, Any]) -> Record:
        by_id = {agent.id: agent for agent in self.agents}
        ends = {"sender": by_id[row["sender_id"]], "receiver": by_id[row["receiver_id"]]}
        return Record(**TRANSACTION | row | ends)

    def order(self, t: Record) -> tuple[int, int]:  # the class, 0 is urgent, and the place in it
        return sum(t.priority < self.lowest[name] for name in ("urgent", "high")), t.place

    def find(self, state: str, sender: Record | None = None) -> list[Record]:
        found = [t for t in self.transactions if t.state == state and sender in (None, t.sender)]
        return sorted(found, key=lambda t: (0, t.place) if state == "held" else self.order(t))

    def put(self, t: Record, state: str) -> None:  # at the end of that queue
        self.places += 1
        t.state, t.place = state, self.places

    def rate(self, key: str, default: int = 0) -> Fraction:
        return exact(self.rates.get(key, default))

    def join(self, agent: Record) -> None:  # one that stands in line keeps its place
        self.line += [agent] if agent not in self.line else []

    def open_tick(self) -> None:  # steps 1 to 3
        for agent in self.agents if self.tick % self.ticks_per_day == 0 else []:
            repaid = min(agent.loan, max(agent.balance - agent.floor, 0))
            agent.allocated = int(agent.liquidity_pool * exact(agent.liquidity_allocation_fraction))
            agent.loan -= repaid
            agent.liquidity_pool -= agent.allocated
            agent.balance += agent.allocated - repaid
            if agent.allocated > 0:
                self.join(agent)
        extra = [self.transaction(row) for row in scenario_events(self)]
        self.arrived = extra + [t for t in self.transactions if t.arrival_tick == self.tick]
        self.transactions += extra
        for t in sorted(self.arrived, key=lambda t: t.sender.index):
            self.put(t, "held")

    def decide(self, agent: Record, kind: str, subject: Any, argument: Any = None) -> bool:
        own = [t for t in self.transactions if t.sender is agent and t.id == subject]
        state, number = own[0].state if own else None, -1 if argument is None else argument
        is_held = state in ("held", "withdrawn")
        applicable = {  # one that is not is refused
            "release": is_held and (argument is None or 0 <= number <= 10),
            "split": is_held and own[0].divisible and 2 <= number <= own[0].amount,
            "withdraw": state == "queued",
            "reprioritise": (is_held or state in ("queued", "released")) and 0 <= number <= 10,
            "set_release_budget": subject is None or (isinstance(subject, int) and subject >= 0),
        }[kind]
        applicable = applicable and not agent.is_out
        if applicable:  # the agent itself sees it at once, all others when it is applied
            self.decisions.append((agent, kind, own[0] if own else subject, argument))
            if kind in SEEN:
                own[0].state = SEEN[kind]
        return applicable

    def free(self, agent: Record) -> int:
        used = [self.find(state, agent) for state in ("queued", "released", "splitting")]
        return agent.balance - agent.floor - sum(map(value, used))

    def ask(self, agent: Record) -> None:  # the agent's policy decides, once in a tick
        held = self.find("held", agent)
        held += [d[2] for d in self.decisions if d[0] is agent and d[1] == "withdraw"]
        for t in held if agent not in self.asked and not agent.is_out else []:
            parts = parts_wanted(t, self.free(agent), self.tick, self.ticks_per_day)
            if parts > 0:
                self.decide(agent, *(("release", t.id) if parts == 1 else ("split", t.id, parts)))
        self.asked.append(agent)

    def apply_decisions(self) -> None:  # step 4: by agent in scenario order, then in the order made
        spent = [0 for _ in self.agents]
        for agent, kind, t, argument in sorted(self.decisions, key=lambda d: d[0].index):
            if kind == "set_release_budget":
                agent.budget = t
                continue
            if kind == "withdraw" or t.state == "queued":
                self.join(agent)
            if kind == "withdraw":
                self.put(t, "held")
            if kind in ("release", "reprioritise") and argument is not None:
                t.priority = argument
            if kind in ("release", "split"):
                t.state = "held"
                if agent.budget is not None and spent[agent.index] + t.amount > agent.budget:
                    continue
                spent[agent.index] += t.amount
                for released in self.split(t, argument) if kind == "split" else [t]:
                    self.put(released, "entering")
        self.decisions, self.asked = [], []

    def split(self, t: Record, parts: int) -> list[Record]:
        t.sender.costs["split_friction"] += (parts - 1) * self.rate("split_friction_cost")
        t.state, amounts = "split", [t.amount // parts] * parts
        amounts[-1] += t.amount - sum(amounts)
        new = [{"id": f"{t.id}/{k}", "amount": a} for k, a in enumerate(amounts, start=1)]
        self.transactions += [Record(**vars(t) | facts) for facts in new]
        return self.transactions[-parts:]

    def settle(self, posting: list[Record], cause: str) -> None:
        self.postings += 1
        alone = cause in ("entry", "queue_release")
        for agent in self.agents:
            paid = value([t for t in posting if t.sender is agent])
            received = value([t for t in posting if t.receiver is agent])
            counts_later = received if cause == "end_of_day" else max(received - paid, 0)
            later = counts_later if self.deferring else 0
            agent.balance += received - paid - later
            agent.deferred += later
            if (received > 0 and not self.deferring) if alone else (received > 0 or paid > 0):
                self.join(agent)
        for t in posting:
            t.state = "settled"
            self.settled.append((t.id, cause, self.postings))

    def release_queues(self) -> None:  # step 6: the first in line tries its central queue once
        while self.line:
            for t in self.find("queued", self.line.pop(0)):
                if t.amount <= t.sender.balance - t.sender.floor:
                    self.settle([t], "queue_release")
                elif self.strict:
                    break

    def enter(self) -> None:  # step 5: one by one, by class, then release
        for t in self.find("entering"):
            before = [q for q in self.find("queued", t.sender) if self.order(q) < self.order(t)]
            t.state = "queued"
            if self.halted:
                self.join(t.sender)
                continue
            fits = t.amount <= t.sender.balance - t.sender.floor
            if fits and not (self.strict and before):
                self.settle([t], "entry")
                self.release_queues()

    def save_liquidity(self) -> None:  # step 7: rounds until one settles nothing
        self.rings, postings = 0, -1
        while postings < self.postings:
            postings = self.postings
            for name in LSM:
                if self.lsm[name] and getattr(self, name)():
                    self.release_queues()

    def edge(self, sender: Record, receiver: Record) -> list[Record]:
        return [t for t in self.find("queued", sender) if t.receiver is receiver]

    def settle_along(self, edges: list[tuple[Record, Record]], cause: str) -> bool:
        in_order = sorted(edges, key=lambda ends: ends[0].index)
        candidates = [t for ends in in_order for t in self.edge(*ends)]
        chosen = largest_ordered_set(candidates, self.deferring)
        every_edge = {(t.sender, t.receiver) for t in chosen} == set(edges)
        if every_edge:
            self.settle(chosen, cause)
        return every_edge

    def bilateral_offsetting(self) -> bool:  # by the smaller direction's value, largest first
        def smaller(pair: tuple[Record, Record]) -> int:
            return min(value(self.edge(*pair)), value(self.edge(*reversed(pair))))

        pairs = sorted(combinations(self.agents, 2), key=smaller, reverse=True)
        return any([self.settle_along([(a, b), (b, a)], "bilateral_offsetting") for a, b in pairs])

    def cycles(self) -> bool:  # by length, then by the list of agents in scenario order
        moved = False
        for length in range(3, self.lsm["max_cycle_length"] + 1):
            for ring in permutations(self.agents, length):
                edges = list(zip(ring, ring[1:] + ring[:1], strict=True))
                in_order = ring[0].index == min(agent.index for agent in ring)
                if in_order and all(self.edge(*ends) for ends in edges):
                    if self.rings == self.lsm["max_rings_per_tick"]:
                        self.ring_limit_reached = True
                        return moved
                    self.rings += 1
                    moved |= self.settle_along(edges, "cycles")
        return moved

    def gridlock_resolution(self) -> bool:
        candidates = [t for a in self.agents for t in self.find("queued", a)]
        chosen = largest_ordered_set(candidates, self.deferring)
        if chosen:
            self.settle(chosen, "gridlock_resolution")
        return bool(chosen)

    def end_day(self) -> list[Record]:  # step 8: what it cancelled
        unsettled = self.find("queued") + self.find("held")
        if self.rules.get("end_of_day") == "cancel":
            for t in unsettled:
                t.state = "cancelled"
            return unsettled
        if self.rules.get("end_of_day") == "settle_on_credit":
            for agent in self.agents:
                due = value([t for t in unsettled if t.sender is agent])
                coming = [t for t in unsettled if t.receiver is agent and not self.deferring]
                loan = max(0, due - value(coming) - (agent.balance - agent.floor))
                agent.loan += loan
                agent.balance += loan
            if unsettled:
                self.settle(sorted(unsettled, key=lambda t: t.sender.index), "end_of_day")
        return []

    def accrue(self, cancelled: list[Record], is_last: bool) -> None:  # step 10
        given = {"priority_delay_multipliers": {}, "deadline_penalty": 0} | self.rates
        classes, penalty = given["priority_delay_multipliers"], given["deadline_penalty"]
        held, queued, scope = self.find("held"), self.find("queued"), given.get("delay_applies_to")
        for t in held * (scope != "central") + queued * (scope != "internal"):
            rate = exact(classes.get(("urgent", "high", "normal")[self.order(t)[0]], 1))
            rate *= self.rate("overdue_delay_multiplier", 1) if t.is_overdue else 1
            rate *= self.rate("delay_cost_per_tick_per_cent")
            t.sender.costs["delay"] += t.amount * rate
        for t in held + queued + cancelled:
            if not t.is_overdue and t.deadline_tick is not None and t.deadline_tick <= self.tick:
                t.is_overdue, by_amount = True, isinstance(penalty, dict)
                cost = t.amount * exact(penalty["bps"]) / 10_000 if by_amount else exact(penalty)
                t.sender.costs["deadline_penalty"] += cost
            if is_last:
                t.sender.costs["end_of_day_penalty"] += self.rate("eod_penalty_per_transaction")
        for a in self.agents:
            drawn, loan = max(-a.balance, 0), a.loan if is_last else 0
            a.costs["overdraft"] += drawn * self.rate("overdraft_bps_per_tick") / 10_000
            a.costs["liquidity"] += a.allocated * self.rate("liquidity_bps_per_tick") / 10_000
            a.costs["end_of_day_borrowing"] += loan * self.rate("eod_borrowing_bps") / 10_000

    def close_tick(self) -> tuple[int, int, int, int, int]:
        self.settled, is_last = [], (self.tick + 1) % self.ticks_per_day == 0
        self.ring_limit_reached = False
        self.apply_decisions()
        if not self.halted:  # the line is kept while it lasts
            self.release_queues()
        self.enter()
        if not self.halted:
            self.save_liquidity()
        cancelled = self.end_day() if is_last else []
        for agent in self.agents:  # step 9
            if agent.deferred > 0:
                agent.balance, agent.deferred = agent.balance + agent.deferred, 0
                self.join(agent)
        self.accrue(cancelled, is_last)
        for agent in self.agents if is_last else []:  # step 11
            returned = min(agent.allocated, max(agent.balance, 0))
            agent.liquidity_pool += returned
            agent.balance, agent.allocated = agent.balance - returned, 0
        before, self.total = self.total, sum(sum(a.costs.values()) for a in self.agents)
        counts = len(self.arrived), len(self.settled), sum(c in LSM for _, c, _ in self.settled)
        self.tick += 1
        return self.tick - 1, *counts, round(self.total) - round(before)  # half-even
