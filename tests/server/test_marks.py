"""
Checkpoints and branches: the same steps under another number or id.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from at_desk import desk, log_of, made, raises, tick, until, whole_log

from paysim.server.desk.marks import FILES
from paysim.server.session.session import Session


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


def test_checkpoint_file_of_what_is_no_more():
    """
    Whoever waits for the file of a checkpoint while the simulation is set back to an earlier one is
    told that it is gone, and gets nothing of what came instead.
    """

    async def main():
        async with desk() as at:
            id = await made(at)
            first = await at.checkpoint(id)
            await tick(at, id, 10)
            second = await at.checkpoint(id)
            async with AsyncExitStack() as stack:
                for _ in range(FILES):
                    await stack.enter_async_context(at._files)
                waiting = asyncio.create_task(at.checkpoint_file(id, second.id))
                await until(lambda: at._files._waiters)
                await at.restore(id, first.id)
                await tick(at, id, 3)
            with raises("unknown-checkpoint", 404):
                await waiting

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
