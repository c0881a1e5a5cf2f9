"""
Requests with a key: sent again, they are answered again and do nothing.
"""

from __future__ import annotations

import asyncio

from at_desk import MemoryStore, desk, made, raises, scenario

from paysim.server.session.session import Session
from paysim.server.store.store import Reply


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
