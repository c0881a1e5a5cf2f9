"""
Transactions from a file, scenario events and checkpoints in one run.
"""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

import paysim
from paysim.cli import main
from paysim.files.transactions import given_rows
from paysim.scenario import Scenario
from paysim.simulation import Simulation
from paysim.testing import payment, tiny_scenario

ROWS = [payment("BANK_A", "BANK_B", 300 + n, tick=n % 10, id=f"T{n}") for n in range(20)]
EXTRA = {"sender_id": "BANK_B", "receiver_id": "BANK_A", "amount": 40}
EVENTS = [
    {"type": "extra_transaction", "tick": 2, **EXTRA},
    {"type": "extra_transaction", "tick": 1, "every_ticks": 3, "id": "dues", **EXTRA},
    {"type": "halt", "tick": 4},
    {"type": "resume", "tick": 7},
    {"type": "credit_limit_change", "tick": 5, "agent_id": "BANK_A", "amount": 900},
]


def listed_and_from_file(folder: Path) -> tuple[Scenario, Scenario]:
    """
    Return one scenario twice: its transactions listed, and read from a file.
    """
    listed = tiny_scenario(transactions=ROWS, scenario_events=EVENTS)
    given_rows(listed.transactions).write_csv(folder / "payments.csv")
    return listed, Scenario.from_dict(listed.to_dict("payments.csv"), folder=folder)


def test_listed_and_from_file(tmp_path):
    """
    A scenario is the same whether its transactions are listed or stand in a file, and so is its
    run, with extra transactions that are named by their place or by the scenario.
    """
    listed, filed = listed_and_from_file(tmp_path)
    assert listed == filed
    assert listed.digest() == filed.digest()
    logs = []
    for scenario in (listed, filed):
        paysim.run(scenario).write_events(tmp_path / "events.jsonl")
        logs.append((tmp_path / "events.jsonl").read_bytes())
    assert logs[0] == logs[1]
    for name in (b'"event-1"', b'"dues@1"', b'"dues@7"', b'"T19"'):
        assert name in logs[0]


def test_same_ids_beside_a_file(tmp_path):
    """
    An extra transaction must not have the id of one in the file.
    """
    _, filed = listed_and_from_file(tmp_path)
    clash = [{"type": "extra_transaction", "tick": 2, "id": "T7", **EXTRA}]
    with pytest.raises(paysim.ScenarioError, match=r"is the id of transactions\[7\]"):
        Scenario.from_dict(
            filed.to_dict("payments.csv") | {"scenario_events": clash}, folder=tmp_path
        )


@pytest.mark.parametrize("cut", range(11))
def test_saved_with_a_file(cut, tmp_path):
    """
    A run with transactions from a file and with events, some of them added, is written alike
    whether it was saved and restored at a tick or not, also when the file is gone.
    """
    _, filed = listed_and_from_file(tmp_path)

    def started():
        sim = Simulation(filed)
        sim.at(8, "extra_transaction", **EXTRA)
        sim.at(9, "liquidity_injection", agent_id="BANK_B", amount=5)
        return sim

    whole = started()
    whole.run()
    whole.results().write(tmp_path / "whole")
    part = started()
    if cut:
        part.run(until=cut)
    part.checkpoint(tmp_path / "run.state")
    (tmp_path / "payments.csv").unlink()
    rest = Simulation.restore(tmp_path / "run.state")
    rest.run()
    rest.results().write(tmp_path / "rest")
    files = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert "payments.csv" in files
    assert files == sorted(path.name for path in (tmp_path / "rest").iterdir())
    for name in files:
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "rest" / name).read_bytes()


def test_written_over_an_earlier_run(tmp_path):
    """
    A run written where another was leaves nothing of the other.
    """
    _, filed = listed_and_from_file(tmp_path)
    paysim.run(filed).write(tmp_path / "out")
    assert (tmp_path / "out" / "payments.csv").exists()
    paysim.run(attrs.evolve(filed, transactions=())).write(tmp_path / "out")
    assert not (tmp_path / "out" / "payments.csv").exists()


def test_created_from_a_file_with_rows_left_out(tmp_path, capsys):
    """
    A state is not created from fewer rows than the file has without a word.
    """
    (tmp_path / "payments.csv").write_text(
        "sender_id,receiver_id,amount,arrival_time\n"
        "BANK_A,BANK_B,5,2026-03-02 09:00\nBANK_A,BANK_B,5,2026-03-02 07:00\n"
    )
    (tmp_path / "day.yaml").write_text(
        "agent_configs: [{id: BANK_A, opening_balance: 9}, {id: BANK_B, opening_balance: 9}]\n"
        "transactions: {file: payments.csv, open: '08:00', close: '18:00', tick: 1min,"
        " outside_hours: drop}\n"
    )
    files = ["-c", str(tmp_path / "day.yaml"), "-o", str(tmp_path / "day.state")]
    assert main(["create", *files]) == 0
    told = capsys.readouterr()
    assert '"current_tick": 0' in told.out
    assert "payments.csv: 1 row outside the opening hours, left out\n" in told.err
