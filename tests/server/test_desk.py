"""
The desk: one owner at a time, nothing acknowledged that is not kept, nothing half-done.
"""

from __future__ import annotations

import asyncio
import threading
from itertools import chain

import pytest
from at_desk import Clock, MemoryStore, desk, log_of, made, scenario, tick, until, whole_log

from paysim.errors import PaysimError, ScenarioError
from paysim.server.problems import Problem
from paysim.server.session import Session
from paysim.server.settings import Settings
from paysim.server.store import Reply, Store


def raises(kind, status):
    return pytest.raises(Problem, match=f"^{status} {kind}: ")


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
    What is refused for its arguments costs nobody a loading; any other error does.
    """

    async def main():
        store = MemoryStore()
        async with desk(store) as at:
            id = await made(at)
            for _ in range(3):
                with pytest.raises(ScenarioError, match="amount"):
                    async with at.turn(id) as turn:
                        await turn.do(turn.session.submit, order() | {"amount": -1})
            assert store.loads == {}

            def broken(session):
                raise PaysimError("broken")

            with pytest.raises(PaysimError, match="broken"):
                async with at.turn(id) as turn:
                    await turn.do(broken)
            await tick(at, id)
            assert store.loads == {id: 1}

    asyncio.run(main())


class Halting:
    """
    A function for a thread that waits inside until it is let go on.
    """

    def __init__(self, then=None):
        self.begun = threading.Event()
        self.go = threading.Event()
        self.then = then

    def __call__(self, session):
        self.begun.set()
        self.go.wait()
        return self.then and self.then(session)


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

                    def noted(count):
                        threads.append(threading.current_thread() is threading.main_thread())
                        clock.time += seconds * count
                        return advance(count)

                    noted.__name__ = "advance"
                    session.advance = noted
                    await turn.do(session.advance, ticks)
                    await turn.commit()
                    del session.advance

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


def reply_to(scope, key, request, body):
    return Reply(scope, key, request, 200, {}, body)


def test_keys_of_requests():
    """
    Requests with one key, one after the other or at once, make one simulation and one tick.
    """

    async def main():
        async with desk() as at:

            async def create():
                async with at.once("", "k", "digest") as kept:
                    if kept is None:
                        row = await at.create(
                            Session.start(scenario()),
                            "",
                            lambda row: reply_to("", "k", "digest", row.id.encode()),
                        )
                        return row.id
                    return kept.body.decode()

            ids = await asyncio.gather(*(create() for _ in range(10)))
            assert ids == [next(iter(at.rows))] * 10
            id = ids[0]

            async def advance():
                async with at.once(id, "k", "other") as kept:
                    if kept is not None:
                        return int(kept.body)
                    async with at.turn(id) as turn:
                        outcome = await turn.do(turn.session.advance, 1)
                        body = b"%d" % outcome["tick"]
                        await turn.commit(reply_to(id, "k", "other", body))
                    return outcome["tick"]

            assert await asyncio.gather(*(advance() for _ in range(10))) == [0] * 10
            assert (await at.replayed(id, "k", "other")).body == b"0"
            assert await at.replayed(id, "l", "other") is None
            with raises("idempotency-key-reused", 422):
                await at.replayed(id, "k", "digest")

    asyncio.run(main())


def test_key_of_a_request_that_failed():
    """
    A request that has failed keeps no reply, and its repeat acts.
    """

    async def main():
        store = MemoryStore()
        async with desk(store) as at:
            id = await made(at)

            async def advance():
                async with at.once(id, "k", "d") as kept, at.turn(id) as turn:
                    assert kept is None
                    await turn.do(turn.session.advance, 1)
                    await turn.commit(reply_to(id, "k", "d", b""))

            store.fails = True
            with raises("store-failed", 503):
                await advance()
            store.fails = False
            await advance()
            assert at.rows[id].tick == 1

    asyncio.run(main())


def test_checkpoints():
    """
    A simulation set back to a checkpoint goes on as it did, and later checkpoints are gone.
    """

    async def main():
        async with desk() as at:
            id = await made(at)
            first = await at.checkpoint(id, "start")
            await tick(at, id, 10)
            second = await at.checkpoint(id, "ten")
            await tick(at, id, 10)
            third = await at.checkpoint(id, "twenty")
            assert await at.checkpoints(id) == [first, second, third]
            assert [mark.tick for mark in (first, second, third)] == [0, 10, 20]
            row = await at.restore(id, second.id)
            assert (row.tick, row.steps) == (10, 1)
            assert at.rows[id] == row
            assert await at.checkpoints(id) == [first, second]
            with raises("unknown-checkpoint", 404):
                await at.restore(id, third.id)
            await tick(at, id, 5)
            assert await log_of(at, id) == whole_log({}, 15)
            await at.restore(id, first.id)
            assert at.rows[id].events == 0
            assert await at.delete_checkpoint(id, first.id) == first
            assert await at.checkpoints(id) == []

    asyncio.run(main())


def test_checkpoint_file():
    """
    The file of a checkpoint begins a simulation that goes on from it.
    """
    from paysim.checkpoint_format import decoded

    async def main():
        async with desk() as at:
            id = await made(at)
            await tick(at, id, 10)
            mark = await at.checkpoint(id)
            await tick(at, id, 10)
            parts = await at.checkpoint_file(id, mark.id)
            session = Session.resume(decoded(b"".join(parts), "file"))
            row = await at.create(session, "from a file")
            assert (row.tick, row.steps) == (10, 1)
            await tick(at, row.id, 10)
            assert await log_of(at, row.id) == await log_of(at, id)

    asyncio.run(main())


def test_branches():
    """
    A branch has come the same way as its origin, and goes its own.
    """

    async def main():
        async with desk(max_simulations=3) as at:
            id = await made(at)
            await tick(at, id, 10)
            mark = await at.checkpoint(id)
            await tick(at, id, 10)
            now = await at.branch(id, None, "now")
            then = await at.branch(id, mark.id, "then")
            assert at.branches(id) == [now, then]
            assert (now.tick, now.parent_id, now.parent_tick, now.name) == (20, id, 20, "now")
            assert (then.tick, then.parent_id, then.parent_tick) == (10, id, 10)
            await tick(at, then.id, 5)
            for branch in at.branches(id):
                assert await log_of(at, branch.id) == whole_log({}, branch.tick)
            assert at.rows[id].tick == 20
            with raises("too-many-simulations", 409):
                await at.branch(id)
            with raises("too-many-simulations", 409):
                await made(at)
            await at.delete(now.id)
            await at.branch(id)

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
    from paysim.server.desk import Desk

    return Desk(MemoryStore(), Settings(data_dir="."))


def test_real_store_twice(tmp_path):
    """
    In one process, one loop after the other serves what the one before has acknowledged, and no
    callback keeps a loop for long.
    """
    from paysim.server.desk import Desk

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
