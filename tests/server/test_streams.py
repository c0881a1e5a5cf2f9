"""
Streams: every event once and in order, wherever a client resumes and however slow it is.
"""

from __future__ import annotations

import asyncio
import gc
import weakref
from types import MethodType

import pytest
from at_desk import Clock, MemoryStore, desk, log_of, made, tick, until, whole_log
from stream_client import Client, caught_up

from paysim.server.desk.following import HEARTBEAT_SECONDS, LINES_BYTES, MESSAGE_BYTES
from paysim.server.http.replies import StreamReply
from paysim.server.problems import Problem


def test_resume_anywhere():
    """
    From whatever event a client resumes, it gets the rest of the log, byte for byte.
    """

    async def main():
        async with desk(max_streams=1) as at:
            id = await made(at)
            await tick(at, id, 12)
            log = whole_log({}, 12)
            lines = log.splitlines(keepends=True)
            assert len(lines) > 20
            for after in range(len(lines) + 1):
                client = Client(at.events(id, after))
                await caught_up(at, id, client)
                assert client.lines == b"".join(lines[after:])
                await client.stream.aclose()

    asyncio.run(main())


def test_batches():
    """
    The events of a long log come in several messages, none of them too long, each with the place
    in the log and the tick that the simulation is at.
    """

    async def main():
        async with desk() as at:
            id = await made(at, agents=10, days=10, rate=2.0)
            await tick(at, id, 1_000)
            sizes, client = [], Client(at.events(id))
            take = client.stream._messages

            async def measured():
                async for message in take:
                    sizes.append(len(message))
                    yield message

            client.stream._messages = measured()
            await caught_up(at, id, client)
            assert client.lines == await log_of(at, id)
            assert len(sizes) == -(-len(client.lines) // LINES_BYTES) > 5
            assert max(sizes) <= MESSAGE_BYTES
            assert [data["after"] for _, data in client.told[1:]] == [
                data["last"] for _, data in client.told[:-1]
            ]
            assert client.told[0][1]["current_tick"] == 1_000
            assert client.told[0][1]["current_day"] == 10

    asyncio.run(main())


def test_follows():
    """
    A client that has caught up is told of each commit as it happens, and of ticks without events.
    """

    async def main():
        async with desk() as at:
            id = await made(at, rate=0.02)
            client = Client(at.events(id))
            assert await client.take() == (
                "batch",
                {"after": 0, "last": 0, "current_tick": 0, "current_day": 0, "events": []},
            )
            waiting = asyncio.create_task(client.take())
            await asyncio.sleep(0)
            assert not waiting.done()
            for number in range(1, 100):
                await tick(at, id)
                _, data = await waiting
                assert data["current_tick"] == number
                waiting = asyncio.create_task(client.take())
                await asyncio.sleep(0)
            assert any(not data["events"] for _, data in client.told[1:])
            assert client.lines == await log_of(at, id)
            await at.delete(id)
            assert await waiting == ("deleted", {})
            assert await client.rest() == []

    asyncio.run(main())


def test_slow_client():
    """
    Nothing is read from the log before a client has taken what came before.
    """

    async def main():
        async with desk() as at:
            id = await made(at, days=20)
            async with at.turn(id) as turn:
                session = turn.session
                read, lines = [], session.lines

                def noted(_, after, most, bytes_max):
                    taken = lines(after, most, bytes_max)
                    read.append(len(taken[0]))
                    return taken

                session.lines = MethodType(noted, session)
            client = Client(at.events(id))
            await client.take()
            for _ in range(20):
                await tick(at, id, 100)
            assert read == [0]
            await client.take()
            for _ in range(50):
                await asyncio.sleep(0)
            assert len(read) == 2
            assert read[1] < MESSAGE_BYTES
            assert read[1] < at.rows[id].events * 100

    asyncio.run(main())


def test_run_on_the_stream():
    """
    A run is told when it begins, every second, and when it has ended, which is after its events.
    """

    async def main():
        clock = Clock(jumps=False)
        async with desk(times=clock) as at:
            id = await made(at)
            client = Client(at.events(id))
            await client.take()
            await at.start_run(id, 3, 0.4)
            assert (await client.take_until("run"))["status"] == "running"
            await client.take_until("batch", current_tick=1)
            for _ in range(2):
                waiting = asyncio.create_task(client.take())
                await asyncio.sleep(0)
                clock.turn(1.0)
                event, data = await waiting
                assert (event, data["current_tick"]) == ("run", 1)
            for now in (2, 3):
                clock.turn(2.5)
                await until(lambda now=now: at.rows[id].tick == now)
            await until(lambda: at.run_of(id)["status"] != "running")
            finished = await client.take_until("run", status="finished")
            assert finished == at.run_of(id)
            assert client.lines == whole_log({}, 3)
            late = Client(at.events(id, client.last))
            assert [await late.take(), await late.take()] == [
                (
                    "batch",
                    {
                        "after": client.last,
                        "last": client.last,
                        "current_tick": 3,
                        "current_day": 0,
                        "events": [],
                    },
                ),
                ("run", finished),
            ]

    asyncio.run(main())


def test_short_run():
    """
    A run that is over before anybody looks is told as well, and so is one like it that follows.
    """

    async def main():
        async with desk() as at:
            id = await made(at)
            client = Client(at.events(id))
            for until_tick in (4, 8):
                await at.start_run(id, until_tick)
                await until(lambda: at.run_of(id)["status"] == "finished")
                assert (await client.take_until("run"))["until_tick"] == until_tick

    asyncio.run(main())


def test_deleted():
    """
    When a simulation is deleted, those who follow it get all that had happened, the end of a run
    included, and then the end; nothing of it stays in memory after that.
    """

    async def main():
        async with desk() as at:
            id = await made(at, days=50)
            seat = weakref.ref(at._seats.find(id))
            new, begun, done = (Client(at.events(id)) for _ in range(3))
            await begun.take()
            await tick(at, id, 1_000)
            await caught_up(at, id, done)
            await at.start_run(id)
            await until(lambda: at.rows[id].tick > 2_000)
            await at.delete(id)
            log = None
            for client in (new, begun, done):
                events = await client.rest()
                assert events[-2:] == ["run", "deleted"]
                assert client.told[-2][1]["status"] == "cancelled"
                log = log or whole_log({"days": 50}, client.told[-2][1]["current_tick"])
                assert client.lines == log
            assert seat() is None

    asyncio.run(main())


@pytest.mark.parametrize("is_damaged", [False, True])
def test_deleted_from_the_store(is_damaged):
    """
    What a deleted simulation had not in memory is loaded for those who follow it, if it can be.
    """

    async def main():
        store = MemoryStore()
        async with desk(store, max_open=1) as at:
            id = await made(at)
            caught, behind = Client(at.events(id)), Client(at.events(id))
            await tick(at, id, 20)
            await caught_up(at, id, caught)
            await made(at)
            if is_damaged:
                store.kept[id][1] = b"nonsense"
            await at.delete(id)
            assert await caught.rest() == ["deleted"]
            assert await behind.rest() == (["deleted"] if is_damaged else ["batch", "deleted"])
            assert behind.lines == (b"" if is_damaged else whole_log({}, 20))

    asyncio.run(main())


def test_deleted_without_need():
    """
    A simulation whose followers have told all of it is not loaded in order to be deleted.
    """

    async def main():
        store = MemoryStore()
        async with desk(store, max_open=1) as at:
            id = await made(at)
            client = Client(at.events(id))
            await client.take()
            await made(at)
            await at.delete(id)
            assert store.loads == {}
            assert await client.rest() == ["deleted"]

    asyncio.run(main())


def test_deleted_while_the_server_stops():
    """
    A stream of a deleted simulation ends without a word when the server stops before its end.
    """

    async def main():
        async with desk() as at:
            id = await made(at)
            behind = Client(at.events(id))
            await behind.take()
            await tick(at, id)
            await at.delete(id)
            at.stop()
            assert await behind.rest() == []

    asyncio.run(main())


def test_heartbeat():
    """
    Where nothing happens a comment comes every fifteen seconds, and no sooner.
    """

    async def main():
        clock = Clock()
        async with desk(times=clock) as at:
            id = await made(at)
            client = Client(at.events(id))
            await client.take()
            for number in range(1, 4):
                assert await client.take() == (None, None)
                assert clock.time == 1_000 + number * HEARTBEAT_SECONDS
            assert clock.pauses == [HEARTBEAT_SECONDS] * 3

    asyncio.run(main())


def test_places():
    """
    There are so many streams at once, and a place is free again however its stream goes.
    """

    async def main():
        async with desk(max_streams=2) as at:
            id = await made(at)
            kept = at.events(id)

            def full():
                with pytest.raises(Problem, match=r"^429 too-many-streams: ") as caught:
                    at.events(id)
                assert caught.value.headers["Retry-After"]

            closed = at.events(id)
            full()
            await closed.aclose()
            await closed.aclose()
            begun = at.events(id)
            await anext(begun)
            full()
            await begun.aclose()
            at.events(id)
            gc.collect()
            waiting = at.events(id)
            await anext(waiting)
            task = asyncio.create_task(anext(waiting))
            await asyncio.sleep(0)
            full()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            broken = at.stream(breaks())
            full()
            with pytest.raises(ZeroDivisionError):
                await anext(broken)
            other = await made(at)
            gone = Client(at.events(other))
            full()
            await at.delete(other)
            assert await gone.rest() == ["batch", "deleted"]
            at.events(id)
            await kept.aclose()

    asyncio.run(main())


async def breaks():
    yield b"%d" % (1 // 0)


@pytest.mark.parametrize("way", ["2.3", "2.4"])
@pytest.mark.parametrize("at_message", [0, 1, 2])
def test_reply(way, at_message):
    """
    A client that goes at whatever message gives its place back, and leaves the simulation free.
    """

    async def main():
        async with desk(max_streams=1) as at:
            id = await made(at)
            await tick(at, id, 3)
            gone = asyncio.Event()
            sent = []

            async def receive():
                await gone.wait()
                return {"type": "http.disconnect"}

            async def send(message):
                if message["type"] == "http.response.body":
                    sent.append(message["body"])
                if len(sent) == at_message:
                    gone.set()
                    if way == "2.4":
                        raise OSError
                    await asyncio.sleep(0)

            scope = {"type": "http", "asgi": {"spec_version": way}}
            reply = StreamReply(at.events(id))
            assert reply.media_type == "text/event-stream"
            task = asyncio.create_task(reply(scope, receive, send))
            while not gone.is_set():
                await tick(at, id)
                await asyncio.sleep(0)
            await asyncio.wait([task])
            at.events(id)
            await tick(at, id)

    asyncio.run(main())


def test_end_of_the_server():
    """
    When the server stops, streams end without a word, and those that wait do so at once.
    """

    async def main():
        async with desk() as at:
            id = await made(at)
            clients = [Client(at.events(id)) for _ in range(3)]
            for client in clients:
                await client.take()
            rests = [asyncio.create_task(client.rest()) for client in clients]
            await asyncio.sleep(0)
            at.stop()
            assert await asyncio.gather(*rests) == [[], [], []]

    asyncio.run(main())


def test_log_that_cannot_be_read():
    """
    A stream whose log cannot be read says so and ends.
    """

    async def main():
        store = MemoryStore()
        async with desk(store, max_open=1) as at:
            id = await made(at)
            await made(at)
            store.kept[id][1] = b"nonsense"
            client = Client(at.events(id))
            assert await client.rest() == ["problem"]
            assert client.told[0][1]["status"] == 500

    asyncio.run(main())


def test_many_clients_of_a_run():
    """
    Clients that come at any time of a run all get the same whole log.
    """

    async def main():
        async with desk() as at:
            id = await made(at, days=5)
            await at.start_run(id)
            clients = []
            while len(clients) < 8:
                clients.append(Client(at.events(id)))
                await clients[-1].take()
            await asyncio.gather(*(c.take_until("run", status="finished") for c in clients))
            assert {client.lines for client in clients} == {whole_log({"days": 5}, 500)}

    asyncio.run(main())
