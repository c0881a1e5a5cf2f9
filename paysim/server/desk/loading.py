"""
A session that is made of what the store has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from paysim.errors import PaysimError
from paysim.server.log import log
from paysim.server.problems import Problem, problem_of
from paysim.server.store.store import StoreError

if TYPE_CHECKING:
    from paysim.server.desk.seats import Seats
    from paysim.server.session.session import Session
    from paysim.server.store.store import Step


def loaded(seats: Seats, id: str, step: int | None) -> tuple[Session, int]:
    """
    Return the session that the store has, and the number of its steps; for a thread.

    Args:
        seats: All simulations.
        id: Which of them.
        step: The step after which it is wanted; `None` is the last.

    Raises:
        Problem: 503, the store cannot be read; 500, what it has cannot be used.
    """
    try:
        begun, steps = seats.store.load(id, step)
    except StoreError as error:
        raise problem_of(error) from error
    return made(seats, id, begun, steps), len(steps)


def made(seats: Seats, id: str, begun: bytes, steps: list[Step]) -> Session:
    """
    Return the session of what the store has; for a thread.

    Raises:
        Problem: 500, it cannot be used.
    """
    try:
        return seats.load(begun, steps)
    except PaysimError as error:
        log().error("simulation damaged", simulation_id=id, message=str(error))
        detail = f"what the store has of simulation {id} cannot be used; the server's log says why"
        raise Problem(500, "damaged", "The simulation is damaged", detail) from error
