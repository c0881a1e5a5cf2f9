"""
Agents in a CSV file: what its cells mean, and where an error says it is.
"""

from __future__ import annotations

import pytest

from paysim.agents_file import AgentReading, agent_rows
from paysim.errors import Problems
from paysim.records import Record
from paysim.scenario import AgentConfig, LiquidityAware, LiquiditySplitting

AGENT = Record(AgentConfig)


def read(text, **reading):
    """
    Return the agents of a text, and the lines of what is wrong with it.
    """
    told = []
    rows = agent_rows(text, "agents.csv", AgentReading(**reading), AGENT, told.append)
    if rows is None:
        return None, [str(problem) for problem in told]
    problems = Problems()
    agents = [AGENT.read(raw, ("agent_configs", i), problems) for i, raw in enumerate(rows.rows)]
    return agents, [str(problem) for problem in (*told, *map(rows.placed, problems.kept))]


def told(text, **reading):
    """
    Return the lines of what is wrong with a text.
    """
    return read(text, **reading)[1]


def test_agents():
    """
    A row is the agent that the same keys in YAML are, and an empty cell is a key left out.
    """
    agents, problems = read(
        "id,opening_balance,credit_limit,policy,target_buffer,liquidity_pool,"
        "liquidity_allocation_fraction\n"
        "A,-5,5,Liquidity_Aware,70,100,0.25\n"
        "B, 7 ,,,,,\n"
    )
    assert problems == []
    assert agents == [
        AgentConfig(
            id="A",
            opening_balance=-5,
            credit_limit=5,
            liquidity_pool=100,
            liquidity_allocation_fraction="0.25",
            policy=LiquidityAware(target_buffer=70),
        ),
        AgentConfig(id="B", opening_balance=7),
    ]


@pytest.mark.parametrize(
    ("cell", "reading", "expected"),
    [
        ("1234.56", {"decimals": 2}, 123_456),
        ("1234", {"decimals": 2}, 123_400),
        ("-0.5", {"decimals": 2}, -50),
        ("1234.500", {"decimals": 1}, 12_345),
        ("12.00", {}, 12),
        ("7.", {}, 7),
        ("1234,56", {"decimals": 2, "decimal_comma": True, "delimiter": ";"}, 123_456),
        ("4000000000000000000", {}, 4 * 10**18),
    ],
)
def test_amounts(cell, reading, expected):
    """
    An amount is read digit by digit with the places that were announced, as those of transactions.
    """
    agents, problems = read(f"id;opening_balance;credit_limit\nA;{cell};50\n", **reading)
    assert problems == []
    assert agents[0].opening_balance == expected
    assert agents[0].credit_limit == 50 * 10 ** reading.get("decimals", 0)


def test_counts():
    """
    Of the parameters of a policy only amounts have decimal places.
    """
    text = "id,balance,policy,min_split_amount,max_splits\nA,1,liquidity_splitting,3,4\n"
    agents, problems = read(text, decimals=2)
    assert problems == []
    assert agents[0].policy == LiquiditySplitting(min_split_amount=300, max_splits=4)


NO_AMOUNT = "must be an amount, digits and at most a decimal point"


@pytest.mark.parametrize(
    ("cell", "reading", "told_of_it"),
    [
        (
            "1.5",
            {},
            "must be in minor units, without decimal places (got '1.5'); decimals says how ",
        ),
        ("1.555", {"decimals": 2}, "must have at most 2 decimal places (got '1.555')"),
        ("1.55", {"decimals": 1}, "must have at most 1 decimal place (got '1.55')"),
        ("1,5", {"decimals": 2}, f"{NO_AMOUNT} (got '1,5'); decimal_comma reads a comma as "),
        ("1,234.50", {"decimals": 2}, f"{NO_AMOUNT} (got '1,234.50'); write it without separators"),
        ("1 000", {}, f"{NO_AMOUNT} (got '1 000'); write it without separators of thousands"),
        ("x", {}, f"{NO_AMOUNT} (got 'x')"),
        ("1e3", {}, f"{NO_AMOUNT} (got '1e3')"),
        ("+1", {}, f"{NO_AMOUNT} (got '+1')"),
        ("\u0661", {}, f"{NO_AMOUNT} (got '\u0661')"),
        ("5" * 20, {}, "must be at most 4000000000000000000 (got '55555555555555555555')"),
        (
            "-0.01",
            {"decimals": 2},
            "must be at least 0, the floor that credit_limit sets (got '-0.",
        ),
    ],
)
def test_bad_amounts(cell, reading, told_of_it):
    """
    An amount that cannot be read is named with line, column and header, and the cell is shown.
    """
    lines = told(
        f"Name;Saldo\nA;{cell}\n", map={"id": "Name", "opening_balance": "Saldo"}, **reading
    )
    assert len(lines) == 1
    assert lines[0].startswith(f"agents.csv:2:3  opening_balance (Saldo)  {told_of_it}")


def test_every_mistake():
    """
    Every mistake of a file is told with its place, in the words of a scenario.
    """
    lines = told(
        "id,opening_balance,credit_limit,policy,target_buffer\n"
        "A,10,x,fifo,\n"
        ",10,,,\n"
        "B,,,greedy,\n"
        "C,1,,fifo,7\n"
        "D,1,,liquidity_aware,1.5\n"
        "E,1\n"
        "F/1,1,-1,,\n"
    )
    assert sorted(lines) == [
        "agents.csv:2:6  credit_limit  must be an amount, digits and at most a decimal point "
        "(got 'x')",
        "agents.csv:3:1  id  is missing",
        "agents.csv:4:3  opening_balance  is missing",
        "agents.csv:4:5  policy  must be fifo, deadline, liquidity_aware, liquidity_splitting or "
        "mock_splitting (got 'greedy')",
        "agents.csv:5:11  target_buffer  fifo has no such parameter; liquidity_aware has",
        "agents.csv:6:22  target_buffer  must be in minor units, without decimal places "
        "(got '1.5'); decimals says how many places amounts have (decimals: 2, --decimals 2)",
        "agents.csv:7:1  must have 5 cells, as the header has (got 2)",
        "agents.csv:8:1  id  must not look like the id of a part, X/1 (got 'F/1')",
        "agents.csv:8:7  credit_limit  must be at least 0 (got '-1')",
    ]


@pytest.mark.parametrize(
    ("text", "mapped", "line"),
    [
        (
            "id,Saldo\n",
            {},
            "agents.csv:1:1  opening_balance  must have a column (got the header 'id', 'Saldo'); "
            "name it in map, or by --map-agent opening_balance=HEADER",
        ),
        (
            "id,Opening balance\n",
            {},
            "agents.csv:1:1  opening_balance  must have a column (got the header 'id', "
            "'Opening balance'); name it in map, or by "
            "--map-agent 'opening_balance=Opening balance'",
        ),
        (
            "id,Saldo\n",
            {"opening_balance": "saldo"},
            "agents.csv:1:1  opening_balance  must have a column 'saldo' "
            "(got the header 'id', 'Saldo'); did you mean Saldo?",
        ),
        (
            "id,balance,credit_limt\n",
            {},
            "agents.csv:1:12  must be a key or nothing like one (got 'credit_limt'); "
            "did you mean credit_limit?",
        ),
        (
            "id,balance,id\n",
            {},
            "agents.csv:1:12  id  must have one column (got 'id' again)",
        ),
        ("", {}, "agents.csv  must begin with a header line, and is empty"),
        ('id,balance\nA,"1\n', {}, "agents.csv:2:1  must close the quotes that begin in this row"),
    ],
)
def test_columns(text, mapped, line):
    """
    Columns that cannot be told are refused once, not in every row, with what to type.
    """
    assert told(text + "A,1,1\n" * 3 if text.endswith("\n") else text, map=mapped) == [line]


def test_other_columns():
    """
    Columns that say nothing of an agent are left out, and named.
    """
    rows = agent_rows(
        "Land,id,balance,Name\nFI,A,1,Aalto\n", "agents.csv", AgentReading(), AGENT, print
    )
    assert rows.rows == [{"id": "A", "balance": 1}]
    assert rows.unused == ("Land", "Name")


def test_shared_and_shadowed_columns():
    """
    One column may give two keys, and a mapped column is not read under its own name as well.
    """
    agents, problems = read(
        "id,balance,credit_limit\nA,5,9\n", map={"opening_balance": "balance", "id": "id"}
    )
    assert problems == []
    assert (agents[0].opening_balance, agents[0].credit_limit) == (5, 9)
    agents, problems = read("id,Geld\nA,5\n", map={"balance": "Geld", "credit_limit": "Geld"})
    assert problems == []
    assert (agents[0].opening_balance, agents[0].credit_limit) == (5, 5)


def test_too_many_agents():
    """
    A file of more agents than a scenario may have is refused as a whole.
    """
    text = "id,balance\n" + "".join(f"A{i},1\n" for i in range(20_001))
    assert told(text) == ["agents.csv  agents  must hold at most 20000 agents (got more)"]
