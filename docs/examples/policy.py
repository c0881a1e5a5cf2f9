"""
A policy of one's own: pay small amounts at once, and large ones out of today's receipts.
"""

import paysim
from paysim.policies import release


class ReceiptReactive:
    def __init__(self, small):
        self.small = small

    def decide(self, view):
        budget = view.day_inflow - view.day_outflow
        for t in view.internal_queue:
            if t.amount <= self.small or t.is_overdue or t.amount <= budget:
                budget -= t.amount
                yield release(t)


scenario = paysim.load_scenario("scenarios/busy_day.yaml")
simulation = paysim.Simulation(scenario, behaviour={"FIFO_1": ReceiptReactive(small=50_000)})
simulation.run()
for agent in simulation.results().totals()["agents"][:2]:
    print(agent["id"], agent["settled"]["volume"], agent["delayed"]["volume"], agent["total_cost"])
