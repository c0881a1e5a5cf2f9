"""
Given transactions as columns: the same as a list of them, wherever a scenario holds them.
"""

from __future__ import annotations

import contextlib
import json
from array import array
from pathlib import Path

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import scenarios

import paysim
from paysim import GivenTransactions, PaysimError, Scenario, ScenarioError, Transaction
from paysim.scenario import AMOUNT_MAX

ROW = {"sender_id": "A", "receiver_id": "B", "amount": 5, "arrival_tick": 3}


def rows(*changes):
    """
    Return transactions, each with changes to `ROW`.
    """
    return [Transaction(**(ROW | change)) for change in changes]


def columns(scenario):
    """
    Return a scenario with its transactions in columns.
    """
    return attrs.evolve(scenario, transactions=GivenTransactions.from_rows(scenario.transactions))


def small(transactions, **changes):
    """
    Return a scenario of two agents with these transactions.
    """
    agents = [{"id": id, "opening_balance": 10} for id in "AB"]
    raw = {"ticks_per_day": 10, "agent_configs": agents, "transactions": transactions}
    return Scenario.from_dict(raw | changes)


def written(change):
    """
    Return the saved bytes of two transactions, changed.
    """
    return change(GivenTransactions.from_rows(rows({}, {"id": "x"})).dump())


@given(scenarios())
def test_same_as_list(raw):
    """
    A scenario whose transactions are columns equals the one that lists them, and runs to the same
    event log.
    """
    listed = Scenario.from_dict(raw)
    compact = columns(listed)
    assert compact == listed
    assert compact.digest() == listed.digest()
    assert Scenario.from_dict(compact.to_dict()) == listed
    logs = [paysim.run(scenario)._kernel.events_jsonl() for scenario in (listed, compact)]
    assert logs[0] == logs[1]


@given(scenarios())
def test_dump(raw):
    """
    Saved transactions are loaded as they were.
    """
    transactions = GivenTransactions.from_rows(Scenario.from_dict(raw).transactions)
    assert GivenTransactions.load(transactions.dump()) == transactions


@given(st.binary() | st.builds(lambda tail: b"paysim given 1\n" + tail, st.binary()))
@example(b"")
@example(written(lambda data: data[:-1]))
@example(written(lambda data: data + b"\0"))
@example(written(lambda data: data.replace(b"\x01A", b"\x01B")))
@example(written(lambda data: data.replace(b"\x01A", b"\x01\n")))
@example(written(lambda data: data.replace(b"given 1", b"given 2")))
def test_any_bytes(data):
    """
    Bytes of any origin are transactions or one clear error.
    """
    with contextlib.suppress(PaysimError):
        assert [Transaction(**row) for row in GivenTransactions.load(data).table().to_dicts()]


@given(st.integers(0, 200), st.integers(0, 255))
def test_damage(at, byte):
    """
    One changed byte never gives transactions that a scenario could not hold.
    """
    data = bytearray(written(bytes))
    data[at % len(data)] = byte
    try:
        loaded = GivenTransactions.load(bytes(data))
    except PaysimError:
        return
    assert [Transaction(**row) for row in loaded.table().to_dicts()]


def test_names_and_sums():
    """
    The parties are those that occur, in order of appearance, and amounts sum beyond 64 bits.
    """
    found = GivenTransactions.from_rows(
        rows({"sender_id": "Z", "amount": AMOUNT_MAX}, {"amount": AMOUNT_MAX}, {"arrival_tick": 1})
    )
    assert (len(found), found.names()) == (3, ["Z", "B", "A"])
    assert (found.total_amount, found.last_tick) == (2 * AMOUNT_MAX + 5, 3)
    empty = GivenTransactions.from_rows([])
    assert (len(empty), empty.names(), empty.total_amount, empty.last_tick) == (0, [], 0, None)


def test_csv(tmp_path):
    """
    The canonical CSV has every column, quotes what needs it, and reads back as the same.
    """
    found = GivenTransactions.from_rows(
        rows(
            {"id": 'a,"b"', "deadline_tick": 9, "priority": 8, "divisible": False},
            {"sender_id": "Å o", "arrival_tick": 0},
        )
    )
    text = (
        "id,sender_id,receiver_id,amount,arrival_tick,deadline_tick,priority,divisible\n"
        '"a,""b""",A,B,5,3,9,8,false\n'
        "row-2,Å o,B,5,0,,5,true\n"
    )
    assert found.csv() == text.encode()
    assert found.write_csv(tmp_path / "given.csv") == 2
    assert (tmp_path / "given.csv").read_bytes() == text.encode()
    assert paysim.load_transactions(tmp_path / "given.csv").transactions == found


def test_equality():
    """
    Columns are equal if their transactions are, whatever the numbers of their parties.
    """

    def made(names, sender, receiver):
        return GivenTransactions.from_columns(
            names, array("I", [sender]), array("I", [receiver]), array("q", [5]), array("I", [3])
        )

    first, second = made(["A", "B"], 0, 1), made(["C", "B", "A"], 2, 1)
    assert first == second == GivenTransactions.from_rows(rows({"id": "row-1"}))
    assert hash(first) == hash(second)
    assert first != made(["A", "B"], 1, 0)
    assert first != GivenTransactions.from_rows(rows({"id": "row-2"}))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"names": ["A", "A"]}, "names must be unique"),
        ({"names": ["A", "B/1"]}, "a name must not look like the id of a part, X/1"),
        ({"names": ["A", "\u200b"]}, "a name must consist of printable characters"),
        ({"sender": array("I", [2])}, "transaction 1: parties must be numbers of names"),
        ({"sender": array("I", [1])}, "transaction 1: receiver_id must not be the sender"),
        ({"amount": array("q", [0])}, f"transaction 1: amount must be 1 to {AMOUNT_MAX}"),
        ({"arrival_tick": array("I", [2**31])}, "arrival_tick must be below 2147483648"),
        ({"amount": array("q", [1, 2])}, "columns of transactions must have one length"),
    ],
)
def test_bad_columns(change, text):
    """
    Columns that hold no transactions are refused with what is wrong.
    """
    good = {
        "names": ["A", "B"],
        "sender": array("I", [0]),
        "receiver": array("I", [1]),
        "amount": array("q", [5]),
        "arrival_tick": array("I", [3]),
    }
    GivenTransactions.from_columns(**good)
    with pytest.raises(ScenarioError, match=text):
        GivenTransactions.from_columns(**(good | change))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ([{}, {"receiver_id": "C"}], "[1].receiver_id  must be the id of an agent (got 'C')"),
        ([{"arrival_tick": 10}], "[0].arrival_tick  must be before the end of the run, tick 10"),
        ([{"amount": AMOUNT_MAX}, {}], "transactions  sum of all amounts must be at most"),
    ],
)
def test_door(changes, line):
    """
    Columns are checked against the rest of a scenario in the words that a list is.
    """
    transactions = rows(*changes)
    for given_as in (transactions, GivenTransactions.from_rows(transactions)):
        with pytest.raises(ScenarioError) as caught:
            attrs.evolve(small([]), transactions=given_as)
        assert line in str(caught.value)


def test_costs_are_bounded():
    """
    What columns may cost is bounded as for a list.
    """
    rates = {"cost_rates": {"delay_cost_per_tick_per_cent": 100}}
    big = rows({"amount": AMOUNT_MAX})
    errors = []
    for given_as in (tuple(big), GivenTransactions.from_rows(big)):
        with pytest.raises(ScenarioError) as caught:
            attrs.evolve(small([], **rates), transactions=given_as)
        errors.append(str(caught.value))
    assert errors[0] == errors[1]
    assert "cost_rates" in errors[0]


def test_run_directory(tmp_path):
    """
    The directory of a run holds its transactions, and runs again to the same event log.
    """
    (tmp_path / "p.csv").write_text(
        "sender_id,receiver_id,amount,arrival_tick\nA,B,5,12\nB,A,2,3\n"
    )
    raw = small([]).to_dict(transactions="p.csv")
    del raw["num_days"]
    scenario = Scenario.from_dict(raw, folder=tmp_path)
    paysim.run(scenario, seed=7).write(tmp_path / "out")
    raw = json.loads((tmp_path / "out" / "scenario.json").read_text())
    assert (raw["transactions"], raw["num_days"]) == ("payments.csv", 2)
    again = paysim.load_scenario(tmp_path / "out" / "scenario.json")
    assert again == attrs.evolve(scenario, rng_seed=7)
    paysim.run(again).write(tmp_path / "again")
    logs = [Path(tmp_path, name, "events.jsonl").read_bytes() for name in ("out", "again")]
    assert logs[0] == logs[1]
    assert b"row-2" in logs[0]


def test_inputs_are_kept(tmp_path):
    """
    Results are not written over the file that the payments were read from.
    """
    path = tmp_path / "payments.csv"
    path.write_text("arrival_tick,sender_id,receiver_id,amount\n3,A,B,5\n")
    scenario = Scenario.from_dict(small([]).to_dict("payments.csv"), folder=tmp_path)
    before = path.read_bytes()
    results = paysim.run(scenario)
    for write in (results.write, results.to_csv):
        with pytest.raises(PaysimError, match="would be overwritten: name another directory"):
            write(tmp_path)
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "agents.csv").write_text("mine")
    with pytest.raises(ScenarioError, match=r"'.*day' must be empty or hold a run: agents.csv "):
        results.write(tmp_path / "day")
    assert [path.name for path in (tmp_path / "day").iterdir()] == ["agents.csv"]
    assert {file.name for file in tmp_path.iterdir()} == {"payments.csv", "day"}
    assert path.read_bytes() == before
    results.write(tmp_path / "out")
    again = paysim.load_scenario(tmp_path / "out" / "scenario.json")
    paysim.run(again).write(tmp_path / "out")


def test_rows_by_id():
    """
    A row is found by its id, given or counted, and by the id and tick that its id reads as.
    """
    named = GivenTransactions.from_rows(rows(*({"id": id} for id in ("b", "a@7", "a@07", "a@0"))))
    assert [named.row_of(id) for id in ("b", "a@0", "a", "row-1", "")] == [0, 3, None, None, None]
    assert named.repetitions("a") == [(7, 1), (0, 3)]
    assert named.repetitions("b") == []
    counted = GivenTransactions.from_rows(rows({}, {}))
    ids = ("row-1", "row-2", "row-3", "row-0", "row-01", "row-+1", "1")
    assert [counted.row_of(id) for id in ids] == [0, 1, *[None] * 5]
    assert counted.repetitions("row-1") == []
