"""
Whoever is cancelled, wherever it is: what it did has happened or not, and nothing is in between.
"""

from __future__ import annotations

import asyncio
from asyncio import CancelledError

import pytest
from at_desk import Clock, Halting, MemoryStore, desk, log_of, made, raises, tick, until, whole_log

from paysim.server.desk import seats


def test_abandoned_in_a_thread():
    """
    Whoever is cancelled while a thread works keeps the simulation until the thread is done, and
    what it did is gone.
    """

    async def main():
        store = MemoryStore()
        async with desk(store) as at:
            id = await made(at)
            await tick(at, id)
            halting = Halting(lambda session: session.advance(5))

            async def abandoned():
                async with at.turn(id) as turn:
                    await turn.do(halting)

            task = asyncio.create_task(abandoned())
            await until(halting.begun.is_set)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            after = asyncio.create_task(tick(at, id))
            for _ in range(20):
                await asyncio.sleep(0)
            assert not after.done()
            halting.go.set()
            assert await after == 1
            assert store.loads == {id: 1}

    asyncio.run(main())


def test_abandoned_while_looking():
    """
    Whoever is cancelled, or too slow, while a thread only looks at a simulation leaves it in memory
    for the next one, who has it when the thread is done.
    """

    async def main():
        store, clock = MemoryStore(), Clock()
        async with desk(store, times=clock) as at:
            id = await made(at)
            for is_late in (False, True):
                halting = Halting()
                clock.is_late, clock.late_after = is_late, halting.begun

                async def abandoned(halting=halting):
                    async with at.turn(id) as turn:
                        await turn.do(halting)

                task = asyncio.create_task(abandoned())
                await until(halting.begun.is_set)
                if not is_late:
                    task.cancel()
                with raises("time-limit", 503) if is_late else pytest.raises(CancelledError):
                    await task
                clock.is_late = False
                after = asyncio.create_task(tick(at, id))
                for _ in range(20):
                    await asyncio.sleep(0)
                assert not after.done()
                halting.go.set()
                assert await after == is_late
            assert store.loads == {}

    asyncio.run(main())


@pytest.mark.parametrize("is_late", [False, True])
def test_abandoned_before_a_thread(is_late, monkeypatch):
    """
    What nobody waits for any more when a thread gets to it is not begun.
    """
    monkeypatch.setattr(seats, "THREADS", 1)

    async def main():
        store, clock = MemoryStore(), Clock()
        async with desk(store, times=clock) as at:
            first, second = await made(at), await made(at)
            halting = Halting()
            calls = []

            async def looked(id, function):
                async with at.turn(id) as turn:
                    await turn.do(function)

            busy = asyncio.create_task(looked(first, halting))
            await until(halting.begun.is_set)
            clock.is_late = is_late
            task = asyncio.create_task(looked(second, calls.append))
            for _ in range(20):
                await asyncio.sleep(0)
            task.cancel()
            with raises("time-limit", 503) if is_late else pytest.raises(CancelledError):
                await task
            clock.is_late = False
            halting.go.set()
            await busy
            assert await tick(at, second) == 0
            assert calls == []
            assert store.loads == {}

    asyncio.run(main())


def test_abandoned_in_the_store():
    """
    Whoever is cancelled while the store writes leaves when it is written, and it has happened.
    """

    async def main():
        store = MemoryStore()
        async with desk(store) as at:
            id = await made(at)
            store.holds = True
            task = asyncio.create_task(tick(at, id))
            await until(lambda: store.held)
            for _ in range(5):
                task.cancel()
                await asyncio.sleep(0)
            assert not task.done()
            store.holds = False
            store.release()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert at.rows[id].tick == 1
            assert await tick(at, id) == 1
            assert store.loads == {}

    asyncio.run(main())


ACTS = {
    "tick": lambda at, id, mark: tick(at, id, 3),
    "delete": lambda at, id, mark: at.delete(id),
    "checkpoint": lambda at, id, mark: at.checkpoint(id, "again"),
    "delete_checkpoint": lambda at, id, mark: at.delete_checkpoint(id, mark),
    "restore": lambda at, id, mark: at.restore(id, mark),
    "branch": lambda at, id, mark: at.branch(id, mark),
    "run": lambda at, id, mark: run_through(at, id),
    "create": lambda at, id, mark: made(at),
    "file": lambda at, id, mark: at.checkpoint_file(id, mark),
}


async def run_through(at, id):
    await at.start_run(id, 20)
    version = -1
    while at.run_of(id)["status"] == "running":
        version = await at.changed(id, version)


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("is_loaded", [True, False])
def test_cancelled_anywhere(name, is_loaded):
    """
    At whatever point it is cancelled, an act has happened or not, memory and store agree on which,
    and the simulation is free for the next one.
    """

    async def main():
        steps, is_cancelled = 0, True
        while is_cancelled:
            steps += 1
            store = MemoryStore()
            store.is_slow = True
            async with desk(store, max_open=256 if is_loaded else 1) as at:
                id = await made(at)
                await tick(at, id, 4)
                mark = (await at.checkpoint(id)).id
                await tick(at, id, 4)
                await made(at)
                store.loads.clear()
                is_cancelled = await cancelled_after(steps, ACTS[name](at, id, mark))
                if id in at.rows and at.rows[id].run is not None:
                    await at.cancel_run(id)
                await settled(at)
                assert list(at.rows.values()) == store.rows()
                for row in list(at.rows.values()):
                    assert row.tick in (0, 4, 8, 11) or name == "run"
                    assert await log_of(at, row.id) == whole_log({}, row.tick)
                    assert await tick(at, row.id) == row.tick
        assert steps > 1

    asyncio.run(main())


async def cancelled_after(steps, coroutine):
    """
    Cancel a coroutine when it waits for the so manieth time, and return whether it came to that.
    """
    task = asyncio.current_task()
    waits = 0

    class Counted:
        def __await__(self):
            nonlocal waits
            inner = coroutine.__await__()
            value = error = None
            while True:
                try:
                    waiting = inner.throw(error) if error else inner.send(value)
                except StopIteration as end:
                    return end.value
                error = None
                waits += 1
                if waits == steps:
                    asyncio.get_running_loop().call_soon(task.cancel)
                try:
                    value = yield waiting
                except BaseException as thrown:
                    # What the loop throws in, cancellation above all, goes to what is counted.
                    error = thrown

    async def counted():
        nonlocal task
        task = asyncio.current_task()
        await Counted()

    run = asyncio.create_task(counted())
    await asyncio.wait([run])
    if not run.cancelled():
        run.result()
    return run.cancelled()


async def settled(at):
    """
    Wait until nobody has a simulation any more.
    """
    for id in list(at.rows):
        async with at.turn(id):
            pass
