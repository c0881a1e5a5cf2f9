"""
Clients that use the service as hard as they can, note what was acknowledged, and what was not.

Each is a thread with a connection of its own and works until the server is gone. What it was asking
for at that moment stays in `under_way`, and is asked for again, with the same key, at the restart.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import attrs
from client import Answer, Client, Gone
from models import OUTSIDE, Model


@attrs.frozen
class Asked:
    """
    A request that changes something, and what follows from its reply.
    """

    method: str
    path: str
    body: Any
    headers: dict[str, str]
    follow: Callable[[Answer], None]
    model: Model | None
    ticks: frozenset[int] = frozenset()


class Worker:
    """
    A thread's worth of load.

    Args:
        name: Its own, for the names and keys that it makes up.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.under_way: Asked | None = None
        self.count = 0
        self.client: Client

    def work(self, client: Client, random: Random) -> None:
        """
        Make requests until the server is gone.
        """
        self.client = client
        try:
            while True:
                self.step(random)
        except Gone:
            client.close()

    def step(self, random: Random) -> None:
        raise NotImplementedError

    def retry(self, client: Client) -> None:
        """
        Ask again for what had no reply, and again, which must change nothing more.
        """
        self.client = client
        asked = self.under_way
        if asked is None:
            return
        answer = self._send(asked)
        if asked.method == "POST":
            again = client.ask(asked.method, asked.path, asked.body, asked.headers)
            assert (again.status, again.body) == (answer.status, answer.body)
            assert answer.status >= 300 or again.headers.get("idempotency-replayed") == "true"

    def unique(self) -> str:
        self.count += 1
        return f"{self.name}-{self.count}"

    def ask(
        self,
        method: str,
        path: str,
        body: Any,
        follow: Callable[[Answer], None],
        model: Model | None = None,
        ticks: tuple[int, ...] = (),
    ) -> None:
        headers = {"idempotency-key": self.unique()} if method == "POST" else {}
        self._send(Asked(method, path, body, headers, follow, model, frozenset(ticks)))

    def _send(self, asked: Asked) -> Answer:
        self.under_way = asked
        answer = self.client.ask(asked.method, asked.path, asked.body, asked.headers)
        asked.follow(answer)
        self.under_way = None
        return answer


class Crowd(Worker):
    """
    One of several that tick the same simulation and submit to it.

    Attributes:
        ticks: Those that replies told of.
        arrivals: Arrival tick of each transaction that was submitted.
    """

    def __init__(self, name: str, id: str) -> None:
        super().__init__(name)
        self.id = id
        self.ticks: list[int] = []
        self.arrivals: dict[str, int] = {}

    def step(self, random: Random) -> None:
        if random.random() < 0.3:
            self._submit(random)
        else:
            self._tick(random.randint(1, 3))

    def _tick(self, count: int) -> None:
        def follow(answer: Answer) -> None:
            assert answer.status == 200, answer
            told = answer.json()
            self.ticks += [one["tick"] for one in told.get("results", [told])]

        self.ask("POST", f"{self.id}/tick?count={count}", None, follow, ticks=(count,))

    def _submit(self, random: Random) -> None:
        sender, receiver = random.sample(["ALPHA", "BETA", "GAMMA", OUTSIDE], 2)
        id = self.unique()

        def follow(answer: Answer) -> None:
            assert answer.status == 201, answer
            assert answer.json()["transaction_id"] == id
            self.arrivals[id] = answer.json()["arrival_tick"]

        amount = random.randint(1, 9_000)
        body = {"sender_id": sender, "receiver_id": receiver, "amount": amount, "id": id}
        self.ask("POST", f"{self.id}/transactions", body, follow)


class Reader(Worker):
    """
    One that follows the log of a simulation, by pages or on the stream.

    Attributes:
        seen: The number of the last event that it saw.
        lines: What it saw, from the first.
    """

    def __init__(self, name: str, id: str, streams: bool) -> None:
        super().__init__(name)
        self.id = id
        self.streams = streams
        self.seen = 0
        self.lines: list[Any] = []

    def step(self, random: Random) -> None:
        if self.streams:
            for message in self.client.stream(f"{self.id}/events", self.seen):
                if message.event == "batch":
                    self._take(message.json())
        else:
            self._take(self.client.get(f"{self.id}/events?after={self.seen}&limit=50").json())

    def _take(self, page: dict[str, Any]) -> None:
        assert page["after"] == self.seen
        assert page["last"] == self.seen + len(page["events"])
        self.lines += page["events"]
        self.seen = page["last"]
