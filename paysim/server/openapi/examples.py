"""
Examples for those who read the API's description; they are what the tests of it begin with.
"""

from __future__ import annotations

from typing import Any, Final

ID: Final = "sim_0123456789abcdef"
OTHER_ID: Final = "sim_fedcba9876543210"
CHECKPOINT_ID: Final = "chk_0123456789abcdef"

TWO_BANKS: Final[dict[str, Any]] = {
    "ticks_per_day": 10,
    "agent_configs": [
        {
            "id": "BANK_A",
            "opening_balance": 1_000,
            "credit_limit": 500,
            "arrival_config": {
                "rate_per_tick": 1.5,
                "amount_distribution": {"type": "uniform", "min": 10, "max": 200},
                "deadline_offset": [2, 5],
            },
        },
        {"id": "BANK_B", "opening_balance": 500},
    ],
    "cost_rates": {"delay_cost_per_tick_per_cent": "0.001"},
    "transactions": [
        {"sender_id": "BANK_B", "receiver_id": "BANK_A", "amount": 700, "arrival_tick": 2}
    ],
    "scenario_events": [
        {"type": "liquidity_injection", "tick": 4, "agent_id": "BANK_B", "amount": 50}
    ],
}
RING: Final[dict[str, Any]] = {
    "ticks_per_day": 4,
    "num_days": 2,
    "agent_configs": [
        {"id": "BANK_A", "opening_balance": 0},
        {"id": "BANK_B", "opening_balance": 0},
        {"id": "BANK_C", "opening_balance": 0},
    ],
    "transactions": [
        {"sender_id": "BANK_A", "receiver_id": "BANK_B", "amount": 100, "arrival_tick": 0},
        {"sender_id": "BANK_B", "receiver_id": "BANK_C", "amount": 100, "arrival_tick": 1},
        {"sender_id": "BANK_C", "receiver_id": "BANK_A", "amount": 100, "arrival_tick": 1},
    ],
}

NOW: Final = {"current_tick": 5, "current_day": 0}
CREATED: Final = {
    "simulation_id": ID,
    "status": "created",
    "current_tick": 0,
    "current_day": 0,
    "name": "two banks",
}
BRANCHED_FROM: Final = {"simulation_id": ID, "tick": 5}
BRANCHED: Final = {
    **CREATED,
    **NOW,
    "simulation_id": OTHER_ID,
    "name": "what if",
    "branched_from": BRANCHED_FROM,
}
BRANCH: Final = {
    "simulation_id": OTHER_ID,
    "name": "what if",
    "current_tick": 7,
    "tick": 5,
}
LISTED: Final[dict[str, Any]] = {
    "simulation_id": ID,
    **NOW,
    "name": "two banks",
    "num_ticks": 10,
    "ticks_per_day": 10,
    "agents": 2,
    "seed": 0,
    "run": None,
    "branched_from": None,
}
SIMULATION: Final[dict[str, Any]] = {
    **LISTED,
    "agents": ["BANK_A", "BANK_B"],
    "outside": [],
    "events": 14,
    "created": "2026-03-02T09:00:00Z",
}
TICK: Final = {
    "tick": 5,
    "num_arrivals": 2,
    "num_settlements": 1,
    "num_lsm_releases": 0,
    "total_cost": 0,
}
RUN: Final[dict[str, Any]] = {
    "status": "running",
    "from_tick": 0,
    "until_tick": 10,
    "current_tick": 0,
    "ticks_per_second": None,
    "detail": None,
}
STATE: Final[dict[str, Any]] = {
    "simulation_id": ID,
    **NOW,
    "state": {
        "agents": {
            "BANK_A": {
                "id": "BANK_A",
                "balance": 1_300,
                "credit_limit": 500,
                "available_liquidity": 1_800,
                "is_using_credit": False,
                "credit_used": 0,
                "liquidity_pressure": 0.0,
                "outgoing_queue_size": 0,
                "cost": "0",
            }
        },
        "transactions": {
            "row-1": {
                "id": "row-1",
                "sender_id": "BANK_B",
                "receiver_id": "BANK_A",
                "amount": 700,
                "remaining_amount": 0,
                "arrival_tick": 2,
                "deadline_tick": None,
                "priority": 5,
                "is_fully_settled": True,
                "is_split": False,
            }
        },
        "queue_size": 0,
        "queue_value": 0,
    },
}
QUEUED: Final[dict[str, Any]] = {
    "id": "BANK_A@4.1",
    "receiver_id": "BANK_B",
    "amount": 120,
    "arrival_tick": 4,
    "deadline_tick": 8,
    "ticks_to_deadline": 3,
    "age_ticks": 1,
    "priority": 5,
    "priority_class": "normal",
    "is_overdue": False,
    "divisible": True,
}
ACCOUNT: Final[dict[str, Any]] = {
    "simulation_id": ID,
    **NOW,
    "agent": {
        "agent_id": "BANK_A",
        "tick": 5,
        "day": 0,
        "ticks_left_in_day": 5,
        "balance": 1_300,
        "available_liquidity": 1_800,
        "credit_limit": 500,
        "free_liquidity": 1_800,
        "liquidity_pool": 0,
        "loan": 0,
        "day_inflow": 700,
        "day_outflow": 400,
        "is_out": False,
        "internal_queue": [QUEUED],
        "central_queue": [],
        "cost": {"delay": "0.12"},
        "total_cost": "0.12",
        "cost_rates": {"delay_cost_per_tick_per_cent": "0.001"},
        "rules": {"queue_discipline": "fifo_bypass"},
    },
}
EVENTS: Final[dict[str, Any]] = {
    "events": [
        {"tick": 2, "event": "arrived", "transaction_id": "row-1", "amount": 700},
    ],
    "after": 2,
    "last": 3,
    "total": 14,
    "restores": 0,
}
EVENT_LINES: Final = '{"tick":2,"event":"arrived","transaction_id":"row-1","amount":700}\n'
TRANSACTION: Final[dict[str, Any]] = {
    "sender_id": "BANK_A",
    "receiver_id": "BANK_B",
    "amount": 250,
    "deadline_offset": 4,
    "priority": 7,
}
BUDGET: Final[dict[str, Any]] = {
    "agent_id": "BANK_A",
    "decisions": [{"decision": "set_release_budget", "amount": 300}],
}
RELEASE: Final[dict[str, Any]] = {
    "agent_id": "BANK_A",
    "decisions": [
        {"decision": "release", "transaction_id": "BANK_A@4.1", "priority": 9},
        {"decision": "hold", "transaction_id": "BANK_A@4.2"},
    ],
}
TOTALS: Final[dict[str, Any]] = {
    "totals": {"ticks": 5, "events": 14, "arrivals": {"volume": 7, "value": 1_240}},
    "tables": [{"name": "ticks", "rows": 5, "columns": ["tick", "day", "arrived_volume"]}],
}
ROWS: Final[dict[str, Any]] = {
    "table": "ticks",
    "rows": [{"tick": 0, "day": 0, "arrived_volume": 2}],
    "offset": 0,
    "total": 5,
}
INDICATORS: Final[dict[str, Any]] = {"days": 1, "ticks": 5, "settled_share": 0.9}
COMPARISON: Final[dict[str, Any]] = {
    "a": {"simulation_id": ID, "name": "two banks", "current_tick": 5},
    "b": {"simulation_id": OTHER_ID, "name": "what if", "current_tick": 5},
    "same_arrivals": True,
    "arrivals": {
        "a": {"volume": 2, "value": 900},
        "b": {"volume": 2, "value": 900},
        "paired": {"volume": 2, "value": 900},
        "only_a": {"volume": 0, "value": 0},
        "only_b": {"volume": 0, "value": 0},
        "same_id": 0,
    },
    "settings": [{"name": "agents.BANK_A.credit_limit", "a": 500, "b": 0}],
    "outcomes": {"same_tick": {"volume": 1, "value": 700}, "later": {"volume": 1, "value": 200}},
    "delay": {"volume": 2, "a": 0.0, "b": 1.0, "change": 1.0, "change_by_value": 0.4},
    "agents": [{"id": "BANK_A", "later": 1, "value": 200, "cost_a": "0", "cost_b": "12"}],
    "most_changed": [
        {
            "transaction_id": "BANK_A@1.1",
            "sender_id": "BANK_A",
            "receiver_id": "BANK_B",
            "amount": 200,
            "arrival_tick": 1,
            "settled_tick_a": 1,
            "settled_tick_b": 3,
            "change": 2,
            "outcome": "later",
            "waiting_change": 400,
        }
    ],
    "indicators": [{"name": "settled_share", "a": 1.0, "b": 0.9, "change": -0.1}],
}
CHECKPOINT: Final = {"checkpoint_id": CHECKPOINT_ID, "name": "before the outage", "tick": 5}
LISTED_CHECKPOINT: Final = {**CHECKPOINT, "created": "2026-03-02T09:00:00Z"}
RESTORED: Final = {"simulation_id": ID, "status": "restored", **NOW}
