"""
A run that is saved in the middle of the day and goes on from the file as if nothing had happened.
"""

import tempfile
from pathlib import Path

import paysim
from paysim.policies import release


class Learning:
    """
    Releases what is below a size that grows with every tick in which nothing waits centrally.
    """

    def __init__(self):
        self.size = 10_000

    def decide(self, view):
        if not view.central_queue:
            self.size += 500
        return [release(t) for t in view.internal_queue if t.amount <= self.size or t.is_overdue]

    def get_state(self):
        return {"size": self.size}

    def set_state(self, value):
        self.size = value["size"]


scenario = paysim.load_scenario("scenarios/busy_day.yaml")
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "noon.state"

    simulation = paysim.Simulation(scenario, behaviour={"FIFO_1": Learning()})
    simulation.run(until=300)
    simulation.checkpoint(path)
    simulation.run()

    policy = Learning()
    resumed = paysim.Simulation.restore(path, behaviour={"FIFO_1": policy})
    print(resumed, "with size", policy.size)
    resumed.run()

    logs = []
    for run in (simulation, resumed):
        run.results().write_events(Path(folder) / "events.jsonl")
        logs.append((Path(folder) / "events.jsonl").read_bytes())
    print("events:", len(logs[0].splitlines()))
    print("the same event log:", logs[0] == logs[1])
