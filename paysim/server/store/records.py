"""
What the store holds, as its users see it.
"""

from __future__ import annotations

from typing import Any

import attrs

from paysim.errors import PaysimError


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
