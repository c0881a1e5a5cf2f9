"""
Agents in a CSV file: what its cells mean, and where an error says it is.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paysim.errors import Problems, ScenarioError
from paysim.files.agents import AgentReading, agent_rows
from paysim.files.transactions import load_transactions
from paysim.records import Record
from paysim.scenario import AgentConfig, LiquidityAware, LiquiditySplitting, Scenario

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
        *(
            (f"{sign}{'7' * digits}{point}", {}, bound)
            for digits in (41, 5000)
            for point in ("", ".0")
            for sign, bound in (
                ("", "must be at most 4000000000000000000 (got '777"),
                ("-", "must be at least"),
            )
        ),
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
            "did you mean credit_limit? --map-agent credit_limit=credit_limt reads it, "
            "--map-agent credit_limit= leaves it out",
        ),
        (
            "id\n",
            {},
            "agents.csv:1:1  opening_balance  must have a column (got the header 'id'); delimiter "
            'says what stands between cells (delimiter: ";")',
        ),
        (
            "\nsep=;\n",
            {},
            "agents.csv:2:1  must begin with its header; take out the line sep=, and say what "
            "stands between cells as delimiter (delimiter: \";\") (got 'sep=;')",
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


def test_wide_header():
    """
    A header of more cells than any table has is refused before its words are looked at.
    """
    wide = ",".join(["id", "balance", *(f"c{i}" for i in range(300_000))])
    line = "agents.csv:2:1  a header must have at most 4096 cells (got 300002)"
    assert told(f"\n{wide}\nA,1\n") == [line]
    assert read(",".join(["id,balance", *["x"] * 4094]) + "\n")[1] == []


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


def scenario(folder, agents):
    """
    Return the agents of a scenario that names a file in a folder, or the lines of its error.
    """
    raw = {"ticks_per_day": 10, "agent_configs": agents}
    try:
        return Scenario.from_dict(raw, folder=folder).agent_configs
    except ScenarioError as error:
        return str(error).replace(str(folder) + os.sep, "").splitlines()


@pytest.fixture
def folder(tmp_path):
    """
    Return a folder with a file of agents and a mapping.
    """
    (tmp_path / "agents.csv").write_text("id,Saldo,limit,credit_limit\nA,1.5,2,3\nB,4,5,6\n")
    (tmp_path / "mapping.yaml").write_text(
        "decimals: 1\nagents: {map: {opening_balance: Saldo}, decimals: 2}\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"mapping": "mapping.yaml"}, (150, 300)),
        ({"mapping": "mapping.yaml", "decimals": 3}, (1_500, 3_000)),
        ({"mapping": "mapping.yaml", "map": {"credit_limit": "limit"}}, (150, 200)),
        ({"mapping": "mapping.yaml", "map": {"credit_limit": None}}, (150, 0)),
        ({"map": {"balance": "Saldo"}, "decimals": 1}, (15, 30)),
    ],
)
def test_settings(said, expected, folder):
    """
    What a scenario says of a file wins over the mapping's part for agents, and that over its top.
    """
    agents = scenario(folder, {"file": "agents.csv"} | said)
    assert [agent.id for agent in agents] == ["A", "B"]
    assert (agents[0].opening_balance, agents[0].credit_limit) == expected


def test_shared_settings(folder):
    """
    How amounts are written counts for agents as well where the mapping says it at its top.
    """
    (folder / "mapping.yaml").write_text("decimals: 1\nagents: {map: {balance: Saldo}}\n")
    agents = scenario(folder, {"file": "agents.csv", "mapping": folder / "mapping.yaml"})
    assert agents[0].opening_balance == 15


@pytest.mark.parametrize(
    ("agents", "mapping", "lines"),
    [
        (
            "none.csv",
            "",
            ["agent_configs  cannot be read: no such file or directory (got 'none.csv')"],
        ),
        ("", "", ["agent_configs.file  must be 1 to 4096 characters (got 0)"]),
        ("a\0b", "", ["agent_configs.file  must be the name of a file (got 'a\\x00b')"]),
        ({"map": {}}, "", ["agent_configs.file  is missing"]),
        (
            {"file": "agents.csv", "decimals": 1.5, "map": {"idd": "id"}, "maping": 1},
            "",
            [
                "agent_configs.maping  unknown key; did you mean mapping?",
                "agent_configs.decimals  must be int (got 1.5)",
            ],
        ),
        (
            {"file": "agents.csv", "map": {"idd": "id", "balance": 7}},
            "",
            [
                "agent_configs.map.balance  must be the header of a column (got 7); put it in "
                "quotes",
            ],
        ),
        (
            {"file": "agents.csv", "mapping": "mapping.yaml"},
            "agents: {map: {idd: id}}\n",
            ["mapping.yaml:1:16  agents.map.idd  unknown key; did you mean id?"],
        ),
        (
            {"file": "agents.csv", "mapping": "mapping.yaml"},
            "agents: [map]\ndecimals: x\n",
            ["mapping.yaml:2:11  decimals  must be int (got 'x')"],
        ),
        (
            {"file": "agents.csv", "mapping": "mapping.yaml"},
            "agents: [map]\n",
            ["mapping.yaml:1:9  agents  must be a mapping (got a list of 1)"],
        ),
    ],
)
def test_bad_settings(agents, mapping, lines, folder):
    """
    A mistake in what is said of a file is told with its place, and the file is not read by guess.
    """
    if mapping:
        (folder / "mapping.yaml").write_text(mapping)
    assert scenario(folder, agents) == lines


def test_two_rows_of_one_agent(folder):
    """
    An id that is given twice is told with the line of the first, and too few agents with the file.
    """
    (folder / "agents.csv").write_text("id,balance\n\nA,1\nB,2\nA,3\n")
    assert scenario(folder, "agents.csv") == [
        "agents.csv:5:1  id  must be unique, and is the id of line 3 (got 'A')"
    ]
    (folder / "agents.csv").write_text("id,balance\nA,1\n")
    line = "agents.csv  agents  must hold at least 2 agents (got 1)"
    assert scenario(folder, "agents.csv") == [line]


def test_no_file_without_a_folder():
    """
    A dict from anybody opens no file.
    """
    with pytest.raises(ScenarioError, match="load_scenario reads files"):
        Scenario.from_dict({"ticks_per_day": 10, "agent_configs": "/etc/passwd"})


@given(st.binary(max_size=60))
def test_any_bytes(content):
    """
    Any bytes at all are agents or an error with its place, and nothing else.
    """
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "agents.csv").write_bytes(b"id,balance,policy\nA,1,fifo\n" + content)
        agents = scenario(directory, "agents.csv")
    assert isinstance(agents, tuple) or all(line.startswith("agents.csv") for line in agents)


@given(
    st.text(st.sampled_from("0123456789.,' _-+e"), min_size=1, max_size=7).map(str.strip),
    st.integers(0, 3),
    st.booleans(),
)
@example("1.230", 2, False)
@example("1,5", 2, False)
@example("1.5", 0, True)
@example("_,0", 0, False)
def test_amounts_are_those_of_transactions(cell, decimals, decimal_comma):
    """
    An amount in a file of agents is what it is in one of transactions, or refused in its words.
    """
    if not cell or cell.startswith("-"):
        return
    reading = {"decimals": decimals, "decimal_comma": decimal_comma, "delimiter": ";"}
    agents, lines = read(f"id;balance\nA;{cell}\n", **reading)
    expected = given_amount(cell, reading)
    if isinstance(expected, int):
        assert (lines, agents[0].opening_balance) == ([], expected)
    elif expected == "must be more than 0":
        assert (lines, agents[0].opening_balance) == ([], 0)
    else:
        assert [line.split("  ")[2].replace(f" (got {cell!r})", "") for line in lines] == [expected]


def given_amount(cell, reading):
    """
    Return the amount of a transaction that a file gives by a cell, or why there is none.
    """
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "payments.csv")
        path.write_text(f"sender_id;receiver_id;amount;arrival_tick\nA;B;{cell};0\n")
        try:
            return load_transactions(path, ticks_per_day=1, **reading).transactions.total_amount
        except ScenarioError as error:
            return str(error).split("  ")[2].replace(f" (got {cell!r})", "")
