"""
Policies: the rules by which an agent decides, and the decisions it can make.

The five built-in policies are classes of the scenario and are compiled; their rules live in the
kernel, once. A policy in Python is any object with a method `decide(view)` that returns decisions:

    class Patient:
        def decide(self, view):
            return [release(t) for t in view.internal_queue if t.age_ticks >= 5]

A decision is a small frozen object. It changes nothing when it is made: the agent carries it out
in step 4 of the tick, together with the decisions of all other agents.
No decision can lose a transaction.

A policy that remembers something tells it by `get_state` and `set_state`, so that a run can be
saved: see `Stateful`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import attrs

from paysim.scenario import Deadline, Fifo, LiquidityAware, LiquiditySplitting, MockSplitting

if TYPE_CHECKING:
    from paysim._kernel import QueuedTransaction, View
    from paysim.agent import Agent

    TransactionLike: TypeAlias = QueuedTransaction | str

__all__ = [
    "Deadline",
    "Decision",
    "Fifo",
    "Hold",
    "LiquidityAware",
    "LiquiditySplitting",
    "MockSplitting",
    "Policy",
    "Release",
    "Reprioritise",
    "SetReleaseBudget",
    "Split",
    "Stateful",
    "Withdraw",
    "hold",
    "release",
    "reprioritise",
    "set_release_budget",
    "split",
    "withdraw",
]

BuiltInPolicy: TypeAlias = Fifo | Deadline | LiquidityAware | LiquiditySplitting | MockSplitting
"""
A policy that the scenario names and the kernel has compiled.
"""


class Decision:
    """
    One thing that an agent decides.

    The `transaction` of a decision is an entry of one of the agent's own queues or its id.
    """

    __slots__ = ()

    def apply(self, agent: Agent) -> None:
        """
        Let the agent carry out this decision.
        """
        raise NotImplementedError


@runtime_checkable
class Policy(Protocol):
    """
    What a policy in Python has to offer.
    """

    def decide(self, view: View) -> Iterable[Decision] | None:
        """
        Return the decisions for this tick, in the order in which they are to count.

        Called once in every tick, after the arrivals. `None` is no decision.

        Args:
            view: The agent's own account and queues now, and what the rules make public.
        """


@runtime_checkable
class Stateful(Policy, Protocol):
    """
    What a policy in Python has to offer besides, if its runs are to be saved.

    A policy without attributes has nothing to keep and needs neither method.
    """

    def get_state(self) -> Any:
        """
        Return whatever decides what this policy will do, as plain JSON.

        Plain JSON is `None`, a bool, an int of less than 100 digits, a finite float, a text, a
        list, or a dict whose keys are texts; nothing else, as JSON would give something else back.
        """

    def set_state(self, value: Any) -> None:
        """
        Take back what `get_state` has returned; the value is this policy's to keep.
        """


@attrs.frozen
class Release(Decision):
    """
    Submit a transaction of the internal queue to the system.

    Attributes:
        priority: The priority (0 to 10) it gets first; `None` leaves it as it is.
    """

    transaction: TransactionLike
    priority: int | None = None

    def apply(self, agent: Agent) -> None:
        """
        Let the agent release the transaction.
        """
        agent.release(self.transaction, self.priority)


@attrs.frozen
class Hold(Decision):
    """
    Keep a transaction where it is: the same as deciding nothing about it, said aloud.
    """

    transaction: TransactionLike

    def apply(self, agent: Agent) -> None:
        """
        Let the agent hold the transaction.
        """
        agent.hold(self.transaction)


@attrs.frozen
class Split(Decision):
    """
    Split a transaction of the internal queue and release all its parts.

    Attributes:
        parts: Number of parts, at least 2 and at most the amount or 10,000.
    """

    transaction: TransactionLike
    parts: int

    def apply(self, agent: Agent) -> None:
        """
        Let the agent split the transaction.
        """
        agent.split(self.transaction, self.parts)


@attrs.frozen
class Reprioritise(Decision):
    """
    Give a transaction of either queue another priority; a released one keeps its release number.

    Attributes:
        priority: 0 to 10, higher first.
    """

    transaction: TransactionLike
    priority: int

    def apply(self, agent: Agent) -> None:
        """
        Let the agent reprioritise the transaction.
        """
        agent.reprioritise(self.transaction, self.priority)


@attrs.frozen
class Withdraw(Decision):
    """
    Take a transaction from the central queue back to the end of the internal queue.
    """

    transaction: TransactionLike

    def apply(self, agent: Agent) -> None:
        """
        Let the agent withdraw the transaction.
        """
        agent.withdraw(self.transaction)


@attrs.frozen
class SetReleaseBudget(Decision):
    """
    Bound the value the agent releases per tick, until changed; the rest is held.

    Attributes:
        value: Minor units per tick; `None` takes the bound away.
    """

    value: int | None

    def apply(self, agent: Agent) -> None:
        """
        Let the agent set its release budget.
        """
        agent.set_release_budget(self.value)


def release(transaction: TransactionLike, priority: int | None = None) -> Release:
    """
    Decide to submit a transaction to the system, with another priority if one is given.
    """
    return Release(transaction, priority)


def hold(transaction: TransactionLike) -> Hold:
    """
    Decide to keep a transaction where it is.
    """
    return Hold(transaction)


def split(transaction: TransactionLike, parts: int) -> Split:
    """
    Decide to split a transaction into `parts` and to release them all.
    """
    return Split(transaction, parts)


def reprioritise(transaction: TransactionLike, priority: int) -> Reprioritise:
    """
    Decide to give a transaction another priority.
    """
    return Reprioritise(transaction, priority)


def withdraw(transaction: TransactionLike) -> Withdraw:
    """
    Decide to take a transaction back from the central queue.
    """
    return Withdraw(transaction)


def set_release_budget(value: int | None) -> SetReleaseBudget:
    """
    Decide to release at most `value` per tick from now on; `None` takes the bound away.
    """
    return SetReleaseBudget(value)
