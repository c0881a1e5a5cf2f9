"""
Decisions of an agent made one after the other, each on its transaction by id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from paysim.errors import PaysimError
from paysim.server.session.decision_kinds import (
    Decision,
    Hold,
    Release,
    Reprioritise,
    SetReleaseBudget,
    Split,
    Withdraw,
)

if TYPE_CHECKING:
    from paysim._kernel import Kernel


class CannotDecide(PaysimError):
    """
    A decision that an agent cannot make as things stand.

    Args:
        position: Its position among the decisions.
        text: Who cannot make it, when, and why.
        has_decided: Whether one before it has decided anything.
    """

    def __init__(self, position: int, text: str, has_decided: bool) -> None:
        super().__init__(f"decisions[{position}]: {text}")
        self.position = position
        self.text = text
        self.has_decided = has_decided


class Deciding:
    """
    An agent's queues by the ids in them, while it decides.
    """

    def __init__(self, kernel: Kernel, agent: int, agent_id: str) -> None:
        self._kernel = kernel
        self._agent = agent
        self._id = agent_id
        view = kernel.view(agent)
        self._held = {queued.id for queued in view.internal_queue}
        every = (*view.internal_queue, *view.central_queue)
        self._numbers = {queued.id: queued.index for queued in every}

    def make_all(self, decisions: Sequence[Decision]) -> bool:
        """
        Make decisions, and return whether any of them has decided anything.

        Raises:
            CannotDecide: One cannot be made now; those before it are made.
        """
        has_decided = False
        for i, decision in enumerate(decisions):
            try:
                has_decided |= self._make(decision)
            except PaysimError as error:
                text = f"agent {self._id}, tick {self._kernel.tick}: {error}"
                raise CannotDecide(i, text, has_decided) from error
        return has_decided

    def _make(self, decision: Decision) -> bool:
        kernel, agent = self._kernel, self._agent
        match decision:
            case SetReleaseBudget(amount):
                kernel.set_release_budget(agent, amount)
            case Hold(id):
                self._find(id)
                if id not in self._held:
                    text = f"agent {self._id} cannot hold transaction {id}"
                    raise PaysimError(f"{text}: it is not in the internal queue")
                return False
            case Release(id, priority):
                kernel.release(agent, self._find(id), priority)
                self._held.discard(id)
            case Split(id, parts):
                kernel.split(agent, self._find(id), parts)
                self._held.discard(id)
            case Withdraw(id):
                kernel.withdraw(agent, self._find(id))
                self._held.add(id)
            case Reprioritise(id, priority):
                kernel.reprioritise(agent, self._find(id), priority)
        return True

    def _find(self, id: str) -> int:
        number = self._numbers.get(id)
        if number is None:
            # One that was decided on before is in neither queue that the agent sees.
            number = self._numbers[id] = self._kernel.find(self._agent, id)
        return number
