"""
What the store holds, as its users see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import attrs

from paysim.errors import PaysimError

CUTS_MAX: Final = 100
"""Cuts that are kept of one simulation."""


class StoreError(PaysimError):
    """
    The store cannot be opened, written or read, or holds no such thing.
    """


@attrs.frozen
class Step:
    """
    What one acknowledged request has added to a simulation.

    Attributes:
        tick: The next tick, after it.
        events: How many events the log has, after it.
        added: The scenario events that it added, as a JSON list, or empty.
        piece: What the kernel needs to make its moves again.
    """

    tick: int
    events: int
    added: bytes
    piece: bytes


@attrs.frozen
class Cut:
    """
    That a simulation was set back.

    Attributes:
        number: How often it had been set back with this time.
        events: How many events were left of its log.
    """

    number: int
    events: int


def with_cut(cuts: Sequence[Cut], events: int) -> tuple[Cut, ...]:
    """
    Return the cuts of a simulation that is set back once more, to so many events.

    Kept are those that left fewer events than every later one: of the others a reader who missed
    them missed a deeper one too. Of more than `CUTS_MAX` the two oldest become one that is as deep
    as the deeper, so that a reader who missed so many may be told events that it has.
    """
    number = cuts[-1].number + 1 if cuts else 1
    kept = [*(cut for cut in cuts if cut.events < events), Cut(number, events)]
    if len(kept) > CUTS_MAX:
        kept[:2] = [Cut(kept[1].number, kept[0].events)]
    return tuple(kept)


@attrs.frozen
class Row:
    """
    One simulation, as lists show it.

    Attributes:
        id: Its id.
        name: What people call it, or empty.
        seed: The seed of its run.
        tick: The next tick.
        events: How many events its log has.
        steps: How many steps the store has of it.
        num_ticks: The ticks of all its days.
        ticks_per_day: The ticks of one day.
        agents: The ids of its agents, in scenario order.
        outside: The ids of those that decide over HTTP.
        created: When it was made, in seconds since 1970.
        parent_id: The simulation that it was branched from.
        parent_tick: The tick at which it was branched.
        run: The record of its last run in the background.
        cuts: When it was set back, as far as `with_cut` keeps it.
    """

    id: str
    name: str
    seed: int
    tick: int
    events: int
    steps: int
    num_ticks: int
    ticks_per_day: int
    agents: tuple[str, ...]
    outside: tuple[str, ...] = ()
    created: float = 0.0
    parent_id: str | None = None
    parent_tick: int | None = None
    run: dict[str, Any] | None = None
    cuts: tuple[Cut, ...] = ()

    @property
    def restores(self) -> int:
        """
        How often it has been set back.
        """
        return self.cuts[-1].number if self.cuts else 0

    def shared(self, events: int, restores: int) -> int:
        """
        Return how many of the first events are still those of the log that a reader has seen.

        Args:
            events: How many events the reader has.
            restores: How often the simulation had been set back by then.
        """
        left = (cut.events for cut in self.cuts if cut.number > restores)
        return min(events, self.events, *left)


@attrs.frozen
class Mark:
    """
    A checkpoint: the number of a step, under an id of its own.

    Attributes:
        id: Its id.
        simulation_id: The simulation that it is of.
        name: What people call it, or empty.
        step: The number of the last step before it; 0 is the beginning.
        tick: The next tick, at that step.
        created: When it was made, in seconds since 1970.
    """

    id: str
    simulation_id: str
    name: str
    step: int
    tick: int
    created: float = 0.0


@attrs.frozen
class Reply:
    """
    What a request with an `Idempotency-Key` was answered.

    Attributes:
        scope: The simulation that was asked, or empty.
        key: The key.
        request: The SHA-256 of the request, in hex.
        status: The status of the answer.
        headers: Its headers.
        body: Its body.
    """

    scope: str
    key: str
    request: str
    status: int
    headers: dict[str, str]
    body: bytes


@attrs.frozen
class Key:
    """
    A key that callers show.

    Attributes:
        name: What people call it.
        digest: The SHA-256 of its token, in hex.
        scope: What it may do: read, run or admin.
        created: When it was made, in seconds since 1970.
    """

    name: str
    digest: str
    scope: str
    created: float = 0.0
