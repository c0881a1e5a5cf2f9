"""
Limits on what simulations take in memory: events of one, events of all, and time of a portion.
"""

from __future__ import annotations

import asyncio

import pytest
from at_desk import MemoryStore, desk, made, raises, scenario, tick
from test_background_runs import ended

from paysim import checkpoint_format
from paysim.errors import TooManyEvents
from paysim.scenario import Scenario
from paysim.server.session.session import Session

MOST = 1_000


def test_run_into_the_limit():
    """
    A run ends where the log has no room for the next tick, says why, and the log is never longer.
    """

    async def main():
        store = MemoryStore()
        async with desk(store, max_events=MOST) as at:
            id = await made(at, rate=3)
            await at.start_run(id, 2**31 - 1)
            record = await ended(at, id)
            assert record["status"] == "stopped"
            assert "1,000 events on this server (PAYSIM_MAX_EVENTS)" in record["detail"]
            row = at.rows[id]
            assert row.events <= MOST + 30
            assert row.tick == record["current_tick"] > 0
            assert store.rows()[0].events == row.events

    asyncio.run(main())


def test_ticks_into_the_limit():
    """
    Ticks with which a log would grow too long do not happen, none of them, and fewer of them do.
    """

    async def main():
        async with desk(max_events=MOST) as at:
            id = await made(at, rate=3)
            await tick(at, id, 10)
            with raises("too-many-events", 409) as caught:
                await tick(at, id, 10_000)
            assert "10,000 ticks were asked for" in caught.value.detail
            assert "1,000 events, the most on this server (PAYSIM_MAX_EVENTS)" in str(caught.value)
            assert at.rows[id].tick == 10
            assert await tick(at, id, 2) == 11

    asyncio.run(main())


def test_a_single_tick_is_bounded():
    """
    A tick that would have a thousand million events ends as soon as the log is too long.
    """
    bank = {
        "opening_balance": 10**9,
        "policy": {"type": "mock_splitting", "num_splits": 10_000},
        "arrival_config": {
            "rate_per_tick": 10_000,
            "amount_distribution": {"type": "uniform", "min": 10_000, "max": 20_000},
        },
    }
    agents = [{"id": f"BANK_{i}", **bank} for i in range(10)]
    session = Session.start(Scenario.from_dict({"ticks_per_day": 10, "agent_configs": agents}))
    session.limit_events(200_000)
    with pytest.raises(TooManyEvents, match="has reached 200000 events"):
        session.advance(1)
    # At most one split goes beyond it.
    assert session.events < 230_000


def test_checkpoint_beyond_the_limit():
    """
    A checkpoint of a longer log than there may be is refused while it is read, and one of the
    very length is not.
    """
    session = Session.start(scenario())
    session.advance(100)
    saved = b"".join(checkpoint_format.encoded(session.saved()))
    read = checkpoint_format.decoded(saved, "")
    with pytest.raises(TooManyEvents):
        Session.resume(read, session.events - 1)
    assert Session.resume(read, session.events).events == session.events


def test_portion_ends_in_time():
    """
    Ticks end early when they take longer than they may, each of them whole.
    """
    session = Session.start(scenario())
    assert session.advance(1_000_000, 0.0)["tick"] == 0
    assert [one["tick"] for one in session.advance_each(1_000_000, 0.0)] == [1]
    assert session.advance(5, 1e9)["tick"] == 6


def test_portions_that_end_early():
    """
    A call has all its ticks, in order, even if every portion ends after a tick.
    """

    async def main():
        async with desk() as at:
            id = await made(at)
            async with at.turn(id) as turn:
                session = turn.session
                own = session.advance_each
                session.advance_each = lambda count, seconds: own(count, 0.0)
                session.advance_each.__name__ = "advance_each"
                session.advance_each.__self__ = session
                told = await turn.do(session.advance_each, 40)
                assert [one["tick"] for one in told] == list(range(40))

    asyncio.run(main())


def test_events_of_all():
    """
    While all simulations in memory have too many events, those unused for longest are dropped; the
    one in use stays, however many it has.
    """

    async def main():
        async with desk(max_open_events=MOST) as at:
            ids = [await made(at) for _ in range(4)]

            def in_memory():
                return [at._seats.find(id).session is not None for id in ids]

            for id in ids[:3]:
                await tick(at, id, 50)
            assert in_memory() == [True] * 4
            for id in ids[:3]:
                await tick(at, id, 100)
                await tick(at, id)
            assert in_memory() == [False, False, True, False]
            await tick(at, ids[2], 1_000)
            await tick(at, ids[2])
            assert in_memory() == [False, False, True, False]
            await at.delete(ids[2])
            for id in (ids[0], ids[3]):
                await tick(at, id)
            assert at._seats._events == sum(at.rows[id].events for id in (ids[0], ids[3]))

    asyncio.run(main())
