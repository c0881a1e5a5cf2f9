"""
One agent in one tick as text: what it saw, what it decided, what became of it and why.

Every sentence follows from the event log. Values are minor units, times are ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from paysim.plain_text import aligned, counted, name, number
from paysim.trace_text import MEMBERS_SHOWN, POSTINGS_SHOWN, posting_lines

SHOWN: Final = 20
"""Rows of a list that are shown where there are more."""

NAMED: Final = 5
"""Transactions that a line names where there are more."""


def explanation_text(told: dict[str, Any]) -> str:
    """
    Return what `Results.explain` tells as text, without a newline at its end.
    """
    sections = [
        _head(told),
        _saw(told),
        _decided(told),
        _became(told),
        *_postings(told),
        _why(told),
        _balance(told),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section)


def _head(told: dict[str, Any]) -> list[str]:
    left = counted(told["ticks_left_in_day"], "tick")
    tick, day = number(told["tick"]), number(told["day"])
    return [f"{name(told['agent_id'])} in tick {tick}: day {day}, {left} left in it"]


def _saw(told: dict[str, Any]) -> list[str]:
    saw = told["saw"]
    rows = [
        ["balance", number(saw["balance"])],
        ["credit limit", number(saw["credit_limit"])],
        ["available liquidity", number(saw["available_liquidity"])],
        ["free liquidity", number(saw["free_liquidity"]), "less its own central queue"],
        ["received today", number(saw["day_inflow"])],
        ["paid today", number(saw["day_outflow"])],
    ]
    rows += [
        [words, number(saw[key])]
        for key, words in (("liquidity_pool", "liquidity pool"), ("loan", "loan to repay"))
        if saw[key]
    ]
    if saw["release_budget"] is not None:
        rows.append(["release budget", number(saw["release_budget"]), "per tick"])
    lines = ["What it saw when it decided, after the arrivals of the tick", *aligned(rows, "<><")]
    for key, words in (("internal_queue", "internal queue"), ("central_queue", "central queue")):
        lines += _queue(words, saw[key], told["tick"])
    return lines


def _queue(words: str, queue: Sequence[dict[str, Any]], tick: int) -> list[str]:
    if not queue:
        return [f"  {words}: empty"]
    rows = [
        [
            "  " + name(transaction["transaction_id"]),
            f"to {name(transaction['receiver_id'])}",
            number(transaction["amount"]),
            f"priority {transaction['priority']}",
            _arrival(transaction),
            _deadline(transaction),
        ]
        for transaction in queue[:SHOWN]
    ]
    lines = [f"  {words}: {_sum(queue)}", *aligned(rows, "<<><<<")]
    return lines + _rest(queue, "    ")


def _arrival(transaction: dict[str, Any]) -> str:
    age = transaction["age_ticks"]
    return "arrived now" if age == 0 else f"arrived {counted(age, 'tick')} ago"


def _deadline(transaction: dict[str, Any]) -> str:
    if transaction["deadline_tick"] is None:
        return "no deadline"
    text = f"deadline tick {number(transaction['deadline_tick'])}"
    if transaction["is_overdue"]:
        return f"{text}, overdue"
    left = transaction["ticks_to_deadline"]
    return (
        f"{text}, in {counted(left, 'tick')}" if left > 0 else f"{text}, now" if not left else text
    )


def _decided(told: dict[str, Any]) -> list[str]:
    policy = told["policy"]
    if policy is None:
        by = "behaviour in Python"
    else:
        parameters = [f"{key} {_plain(value)}" for key, value in policy.items() if key != "type"]
        by = ", ".join([f"policy {policy['type']}", *parameters])
    lines = [f"What it decided ({by})"]
    if told["out_since_tick"] is not None:
        lines.append(f"  it was out since tick {number(told['out_since_tick'])} and was not asked")
    decisions = _decision_rows(told)
    if decisions:
        lines += aligned(decisions[:SHOWN], "<<><")
        if len(decisions) > SHOWN:
            lines.append(f"  and {counted(len(decisions) - SHOWN, 'decision')} more")
    held = told["held"]
    if held:
        # The internal queue above has them too, one by one.
        ids = [name(transaction["transaction_id"]) for transaction in held[:NAMED]]
        more = f" and {number(len(held) - NAMED)} more" if len(held) > NAMED else ""
        lines.append(f"  held {_sum(held)}: {', '.join(ids)}{more}")
    elif not decisions:
        lines.append("  nothing: it held no transaction")
    return lines


def _decision_rows(told: dict[str, Any]) -> list[list[str]]:
    """
    Return decisions as rows; the release of a part follows from its split and is not told.
    """
    parts = {t["transaction_id"] for t in told["transactions"] if t["parent_id"] is not None}
    split = {d["transaction_id"] for d in told["decisions"] if d["event"] == "split"}
    parents = {t["transaction_id"]: t["parent_id"] for t in told["transactions"]}
    rows = []
    for decision in told["decisions"]:
        kind, id = decision["event"], decision["transaction_id"]
        if kind == "release_budget_set":
            amount = decision["amount"]
            words = "no bound from here on" if amount is None else f"{number(amount)} per tick"
            rows.append(["set its release budget:", words])
            continue
        if kind == "released" and id in parts and parents[id] in split:
            continue
        detail = {
            "split": f"into {number(decision['parts'] or 0)} parts, all released",
            "reprioritised": f"to priority {decision['priority']}",
            "withdrawn": "back to its internal queue",
        }.get(kind, "")
        rows.append([kind, name(id), number(decision["amount"]), detail])
    return rows


def _became(told: dict[str, Any]) -> list[str]:
    transactions = told["transactions"]
    title = "What became of its transactions in the central queue"
    if not transactions:
        return [title, "  it released none and had none there"]
    rows = [
        [
            name(transaction["transaction_id"]),
            f"to {name(transaction['receiver_id'])}",
            number(transaction["amount"]),
            _outcome(transaction, told),
        ]
        for transaction in transactions[:SHOWN]
    ]
    return [title, *aligned(rows, "<<><"), *_rest(transactions, "  ")]


def _outcome(transaction: dict[str, Any], told: dict[str, Any]) -> str:
    obstacle = _obstacle(transaction, told)
    status = transaction["status"]
    if status == "settled":
        text = f"settled by {transaction['cause']} in posting {number(transaction['posting'])}"
        members = {p["posting"]: p["volume"] for p in told["postings"]}
        others = members[transaction["posting"]] - 1
        text += f", with {counted(others, 'other')}" if others else ", alone"
        return f"{text}; not before, as {obstacle}" if obstacle else text
    if status == "cancelled":
        return "cancelled by the end-of-day rule" + (
            f"; before that {obstacle}" if obstacle else ""
        )
    if status == "queued":
        return f"not settled: {obstacle}"
    return "withdrawn, and held" if status == "held" else status


def _obstacle(transaction: dict[str, Any], told: dict[str, Any]) -> str:
    if transaction["obstacle"] == "halt":
        return f"the system was halted since tick {number(told['halted_since_tick'])}"
    if transaction["obstacle"] == "order":
        return f"{name(transaction['behind_id'])} stood before it (strict_fifo)"
    if transaction["obstacle"] == "liquidity":
        return f"{number(transaction['short_by'])} more than was available"
    return ""


def _postings(told: dict[str, Any]) -> list[list[str]]:
    joint = [posting for posting in told["postings"] if posting["volume"] > 1]
    sections = [posting_lines(posting) for posting in joint[:POSTINGS_SHOWN]]
    if len(joint) > POSTINGS_SHOWN:
        sections.append([f"and {counted(len(joint) - POSTINGS_SHOWN, 'posting')} more"])
    return sections


def _why(told: dict[str, Any]) -> list[str]:
    """
    Return what stood in the way of what was still queued when settlement had ended.
    """
    after = told["after_settlement"]
    queue = after["central_queue"]
    if not queue:
        return []
    available = after["available_liquidity"]
    lines = [
        "Why no more settled (as things stood after settlement, step 7 of the tick)",
        f"  it had {number(available)} available and {_sum(queue)} in the central queue, "
        f"the first of {number(queue[0]['amount'])}",
    ]
    if after["credits_deferred"]:
        deferred = number(after["credits_deferred"])
        lines.append(f"  {deferred} of credit was deferred: it can be spent from the next tick on")
    lines += _mechanisms(told)
    lines += _counterparties(told, queue)
    return lines + _lock(told, queue, available)


def _mechanisms(told: dict[str, Any]) -> list[str]:
    rules = told["rules"]
    if told["halted_since_tick"] is not None:
        since = number(told["halted_since_tick"])
        return [f"  the system was halted since tick {since}: nothing was tried"]
    switches = {True: "on", False: "off"}
    longest = f" up to {rules['max_cycle_length']} agents" if rules["cycles"] else ""
    lines = [
        f"  bilateral_offsetting {switches[rules['bilateral_offsetting']]}, "
        f"cycles {switches[rules['cycles']]}{longest}, "
        f"gridlock_resolution {switches[rules['gridlock_resolution']]}"
    ]
    if told["rings_at_limit"] is not None:
        rings = counted(told["rings_at_limit"], "ring")
        lines.append(f"  cycles stopped at its limit, max_rings_per_tick, after {rings}")
    return lines


def _counterparties(told: dict[str, Any], queue: Sequence[dict[str, Any]]) -> list[str]:
    others = told["counterparties"]
    rows = [["", "queued to it", "", "queued by it", ""]]
    for other in others[:SHOWN]:
        rows.append(
            [
                "  " + name(other["agent_id"]),
                number(other["owed_value"]),
                f"({number(other['owed_volume'])})",
                number(other["owing_value"]),
                f"({number(other['owing_volume'])})",
            ]
        )
    if len(others) > SHOWN:
        rows.append([f"  and {counted(len(others) - SHOWN, 'agent')} more"])
    owed = sum(other["owed_value"] for other in others)
    owing = sum(transaction["amount"] for transaction in queue)
    rows.append(["  all", number(owed), "", number(owing), ""])
    return ["  between it and others (value, and how many):", *aligned(rows, "<>>>>")]


def _lock(told: dict[str, Any], queue: Sequence[dict[str, Any]], available: int) -> list[str]:
    """
    Return whether what is queued could settle together, though not one by one.
    """
    chosen = [t for t in told["transactions"] if t["is_in_largest_ordered_set"]]
    whole, best = told["central_queue"], told["largest_ordered_set"]
    if chosen:
        value = number(sum(transaction["amount"] for transaction in chosen))
        together = f"{counted(best['volume'])}, {number(best['value'])} in value"
        lines = [
            f"  gridlock: {number(len(chosen))} of its {number(len(queue))} queued, {value} in "
            f"value, could settle together with others, though not alone:",
            f"    {_ids(chosen)}",
            f"  the largest ordered set of the whole central queue has them in it ({together})",
        ]
        if told["halted_since_tick"] is None:
            lines.append("  one pass of gridlock_resolution would settle them here; it is off")
        return lines
    owed = sum(other["owed_value"] for other in told["counterparties"])
    first = queue[0]["amount"]
    short = first - available - owed
    lines = [
        f"  deadlock: of the whole central queue ({counted(whole['volume'])}, "
        f"{number(whole['value'])} in value) no set",
        "  that keeps every sender's order and floor has any of its transactions in it",
    ]
    if short > 0:
        lines.append(
            f"  even if all that is queued to it were paid, its first would lack {number(short)}"
        )
    elif owed:
        lines.append(
            "  all that is queued to it would be enough for its first, but too little can settle"
        )
    return lines


def _ids(transactions: Sequence[dict[str, Any]]) -> str:
    ids = [name(transaction["transaction_id"]) for transaction in transactions[:MEMBERS_SHOWN]]
    rest = len(transactions) - MEMBERS_SHOWN
    return ", ".join(ids) + (f" and {number(rest)} more" if rest > 0 else "")


def _balance(told: dict[str, Any]) -> list[str]:
    movements = told["movements"]
    title = "What happened to its balance in the tick"
    if not movements:
        return [title, f"  nothing: it stayed {number(told['at_end']['balance'])}"]
    rows = [
        [
            _movement(movement),
            f"{movement['balance_after'] - movement['balance_before']:+,}",
            number(movement["balance_before"]),
            "→",
            number(movement["balance_after"]),
        ]
        for movement in movements[:SHOWN]
    ]
    lines = [title, *aligned(rows, "<>><>")]
    if len(movements) > SHOWN:
        left_out = counted(len(movements) - SHOWN, "movement")
        lines.append(f"  and {left_out} more, up to {number(told['at_end']['balance'])}")
    return lines


def _movement(movement: dict[str, Any]) -> str:
    kind = movement["event"]
    if kind == "settled":
        text = f"posting {number(movement['posting'])}, {movement['cause']}: "
        sides = []
        for key, verb, end in (("received", "received", "sender"), ("paid", "paid", "receiver")):
            members = movement[key]
            if len(members) == 1:
                member = members[0]
                side = "from" if key == "received" else "to"
                sides.append(
                    f"{verb} {name(member['transaction_id'])}, {number(member['amount'])} "
                    f"{side} {name(member[f'{end}_id'])}"
                )
            elif members:
                sides.append(f"{verb} {_sum(members)}")
        text += "; ".join(sides)
    else:
        text = kind.replace("_", " ")
        if movement["counterparty_id"] is not None:
            is_in = (
                movement["balance_after"] + movement["credit_deferred"] > movement["balance_before"]
            )
            text += f" {'from' if is_in else 'to'} {name(movement['counterparty_id'])}"
    if kind == "credit_limit_changed":
        before, after = (movement[f"available_liquidity_{when}"] for when in ("before", "after"))
        text += f"; available {number(before)} → {number(after)}"
    if movement["credit_deferred"]:
        text += f"; {number(movement['credit_deferred'])} of credit deferred"
    return text


def _sum(transactions: Sequence[dict[str, Any]]) -> str:
    value = number(sum(transaction["amount"] for transaction in transactions))
    return f"{counted(len(transactions))}, {value}"


def _rest(transactions: Sequence[dict[str, Any]], indent: str) -> list[str]:
    rest = transactions[SHOWN:]
    if not rest:
        return []
    value = number(sum(transaction["amount"] for transaction in rest))
    return [f"{indent}and {number(len(rest))} more, {value} in value"]


def _plain(value: object) -> str:
    return number(value) if isinstance(value, int) else str(value)
