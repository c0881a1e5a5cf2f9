"""
A published gridlock of five banks, and the settlements that resolve it.
"""

import paysim

results = paysim.run(paysim.load_scenario("scenarios/ubin_gridlock.yaml"))
for event in results.events.to_dicts():
    if event["event"] == "settled":
        print(event["tick"], event["sender_id"], event["receiver_id"], event["amount"])
