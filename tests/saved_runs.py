"""
Policies with a state, strangers in an environment, and what a run leaves: for saving and branching.
"""

from __future__ import annotations

from contextlib import suppress

from paysim._kernel import QueuedTransaction, View
from paysim.errors import PaysimError
from paysim.policies import release, reprioritise, set_release_budget, split, withdraw
from paysim.results import TABLES
from paysim.simulation import Simulation
from paysim.testing import payment, tiny_scenario

ONE = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300, tick=2)])


class Moody:
    """
    A policy that makes every kind of decision, by a mood that all it has seen goes into.
    """

    def __init__(self):
        self.mood, self.seen = 0, []

    def decide(self, view):
        self.mood = (self.mood * 7 + view.balance + len(view.internal_queue) + view.tick) % 1_009
        self.seen = [t.id for t in view.central_queue]
        if self.mood % 4 == 0:
            yield set_release_budget(None if self.mood % 8 else 20)
        for transaction in view.internal_queue:
            choice = (transaction.amount + self.mood) % 5
            if choice == 0:
                yield release(transaction)
            elif choice == 1 and transaction.divisible and transaction.amount >= 3:
                yield split(transaction, 3)
            elif choice == 2:
                yield reprioritise(transaction.id, self.mood % 11)
            elif choice == 3:
                yield release(transaction.id, priority=9)
        if self.seen and self.mood % 3 == 0:
            yield withdraw(self.seen[0])

    def get_state(self):
        return {"mood": self.mood, "seen": self.seen}

    def set_state(self, value):
        self.mood, self.seen = value["mood"], value["seen"]


class Eager:
    """
    A policy without a state.
    """

    def decide(self, view):
        return [release(t) for t in view.internal_queue]


def meddle(sim, tick):
    """
    Decide between two ticks for agents with built-in policies.
    """
    for agent in sim.agents.values():
        if agent.process is None and tick % 3 != 2:
            for transaction in agent.internal_queue:
                with suppress(PaysimError):
                    if (transaction.amount + tick) % 3 == 0:
                        agent.release(transaction)
                    elif (transaction.amount + tick) % 3 == 1:
                        agent.split(transaction, 2)
            for transaction in agent.central_queue[:1]:
                with suppress(PaysimError):
                    agent.withdraw(transaction)
            if tick % 5 == 0 and not agent.is_out:
                agent.set_release_budget(tick + 1)


def outcome_of(sim):
    """
    Return everything that a run has left behind.
    """
    results = sim.results()
    tables = [getattr(results, name).to_dicts() for name in TABLES]
    return sim._kernel.events_jsonl(), results.totals(), tables, results.summary(), picture_of(sim)


def picture_of(sim):
    """
    Return everything that anybody can see of a run between two ticks.
    """
    views = [agent.view() for agent in sim.agents.values()]
    return sim._kernel.state(), [seen(view) for view in views]


def seen(value):
    """
    Return what can be seen of a view, or of what is in it, as plain values.
    """
    if isinstance(value, View | QueuedTransaction):
        names = [name for name in dir(type(value)) if not name.startswith("_")]
        return {name: seen(getattr(value, name)) for name in names}
    return [seen(item) for item in value] if isinstance(value, list) else value


def sleeper(agent):
    while True:
        yield agent.wake()


def waiter(yielded):
    def start(sim):
        def stranger():
            yield yielded(sim)

        sim.env.process(stranger())

    return start


STRANGERS = {
    "timeout": waiter(lambda sim: sim.env.timeout(50)),
    "opening": waiter(lambda sim: sim.wake()),
    "outcome": waiter(lambda sim: sim.tick_over()),
    "agent": waiter(lambda sim: sim.agents["BANK_A"].process),
    "bare timeout": lambda sim: sim.env.timeout(50),
    "callback": lambda sim: sim.env.timeout(50).callbacks.append(print),
    "other simulation": lambda sim: Simulation(ONE, env=sim.env),
    "interrupt": lambda sim: sim.agents["BANK_A"].process.interrupt(),
}
