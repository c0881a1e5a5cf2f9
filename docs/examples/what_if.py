"""
What if a bank stops paying now? Two branches of one morning, and the morning itself goes on.
"""

import paysim


class Stopped:
    def decide(self, view):
        return None


scenario = paysim.load_scenario("scenarios/busy_day.yaml")
simulation = paysim.Simulation(scenario)
simulation.run(until=200)

branches = {
    "nobody stops": simulation.branch(),
    "FIFO_1 stops": simulation.branch({"FIFO_1": Stopped()}),
    "BUFFER_1 stops": simulation.branch({"BUFFER_1": Stopped()}),
}
for name, branch in branches.items():
    branch.run()
    totals = branch.results().totals()
    delayed = sum(agent["delayed"]["volume"] for agent in totals["agents"])
    print(f"{name:15}", delayed, "delayed, cost", totals["total_cost"])
print("the simulation itself stands at tick", simulation.env.now)
