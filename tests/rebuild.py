"""
Books kept from the event log alone: balances, queues and costs, with nothing asked of the kernel.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import Any

AFTER_RUNNING_COSTS = {
    "overdue",
    "end_of_day_penalty",
    "end_of_day_borrowing",
    "liquidity_returned",
    "allocation_kept",
}
DECIDED = {"released", "withdrawn", "reprioritised", "release_budget_set", "split"}
ORIGINS = {"entry": {"released"}, "end_of_day": {"internal", "central"}}


def exactly(number: float | str) -> Fraction:
    """
    Read a rate; a float counts by its shortest decimal, to 15 places.
    """
    decimal = Decimal(str(number))
    return Fraction(round(decimal, 15) if isinstance(number, float) else decimal)


class Books:
    """
    What the events so far amount to; every event that cannot follow from them is an error.

    Money is where the events put it, so that it is conserved if the kernel's balances equal these.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        """
        Read the rates and the bounds of the priority classes; accounts open by event.
        """
        self.rates = config.get("cost_rates", {})
        self.ticks_per_day, self.ticks = config["ticks_per_day"], 0
        rules = config.get("rules", {})
        self.bounds = {"urgent": 8, "high": 6} | rules.get("priority_classes", {})
        self.balances: dict[str, int] = {}
        self.central_bank = 0  # its own account, which injects and drains
        self.out: dict[str, int] = {}  # since when
        self.halted = False
        self.floors: dict[str, int] = {}
        self.pools: dict[str, int] = {}
        self.allocated: Counter[str] = Counter()
        self.loans: Counter[str] = Counter()
        self.deferred: Counter[str] = Counter()
        self.costs: Counter[tuple[str, str]] = Counter()
        self.transactions: dict[str, dict[str, Any]] = {}
        self.where: dict[str, str] = {}
        self.overdue: dict[str, bool] = {}
        self.cancelled: set[str] = set()  # in the tick being read
        self.postings = 0
        self.senders: set[str] = set()  # of the posting whose events are being read
        self.money = 0

    def tick(self, events: list[dict[str, Any]]) -> None:
        """
        Read the events of one tick and let its running costs accrue where they do.
        """
        number = next((n for n, e in enumerate(events) if e["event"] in AFTER_RUNNING_COSTS), None)
        before, after = (events, []) if number is None else (events[:number], events[number:])
        self.cancelled = set()
        for event in before:
            self.read(event)
        self.close_posting()
        self.accrue()
        for event in after:
            assert event["event"] in AFTER_RUNNING_COSTS
            self.read(event)
        assert not any(self.deferred.values())
        assert not {"released", "made"} & set(self.where.values())
        self.ticks += 1
        assert self.ticks % self.ticks_per_day or not any(self.allocated.values())

    def read(self, event: dict[str, Any]) -> None:
        """
        Book one event and check that no money has come or gone.
        """
        if event["event"] not in ("settled", "credit_deferred"):
            self.close_posting()
        if event["event"] in DECIDED:  # what was decided before an outage stays
            assert self.out.get(event["agent_id"], event["tick"]) == event["tick"]
        facts = {key: value for key, value in event.items() if key not in ("tick", "event")}
        getattr(self, "on_" + event["event"])(**facts)
        pools, deferred = sum(self.pools.values()), sum(self.deferred.values())
        central_bank = self.central_bank - sum(self.loans.values())
        assert self.money == sum(self.balances.values()) + pools + deferred + central_bank

    def close_posting(self) -> None:
        """
        Check that the posting just read leaves no sender below its floor.
        """
        for sender in self.senders:
            assert self.balances[sender] >= self.floors[sender]
        self.senders = set()

    def queue(self, agent_id: str, place: str) -> list[str]:
        """
        List what an agent has in a place.
        """
        return [
            key
            for key, transaction in self.transactions.items()
            if self.where[key] == place and transaction["sender_id"] == agent_id
        ]

    def move(
        self, transaction_id: str, agent_id: str, origins: set[str], place: str | None = None
    ) -> None:
        """
        Put a transaction of the agent into a place, out of one of those it may come from.
        """
        assert self.transactions[transaction_id]["sender_id"] == agent_id
        assert self.where[transaction_id] in origins
        self.where[transaction_id] = place or self.where[transaction_id]

    def available(self, agent_id: str) -> int:
        """
        Give an agent's available liquidity, which is negative below its floor.
        """
        return self.balances[agent_id] - self.floors[agent_id]

    def rate(self, key: str, default: int = 0) -> Fraction:
        """
        Give a rate of the scenario exactly.
        """
        return exactly(self.rates.get(key, default))

    def accrue(self) -> None:
        """
        Charge what runs with time, from the state reached and the rates.
        """
        multipliers = self.rates.get("priority_delay_multipliers", {})
        left_out = {"internal": "central", "central": "internal"}
        skipped = left_out.get(self.rates.get("delay_applies_to", "both"))
        for key, transaction in self.transactions.items():
            if self.where[key] in {"internal", "central"} - {skipped}:
                priority = transaction["priority"]
                names = [name for name in ("urgent", "high") if priority >= self.bounds[name]]
                multiplier = multipliers.get((names or ["normal"])[0], 1)
                cost = transaction["amount"] * exactly(multiplier)
                cost *= self.rate("delay_cost_per_tick_per_cent")
                cost *= self.rate("overdue_delay_multiplier", 1) if self.overdue[key] else 1
                self.costs[transaction["sender_id"], "delay"] += cost
        for agent_id, balance in self.balances.items():
            cost = max(-balance, 0) * self.rate("overdraft_bps_per_tick") / 10_000
            self.costs[agent_id, "overdraft"] += cost
            cost = self.allocated[agent_id] * self.rate("liquidity_bps_per_tick") / 10_000
            self.costs[agent_id, "liquidity"] += cost

    # One method for each event, by its name.

    def on_account_opened(
        self, agent_id: str, balance: int, credit_limit: int, liquidity_pool: int
    ) -> None:
        """
        Open an account.
        """
        self.balances[agent_id], self.floors[agent_id] = balance, -credit_limit
        self.pools[agent_id] = liquidity_pool
        self.money += balance + liquidity_pool

    def on_loan_repaid(self, agent_id: str, amount: int) -> None:
        """
        Take money back for the central bank, as far as available liquidity goes.
        """
        assert 0 < amount <= self.loans[agent_id]
        self.balances[agent_id] -= amount
        self.loans[agent_id] -= amount
        assert self.balances[agent_id] >= self.floors[agent_id]

    def on_loan_granted(self, agent_id: str, amount: int) -> None:
        """
        Lend central bank money.
        """
        assert amount > 0
        self.balances[agent_id] += amount
        self.loans[agent_id] += amount

    def on_liquidity_allocated(self, agent_id: str, amount: int) -> None:
        """
        Move money from the pool to the balance.
        """
        assert 0 < amount <= self.pools[agent_id]
        self.pools[agent_id] -= amount
        self.balances[agent_id] += amount
        self.allocated[agent_id] += amount

    def on_liquidity_returned(self, agent_id: str, amount: int) -> None:
        """
        Move money from the balance back to the pool.
        """
        assert 0 < amount <= min(self.allocated[agent_id], self.balances[agent_id])
        self.pools[agent_id] += amount
        self.balances[agent_id] -= amount
        self.allocated[agent_id] -= amount

    def on_allocation_kept(self, agent_id: str, amount: int) -> None:
        """
        Leave with the agent what the balance could not return.
        """
        assert amount == self.allocated[agent_id] > 0 >= self.balances[agent_id]
        self.allocated[agent_id] = 0

    def on_arrived(self, transaction_id: str, **facts: Any) -> None:
        """
        Put a transaction into its sender's internal queue.
        """
        assert transaction_id not in self.where
        self.transactions[transaction_id], self.where[transaction_id] = facts, "internal"
        self.overdue[transaction_id] = False

    def on_released(self, transaction_id: str, agent_id: str) -> None:
        """
        Take a transaction from the internal queue, or a part just made.
        """
        self.move(transaction_id, agent_id, {"internal", "made"}, "released")

    def on_queued(self, transaction_id: str, agent_id: str, cause: str) -> None:
        """
        Put a released transaction into the central queue: for want of liquidity, order, or a halt.
        """
        self.move(transaction_id, agent_id, {"released"}, "central")
        assert (cause == "halt") == self.halted
        amount = self.transactions[transaction_id]["amount"]
        assert cause != "liquidity" or amount > self.available(agent_id)

    def on_withdrawn(self, transaction_id: str, agent_id: str) -> None:
        """
        Put a centrally queued transaction back.
        """
        self.move(transaction_id, agent_id, {"central"}, "internal")

    def on_reprioritised(self, transaction_id: str, agent_id: str, priority: int) -> None:
        """
        Change the priority of a transaction in either queue.
        """
        self.move(transaction_id, agent_id, {"internal", "central", "released"})
        self.transactions[transaction_id]["priority"] = priority

    def on_release_budget_set(self, agent_id: str, amount: int | None) -> None:
        """
        Change nothing: the budget shows in what is released.
        """
        assert amount is None or amount >= 0

    def on_split(self, transaction_id: str, agent_id: str, parts: int, cost: str) -> None:
        """
        Take a transaction out; its parts follow.
        """
        assert self.transactions[transaction_id]["divisible"]
        assert parts >= 2
        self.move(transaction_id, agent_id, {"internal"}, "split")
        self.costs[agent_id, "split_friction"] += Fraction(cost)

    def on_part_created(self, transaction_id: str, parent_id: str, **facts: Any) -> None:
        """
        Make a part, which inherits being overdue.
        """
        parent = self.transactions[parent_id]
        inherited = ("sender_id", "receiver_id", "deadline_tick", "priority", "divisible")
        assert {key: parent[key] for key in inherited} == {key: facts[key] for key in inherited}
        assert transaction_id.rpartition("/")[0] == parent_id
        assert transaction_id not in self.where
        self.transactions[transaction_id], self.where[transaction_id] = facts, "made"
        self.overdue[transaction_id] = self.overdue[parent_id]

    def on_settled(
        self,
        transaction_id: str,
        sender_id: str,
        receiver_id: str,
        amount: int,
        cause: str,
        posting: int,
    ) -> None:
        """
        Move the amount from the sender to the receiver.
        """
        assert cause == "end_of_day" or not self.halted
        if posting != self.postings:
            assert posting == self.postings + 1
            self.close_posting()
        self.postings = posting
        transaction = self.transactions[transaction_id]
        assert (receiver_id, amount) == (transaction["receiver_id"], transaction["amount"])
        self.move(transaction_id, sender_id, ORIGINS.get(cause, {"central"}), "settled")
        self.balances[sender_id] -= amount
        self.balances[receiver_id] += amount
        self.senders.add(sender_id)

    def on_credit_deferred(self, agent_id: str, amount: int) -> None:
        """
        Take what the posting has brought out of the balance until the end of the tick.
        """
        assert amount > 0
        self.balances[agent_id] -= amount
        self.deferred[agent_id] += amount

    def on_credited(self, agent_id: str, amount: int) -> None:
        """
        Put all deferred credit into the balance.
        """
        assert amount == self.deferred[agent_id] > 0
        self.balances[agent_id] += amount
        self.deferred[agent_id] = 0

    def on_cancelled(self, transaction_id: str, agent_id: str, cause: str) -> None:
        """
        Take an unsettled transaction out for good.
        """
        assert cause == "end_of_day"
        self.move(transaction_id, agent_id, {"internal", "central"}, "cancelled")
        self.cancelled.add(transaction_id)

    def on_overdue(self, transaction_id: str, agent_id: str, cost: str) -> None:
        """
        Charge the penalty of a deadline, once.
        """
        self.move(transaction_id, agent_id, {"internal", "central", "cancelled"})
        assert self.where[transaction_id] != "cancelled" or transaction_id in self.cancelled
        assert not self.overdue[transaction_id]
        self.overdue[transaction_id] = True
        penalty = self.rates.get("deadline_penalty", 0)
        exact = exactly(penalty["bps"] if isinstance(penalty, dict) else penalty)
        if isinstance(penalty, dict):
            exact *= Fraction(self.transactions[transaction_id]["amount"], 10_000)
        assert exact == Fraction(cost)
        self.costs[agent_id, "deadline_penalty"] += exact

    def on_end_of_day_penalty(self, transaction_id: str, agent_id: str, cost: str) -> None:
        """
        Charge what is unsettled at the close, or cancelled by it.
        """
        self.move(transaction_id, agent_id, {"internal", "central", "cancelled"})
        assert self.where[transaction_id] != "cancelled" or transaction_id in self.cancelled
        assert self.rate("eod_penalty_per_transaction") == Fraction(cost)
        self.costs[agent_id, "end_of_day_penalty"] += Fraction(cost)

    def on_end_of_day_borrowing(self, agent_id: str, amount: int, cost: str) -> None:
        """
        Charge a loan that is outstanding at the close.
        """
        assert amount == self.loans[agent_id] > 0
        assert amount * self.rate("eod_borrowing_bps") / 10_000 == Fraction(cost)
        self.costs[agent_id, "end_of_day_borrowing"] += Fraction(cost)

    def on_ring_limit_reached(self, rings: int) -> None:
        """
        Change nothing.
        """
        assert rings > 0

    # Scenario events.

    def on_liquidity_injected(self, agent_id: str, amount: int) -> None:
        """
        Pay central bank money into a balance.
        """
        assert amount > 0
        self.central_bank -= amount
        self.balances[agent_id] += amount

    def on_liquidity_drained(self, agent_id: str, amount: int, missing: int) -> None:
        """
        Take money back for the central bank; some is missing only if none is left.
        """
        assert min(amount, missing) >= 0 < amount + missing
        assert amount <= max(self.available(agent_id), 0)
        self.central_bank += amount
        self.balances[agent_id] -= amount
        assert missing == 0 or self.available(agent_id) <= 0

    def on_credit_limit_changed(self, agent_id: str, credit_limit: int) -> None:
        """
        Move the floor, perhaps above the balance.
        """
        assert credit_limit >= 0
        self.floors[agent_id] = -credit_limit

    def on_direct_transfer(self, sender_id: str, receiver_id: str, amount: int) -> None:
        """
        Move money that is no transaction.
        """
        assert 0 < amount <= self.available(sender_id)
        self.balances[sender_id] -= amount
        self.balances[receiver_id] += amount

    def on_direct_transfer_refused(self, sender_id: str, receiver_id: str, amount: int) -> None:
        """
        Change nothing: the sender could not pay it whole.
        """
        assert receiver_id in self.balances
        assert amount > self.available(sender_id)

    def on_outage_began(self, agent_id: str) -> None:
        """
        Note that the agent decides nothing from here on.
        """
        self.out.setdefault(agent_id, self.ticks)

    def on_outage_ended(self, agent_id: str) -> None:
        """
        Note that the agent decides again.
        """
        self.out.pop(agent_id, None)

    def on_halted(self) -> None:
        """
        Note that nothing settles from here on, but by the end-of-day rule.
        """
        self.halted = True

    def on_resumed(self) -> None:
        """
        Note that the system settles again.
        """
        self.halted = False

    def on_arrival_rate_changed(self, agent_id: str | None, multiplier: float) -> None:
        """
        Change nothing: rates show in what arrives.
        """
        assert agent_id is None or agent_id in self.balances
        assert multiplier >= 0

    def on_counterparty_weight_changed(
        self, agent_id: str, counterparty_id: str, weight: float
    ) -> None:
        """
        Change nothing: weights show in what arrives.
        """
        assert {agent_id, counterparty_id} <= set(self.balances)
        assert weight >= 0

    def on_deadline_offset_changed(
        self, agent_id: str | None, deadline_offset: int | list[int] | None
    ) -> None:
        """
        Change nothing: deadlines show in what arrives.
        """
        assert agent_id is None or agent_id in self.balances
