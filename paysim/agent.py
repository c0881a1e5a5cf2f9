"""
Agents: a bank as a Python program sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from paysim._kernel import AMOUNT_MAX, QueuedTransaction
from paysim.behaviour import PARTS_MAX
from paysim.errors import PaysimError, ScenarioError, shown

if TYPE_CHECKING:
    from simpy import Environment
    from simpy.events import Event, Process

    from paysim._kernel import Kernel, View
    from paysim.clock import Clock
    from paysim.policies import TransactionLike


class Agent:
    """
    One bank of a simulation: its account and queues to look at, its decisions to make.

    A decision counts for the tick that is open, else for the next one, and is carried out in step 4
    of that tick with those of all other agents. It can be made from any process at any time.
    The error of one that cannot be made begins with the agent and the tick it was to count for.
    None can be made while the agent is out; what it decided before stays decided.
    An agent with a built-in policy always decides before others decide for it in a tick.
    """

    __slots__ = ("_clock", "_id", "_index", "_kernel", "_scripted", "process")

    def __init__(self, clock: Clock, kernel: Kernel, index: int, id: str, scripted: bool) -> None:
        self._clock = clock
        self._kernel = kernel
        self._index = index
        self._id = id
        self._scripted = scripted
        self.process: Process | None = None
        """
        The SimPy process of a behaviour in Python, to be interrupted or waited for.
        `None` for an agent with a built-in policy, in every lane.
        """

    def __repr__(self) -> str:
        """
        Return the class and the agent's id.
        """
        return f"<Agent {self._id}>"

    @property
    def id(self) -> str:
        """
        The agent's id in the scenario.
        """
        return self._id

    @property
    def env(self) -> Environment:
        """
        The environment that the agent lives in, for timeouts and events.
        """
        return self._clock.env

    def wake(self) -> Event:
        """
        Return the opening of the next tick, an event to be yielded; its value is the tick.
        """
        return self._clock.wake()

    # Looking

    def view(self) -> View:
        """
        Return the agent's own account and queues as they are now.
        """
        self._let_policy_decide()
        return self._kernel.view(self._index)

    @property
    def balance(self) -> int:
        """
        Balance in minor units.
        """
        return self.view().balance

    @property
    def available_liquidity(self) -> int:
        """
        What the agent may spend now, in minor units: its balance less its floor.
        """
        return self.view().available_liquidity

    @property
    def internal_queue(self) -> list[QueuedTransaction]:
        """
        The transactions that the agent still holds, in order of arrival.
        """
        return self.view().internal_queue

    @property
    def central_queue(self) -> list[QueuedTransaction]:
        """
        The agent's released transactions that have not settled yet, in queue order.
        """
        return self.view().central_queue

    @property
    def is_out(self) -> bool:
        """
        Whether an outage keeps the agent from deciding anything.
        """
        return self._kernel.is_out(self._index)

    # Deciding

    def release(self, transaction: TransactionLike, priority: int | None = None) -> None:
        """
        Submit a transaction of the internal queue to the system.

        Args:
            transaction: An entry of the internal queue or its id.
            priority: A priority (0 to 10) to give it first.

        Raises:
            PaysimError: The transaction is not in the internal queue or is released already.
            ScenarioError: An argument is not what it has to be.
        """
        try:
            if priority is not None:
                _check_int("priority", priority, 0, 10)
            self._kernel.release(self._index, self._find(transaction), priority)
        except PaysimError as error:
            blame(self, error)
            raise

    def hold(self, transaction: TransactionLike) -> None:
        """
        Keep a transaction where it is: the same as deciding nothing about it.

        Raises:
            PaysimError: The transaction is in neither queue of the agent.
        """
        try:
            self._find(transaction)
        except PaysimError as error:
            blame(self, error)
            raise

    def split(self, transaction: TransactionLike, parts: int) -> None:
        """
        Split a transaction of the internal queue and release all its parts.

        Args:
            transaction: An entry of the internal queue or its id.
            parts: Number of parts, at least 2 and at most the amount or 10,000.

        Raises:
            PaysimError: The transaction is not in the internal queue, or cannot be split so.
            ScenarioError: An argument is not what it has to be.
        """
        try:
            _check_int("parts", parts, 2, PARTS_MAX)
            self._kernel.split(self._index, self._find(transaction), parts)
        except PaysimError as error:
            blame(self, error)
            raise

    def reprioritise(self, transaction: TransactionLike, priority: int) -> None:
        """
        Give a transaction of either queue another priority (0 to 10).

        Raises:
            PaysimError: The transaction is in neither queue of the agent.
            ScenarioError: An argument is not what it has to be.
        """
        try:
            _check_int("priority", priority, 0, 10)
            self._kernel.reprioritise(self._index, self._find(transaction), priority)
        except PaysimError as error:
            blame(self, error)
            raise

    def withdraw(self, transaction: TransactionLike) -> None:
        """
        Take a transaction from the central queue back to the end of the internal queue.

        Raises:
            PaysimError: The transaction is not in the central queue.
        """
        try:
            self._kernel.withdraw(self._index, self._find(transaction))
        except PaysimError as error:
            blame(self, error)
            raise

    def set_release_budget(self, value: int | None) -> None:
        """
        Bound the value released per tick, until changed; `None` takes the bound away.

        Raises:
            ScenarioError: The value is not an amount.
        """
        try:
            if value is not None:
                _check_int("release budget", value, 0, AMOUNT_MAX)
            self._let_policy_decide()
            self._kernel.set_release_budget(self._index, value)
        except PaysimError as error:
            blame(self, error)
            raise

    def _find(self, transaction: TransactionLike) -> int:
        self._let_policy_decide()
        if isinstance(transaction, QueuedTransaction):
            return transaction.index
        if isinstance(transaction, str):
            return self._kernel.find(self._index, transaction)
        raise ScenarioError(
            f"transaction must be an entry of a queue or its id (got {shown(transaction)})"
        )

    def _let_policy_decide(self) -> None:
        # In the process lane somebody may look at this agent at an opening before the agent's own
        # process has resumed. Asking now gives the picture of the other lane; a policy asked twice
        # in a tick decides once.
        if not self._scripted and self._kernel.is_open:
            self._kernel.ask(self._index)


def blame(agent: Agent, error: BaseException) -> None:
    """
    Say in an error which agent it comes from, and in which tick.

    An error of paysim's says so in its text, any other, whose text is not ours, in a note.
    """
    tick = agent._kernel.tick
    if not isinstance(error, PaysimError):
        error.add_note(f"while agent {agent.id} decided in tick {tick}")
        return
    place = f"agent {agent.id}, tick {tick}: "
    if not str(error).startswith(place):
        error.args = (f"{place}{error}",)


def _check_int(name: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ScenarioError(f"{name} must be int (got {shown(value)})")
    if not low <= value <= high:
        raise ScenarioError(f"{name} must be in {low} to {high} (got {value})")
