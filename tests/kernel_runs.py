"""
Runs of a bare kernel with decisions between its ticks, and all that can be asked of it.
"""

from __future__ import annotations

import contextlib
from typing import Any

from strategies import Move

from paysim._kernel import Kernel
from paysim.errors import PaysimError

FURTHER = 3
"""
Ticks beyond the last day, in which carried transactions and loans go on.
"""


def decide(kernel: Kernel, move: Move, agents: int) -> None:
    """
    Try a decision; what cannot be done is refused and changes nothing.
    """
    number = move.number
    with contextlib.suppress(PaysimError):
        agent = move.agent % agents
        if move.kind == "set_release_budget":
            kernel.set_release_budget(agent, number)
        elif move.kind == "release":
            kernel.release(agent, move.pick, number)
        elif move.kind == "withdraw":
            kernel.withdraw(agent, move.pick)
        else:
            getattr(kernel, move.kind)(agent, move.pick, number or 2)


def play(kernel: Kernel, script: list[Move], agents: int, until: int) -> list[tuple[int, ...]]:
    """
    Run to a tick, with the decisions of the script before each; return what each tick came to.
    """
    outcomes = []
    while kernel.tick < until:
        for move in script:
            if move.tick == kernel.tick:
                decide(kernel, move, agents)
        outcomes.append(kernel.advance(1))
    return outcomes


def books(kernel: Kernel) -> list[Any]:
    """
    Return all that can be asked of a kernel.
    """
    tables = (kernel.transactions, kernel.agents, kernel.ticks, kernel.days, kernel.costs)
    return [kernel.state(), kernel.summary(), *(table().to_dicts() for table in tables)]
