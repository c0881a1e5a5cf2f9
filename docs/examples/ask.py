"""
The same day under other rules and with another policy, asked in SQL and with Polars.
"""

import polars

import paysim

raw = paysim.load_scenario("scenarios/busy_day.yaml").to_dict()
off = {"bilateral_offsetting": False, "cycles": False, "gridlock_resolution": False}
agents = [a | {"policy": "fifo"} if a["id"] == "BUFFER_1" else a for a in raw["agent_configs"]]
runs = {
    "as it is": paysim.run(paysim.Scenario.from_dict(raw)),
    "no mechanism": paysim.run(paysim.Scenario.from_dict(raw | {"lsm_config": off})),
    "no buffer": paysim.run(paysim.Scenario.from_dict(raw | {"agent_configs": agents})),
}

print("What does each day cost, and BUFFER_1 in it?")
answer = paysim.query(
    runs,
    """
    select run, sum(cost) as cost, sum(cost) filter (agent_id = 'BUFFER_1') as of_buffer_1
    from costs group by run order by run
    """,
)
print(answer)

print("\nWhose payments settle later without mechanisms?")
later = paysim.query(
    runs,
    """
    select sender_id, count(*) as volume, sum(b.settled_tick - a.settled_tick) as ticks_later
    from transactions a join transactions b using (transaction_id, sender_id)
    where a.run = 'as it is' and b.run = 'no mechanism' and b.settled_tick > a.settled_tick
    group by sender_id order by ticks_later desc, sender_id limit 3
    """,
)
print(later)

print("\nThe first question with data frames and no SQL")
for name, results in runs.items():
    costs = polars.DataFrame(results.costs)
    own = costs.filter(polars.col("agent_id") == "BUFFER_1")
    print(name, costs["cost"].sum().normalize(), own["cost"].sum().normalize())
