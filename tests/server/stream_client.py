"""
A client of a stream of the desk, in the same process.
"""

from __future__ import annotations

import json

from paysim.server.desk.following import HEARTBEAT


class Client:
    """
    A client of one stream, which takes a message when it is told to.

    Attributes:
        lines: The events so far, as JSON lines.
        last: The number of the last event, by the id of the last message that had one.
        restores: How often the simulation had been set back, by that id.
        told: The events of the stream so far, each with its data.
    """

    def __init__(self, stream):
        self.stream = stream
        self.lines = b""
        self.last = self.restores = None
        self.told = []

    async def take(self):
        """
        Take one message, and return its event and data.
        """
        raw = await anext(self.stream)
        assert raw.endswith(b"\n\n")
        assert raw.count(b"\n\n") == 1
        if raw == HEARTBEAT:
            self.told.append((None, None))
            return self.told[-1]
        fields = dict(line.split(b": ", 1) for line in raw[:-2].split(b"\n"))
        event, text = fields[b"event"].decode(), fields[b"data"]
        data = json.loads(text)
        if b"id" in fields:
            self.last, self.restores = map(int, fields[b"id"].split(b"."))
        if event == "batch":
            assert self.last == data["last"] == data["after"] + len(data["events"])
            # The very bytes of the log, not what a parser has made of them.
            array = text[text.index(b'"events":[') + 10 : -2]
            own = json.dumps(data["events"], separators=(",", ":"), ensure_ascii=False)
            assert array == own.encode()[1:-1]
            self.lines += b"".join(
                json.dumps(one, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
                for one in data["events"]
            )
        self.told.append((event, data))
        return self.told[-1]

    async def take_until(self, event, **values):
        """
        Take messages up to one of this event with these values, and return its data.
        """
        while True:
            found, data = await self.take()
            if found == event and all(data[key] == value for key, value in values.items()):
                return data

    async def rest(self):
        """
        Take all messages that are left, and return their events.
        """
        before = len(self.told)
        try:
            while True:
                await self.take()
        except StopAsyncIteration:
            return [event for event, _ in self.told[before:]]


async def caught_up(at, id, client):
    await client.take_until("batch", last=at.rows[id].events, current_tick=at.rows[id].tick)
