"""
What a simulation of the service must hold: the same run by the library, in the test's own process.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import attrs
from client import Client

import paysim
from paysim import policies
from paysim.testing import Scripted

OUTSIDE = "DELTA"
"""The agent that decides over HTTP in these tests."""


def raw_scenario(seed: int) -> dict[str, Any]:
    """
    Return four agents that have just too little, so that all queues and mechanisms have work.
    """
    arrivals = {
        "rate_per_tick": 0.8,
        "amount_distribution": {"type": "uniform", "min": 500, "max": 20_000},
        "deadline_offset": [5, 30],
    }
    names = ["ALPHA", "BETA", "GAMMA", OUTSIDE]
    ways: list[Any] = ["fifo", {"type": "liquidity_aware", "target_buffer": 5_000}, "deadline"]
    agents = [
        {"id": name, "opening_balance": 25_000, "credit_limit": 10_000, "arrival_config": arrivals}
        for name in names
    ]
    for agent, way in zip(agents, ways, strict=False):
        agent["policy"] = way
    return {
        "ticks_per_day": 25,
        "num_days": 1_000,
        "rng_seed": seed,
        "agent_configs": agents,
        "cost_rates": {"overdraft_bps_per_tick": 0.5, "deadline_penalty": 700},
        "lsm_config": {"gridlock_resolution_enabled": True},
    }


def decision(raw: dict[str, Any]) -> policies.Decision:
    """
    Return the library's form of a decision as it is sent over HTTP.
    """
    name, id = raw["decision"], raw.get("transaction_id")
    if name == "set_release_budget":
        return policies.set_release_budget(raw["amount"])
    if name == "release" and "priority" in raw:
        return policies.release(id, priority=raw["priority"])
    if name == "split":
        return policies.split(id, raw["parts"])
    if name == "reprioritise":
        return policies.reprioritise(id, raw["priority"])
    return {"release": policies.release, "hold": policies.hold, "withdraw": policies.withdraw}[
        name
    ](id)


@attrs.define
class Model:
    """
    What the acknowledged requests have made of one simulation.

    Attributes:
        raw: The scenario as it was sent.
        tick: The next tick.
        added: Scenario events, in the order in which they were added.
        decisions: Of the outside agent, by tick, as they were sent.
        marks: Name of each checkpoint, and the model as it was then.
    """

    id: str
    name: str
    raw: dict[str, Any]
    tick: int = 0
    added: list[dict[str, Any]] = attrs.field(factory=list)
    decisions: dict[int, list[dict[str, Any]]] = attrs.field(factory=dict)
    marks: dict[str, tuple[str, Model]] = attrs.field(factory=dict)

    def copy(self, id: str = "", name: str = "") -> Model:
        """
        Return a model of the same run without checkpoints.
        """
        return Model(id, name, self.raw, self.tick, deepcopy(self.added), deepcopy(self.decisions))

    def go_back(self, checkpoint_id: str) -> None:
        """
        Become what the model was at a checkpoint; checkpoints of anything later are gone.
        """
        order = list(self.marks)
        saved = self.marks[checkpoint_id][1].copy()
        for id in order[order.index(checkpoint_id) + 1 :]:
            if self.marks[id][1].content != saved.content:
                del self.marks[id]
        self.tick, self.added, self.decisions = saved.content

    @property
    def content(self) -> tuple[Any, ...]:
        return self.tick, self.added, self.decisions

    def log(self) -> bytes:
        """
        Return the event log of an undisturbed run.
        """
        scenario = self.raw | {"scenario_events": self.added}
        return library_log(scenario, self.tick, self.decisions)


def library_log(
    scenario: dict[str, Any], ticks: int, decisions: dict[int, list[dict[str, Any]]] | None = None
) -> bytes:
    """
    Run a scenario in the library and return its event log.

    Args:
        scenario: Complete, with every scenario event.
        ticks: How many ticks to run.
        decisions: Of the outside agent by tick; `None` if no agent is outside.
    """
    if decisions is None:
        orchestrator = paysim.Orchestrator(scenario)
        for _ in range(ticks):
            orchestrator.tick()
        return orchestrator._kernel.events_jsonl()
    # It decides nothing when it is asked, and everything between the ticks, as over HTTP.
    simulation = paysim.Simulation(
        paysim.Scenario.from_dict(scenario), behaviour={OUTSIDE: Scripted({})}
    )
    for tick in range(ticks):
        for raw in decisions.get(tick, ()):
            decision(raw).apply(simulation.agents[OUTSIDE])
        simulation.tick()
    return simulation._kernel.events_jsonl()


def served_log(client: Client, id: str) -> bytes:
    """
    Return the event log that the service has of a simulation, page by page.
    """
    lines = []
    after = 0
    while True:
        page = client.get(f"{id}/events?after={after}&limit=5000", accept="application/x-ndjson")
        assert page.status == 200, page
        last = int(page.headers["paysim-last"])
        if last == after:
            return b"".join(lines)
        lines.append(page.body)
        after = last
