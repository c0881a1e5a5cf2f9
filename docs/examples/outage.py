"""
A bank that is out for half an hour, added to a scenario from Python.
"""

import paysim

simulation = paysim.Simulation(paysim.load_scenario("scenarios/two_banks.yaml"))
simulation.at(10, "outage", agent_id="BETA")
simulation.at(40, "outage_end", agent_id="BETA")
simulation.run()
for t in simulation.results().transactions.to_dicts():
    print(t["transaction_id"], "arrived", t["arrival_tick"], "settled", t["settled_tick"])
