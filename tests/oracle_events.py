"""
Scenario events as the oracle knows them, written from the specification alone.
"""

from __future__ import annotations

from typing import Any

NAMES = {"arrival_rate_change": "arrival_rate_changed", "halt": "halted", "resume": "resumed"}
NAMES |= {"counterparty_weight_change": "counterparty_weight_changed"}
NAMES |= {"deadline_offset_change": "deadline_offset_changed"}
NAMES |= {"outage": "outage_began", "outage_end": "outage_ended"}
LOGGED = {"liquidity_injected", "liquidity_drained", "credit_limit_changed", "direct_transfer"}
LOGGED |= {"direct_transfer_refused", *NAMES.values()}
TRANSACTION = ("sender_id", "receiver_id", "amount", "deadline_tick", "priority", "divisible")


def is_due(event: dict[str, Any], tick: int) -> bool:
    """
    Say whether an entry of `scenario_events` happens in a tick.
    """
    every, since = event.get("every_ticks"), tick - event["tick"]
    if every is None:
        return since == 0
    return since >= 0 and since % every == 0 and tick <= event.get("until_tick", tick)


def scenario_events(oracle: Any) -> list[dict[str, Any]]:
    """
    Let happen what is due now, in the order of the scenario; give the extra transactions.
    """
    extra = []
    for number, event in enumerate(oracle.events, start=1):
        if is_due(event, oracle.tick) and event["type"].lower() == "extra_transaction":
            extra.append(extra_transaction(event, number, oracle.tick))
        elif is_due(event, oracle.tick):
            oracle.happened.append({"tick": oracle.tick} | happen(oracle, event))
    return extra


def extra_transaction(event: dict[str, Any], number: int, tick: int) -> dict[str, Any]:
    """
    Give the transaction of the entry that stands at a position, counted from 1.
    """
    repeated = f"@{tick}" if "every_ticks" in event else ""
    row = {key: event[key] for key in TRANSACTION if key in event} | {"arrival_tick": tick}
    if "deadline_offset" in event:
        row["deadline_tick"] = tick + event["deadline_offset"]
    return row | {"id": event.get("id", f"event-{number}") + repeated}


def happen(oracle: Any, event: dict[str, Any]) -> dict[str, Any]:
    """
    Let an entry, no extra transaction, happen, and give what the event log says of it.
    """
    by_id = {agent.id: agent for agent in oracle.agents}
    agent, kind = by_id.get(event.get("agent_id")), event["type"].lower()
    amount: int = event.get("amount", event.get("credit_limit"))
    facts = {k: v for k, v in event.items() if k not in ("type", "tick", "every_ticks")}
    facts.pop("until_tick", None)
    match kind:
        case "liquidity_injection":
            agent.balance += amount
            oracle.join(agent)
            return facts | {"event": "liquidity_injected"}
        case "liquidity_drain":
            taken = min(amount, max(agent.balance - agent.floor, 0))
            agent.balance -= taken
            facts |= {"amount": taken, "missing": amount - taken}
            return facts | {"event": "liquidity_drained"}
        case "credit_limit_change":
            if agent.floor > -amount:
                oracle.join(agent)
            agent.floor = -amount
            return {"event": "credit_limit_changed", "agent_id": agent.id, "credit_limit": amount}
        case "direct_transfer":
            sender, receiver = by_id[event["sender_id"]], by_id[event["receiver_id"]]
            if amount > sender.balance - sender.floor:
                return facts | {"event": "direct_transfer_refused"}
            sender.balance -= amount
            if oracle.deferring:
                receiver.deferred += amount
            else:
                receiver.balance += amount
                oracle.join(receiver)
            return facts | {"event": "direct_transfer"}
        case "outage" | "outage_end":
            agent.is_out = kind == "outage"
        case "halt" | "resume":
            oracle.halted = kind == "halt"
        case _:  # of generated arrivals, which the oracle does not know
            facts = {"agent_id": None} | facts
    return facts | {"event": NAMES[kind]}
