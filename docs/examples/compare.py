"""
The same day under two rules: the same payments arrive, because arrivals depend on nothing else.
"""

import attrs

import paysim

scenario = paysim.load_scenario("scenarios/busy_day.yaml")
strict = attrs.evolve(scenario.rules, queue_discipline="strict_fifo")
for variant in (scenario, attrs.evolve(scenario, rules=strict)):
    totals = paysim.run(variant).totals()
    print(variant.rules.queue_discipline)
    print("  value arrived      ", totals["arrivals"]["value"])
    print("  peak value in queue", totals["peak_queue"]["value"])
    print("  total cost         ", totals["total_cost"])
