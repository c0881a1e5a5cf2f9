"""
A client that has simulations of its own, and does everything that there is to do with them.
"""

from __future__ import annotations

from random import Random
from typing import Any

from client import Answer
from loads import Worker
from models import OUTSIDE, Model, raw_scenario

MODELS_MAX = 3
TICKS_MAX = 150


class Solo(Worker):
    """
    One that draws what to do next, and keeps what it must have come to.

    Attributes:
        models: What its simulations must hold.
        run: The simulation in which a run is under way, the tick seen last, and the run's end.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.models: dict[str, Model] = {}
        self.run: tuple[Model, int, int] | None = None

    def step(self, random: Random) -> None:
        if not self.models:
            return self._create(random)
        model = random.choice(list(self.models.values()))
        if model.tick > TICKS_MAX:
            return self._delete(model)
        acts = [self._tick, self._submit, self._decide, self._add, self._mark, self._run]
        weights = [6, 3, 4, 1, 1, 1]
        if len(self.models) < MODELS_MAX:
            acts, weights = [*acts, self._branch], [*weights, 1]
        else:
            acts, weights = [*acts, lambda model, random: self._delete(model)], [*weights, 1]
        if model.marks:
            acts, weights = [*acts, self._go_back, self._forget], [*weights, 1, 0.5]
        random.choices(acts, weights)[0](model, random)
        return None

    def _create(self, random: Random) -> None:
        name, raw = self.unique(), raw_scenario(random.randrange(1_000))

        def follow(answer: Answer) -> None:
            assert answer.status == 201, answer
            id = answer.json()["simulation_id"]
            self.models[id] = Model(id, name, raw)

        self.ask("POST", f"?name={name}&outside={OUTSIDE}", raw, follow)

    def _delete(self, model: Model) -> None:
        def follow(answer: Answer) -> None:
            # A repeated deletion may find that it has happened already.
            assert answer.status in (200, 404), answer
            del self.models[model.id]

        self.ask("DELETE", model.id, None, follow, model)

    def _tick(self, model: Model, random: Random) -> None:
        count = random.choice((1, 1, 1, 2, 7))

        def follow(answer: Answer) -> None:
            assert answer.status == 200, answer
            told = answer.json()
            ticks = [one["tick"] for one in told.get("results", [told])]
            assert ticks == list(range(model.tick, model.tick + count))
            model.tick += count

        path = f"{model.id}/tick?count={count}"
        self.ask("POST", path, None, follow, model, (model.tick + count,))

    def _submit(self, model: Model, random: Random) -> None:
        sender, receiver = random.sample(["ALPHA", "BETA", "GAMMA", OUTSIDE], 2)
        body = {"sender_id": sender, "receiver_id": receiver, "amount": random.randint(1, 30_000)}
        if random.random() < 0.5:
            body["arrival_tick"] = model.tick + random.randint(0, 20)
        if random.random() < 0.5:
            body["id"] = self.unique()
        if random.random() < 0.3:
            body["deadline_offset"] = random.randint(1, 9)

        def follow(answer: Answer) -> None:
            assert answer.status == 201, answer
            told = answer.json()
            number = len(model.added) + 1
            assert told["transaction_id"] == body.get("id", f"event-{number}")
            assert told["arrival_tick"] == body.get("arrival_tick", model.tick)
            added = {key: value for key, value in body.items() if key != "arrival_tick"}
            model.added.append({"type": "extra_transaction", "tick": told["arrival_tick"], **added})

        self.ask("POST", f"{model.id}/transactions", body, follow, model)

    def _add(self, model: Model, random: Random) -> None:
        agent = random.choice(["ALPHA", "BETA", "GAMMA", OUTSIDE])
        event = random.choice(
            [
                {"type": "liquidity_injection", "agent_id": agent, "amount": 5_000},
                {"type": "credit_limit_change", "agent_id": agent, "credit_limit": 20_000},
                {"type": "outage", "agent_id": agent},
                {"type": "outage_end", "agent_id": agent},
                {"type": "halt"},
                {"type": "resume"},
            ]
        )
        body = {**event, "tick": model.tick + random.randint(0, 5)}

        def follow(answer: Answer) -> None:
            assert answer.status == 201, answer
            assert answer.json() == {"type": body["type"], "tick": body["tick"]}
            model.added.append(body)

        self.ask("POST", f"{model.id}/scenario_events", body, follow, model)

    def _decide(self, model: Model, random: Random) -> None:
        account = self.client.get(f"{model.id}/agents/{OUTSIDE}").json()["agent"]
        decisions: list[dict[str, Any]] = []
        for held in account["internal_queue"]:
            id = held["id"]
            choices: list[dict[str, Any]] = [
                {"decision": "release", "transaction_id": id},
                {"decision": "release", "transaction_id": id, "priority": random.randint(0, 10)},
                {"decision": "reprioritise", "transaction_id": id, "priority": 9},
                {"decision": "hold", "transaction_id": id},
            ]
            if held["divisible"] and held["amount"] >= 2:
                choices.append({"decision": "split", "transaction_id": id, "parts": 2})
            decisions.append(random.choice(choices))
        for waiting in account["central_queue"]:
            if random.random() < 0.2:
                decisions.append({"decision": "withdraw", "transaction_id": waiting["id"]})
        if random.random() < 0.2:
            budget = random.choice((None, 15_000))
            decisions.append({"decision": "set_release_budget", "amount": budget})
        if all(made["decision"] == "hold" for made in decisions):
            return

        is_wrong = random.random() < 0.2
        if is_wrong:
            # All or none: those before it must leave no trace.
            decisions.append({"decision": "release", "transaction_id": "no such transaction"})

        def follow(answer: Answer) -> None:
            # Whether an earlier decision of this tick stands against it only the kernel knows.
            assert answer.status == 409 or (answer.status == 200 and not is_wrong), answer
            if answer.status == 200:
                assert answer.json()["applies_at_tick"] == model.tick
                model.decisions.setdefault(model.tick, []).extend(decisions)

        body = {"agent_id": OUTSIDE, "decisions": decisions}
        self.ask("POST", f"{model.id}/decisions", body, follow, model)

    def _mark(self, model: Model, random: Random) -> None:
        name = self.unique()

        def follow(answer: Answer) -> None:
            assert answer.status == 201, answer
            told = answer.json()
            assert (told["name"], told["tick"]) == (name, model.tick)
            model.marks[told["checkpoint_id"]] = (name, model.copy())

        self.ask("POST", f"{model.id}/checkpoints", {"name": name}, follow, model)

    def _forget(self, model: Model, random: Random) -> None:
        id = random.choice(list(model.marks))

        def follow(answer: Answer) -> None:
            assert answer.status in (200, 404), answer
            del model.marks[id]

        self.ask("DELETE", f"{model.id}/checkpoints/{id}", None, follow, model)

    def _go_back(self, model: Model, random: Random) -> None:
        id = random.choice(list(model.marks))
        tick = model.marks[id][1].tick

        def follow(answer: Answer) -> None:
            assert answer.status == 200, answer
            assert answer.json()["current_tick"] == tick
            model.go_back(id)

        path = f"{model.id}/checkpoints/{id}/restore"
        self.ask("POST", path, None, follow, model, (tick,))

    def _branch(self, model: Model, random: Random) -> None:
        name = self.unique()
        id = random.choice([None, *model.marks])
        origin = model.marks[id][1] if id else model

        def follow(answer: Answer) -> None:
            assert answer.status == 201, answer
            told = answer.json()
            assert told["branched_from"] == {"simulation_id": model.id, "tick": origin.tick}
            assert told["current_tick"] == origin.tick
            new = told["simulation_id"]
            self.models[new] = origin.copy(new, name)

        body = {"name": name} | ({"checkpoint_id": id} if id else {})
        self.ask("POST", f"{model.id}/branches", body, follow)

    def _run(self, model: Model, random: Random) -> None:
        end = model.tick + random.randint(1, 60)
        cancels = random.random() < 0.3

        def follow(answer: Answer) -> None:
            assert answer.status == 202, answer
            assert (answer.json()["from_tick"], answer.json()["until_tick"]) == (model.tick, end)
            self.run = (model, model.tick, end)
            self.under_way = None
            if cancels:
                record = self.client.delete(f"{model.id}/run")
                # It may have come to its end by itself.
                assert record.status in (200, 409), record
            while True:
                record = self.client.get(f"{model.id}/run").json()
                self.run = (model, record["current_tick"], end)
                if record["status"] != "running":
                    break
            model.tick = record["current_tick"]
            self.run = None

        ticks = tuple(range(model.tick, end + 1))
        self.ask("POST", f"{model.id}/run", {"until_tick": end}, follow, model, ticks)
