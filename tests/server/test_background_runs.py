"""
Runs in the background: they leave room for others, keep their pace, and say how they ended.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from at_desk import Clock, MemoryStore, desk, log_of, made, raises, tick, until, whole_log

from paysim.errors import PaysimError
from paysim.server.desk.runs import BROKEN_OFF
from paysim.server.settings import Settings
from paysim.server.store.store import Reply


async def ended(at, id):
    """
    Wait for the end of a run, and return its record.
    """
    version = -1
    while at.run_of(id)["status"] == "running":
        version = await at.changed(id, version)
    return at.run_of(id)


def test_whole_run():
    """
    A run without more words goes to the end of the last day, and its record says so everywhere.
    """

    async def main():
        store = MemoryStore()
        async with desk(store) as at:
            id = await made(at, days=3)
            with raises("no-run", 404):
                at.run_of(id)
            with raises("no-run", 404):
                await at.cancel_run(id)
            record = await at.start_run(id)
            assert record == {
                "status": "running",
                "from_tick": 0,
                "until_tick": 300,
                "current_tick": 0,
                "ticks_per_second": None,
                "detail": None,
            }
            finished = record | {"status": "finished", "current_tick": 300}
            assert await ended(at, id) == finished
            assert at.rows[id].run == store.rows()[0].run == finished
            assert await log_of(at, id) == whole_log({"days": 3}, 300)
            assert await at.cancel_run(id) == finished
            with raises("nothing-to-run", 409):
                await at.start_run(id)
            with raises("nothing-to-run", 409):
                await at.start_run(id, 300)
            await at.start_run(id, 310)
            assert (await ended(at, id))["current_tick"] == 310

    asyncio.run(main())


def test_reply_is_kept_with_the_start():
    """
    The reply to the request that starts a run is kept with its record.
    """

    async def main():
        store = MemoryStore()
        async with desk(store) as at:
            id = await made(at)

            def reply(record):
                return Reply(id, "k", "d", 202, {}, record["status"].encode())

            await at.start_run(id, 5, reply=reply)
            assert store.replies[id, "k"].body == b"running"

    asyncio.run(main())


def test_starts_after_what_is_under_way():
    """
    A run begins at the tick that those before have led to, even if that is on its way to the disk
    when the run is asked for.
    """

    async def main():
        store = MemoryStore()
        async with desk(store) as at:
            id = await made(at)
            store.holds = True
            ticking = asyncio.create_task(tick(at, id, 5))
            await until(lambda: store.held)
            starting = asyncio.create_task(at.start_run(id, 5))
            beginning = asyncio.create_task(at.start_run(id, 7))
            await asyncio.sleep(0)
            store.holds = False
            store.release()
            await ticking
            with raises("nothing-to-run", 409):
                await starting
            assert (await beginning)["from_tick"] == 5
            assert (await ended(at, id))["current_tick"] == 7

    asyncio.run(main())


def test_starts_while_the_desk_closes():
    """
    A run whose start was on its way to the disk when the desk was closed ends as interrupted, on
    the disk too, before the desk has closed.
    """

    async def main():
        store = MemoryStore()
        async with desk(store) as at:
            id = await made(at, days=50)
            store.holds = True
            starting = asyncio.create_task(at.start_run(id))
            await until(lambda: store.held)
            closing = asyncio.create_task(at.close())
            await asyncio.sleep(0)
            store.holds = False
            store.release()
            await closing
            assert (await starting)["status"] == "running"
            assert store.rows()[0].run["status"] == "interrupted"
            assert store.rows()[0].run["detail"] == BROKEN_OFF

    asyncio.run(main())


def test_others_in_between():
    """
    While a run goes on others look and act between its portions, and only ticks, a restore and
    another run are refused.
    """

    async def main():
        async with desk(times=Clock(jumps=False)) as at:
            id = await made(at)
            mark = await at.checkpoint(id)
            await at.start_run(id, 50, 1.0)
            await until(lambda: at.rows[id].tick == 1)
            with raises("run-in-progress", 409):
                await tick(at, id)
            with raises("run-in-progress", 409):
                await at.restore(id, mark.id)
            with raises("run-in-progress", 409):
                await at.start_run(id)
            async with at.turn(id) as turn:
                order = {"sender_id": "BANK_0", "receiver_id": "BANK_1", "amount": 7, "id": "mine"}
                assert await turn.do(turn.session.submit, order) == ("mine", 1)
                await turn.commit()
            branch = await at.branch(id)
            assert (branch.tick, branch.run) == (1, None)
            await at.checkpoint(id)
            await tick(at, branch.id)
            assert b'"mine"' in await log_of(at, branch.id)
            assert at.run_of(id)["status"] == "running"
            assert (await at.cancel_run(id))["current_tick"] == 1
            assert await tick(at, id) == 1
            assert await log_of(at, id) == await log_of(at, branch.id)

    asyncio.run(main())


def test_others_get_their_turn():
    """
    A run as fast as it goes lets everybody in who waits, after one portion.
    """

    async def main():
        store = MemoryStore()
        store.holds = True
        async with desk(store) as at:
            creation = asyncio.create_task(made(at, days=1_000))
            await until(lambda: store.held)
            store.release()
            id = await creation
            start = asyncio.create_task(at.start_run(id))
            await until(lambda: store.held)
            store.release()
            await start
            for _ in range(5):
                await until(lambda: store.held)

                async def look():
                    async with at.turn(id) as turn:
                        return turn.row.tick

                others = [asyncio.create_task(look()) for _ in range(10)]
                await asyncio.sleep(0)
                store.release()
                tick = store.kept[id][2][-1].tick
                assert set(await asyncio.gather(*others)) == {tick}
            cancelling = asyncio.create_task(at.cancel_run(id))
            await until(lambda: store.held)
            store.holds = False
            store.release()
            record = await cancelling
            assert record["status"] == "cancelled"
            assert record["current_tick"] == at.rows[id].tick > 0
            assert await log_of(at, id) == whole_log({"days": 1_000}, record["current_tick"])

    asyncio.run(main())


def test_paced_run():
    """
    A run at a pace waits on the clock between its batches, and ends at its tick.
    """

    async def main():
        clock = Clock()
        async with desk(times=clock) as at:
            id = await made(at)
            await at.start_run(id, 20, 4.0)
            assert (await ended(at, id))["status"] == "finished"
            waits = [seconds for seconds in clock.pauses if seconds is not None]
            assert waits == pytest.approx([0.25] * 19)
            assert await log_of(at, id) == whole_log({}, 20)

    asyncio.run(main())


def test_record_in_the_store():
    """
    The store is told of a run's record at its start, at its end, and once a second in between.
    """

    async def main():
        store = MemoryStore()
        async with desk(store, times=Clock()) as at:
            id = await made(at)
            await at.start_run(id, 100, 20.0)
            await ended(at, id)
            ticks = [record["current_tick"] for record in store.runs]
            assert ticks[0] == 0
            assert ticks[-1] == 100
            steps = [b - a for a, b in pairwise(ticks[1:-1])]
            assert steps == pytest.approx([20] * len(steps), abs=1)
            assert len(steps) == 3

    asyncio.run(main())


def test_time_of_a_run():
    """
    A run that calculates for longer than it may stops where it is, and says so; to wait for the
    next tick is not to calculate.
    """

    async def main():
        clock = Clock()
        async with desk(times=clock, max_run_seconds=9.5) as at:
            id = await made(at)
            await at.start_run(id, 90, 2.0)
            assert (await ended(at, id))["status"] == "finished"
            clock.step = 1.0
            await at.start_run(id, 1_000_000)
            record = await ended(at, id)
            assert record["status"] == "stopped"
            assert 90 < record["current_tick"] < 1_000_000
            assert "9.5 seconds on this server (PAYSIM_MAX_RUN_SECONDS)" in record["detail"]

    asyncio.run(main())


def broken_session(at, id, tick, error):
    """
    Let a session raise an error when it is to pass a tick.
    """
    session = at._seats.find(id).session
    advance = session.advance

    def broken(count, seconds):
        if session.tick + count > tick:
            raise error
        return advance(count, seconds)

    broken.__name__ = "advance"
    session.advance = broken


@pytest.mark.parametrize(
    ("error", "told"), [(PaysimError("a sum passes"), "a sum passes"), (KeyError("inner"), "log")]
)
def test_failed(error, told):
    """
    A run that cannot go on leaves the last tick that was kept, and says why, but nothing internal.
    """

    async def main():
        async with desk() as at:
            id = await made(at, days=10)
            broken_session(at, id, 60, error)
            await at.start_run(id)
            record = await ended(at, id)
            assert record["status"] == "failed"
            assert told in record["detail"]
            assert "inner" not in record["detail"]
            assert record["current_tick"] == at.rows[id].tick <= 60
            assert await log_of(at, id) == whole_log({"days": 10}, at.rows[id].tick)

    asyncio.run(main())


def test_store_that_fails():
    """
    A run whose store cannot be written has failed, and can be started again.
    """

    async def main():
        store = MemoryStore()
        async with desk(store, times=Clock(jumps=False)) as at:
            id = await made(at)
            store.fails = True
            with raises("store-failed", 503):
                await at.start_run(id)
            store.fails = False
            await at.start_run(id, None, 1.0)
            await until(lambda: at.rows[id].tick == 1)
            store.fails = True
            at._seats.times.turn(1.0)
            record = await ended(at, id)
            assert (record["status"], record["current_tick"]) == ("failed", 1)
            assert "no space is left" in record["detail"]
            store.fails = False
            await at.start_run(id)
            assert (await ended(at, id))["from_tick"] == 1

    asyncio.run(main())


def test_interrupted_by_the_end_of_the_server():
    """
    A server that stops lets the run end as interrupted, with everything kept that was done.
    """

    async def main():
        store = MemoryStore()
        async with desk(store, times=Clock(jumps=False)) as at:
            id = await made(at)
            await at.start_run(id, None, 1.0)
            await until(lambda: at.rows[id].tick == 1)
        record = store.rows()[0].run
        assert (record["status"], record["current_tick"]) == ("interrupted", 1)
        assert record["detail"] == BROKEN_OFF
        async with desk(store) as at:
            assert await tick(at, id) == 1
            assert at.run_of(id) == record

    asyncio.run(main())


def test_interrupted_by_a_kill():
    """
    The record of a run that was killed says how far it has come, and stays as it is afterwards.
    """

    async def main():
        store = MemoryStore()
        async with desk(store) as at:
            id = await made(at)
            await tick(at, id, 30)
        killed = {"status": "interrupted", "current_tick": 10, "detail": None}
        await asyncio.wrap_future(store.append(id, None, killed))
        for _ in range(2):
            async with desk(store) as at:
                await tick(at, id)
                told = killed | {"current_tick": 30, "detail": BROKEN_OFF}
                assert at.run_of(id) == store.rows()[0].run == told

    asyncio.run(main())


def test_deleted():
    """
    A simulation that runs can be deleted: its run ends first.
    """

    async def main():
        async with desk(times=Clock(jumps=False)) as at:
            id = await made(at)
            await at.start_run(id, None, 1.0)
            row = await at.delete(id)
            assert row.run["status"] == "cancelled"
            assert dict(at.rows) == {}

    asyncio.run(main())


def test_not_evicted():
    """
    Simulations that run stay in memory, whoever else is used.
    """

    async def main():
        store = MemoryStore()
        clock = Clock(jumps=False)
        async with desk(store, times=clock, max_open=1) as at:
            id = await made(at)
            await at.start_run(id, None, 1.0)
            await until(lambda: at.rows[id].tick == 1)
            for _ in range(3):
                await tick(at, await made(at))
            store.loads.clear()
            clock.turn(1.0)
            await until(lambda: at.rows[id].tick == 2)
            assert store.loads == {}

    asyncio.run(main())


def test_many_runs(tmp_path):
    """
    Runs of several simulations go on side by side and end alike, on a real store.
    """
    from paysim.server.desk.desk import Desk
    from paysim.server.store.store import Store

    async def main():
        store = Store.open(tmp_path)
        at = Desk(store, Settings(data_dir=tmp_path))
        ids = [await made(at, days=20) for _ in range(6)]
        for id in ids:
            await at.start_run(id)
        assert {(await ended(at, id))["status"] for id in ids} == {"finished"}
        logs = {await log_of(at, id) for id in ids}
        assert logs == {whole_log({"days": 20}, 2_000)}
        await at.close()
        store.close()

    asyncio.run(main())
