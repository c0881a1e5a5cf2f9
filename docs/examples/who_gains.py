"""
Who gains if one bank keeps a larger buffer? The same day twice, compared payment by payment.
"""

import attrs

import paysim

scenario = paysim.load_scenario("scenarios/busy_day.yaml")
agents = [
    attrs.evolve(agent, policy=attrs.evolve(agent.policy, target_buffer=1_000_000))
    if agent.id == "BUFFER_1"
    else agent
    for agent in scenario.agent_configs
]
comparison = paysim.compare(
    paysim.run(scenario), paysim.run(attrs.evolve(scenario, agent_configs=agents))
)
print("the same payments:", comparison.same_arrivals)
for setting in comparison.settings:
    print(setting["name"], setting["a"], "->", setting["b"])
for agent in comparison.agents:
    change = agent["waiting_b"] - agent["waiting_a"]
    print(f"{agent['id']:10}  {change / agent['value']:+8.2f} ticks, weighted by amount")
late = [row for row in comparison.transactions().to_dicts() if row["outcome"] == "later"]
print(len(late), "payments settle later, by at most", max(row["change"] for row in late), "ticks")
