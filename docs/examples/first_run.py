import paysim
from paysim.policies import release


class Patient:
    def decide(self, view):
        return [release(t) for t in view.internal_queue if t.age_ticks >= 5]


scenario = paysim.load_scenario("scenarios/two_banks.yaml")
simulation = paysim.Simulation(scenario, behaviour={"BETA": Patient()})
simulation.run()
for t in simulation.results().transactions.to_dicts():
    print(t["transaction_id"], "arrived", t["arrival_tick"], "settled", t["settled_tick"])
