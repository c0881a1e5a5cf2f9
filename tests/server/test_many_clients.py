"""
Many clients at once, on one simulation and on many, of a real server.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from client import Client, Message
from models import library_log, raw_scenario, served_log
from serving import Serving

CLIENTS = 12
LONG_TICKS = 100_000
SECONDS_MAX = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Serving]:
    with Serving(tmp_path_factory.mktemp("together") / "data") as server:
        yield server


@pytest.fixture
def client(server) -> Iterator[Client]:
    with server.client() as client:
        yield client


def created(client: Client, raw: dict[str, Any]) -> str:
    """
    Create a simulation and return its id.
    """
    answer = client.post("", raw)
    assert answer.status == 201, answer
    return answer.json()["simulation_id"]


def number_of(message: Message) -> int:
    """
    Return the number of the last event of a message, by its id.
    """
    return int(str(message.id).partition(".")[0])


def all_at_once(server: Serving, work: Callable[[Client, int], Any], number: int = CLIENTS) -> list:
    """
    Let so many clients, each connected already, work from the same moment on; return what each did.
    """
    barrier = threading.Barrier(number)

    def begin(index: int) -> Any:
        with server.client() as client:
            assert client.get("/health").status == 200
            barrier.wait(SECONDS_MAX)
            return work(client, index)

    with ThreadPoolExecutor(number) as pool:
        return [future.result() for future in [pool.submit(begin, i) for i in range(number)]]


def test_one_simulation(server, client):
    """
    Clients that advance one simulation get each tick exactly once, and none is skipped.
    """
    raw = raw_scenario(1)
    id = created(client, raw)

    def work(client, index):
        ticks = []
        for number in range(20):
            count = 1 + (index + number) % 3
            answer = client.post(f"{id}/tick?count={count}")
            assert answer.status == 200, answer
            told = answer.json()
            own = [one["tick"] for one in told.get("results", [told])]
            assert own == list(range(own[0], own[0] + count))
            assert not ticks or own[0] > ticks[-1]
            ticks += own
        return ticks

    ticks = sorted(tick for own in all_at_once(server, work) for tick in own)
    assert ticks == list(range(len(ticks)))
    assert client.get(id).json()["current_tick"] == len(ticks)
    assert served_log(client, id) == library_log(raw, len(ticks))


def test_many_simulations(server, client):
    """
    Simulations that are advanced at the same time do not disturb each other.
    """
    raws = [raw_scenario(seed) for seed in range(CLIENTS)]

    def work(client, index):
        id = created(client, raws[index])
        for tick in range(60):
            assert client.post(f"{id}/tick").json()["tick"] == tick
        return id

    for id, raw in zip(all_at_once(server, work), raws, strict=True):
        assert served_log(client, id) == library_log(raw, 60)


def test_retries(server, client):
    """
    Requests with one key have one effect and one reply, however many come at the same time.
    """
    raw = raw_scenario(2)
    id = created(client, raw)
    before = len(client.get("").json()["simulations"])

    def work(client, index):
        ticks = [
            client.ask("POST", f"{id}/tick?count=2", None, {"idempotency-key": f"tick-{number}"})
            for number in range(10)
        ]
        return [*ticks, client.ask("POST", "", raw, {"idempotency-key": "created"})]

    for replies in zip(*all_at_once(server, work), strict=True):
        assert {reply.status for reply in replies} <= {200, 201}
        assert len({reply.body for reply in replies}) == 1
        first = [reply for reply in replies if "idempotency-replayed" not in reply.headers]
        assert len(first) == 1
    assert client.get(id).json()["current_tick"] == 20
    assert len(client.get("").json()["simulations"]) == before + 1
    assert served_log(client, id) == library_log(raw, 20)


def test_deletion(server, client):
    """
    Whoever uses a simulation while it is deleted is told 404, and it is deleted once.
    """
    id = created(client, raw_scenario(3))

    def work(client, index):
        replies = []
        while not replies or replies[-1] == 200:
            if index == 0 and len(replies) == 5:
                replies.append(client.delete(id).status)
            else:
                replies.append(client.post(f"{id}/tick").status)
        return replies

    for replies in all_at_once(server, work):
        assert replies[-1] == 404
        assert set(replies[:-1]) <= {200}
    assert client.get(id).status == 404


def test_streams(server, client):
    """
    All streams carry the bytes of the log, whenever they begin and wherever they go on, and all of
    them before they tell that the simulation is deleted.
    """
    raw = raw_scenario(4)
    id = created(client, raw)
    lines = library_log(raw, 80).splitlines()
    batches: list[list[tuple[int, int, bytes]]] = [[] for _ in range(CLIENTS)]
    comers = range(3, CLIENTS, 2)
    has_all = threading.Barrier(2 + len(comers))

    def ticks(client):
        for _ in range(40):
            assert client.post(f"{id}/tick").status == 200
        has_all.wait(SECONDS_MAX)

    def follow(client, own):
        """
        Read a stream to its end, from its beginning.
        """
        for message in client.stream(f"{id}/events"):
            if message.event == "batch":
                own.append((own[-1][1] if own else 0, number_of(message), message.data))
        assert message.event == "deleted"

    def come_and_go(client, own):
        """
        Leave after a few batches and go on after the last, until nothing is left.
        """
        seen, id_seen = 0, None
        while seen < len(lines):
            for number, message in enumerate(client.stream(f"{id}/events", id_seen)):
                assert message.event == "batch"
                own.append((seen, number_of(message), message.data))
                seen, id_seen = number_of(message), message.id
                if number == 3 or seen == len(lines):
                    break
        has_all.wait(SECONDS_MAX)

    def work(client, index):
        try:
            if index < 2:
                ticks(client)
            elif index in comers:
                come_and_go(client, batches[index])
            else:
                follow(client, batches[index])
        except BaseException:
            # Else those who have come to this point wait for one who never does.
            has_all.abort()
            raise
        finally:
            # Whatever has gone wrong, those who follow come to an end.
            if index == 0:
                client.delete(id)

    all_at_once(server, work)
    for own in batches[2:]:
        assert (own[0][0], own[-1][1]) == (0, len(lines))
        for after, last, data in own:
            assert data.endswith(b'"events":[' + b",".join(lines[after:last]) + b"]}")


def test_long_run(server, client):
    """
    While a long run is under way, others get their replies, and it gets on as well.
    """
    long = created(client, raw_scenario(5) | {"ticks_per_day": 1_000})
    other = created(client, raw_scenario(6))
    record = client.post(f"{long}/run", {"until_tick": LONG_TICKS})
    assert record.status == 202, record
    answered, stands = 0, set()
    while (record := client.get(f"{long}/run").json())["status"] == "running":
        stands.add(record["current_tick"])
        assert client.get("/health").json()["status"] == "healthy"
        assert client.post(f"{other}/tick").json()["tick"] == answered
        answered += 1
    assert (record["status"], record["current_tick"]) == ("finished", LONG_TICKS)
    assert answered >= 10
    assert len(stands) >= 5
