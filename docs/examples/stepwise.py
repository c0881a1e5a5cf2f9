"""
A run step by step, from a plain dict.
"""

import paysim

orchestrator = paysim.Orchestrator(
    {
        "ticks_per_day": 10,
        "agent_configs": [
            {"id": "ALPHA", "opening_balance": 300},
            {"id": "BETA", "opening_balance": 200},
        ],
        "transactions": [
            {"sender_id": "ALPHA", "receiver_id": "BETA", "amount": 500, "arrival_tick": 0},
            {"sender_id": "BETA", "receiver_id": "ALPHA", "amount": 600, "arrival_tick": 2},
        ],
    }
)
for _ in range(3):
    outcome = orchestrator.tick()
    state = orchestrator.get_state()
    print(outcome["tick"], outcome["num_settlements"], state["queue_value"])
