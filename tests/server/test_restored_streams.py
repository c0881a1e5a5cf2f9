"""
Streams of simulations that are set back: what a client has is the log as it is, and it is told.
"""

from __future__ import annotations

import asyncio
from itertools import count

from at_desk import desk, log_of, made, tick
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stream_client import Client, caught_up


async def pay_and_tick(at, id, amount, ticks):
    """
    Let one more transaction arrive in the next tick, and run so many.
    """
    order = {"sender_id": "BANK_0", "receiver_id": "BANK_1", "amount": amount}
    async with at.turn(id) as turn:
        await turn.do(turn.session.submit, order)
        await turn.do(turn.session.advance, ticks)
        await turn.commit()


def test_restored():
    """
    A client that is ahead when the simulation is set back is told, and goes on from the new end.
    """

    async def main():
        async with desk() as at:
            id = await made(at)
            await tick(at, id, 5)
            mark = await at.checkpoint(id)
            await tick(at, id, 5)
            ahead, behind = Client(at.events(id)), Client(at.events(id))
            await caught_up(at, id, ahead)
            row = await at.restore(id, mark.id)
            event, data = await ahead.take()
            assert event == "restored"
            assert data == {"after": row.events, "current_tick": 5, "current_day": 0}
            assert ahead.last == row.events
            assert (await behind.take())[1]["after"] == 0
            await pay_and_tick(at, id, 7_654_321, 5)
            log = await log_of(at, id)
            for client in (ahead, behind):
                client.lines = b""
                await caught_up(at, id, client)
            assert ahead.lines == b"".join(log.splitlines(keepends=True)[row.events :])
            assert b'"amount":7654321,' in ahead.lines
            late = Client(at.events(id, 10**15))
            assert (await late.take())[0] == "restored"
            assert (late.last, late.lines) == (at.rows[id].events, b"")

    asyncio.run(main())


def test_restored_and_gone_on():
    """
    A client that asks again only when the simulation has long gone on from where it was set back
    to gets every event from there.
    """

    async def main():
        async with desk() as at:
            id = await made(at)
            await tick(at, id, 5)
            first = await at.checkpoint(id)
            await tick(at, id, 5)
            second = await at.checkpoint(id)
            await tick(at, id, 5)
            client = Client(at.events(id))
            await caught_up(at, id, client)
            left = (await at.restore(id, second.id)).events
            assert left > (await at.restore(id, first.id)).events
            left = at.rows[id].events
            await pay_and_tick(at, id, 7, 90)
            assert await client.take() == (
                "restored",
                {"after": left, "current_tick": 95, "current_day": 0},
            )
            client.lines = b""
            await caught_up(at, id, client)
            assert client.lines == b"".join((await log_of(at, id)).splitlines(keepends=True)[left:])

    asyncio.run(main())


ACTS = st.one_of(
    st.tuples(st.just("tick"), st.integers(1, 6)),
    st.tuples(st.just("mark"), st.just(0)),
    st.tuples(st.just("restore"), st.integers(0, 9)),
    st.tuples(st.just("look"), st.integers(0, 2)),
)


@settings(max_examples=60)
@given(st.lists(ACTS, max_size=30))
@example([("mark", 0), ("tick", 4), ("look", 0), ("restore", 0), ("tick", 6)])
def test_restored_while_away(acts):
    """
    Clients that come and go have the log as it is whenever they have looked, and are told that the
    simulation was set back exactly if it was while they were away.
    """

    async def main():
        async with desk() as at:
            id = await made(at)
            marks, seen, restores, amounts = [], [(b"", 0, None)] * 3, 0, count(1)

            async def look(number):
                lines, last, before = seen[number]
                client = Client(at.events(id, last, False, before))
                told = await client.rest()
                assert told.count("restored") == (before not in (None, restores))
                kept = lines.splitlines(keepends=True)
                if "restored" in told:
                    assert told[0] == "restored"
                    kept = kept[: client.told[0][1]["after"]]
                lines = b"".join(kept) + client.lines
                assert lines == await log_of(at, id)
                if client.last is not None:
                    seen[number] = (lines, client.last, client.restores)

            for act, number in acts:
                if act == "tick":
                    # Another amount each time: what comes after a restore is another log.
                    await pay_and_tick(at, id, next(amounts), number)
                elif act == "mark":
                    marks.append(await at.checkpoint(id))
                elif act == "restore" and marks:
                    del marks[1 + number % len(marks) :]
                    await at.restore(id, marks[-1].id)
                    restores += 1
                elif act == "look":
                    await look(number)
            for number in range(3):
                await look(number)

    asyncio.run(main())
