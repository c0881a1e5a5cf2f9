"""
The life of a transaction as text: what happened to it, in which order, and what stood around it.

Every sentence follows from the event log. Values are minor units, times are ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from paysim.plain_text import aligned, cost_text, counted, name, number

STEPS_FIRST: Final = 60
STEPS_LAST: Final = 20
"""Events that are shown where there are many."""

MEMBERS_SHOWN: Final = 12
POSTINGS_SHOWN: Final = 10

COSTS: Final = {
    "delay": "delay",
    "split_friction": "splits",
    "deadline_penalty": "deadline",
    "end_of_day_penalty": "end of day",
}

AT_ONCE: Final = (
    "  (a posting is booked at once: balances are those before and after the whole of it)"
)


def trace_text(trace: dict[str, Any]) -> str:
    """
    Return what `Results.trace` tells as text, without a newline at its end.
    """
    sections = [_head(trace), _steps(trace), *_postings(trace)]
    return "\n\n".join("\n".join(section) for section in sections)


def _head(trace: dict[str, Any]) -> list[str]:
    sender, receiver = name(trace["sender_id"]), name(trace["receiver_id"])
    deadline = trace["deadline_tick"]
    due = "no deadline" if deadline is None else f"deadline tick {number(deadline)}"
    lines = [
        f"{name(trace['transaction_id'])}: {sender} pays {number(trace['amount'])} to {receiver}",
        f"  arrived in tick {number(trace['arrival_tick'])}, {due}, "
        f"priority {trace['priority']}{_changed(trace)}",
        f"  {_ending(trace)}",
    ]
    if trace["parent_id"] is not None:
        lines.append(f"  a part of {name(trace['parent_id'])}")
    if trace["part_ids"]:
        lines.append(f"  split; {counted(len(trace['part_ids']), 'part')} stood in its place")
    borne = [key for key in COSTS if Decimal(trace["cost"][key])]
    parts = ", ".join(f"{COSTS[key]} {cost_text(trace['cost'][key])}" for key in borne)
    told = f": {parts}" if len(borne) > 1 else f" for {parts.split()[0]}" if borne else ""
    lines.append(f"  cost {sender} {cost_text(trace['total_cost'])} so far{told}")
    return lines


def _changed(trace: dict[str, Any]) -> str:
    own = trace["transaction_id"]
    changes = [
        s for s in trace["steps"] if (s["event"], s["transaction_id"]) == ("reprioritised", own)
    ]
    return " in the end" if changes else ""


def _ending(trace: dict[str, Any]) -> str:
    status, end = trace["status"], trace["end_tick"]
    if end is not None:
        waited = counted(end - trace["arrival_tick"], "tick")
        how = f", {waited} after it arrived" if end > trace["arrival_tick"] else ", as it arrived"
        return f"{status} in tick {number(end)}{how}"
    return {
        "held": "unsettled: held in the internal queue",
        "queued": "unsettled: waits in the central queue",
        "split": "unsettled: some of its parts are not settled",
    }.get(status, f"unsettled: {status}")


def _steps(trace: dict[str, Any]) -> list[str]:
    steps = trace["steps"]
    has_family = len({step["transaction_id"] for step in steps} - {None}) > 1
    parties = [(key, name(trace[f"{key}_id"])) for key in ("sender", "receiver")]
    columns = []
    for key, party in parties:
        columns.append((key, "balance", f"{party} balance"))
        if len(_credit(steps, key)) > 1:
            columns.append((key, "available_liquidity", "available"))
    head = ["tick", *["transaction"] * has_family, "what happened"]
    rows = [[*head, *(title for _, _, title in columns), "cost so far"]]
    for step in steps:
        row = [number(step["tick"])]
        if has_family:
            row.append("" if step["transaction_id"] is None else name(step["transaction_id"]))
        row.append(_happening(step, trace))
        row += [_money(step[key], what) for key, what, _ in columns]
        rows.append([*row, cost_text(step["cost_so_far"])])
    alignment = "><" + "<" * has_family + ">" * (len(columns) + 1)
    lines = aligned(_shortened(rows), alignment)
    if len(steps) > STEPS_FIRST + STEPS_LAST:
        left_out = len(steps) - STEPS_FIRST - STEPS_LAST
        lines.insert(STEPS_FIRST + 1, f"  ... {counted(left_out, 'event')} left out here")
    is_joint = any(posting["volume"] > 1 for posting in trace["postings"])
    title = "Event by event, in the order of the log"
    return [title, *lines, *_available(trace), *[AT_ONCE] * is_joint]


def _credit(steps: list[dict[str, Any]], key: str) -> set[int]:
    """
    Return by how much the available liquidity of a party was more than its balance.
    """
    arounds = [step[key] for step in steps]
    return {
        around[f"available_liquidity_{when}"] - around[f"balance_{when}"]
        for around in arounds
        for when in ("before", "after")
    }


def _available(trace: dict[str, Any]) -> list[str]:
    """
    Return the line that says what is available beyond the balances, where that does not change.
    """
    texts = []
    for key in ("sender", "receiver"):
        credit = _credit(trace["steps"], key)
        if len(credit) == 1 and any(credit):
            texts.append(f"{name(trace[f'{key}_id'])} {number(credit.pop())}")
    if not texts:
        return []
    return [f"  (available is the balance plus the credit limit: {', '.join(texts)})"]


def _shortened(rows: list[list[str]]) -> list[list[str]]:
    if len(rows) <= 1 + STEPS_FIRST + STEPS_LAST:
        return rows
    return rows[: 1 + STEPS_FIRST] + rows[-STEPS_LAST:]


def _money(around: dict[str, int], what: str) -> str:
    before, after = around[f"{what}_before"], around[f"{what}_after"]
    return number(after) if before == after else f"{number(before)} → {number(after)}"


def _happening(step: dict[str, Any], trace: dict[str, Any]) -> str:
    kind = step["event"]
    if kind == "settled":
        return _settled(step, trace)
    if kind == "queued":
        return f"{_queued(step)}, {_place(step)}"
    texts = {
        "arrived": f"arrived: {number(step['amount'] or 0)}",
        "released": "released",
        "withdrawn": "withdrawn to the internal queue",
        "reprioritised": f"priority is {step['priority']} from here on",
        "split": f"split into {number(step['parts'] or 0)} parts{_charged(step)}",
        "part_created": f"made by the split: {number(step['amount'] or 0)}",
        "credited": f"{name(trace['receiver_id'])} is credited what was deferred, "
        f"{number(step['amount'] or 0)} in all",
        "cancelled": "cancelled by the end-of-day rule",
        "overdue": f"overdue from here on{_charged(step)}",
        "end_of_day_penalty": f"unsettled at the close{_charged(step)}",
    }
    text = texts.get(kind, kind)
    return f"{text}, {_place(step)}" if step["place"] is not None else text


def _queued(step: dict[str, Any]) -> str:
    if step["cause"] == "liquidity":
        short = step["amount"] - step["sender"]["available_liquidity_after"]
        return f"queued for want of {number(short)}"
    if step["cause"] == "order":
        return "queued, as others stand before it"
    return "queued, as the system is halted"


def _settled(step: dict[str, Any], trace: dict[str, Any]) -> str:
    posting = next(p for p in trace["postings"] if p["posting"] == step["posting"])
    others = posting["volume"] - 1
    company = f"with {counted(others, 'other')}" if others else "alone"
    text = f"settled by {step['cause']}, {company}, in posting {number(step['posting'])}"
    if step["credit_deferred"]:
        text += f"; {number(step['credit_deferred'])} of credit is deferred"
    return text


def _place(step: dict[str, Any]) -> str:
    place = step["place"]
    if not place["before_volume"]:
        return f"first in the {place['queue']} queue"
    before = f"{number(place['before_volume'])} ({number(place['before_value'])})"
    return f"behind {before} in the {place['queue']} queue"


def _charged(step: dict[str, Any]) -> str:
    return f", at a cost of {cost_text(step['cost'])}" if Decimal(step["cost"]) else ""


def _postings(trace: dict[str, Any]) -> list[list[str]]:
    joint = [posting for posting in trace["postings"] if posting["volume"] > 1]
    sections = [posting_lines(posting) for posting in joint[:POSTINGS_SHOWN]]
    if len(joint) > POSTINGS_SHOWN:
        sections.append([f"and {counted(len(joint) - POSTINGS_SHOWN, 'posting')} more"])
    return sections


def posting_lines(posting: dict[str, Any]) -> list[str]:
    """
    Return the members of a posting as lines, the first of them if they are many.
    """
    head = (
        f"Posting {number(posting['posting'])}, tick {number(posting['tick'])}: "
        f"{counted(posting['volume'])}, {number(posting['value'])} in value, "
        f"settled together by {posting['cause']}"
    )
    return [head, *member_lines(posting["transactions"])]


def member_lines(members: Sequence[dict[str, Any]]) -> list[str]:
    """
    Return transactions as lines: id, sender, receiver, amount.
    """
    rows = [
        [
            name(member["transaction_id"]),
            f"{name(member['sender_id'])} to {name(member['receiver_id'])}",
            number(member["amount"]),
        ]
        for member in members[:MEMBERS_SHOWN]
    ]
    lines = aligned(rows, "<<>") if rows else []
    rest = members[MEMBERS_SHOWN:]
    if rest:
        value = sum(member["amount"] for member in rest)
        lines.append(f"  and {number(len(rest))} more, {number(value)} in value")
    return lines
