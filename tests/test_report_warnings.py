"""
What a report warns of: who, when, how much, and where to look next.
"""

from __future__ import annotations

import shlex

import pytest

import paysim
from paysim.report.run import Run
from paysim.report.warnings import warnings
from paysim.testing import Scripted, payment, tiny_scenario


def warned(scenario, until=None, behaviour=None):
    """
    Return the warnings of a run by name.
    """
    simulation = paysim.Simulation(scenario, behaviour=behaviour or {})
    if until != 0:
        simulation.run(until=until)
    return {warning.name: warning for warning in warnings(Run(simulation.results()))}


def test_nothing_to_warn_of():
    """
    A run that goes to its end and settles everything at once has no warning.
    """
    assert warned(tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300)])) == {}


def test_stopped():
    """
    Results that were taken before the scenario's end say how far they go.
    """
    scenario = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 300)])
    assert "after tick 6: 7 of 10 ticks" in warned(scenario, until=7)["stopped"].text
    assert "before the first tick: 0 of 10 ticks" in warned(scenario, until=0)["stopped"].text


def test_empty():
    """
    A run in which nothing arrives says so.
    """
    assert list(warned(tiny_scenario())) == ["empty"]


def test_unsettled():
    """
    What is unsettled at the close is told by sender, held and handed in apart, the most first.
    """
    transactions = [
        payment("BANK_A", "BANK_B", 5_000, tick=2, id="large"),
        payment("BANK_B", "BANK_A", 700, tick=3, id="medium"),
        payment("BANK_B", "BANK_A", 900, tick=4),
        payment("BANK_B", "BANK_A", 400, tick=4, id="paid"),
    ]
    scenario = tiny_scenario(transactions=transactions, lsm_config={"bilateral_offsetting": False})
    only = Scripted({4: [paysim.policies.release("paid")]})
    found = warned(scenario, behaviour={"BANK_B": only})["unsettled"]
    assert found.text == (
        "3 transactions worth 6,600 were unsettled after tick 9, 94.3% of the value that arrived: "
        "2 held by their senders, 1 handed in and not settled."
    )
    assert found.table.rows == (("BANK_A", "1", "5,000", "2"), ("BANK_B", "2", "1,600", "3"))
    assert found.commands == (
        "paysim trace RUN large",
        "paysim explain RUN --agent BANK_A --tick 9",
    )


def test_closes():
    """
    Over several days it is told how many closed with something unsettled.
    """
    scenario = tiny_scenario(
        num_days=3,
        transactions=[
            payment("BANK_A", "BANK_B", 1_200, tick=15),
            payment("BANK_B", "BANK_A", 250, tick=25, id="x"),
            payment("BANK_A", "BANK_B", 5_000, tick=29),
        ],
    )
    text = warned(scenario)["unsettled"].text
    assert text.endswith(" 2 of 3 days closed with something unsettled.")


def test_cancelled():
    """
    What the end-of-day rule cancelled is told, with the transaction to look at.
    """
    scenario = tiny_scenario(
        rules={"end_of_day": "cancel"},
        transactions=[payment("BANK_A", "BANK_B", 5_000, tick=1, id="big one")],
    )
    found = warned(scenario)
    assert "unsettled" not in found
    assert "1 transaction worth 5,000 was cancelled, 100.0% of" in found["cancelled"].text
    assert found["cancelled"].commands[0] == "paysim trace RUN 'big one'"


def test_borrowed():
    """
    Loans at the close are told by agent, the largest sum first.
    """
    scenario = tiny_scenario(
        num_days=2,
        rules={"end_of_day": "settle_on_credit"},
        transactions=[
            payment("BANK_B", "BANK_A", 1_000, tick=1),
            payment("BANK_A", "BANK_B", 9_000, tick=15),
        ],
        lsm_config={"bilateral_offsetting": False},
    )
    found = warned(scenario)["borrowed"]
    assert "lent 7,500 to 2 agents at 2 closes" in found.text
    assert found.table.rows == (
        ("BANK_A", "1", "7,000", "19"),
        ("BANK_B", "1", "500", "9"),
    )
    assert found.commands == ("paysim explain RUN --agent BANK_A --tick 19",)


def test_overdue():
    """
    Missed deadlines are counted with those that settled later, and a split one as its parts.
    """
    scenario = tiny_scenario(
        ticks_per_day=20,
        transactions=[
            payment("BANK_A", "BANK_B", 1_400, tick=1, deadline_tick=3, id="late"),
            payment("BANK_B", "BANK_A", 450, tick=6),
            payment("BANK_A", "BANK_B", 8_000, tick=8, deadline_tick=12, id="never"),
            payment("BANK_B", "BANK_A", 300, tick=9, deadline_tick=10, id="parts"),
        ],
    )
    script = {6: ["row-2"], 12: ["parts"]}
    split = {t: [paysim.policies.release(id) for id in ids] for t, ids in script.items()}
    split[12] = [paysim.policies.split("parts", 2)]
    found = warned(scenario, behaviour={"BANK_B": Scripted(split)})["overdue"]
    assert found.text == ("4 transactions worth 9,700 became overdue; 3 of them settled later.")
    assert found.table.rows == (("BANK_A", "2", "9,400", "3"), ("BANK_B", "2", "300", "10"))
    assert found.commands[0] == "paysim trace RUN never"


def test_floor():
    """
    An agent at its floor with payments waiting is told with its longest time there.
    """
    scenario = tiny_scenario(
        ticks_per_day=50,
        transactions=[
            payment("BANK_A", "BANK_B", 1_000, tick=10),
            payment("BANK_A", "BANK_B", 200, tick=12),
            payment("BANK_B", "BANK_A", 200, tick=20),
            payment("BANK_A", "BANK_B", 5, tick=30),
            payment("BANK_B", "BANK_A", 5, tick=31),
        ],
    )
    found = warned(scenario)["floor"]
    assert found.table.rows == (("BANK_A", "9", "18.0%", "12", "19", "0"),)
    assert found.commands == ("paysim explain RUN --agent BANK_A --tick 12",)


def test_floor_in_peace():
    """
    An agent that has paid out all it had, and has nothing more to pay, is not warned of.
    """
    scenario = tiny_scenario(transactions=[payment("BANK_A", "BANK_B", 1_000)])
    assert warned(scenario) == {}


def test_below_the_floor():
    """
    An agent that a cut of its credit leaves below its floor is warned of, whatever it has to pay.
    """
    scenario = tiny_scenario(
        agent_configs=[
            {"id": "BANK_A", "opening_balance": 100, "credit_limit": 500},
            {"id": "BANK_B", "opening_balance": 0},
        ],
        transactions=[payment("BANK_A", "BANK_B", 400)],
        scenario_events=[
            {"type": "credit_limit_change", "tick": 4, "agent_id": "BANK_A", "credit_limit": 100}
        ],
    )
    assert warned(scenario)["floor"].table.rows == (("BANK_A", "6", "60.0%", "4", "9", "-200"),)


def test_queue():
    """
    A central queue that is not empty for half a day is told with its longest time.
    """
    blocked = tiny_scenario(
        transactions=[
            payment("BANK_A", "BANK_B", 1_100, tick=2),
            payment("BANK_B", "BANK_A", 100, tick=7),
        ]
    )
    found = warned(blocked)["queue"]
    assert found.table.rows == (("BANK_A", "5", "2", "6", "no"),)
    shorter = tiny_scenario(
        transactions=[
            payment("BANK_A", "BANK_B", 1_100, tick=3),
            payment("BANK_B", "BANK_A", 100, tick=7),
        ]
    )
    assert warned(shorter) == {}


def test_ring_limit():
    """
    A search for cycles that hit its bound is told with its ticks and the setting to raise.
    """
    banks = ("A", "B", "C")
    scenario = tiny_scenario(
        agent_configs=[{"id": id, "opening_balance": 0} for id in banks],
        lsm_config={"bilateral_offsetting": False, "max_rings_per_tick": 1},
        transactions=[
            payment(sender, receiver, 10 * (1 + (sender < receiver)))
            for sender in banks
            for receiver in banks
            if sender != receiver
        ],
    )
    found = warned(scenario)["rings"]
    assert "In 10 ticks, the first 0 and the last 9, cycles looked at 1 ring " in found.text
    assert "max_rings_per_tick" in found.advice
    assert shlex.split(found.commands[0])[3].endswith("event = 'ring_limit_reached'")


@pytest.mark.parametrize("id", ["it's", "--help", "$(reboot)", "</script><script>", "a;b"])
def test_commands_are_quoted(id):
    """
    A command holds the id of an agent or transaction as one word, whatever characters it has.
    """
    scenario = tiny_scenario(
        agent_configs=[
            {"id": id, "opening_balance": 0},
            {"id": "OTHER", "opening_balance": 0},
        ],
        transactions=[payment(id, "OTHER", 5, id=f"{id}-1")],
    )
    trace, explain = map(shlex.split, warned(scenario)["unsettled"].commands)
    assert trace[-1] == f"{id}-1"
    assert explain == ["paysim", "explain", "RUN", "--agent", id, "--tick", "9"]


def test_rows_left_out(tmp_path):
    """
    Payments of a file that were left out are counted, with the file and the setting.
    """
    rows = ["time,from,to,amount", "07:10,A,B,1.00", "09:00,A,B,2.00", "23:00,B,A,3.00"]
    (tmp_path / "payments.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "day.yaml").write_text(
        "agent_configs: [{id: A, opening_balance: 500}, {id: B, opening_balance: 500}]\n"
        "transactions:\n"
        "  {file: payments.csv, decimals: 2, open: '08:00', close: '18:00', tick: 1min,\n"
        "   outside_hours: drop,\n"
        "   map: {arrival_time: time, sender_id: from, receiver_id: to, amount: amount}}\n"
    )
    found = warned(paysim.load_scenario(tmp_path / "day.yaml"))["dropped"]
    assert found.text.startswith("2 rows of ")
    assert "were left out; 1 row was read" in found.text


def test_bounded():
    """
    A warning names the five agents that it concerns most and counts the others.
    """
    banks = [f"BANK_{n}" for n in range(9)]
    scenario = tiny_scenario(
        agent_configs=[{"id": id, "opening_balance": 0} for id in banks],
        transactions=[payment(id, "BANK_8", 10 + n) for n, id in enumerate(banks[:8])],
    )
    table = warned(scenario)["unsettled"].table
    assert [row[0] for row in table.rows] == ["BANK_7", "BANK_6", "BANK_5", "BANK_4", "BANK_3"]
    assert table.note == "And 3 more agents."
