"""
Payments of one's own in Python: read them, and run them under two rules.
"""

import paysim

FOLDER = "docs/examples/own_payments"

day = paysim.load_transactions(
    f"{FOLDER}/payments.csv", mapping=f"{FOLDER}/mapping.yaml", outside_hours="drop"
)
print(len(day.transactions), "payments on", *day.days, "with", day.dropped, "left out")

for rule in ("carry_over", "settle_on_credit"):
    scenario = paysim.Scenario.from_dict(
        {
            "ticks_per_day": day.ticks_per_day,
            "num_days": day.num_days,
            "transactions": day.transactions,
            "agent_configs": {"file": "banks.csv", "mapping": "mapping.yaml"},
            "rules": {"end_of_day": rule},
        },
        folder=FOLDER,
    )
    totals = paysim.run(scenario).totals()
    print(f"{rule}: {totals['settlements']['volume']} settled")
