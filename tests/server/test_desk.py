"""
The desk: one owner at a time, nothing acknowledged that is not kept, nothing half-done.
"""

from __future__ import annotations

import asyncio
import threading
from itertools import chain
from types import MethodType

import pytest
from at_desk import (
    Clock,
    Halting,
    MemoryStore,
    desk,
    log_of,
    made,
    raises,
    scenario,
    tick,
    until,
    whole_log,
)

from paysim.errors import PaysimError, ScenarioError
from paysim.server.session.deciding import CannotDecide
from paysim.server.session.session import Session
from paysim.server.settings import Settings
from paysim.server.store.store import Store


def test_clients_together():
    """
    Fifty clients that advance one simulation get each tick once, and the log is that of one client.
    """

    async def main():
        async with desk() as at:
            id = await made(at)

            async def client():
                return [await tick(at, id) for _ in range(4)]

            ticks = await asyncio.gather(*(client() for _ in range(50)))
            assert all(own == sorted(own) for own in ticks)
            assert sorted(chain(*ticks)) == list(range(200))
            assert at.rows[id].tick == 200
            assert at.rows[id].steps == 200
            assert await log_of(at, id) == whole_log({}, 200)

    asyncio.run(main())


def test_first_come_first_served():
    """
    Those who wait for a simulation get it in the order in which they came.
    """

    async def main():
        async with desk() as at:
            id = await made(at)
            order = []

            async def client(number):
                async with at.turn(id) as turn:
                    order.append(number)
                    await turn.do(turn.session.advance, 1)
                    await turn.commit()

            await asyncio.gather(*(client(number) for number in range(20)))
            assert order == list(range(20))

    asyncio.run(main())


def test_others_in_parallel():
    """
    A simulation in use does not keep another one waiting.
    """

    async def main():
        async with desk() as at:
            first, second = await made(at), await made(at)
            async with at.turn(first):
                assert await tick(at, second) == 0

    asyncio.run(main())


def test_store_that_fails():
    """
    What the store cannot write has not happened: the next one finds what was acknowledged last.
    """

    async def main():
        store = MemoryStore()
        async with desk(store) as at:
            id = await made(at)
            await tick(at, id, 7)
            log = await log_of(at, id)
            store.fails = True
            for _ in range(3):
                with raises("store-failed", 503):
                    await tick(at, id)
                assert at.rows[id].tick == 7
            with raises("store-failed", 503):
                await made(at)
            with raises("store-failed", 503):
                await at.delete(id)
            with raises("store-failed", 503):
                await at.branch(id)
            with raises("store-failed", 503):
                await at.checkpoint(id)
            assert list(at.rows) == [id]
            store.fails = False
            assert await log_of(at, id) == log
            assert await tick(at, id) == 7
            assert await log_of(at, id) == whole_log({}, 8)

    asyncio.run(main())


def test_one_after_the_other_on_the_way():
    """
    Changes may be on their way to the disk together, each answered when it is there; nobody is
    shown one that is not, and if one is lost, so are those that were made upon it.
    """

    async def main():
        store = MemoryStore()
        async with desk(store) as at:
            id = await made(at)
            await tick(at, id)
            store.holds = True
            ticks = [asyncio.create_task(tick(at, id)) for _ in range(3)]
            await until(lambda: len(store.held) == 3)
            looks = [
                asyncio.create_task(look)
                for look in (log_of(at, id), at.checkpoint(id), at.branch(id), state_tick(at, id))
            ]
            more = asyncio.create_task(tick(at, id))
            for _ in range(50):
                await asyncio.sleep(0)
            assert at.rows[id].tick == 1
            assert not any(task.done() for task in (*ticks, *looks, more))
            store.holds = False
            store.release()
            assert await asyncio.gather(*ticks) == [1, 2, 3]
            log, mark, branch, seen = await asyncio.gather(*looks)
            assert log == whole_log({}, 4)
            assert mark.tick == branch.tick == seen == 4
            assert await more == 4

            store.holds = True
            ticks = [asyncio.create_task(tick(at, id)) for _ in range(3)]
            await until(lambda: len(store.held) == 3)
            look = asyncio.create_task(log_of(at, id))
            await asyncio.sleep(0)
            more = asyncio.create_task(tick(at, id))
            await asyncio.sleep(0)
            store.holds = False
            store.fails = True
            first, *others = store.held
            first()
            store.fails = False
            store.held = others
            store.release()
            for number, task in enumerate((*ticks, look)):
                with raises("store-failed", 503) as caught:
                    await task
                assert ("before this one" in caught.value.detail) == (number > 0)
            assert await more == 5
            assert await log_of(at, id) == whole_log({}, 6)

    asyncio.run(main())


def test_dropped_on_the_way():
    """
    A session that is loaded while a change is on its way to the disk has that change, or does not
    have it if it is lost.
    """

    async def main():
        store = MemoryStore()
        async with desk(store) as at:
            id = await made(at)
            for fails in (False, True):
                before = at.rows[id].tick
                store.holds = True
                first = asyncio.create_task(tick(at, id))
                await until(lambda: store.held)
                async with at.turn(id) as turn:
                    await turn.do(turn.session.advance, 1)
                second = asyncio.create_task(tick(at, id))
                for _ in range(50):
                    await asyncio.sleep(0)
                store.holds, store.fails = False, fails
                store.release()
                store.fails = False
                if fails:
                    with raises("store-failed", 503):
                        await first
                    assert await second == before
                else:
                    assert (await first, await second) == (before, before + 1)
                assert await log_of(at, id) == whole_log({}, at.rows[id].tick)

    asyncio.run(main())


@pytest.mark.parametrize("waits", [True, False])
def test_lost(waits):
    """
    After a change is lost the next one finds what was there before it, whether he has waited for it
    or comes later.
    """

    async def main():
        store = MemoryStore()
        async with desk(store) as at:
            id = await made(at)
            await tick(at, id)
            store.holds = True
            lost = asyncio.create_task(tick(at, id))
            await until(lambda: store.held)
            if waits:
                marking = asyncio.create_task(at.checkpoint(id))
            for _ in range(50):
                await asyncio.sleep(0)
            store.holds, store.fails = False, True
            store.release()
            store.fails = False
            with raises("store-failed", 503):
                await lost
            assert not waits or (await marking).tick == 1
            assert await tick(at, id) == 1

    asyncio.run(main())


async def state_tick(at, id):
    async with at.turn(id) as turn:
        await turn.do(turn.session.state)
        assert turn.session.tick == turn.row.tick
        return turn.session.tick


def test_left_without_commit():
    """
    Changes that are not committed are gone when the turn is over, whether it failed or not.
    """

    async def main():
        async with desk() as at:
            id = await made(at)
            async with at.turn(id) as turn:
                await turn.do(turn.session.advance, 3)
            assert await tick(at, id) == 0
            with pytest.raises(KeyError):
                await failing(at, id)
            async with at.turn(id) as turn:
                assert turn.session.tick == 1
                assert not turn.session.is_changed
            assert await log_of(at, id) == whole_log({}, 1)

    asyncio.run(main())


async def failing(at, id):
    async with at.turn(id) as turn:
        await turn.do(turn.session.submit, order())
        raise KeyError


def order():
    return {"sender_id": "BANK_0", "receiver_id": "BANK_1", "amount": 5, "id": "mine"}


def test_refused_at_the_door():
    """
    What is refused for its arguments, or as a decision before any was made, costs nobody a loading;
    any other error does.
    """

    async def main():
        store = MemoryStore()
        async with desk(store) as at:
            id = await made(at)
            for _ in range(3):
                with pytest.raises(ScenarioError, match="amount"):
                    async with at.turn(id) as turn:
                        await turn.do(turn.session.submit, order() | {"amount": -1})
            own = await at.create(Session.start(scenario(), outside=["BANK_0"]), "from outside")
            budget = {"decision": "set_release_budget", "amount": 5}
            nothing = {"decision": "release", "transaction_id": "nothing"}
            for decisions, loads in ([nothing], {}), ([budget, nothing], {own.id: 1}):
                with pytest.raises(CannotDecide, match="nothing"):
                    async with at.turn(own.id) as turn:
                        await turn.do(turn.session.decide, "BANK_0", decisions)
                await tick(at, own.id)
                assert store.loads == loads
            store.loads.clear()

            def broken(session):
                raise PaysimError("broken")

            with pytest.raises(PaysimError, match="broken"):
                async with at.turn(id) as turn:
                    await turn.do(broken)
            await tick(at, id)
            assert store.loads == {id: 1}

    asyncio.run(main())


def test_time_limit():
    """
    A call that takes too long is refused, says what was asked and allowed, and changes nothing.
    """

    async def main():
        clock = Clock()
        async with desk(times=clock, max_seconds=2.5) as at:
            id = await made(at)
            await tick(at, id)
            clock.step = 0.1
            with raises("time-limit", 503) as caught:
                await tick(at, id, 5_000)
            assert "5,000 ticks" in caught.value.detail
            assert "2.5 seconds" in caught.value.detail
            assert at.rows[id].tick == 1
            clock.step = 0.0
            clock.is_late = True
            halting = Halting()
            with raises("time-limit", 503):
                async with at.turn(id) as turn:
                    await turn.do(halting)
            halting.go.set()
            clock.is_late = False
            assert await tick(at, id) == 1

    asyncio.run(main())


def test_short_ones_here():
    """
    What is known to be short is calculated on the loop, and everything else in a thread.
    """

    async def main():
        clock = Clock()
        async with desk(times=clock) as at:
            id = await made(at)
            threads = []

            async def advance(ticks, seconds):
                async with at.turn(id) as turn:
                    session = turn.session
                    advance = session.advance

                    def noted(_, count, patience):
                        threads.append(threading.current_thread() is threading.main_thread())
                        clock.time += seconds * count
                        return advance(count, patience)

                    noted.__name__ = "advance"
                    session.advance = MethodType(noted, session)
                    await turn.do(session.advance, ticks)
                    del session.advance
                    await turn.commit()

            await advance(1, 0.0001)
            await advance(1, 0.0001)
            await advance(4, 0.0001)
            await advance(1, 0.01)
            await advance(1, 0.0001)
            assert threads == [False, True, True, True, False]
            threads.clear()
            await advance(300, 0.001)
            assert not any(threads)

    asyncio.run(main())


def test_loaded_once():
    """
    Many who want a simulation that is not in memory have it loaded once, and few stay in memory.
    """

    async def main():
        store = MemoryStore()
        async with desk(store, max_open=2) as at:
            ids = [await made(at) for _ in range(5)]
            await asyncio.gather(*(tick(at, ids[0]) for _ in range(10)))
            assert store.loads == {ids[0]: 1}
            for id in ids:
                await tick(at, id)
            store.loads.clear()
            await tick(at, ids[4])
            await tick(at, ids[3])
            assert store.loads == {}
            await tick(at, ids[0])
            assert store.loads == {ids[0]: 1}
            await tick(at, ids[3])
            await tick(at, ids[4])
            assert store.loads == {ids[0]: 1, ids[4]: 1}

    asyncio.run(main())


def test_unknown():
    """
    An id that no simulation has is told as such, also to those who waited while it was deleted.
    """

    async def main():
        async with desk() as at:
            with raises("unknown-simulation", 404):
                at.turn("sim_0123456789abcdef")
            id = await made(at)
            async with at.turn(id):
                deleting = asyncio.create_task(at.delete(id))
                await asyncio.sleep(0)
                waiting = asyncio.create_task(tick(at, id))
                news = asyncio.create_task(at.changed(id, 0))
                await asyncio.sleep(0)
            await deleting
            with raises("unknown-simulation", 404):
                await waiting
            with raises("unknown-simulation", 404):
                await news
            assert dict(at.rows) == {}

    asyncio.run(main())


def test_damaged():
    """
    What the store has and nobody can use is told without what is wrong inside.
    """

    async def main():
        store = MemoryStore()
        async with desk(store, max_open=1) as at:
            id = await made(at)
            await made(at)
            store.kept[id][1] = b"nonsense"
            with raises("damaged", 500) as caught:
                await tick(at, id)
            assert "nonsense" not in caught.value.detail

    asyncio.run(main())


def test_closed():
    """
    A desk that closes waits for who has a simulation, and takes nobody else.
    """

    async def main():
        at = await opened()
        id = await made(at)
        async with at.turn(id) as turn:
            closing = asyncio.create_task(at.close())
            await asyncio.sleep(0)
            for use in (lambda: at.turn(id), lambda: at.events(id)):
                with raises("stopping", 503):
                    use()
            with raises("stopping", 503):
                await made(at)
            await turn.do(turn.session.advance, 1)
            await turn.commit()
            assert not closing.done()
        await closing
        assert at.rows[id].tick == 1

    asyncio.run(main())


async def opened():
    from paysim.server.desk.desk import Desk

    return Desk(MemoryStore(), Settings(data_dir="."))


def test_real_store_twice(tmp_path):
    """
    In one process, one loop after the other serves what the one before has acknowledged.
    """
    from paysim.server.desk.desk import Desk

    async def main(ticks):
        store = Store.open(tmp_path)
        try:
            at = Desk(store, Settings(data_dir=tmp_path))
            id = next(iter(at.rows), None) or await made(at)
            assert at.rows[id].tick == ticks
            first = await asyncio.gather(*(tick(at, id) for _ in range(25)))
            assert sorted(first) == list(range(ticks, ticks + 25))
            assert await log_of(at, id) == whole_log({}, ticks + 25)
            await at.close()
        finally:
            store.close()

    for round in range(3):
        asyncio.run(main(25 * round), debug=True)
