"""
Nothing that was acknowledged is lost when a real server is killed, again and again, under load.

`PAYSIM_KILLS` sets how many times, `PAYSIM_KILLS_SEED` for another sequence of requests and kills.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from random import Random
from typing import Any

from client import Client
from fuse import Fuse, FusedClient
from loads import Crowd, Reader, Worker
from models import OUTSIDE, Model, library_log, raw_scenario, served_log
from serving import Serving
from solo import Solo

import paysim

KILLS = int(os.environ.get("PAYSIM_KILLS", "10"))
SEED = os.environ.get("PAYSIM_KILLS_SEED", "1")
CROWD_TICKS_MAX = 400


class Square:
    """
    A simulation that several clients use at once, and two that read along.
    """

    def __init__(self, client: Client, name: str) -> None:
        self.raw = raw_scenario(len(name))
        created = client.post(f"?name={name}", self.raw)
        assert created.status == 201, created
        self.id = created.json()["simulation_id"]
        self.crowd = [Crowd(f"{name}-{i}", self.id) for i in range(3)]
        self.readers = [Reader(name, self.id, streams) for streams in (False, True)]

    @property
    def ticks(self) -> list[int]:
        return sorted(tick for worker in self.crowd for tick in worker.ticks)

    def check_bounds(self, tick: int) -> None:
        """
        Compare the tick after a restart with what was acknowledged, and what had been asked for.
        """
        known = max(self.ticks, default=-1) + 1
        asked = [worker.under_way for worker in self.crowd if worker.under_way]
        assert known <= tick
        assert tick <= len(self.ticks) + sum(sum(one.ticks) for one in asked)

    def check(self, client: Client) -> None:
        """
        Compare everything with the library, now that every request has its reply.
        """
        tick = client.get(self.id).json()["current_tick"]
        assert self.ticks == list(range(tick))
        scenario = client.get(f"{self.id}/scenario").json()
        events = scenario.get("scenario_events", [])
        arrivals = {id: at for worker in self.crowd for id, at in worker.arrivals.items()}
        assert len(events) == len(arrivals)
        assert {event["id"]: event["tick"] for event in events} == arrivals
        given = paysim.Scenario.from_dict(self.raw | {"scenario_events": events})
        assert paysim.Scenario.from_dict(scenario) == given
        log = served_log(client, self.id)
        assert log == library_log(scenario, tick)
        lines = log.splitlines()
        for reader in self.readers:
            assert reader.lines == [json.loads(line) for line in lines[: reader.seen]]


def test_kill(tmp_path):
    """
    After every kill each simulation, checkpoint, branch and transaction that was acknowledged is
    there, with the log of an undisturbed run, and asking again for the rest has one effect.
    """
    random = Random(SEED)
    with Serving(tmp_path / "data") as server:
        solos = [Solo(f"solo-{i}") for i in range(3)]
        with server.client() as client:
            square = Square(client, "square")
        for number in range(KILLS):
            fuse = Fuse(server.pid, random.randint(10, 150), random.randint(1, 1_500))
            workers = [*solos, *square.crowd, *square.readers]
            load(server, fuse, workers, f"{SEED}/{number}")
            server.start()
            with server.client() as client:
                check_bounds(client, solos, square)
                for worker in workers:
                    worker.retry(client)
                check(client, solos, square)
                if square.ticks[-1:] > [CROWD_TICKS_MAX]:
                    client.delete(square.id)
                    square = Square(client, f"square-{number}")
        check_files(server.client(), solos)


def load(server: Serving, fuse: Fuse, workers: list[Worker], seed: str) -> None:
    """
    Let all work at once until the server is dead.
    """
    with ThreadPoolExecutor(len(workers)) as pool:
        futures = []
        for worker in workers:
            client, random = FusedClient(server.port, fuse), Random(f"{seed}/{worker.name}")
            futures.append(pool.submit(worker.work, client, random))
        wait(futures, return_when=FIRST_EXCEPTION)
        server.kill()
    for future in futures:
        future.result()


def listed(client: Client) -> dict[str, dict[str, Any]]:
    """
    Return what the list of simulations says, by id.
    """
    found = client.get("").json()["simulations"]
    return {one["simulation_id"]: one for one in found}


def check_bounds(client: Client, solos: list[Solo], square: Square) -> None:
    """
    Compare a restarted server with what was acknowledged before anything is asked for again.
    """
    found = listed(client)
    square.check_bounds(found.pop(square.id)["current_tick"])
    coming = 0
    for solo in solos:
        asked = solo.under_way
        coming += asked is not None and asked.model is None
        for id, model in solo.models.items():
            own = asked is not None and asked.model is model
            if own and asked.method == "DELETE" and asked.path == id and id not in found:
                continue
            tick = found.pop(id)["current_tick"]
            if solo.run is not None and solo.run[0] is model:
                assert tick in range(solo.run[1], solo.run[2] + 1)
                record = client.get(f"{id}/run").json()
                assert record["status"] in ("interrupted", "finished", "cancelled")
                assert record["current_tick"] == tick
                model.tick, solo.run = tick, None
            else:
                assert tick in {model.tick} | (asked.ticks if own else set())
    assert len(found) <= coming


def check(client: Client, solos: list[Solo], square: Square) -> None:
    """
    Compare everything with the library, now that every request has its reply.
    """
    found = listed(client)
    models = [model for solo in solos for model in solo.models.values()]
    assert set(found) == {square.id, *(model.id for model in models)}
    square.check(client)
    for model in models:
        assert found[model.id]["name"] == model.name
        check_model(client, model.id, model)
        marks = client.get(f"{model.id}/checkpoints").json()["checkpoints"]
        assert {mark["checkpoint_id"]: (mark["name"], mark["tick"]) for mark in marks} == {
            id: (name, saved.tick) for id, (name, saved) in model.marks.items()
        }
    assert client.get("/health").json()["active_simulations"] == len(found)


def check_model(client: Client, id: str, model: Model) -> None:
    """
    Compare one simulation with the library.
    """
    assert client.get(id).json()["current_tick"] == model.tick
    assert served_log(client, id) == model.log()
    served = paysim.Scenario.from_dict(client.get(f"{id}/scenario").json())
    assert served == paysim.Scenario.from_dict(model.raw | {"scenario_events": model.added})


def check_files(client: Client, solos: list[Solo]) -> None:
    """
    Begin a simulation with the file of every checkpoint, and go on from there as the library does.
    """
    for solo in solos:
        for model in solo.models.values():
            for id, (_, saved) in model.marks.items():
                file = client.get(f"{model.id}/checkpoints/{id}")
                assert file.status == 200
                headers = {"content-type": "application/octet-stream"}
                created = client.ask("POST", "", file.body, headers).json()
                again = created["simulation_id"]
                assert client.get(again).json()["outside"] == [OUTSIDE]
                client.post(f"{again}/tick?count=5")
                saved.tick += 5
                check_model(client, again, saved)
