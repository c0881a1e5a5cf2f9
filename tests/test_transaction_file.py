"""
Files of transactions: every row is read exactly, or named with its line and column.
"""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import paysim
from paysim import GivenTransactions, Scenario, ScenarioError, Transaction
from paysim.files.transaction_reading import FIELDS
from paysim.loading import loads_scenario

HEADER = "sender_id,receiver_id,amount,arrival_tick\n"
HOURS = {"open": "08:00", "close": "18:00", "tick": "1min"}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """
    Work in a directory of one's own.
    """
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text, name="p.csv", agents=None, **settings):
    """
    Return what a text comes to as a file.
    """
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return paysim.load_transactions(name, agents, **settings)


def refused(text, name="p.csv", agents=None, **settings):
    """
    Return the lines of the error that a text is refused with.
    """
    with pytest.raises(ScenarioError) as caught:
        load(text, name, agents, **settings)
    return str(caught.value).splitlines()


@given(
    st.lists(
        st.builds(
            Transaction,
            sender_id=st.sampled_from(["A", "Ä, B", 'C"', "D D"]),
            receiver_id=st.sampled_from(["E", "F;G", "'", "H"]),
            amount=st.integers(1, 10**12),
            arrival_tick=st.integers(0, 2**31 - 1),
            id=st.none(),
            deadline_tick=st.none() | st.integers(0, 2**32 - 2),
            priority=st.integers(0, 10),
            divisible=st.booleans(),
        ),
        max_size=8,
    ),
    st.permutations(["extra", *FIELDS[1:5], "deadline_tick", "priority", "divisible"]),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
    st.integers(0, 3),
)
def test_any_writing(
    tmp_path_factory, rows, order, delimiter, newline, quoting, encoding, decimals
):
    """
    Whatever a program writes as CSV is read as the rows that it wrote.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerow(order)
    for row in rows:
        amount = str(row.amount).rjust(decimals + 1, "0")
        point = len(amount) - decimals
        cells = {
            "extra": "x",
            "amount": f"{amount[:point]}.{amount[point:]}" if decimals else amount,
            "divisible": str(row.divisible),
            "deadline_tick": "" if row.deadline_tick is None else row.deadline_tick,
        }
        writer.writerow([cells.get(key, getattr(row, key, None)) for key in order])
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    loaded = paysim.load_transactions(path, decimals=decimals)
    assert loaded.transactions == GivenTransactions.from_rows(rows)
    assert loaded.unused == ("extra",)


def test_every_mistake(here):
    """
    Every mistake in a file is told with line, column, key and header, in one error.
    """
    text = (
        "Ref;Debtor;Creditor;Value;Tick;Due;Rank;Cut\r\n"
        "a;A;B;1.00;0;;;\r\n"
        "b;A;X;1.005;99;-1;11;maybe\r\n"
        "a;A;A;0;1.5;;;\r\n"
        "\r\n"
        '"ü;\n";;B;1,00;x;4294967295;;\r\n'
        "d;B;A;;\r\n"
        "e/1;B;A;99999999999999999;0;;;no\r\n"
    )
    map = dict(zip(("id", *FIELDS[1:5], "deadline_tick", "priority", "divisible"),
                   text.split("\r", 1)[0].split(";"), strict=True))  # fmt: skip
    lines = refused(text, agents=["A", "B"], map=map, decimals=2, ticks_per_day=10, num_days=2)
    assert lines == [
        "p.csv:3:5  receiver_id (Creditor)  must be the id of an agent (got 'X')",
        "p.csv:3:7  amount (Value)  must have at most 2 decimal places (got '1.005')",
        "p.csv:3:13  arrival_tick (Tick)  must be before the end of the run, tick 20 (got '99')",
        "p.csv:3:16  deadline_tick (Due)  must be at least 0 (got '-1')",
        "p.csv:3:19  priority (Rank)  must be at most 10 (got '11')",
        "p.csv:3:22  divisible (Cut)  must be true or false (got 'maybe')",
        "p.csv:4:1  id (Ref)  must be unique, and is the id of line 2 (got 'a')",
        "p.csv:4:5  receiver_id (Creditor)  must not be the sender (got 'A')",
        "p.csv:4:7  amount (Value)  must be more than 0 (got '0')",
        "p.csv:4:9  arrival_tick (Tick)  must be int (got '1.5')",
        "p.csv:6:1  id (Ref)  must consist of printable characters (got 'ü;\\n')",
        "p.csv:7:3  sender_id (Debtor)  is missing",
        "p.csv:7:6  amount (Value)  must be an amount, digits and at most a decimal point "
        "(got '1,00'); decimal_comma reads a comma as the decimal point (decimal_comma: true, "
        "--decimal-comma)",
        "p.csv:7:11  arrival_tick (Tick)  must be int (got 'x')",
        "p.csv:7:13  deadline_tick (Due)  must be at most 4294967294 (got '4294967295')",
        "p.csv:8:1  must have 8 cells, as the header has (got 5)",
        "p.csv:9:1  id (Ref)  must not look like the id of a part, X/1 (got 'e/1')",
        "p.csv:9:9  amount (Value)  must be at most 4000000000000000000 minor units "
        "(got '99999999999999999')",
        "p.csv:9:31  divisible (Cut)  must be true or false (got 'no')",
    ]


def test_many_mistakes(here):
    """
    The first hundred mistakes are told and the others counted, up to a bound.
    """
    lines = refused(HEADER + "A,B,0,0\n" * 150)
    assert (len(lines), lines[99][:10], lines[100]) == (101, "p.csv:101:", "... and 50 more")
    lines = refused(HEADER + "A,B,0,0\n" * 20_000)
    assert lines[100] == "... and at least 9900 more"


def test_mistakes_everywhere(here):
    """
    Mistakes in the scenario and in the file that it names come in one error, and nothing runs.
    """
    Path("p.csv").write_text(HEADER + "A,B,1,0\nB,C,1,99\n")
    Path("s.yaml").write_text(
        "ticks_per_day: 10\nnum_days: 1\ntransactions: p.csv\nsurplus: 1\n"
        "agent_configs: [{id: A, opening_balance: 1}, {id: B, opening_balance: 1}]\n"
    )
    with pytest.raises(ScenarioError) as caught:
        paysim.load_scenario("s.yaml")
    assert str(caught.value).splitlines() == [
        "s.yaml:4:1  surplus  unknown key; the keys here are ticks_per_day, agent_configs, nu"
        "m_days, rng_seed, cost_rates, lsm_config, rules, transactions, scenario_events",
        "p.csv:3:3  receiver_id  must be the id of an agent (got 'C')",
        "p.csv:3:7  arrival_tick  must be before the end of the run, tick 10 (got '99')",
    ]


@pytest.mark.parametrize(
    ("text", "settings", "line"),
    [
        (
            "a,b\n",
            {},
            "p.csv:1:1  sender_id  must have a column (got the header 'a', 'b'); name it in "
            "map, or by --map sender_id=HEADER",
        ),
        (
            "\n\nSender_ID,receiver_id,amount,arrival_tick\n",
            {},
            "p.csv:3:1  sender_id  must have a column (got the header 'Sender_ID', "
            "'receiver_id', 'amount', 'arrival_tick'); name it in map, or by --map "
            "sender_id=Sender_ID",
        ),
        (
            HEADER,
            {"map": {"amount": "Betrag"}},
            "p.csv:1:1  amount  must have a column 'Betrag' (got the header 'sender_id', "
            "'receiver_id', 'amount', 'arrival_tick')",
        ),
        (
            "sender_id,receiver_id,amount,arrival_tick,amount\n",
            {},
            "p.csv:1:43  amount  must have one column (got 'amount' again)",
        ),
        (
            HEADER[:-1] + ",arrival_time\n",
            {},
            "p.csv:1:43  arrival_time  must not have a column beside that of arrival_tick; "
            "map the one that counts (--map arrival_time=arrival_time)",
        ),
        (
            HEADER,
            {"open": "08:00", "close": "18:00", "tick": "1min"},
            "open  is for arrival_time, and the file has arrival_tick",
        ),
        (
            HEADER.replace("tick", "time"),
            {},
            "p.csv:1:1  open, close and tick  are needed to make ticks of arrival_time (got "
            "none); for example open: 08:00, close: 18:00, tick: 1min (--open, --close, "
            "--tick)",
        ),
        (
            HEADER.replace("tick", "time"),
            {"open": "08:00"},
            "close  is missing beside the others of open, close, tick",
        ),
        (
            HEADER.replace("tick", "time"),
            HOURS | {"tick": "7min"},
            "tick  must divide the opening hours into whole ticks (got '7min')",
        ),
        (
            HEADER.replace("tick", "time"),
            HOURS | {"tick": "1ms"},
            "tick  must make at most 1000000 ticks of a day (got 36000000)",
        ),
        (
            HEADER.replace("tick", "time"),
            HOURS | {"ticks_per_day": 601},
            "ticks_per_day  must be 600, the ticks of 1min that open and close hold (got 601)",
        ),
        (
            HEADER,
            HOURS | {"open": "8 Uhr"},
            "open  must be a time of the day like 08:00 or 08:00:00 (got '8 Uhr')",
        ),
        (
            HEADER,
            HOURS | {"close": "24:01"},
            "close  must be a time of the day like 08:00 or 08:00:00 (got '24:01')",
        ),
        (HEADER, {"tick": "0s"}, "tick  must be a length like 1min, 30s, 500ms or 1h (got '0s')"),
        (HEADER, {"map": {"sender": "A"}}, "map.sender  unknown key; did you mean sender_id?"),
        (HEADER, {"decimal": 2}, "decimal  unknown key; did you mean decimals?"),
        (
            HEADER,
            {"mapping": "m.yaml"},
            "mapping  cannot be read: no such file or directory (got 'm.yaml')",
        ),
        (HEADER, {"delimiter": "#"}, "delimiter  must be ',', ';', '\\t' or '|' (got '#')"),
        (
            "sender_id:amount\n",
            {},
            "p.csv  must have a header of several columns; delimiter says what stands between "
            'cells (delimiter: ";", --delimiter ";") (got \'sender_id:amount\')',
        ),
        (
            HEADER.replace(",", ";"),
            {"delimiter": ","},
            "p.csv  must have a header of several columns; delimiter says what stands between "
            'cells (delimiter: ";", --delimiter ";") (got '
            "'sender_id;receiver_id;amount;arrival_tick')",
        ),
        (
            "sep=;\n" + HEADER,
            {},
            "p.csv  must begin with its header; take out the line sep=, delimiter says what "
            'stands between cells (delimiter: ";", --delimiter ";") (got \'sep=;\')',
        ),
        ("", {}, "p.csv  must be CSV in UTF-8 with a header (got an empty file)"),
        (b"\xff\xfea\0", {}, "p.csv  must be CSV in UTF-8 with a header (got UTF-16)"),
        (b"\x1f\x8b\x08\0", {}, "p.csv  must be CSV in UTF-8 with a header (got a gzip file)"),
        (b"s\xe4nder,b\n", {}, "p.csv  must be CSV in UTF-8 (got another encoding in the header)"),
        (
            HEADER.encode() + b"M\xfcller,B,1,0\n",
            {},
            "p.csv:2:1  sender_id  must be UTF-8 (got byte 0xfc); save the file with the "
            "encoding UTF-8",
        ),
        (
            HEADER + 'A,B,1,0\n"A,B,1,0\n' + "A,B,1,0\n" * 10_000,
            {},
            "p.csv:3:1  must have at most 65536 bytes and 4096 cells (got more: is a quote "
            "left open?)",
        ),
        (
            HEADER + 'A,B,1,0\n\nA,B,1,"0\n' + "A,B,1,0\n" * 100,
            {},
            "p.csv:4:1  must close the quotes that begin in this row",
        ),
        (
            HEADER + 'A,B,1,"0\n' + "A,B,1,0\n" * 9 + 'A,B,1,"0"\nA,B,1,0\n',
            {},
            "p.csv:2:1  must have quotes around a whole cell, and double those within it (got many "
            "lines: is a quote left open?)",
        ),
        (
            HEADER.replace("amount", '"amount') + "A,B,1,0\n",
            {},
            "p.csv  must close the quotes that begin in the header",
        ),
        (
            HEADER.encode("utf-16-le"),
            {},
            "p.csv  must be CSV in UTF-8 (got NUL bytes in the header, as UTF-16 has)",
        ),
        (
            HEADER + "A" * 2000 + ",B,1,0\n",
            {},
            "p.csv:2:1  sender_id  must be 1 to 128 characters (got '" + "A" * 60 + "'...)",
        ),
    ],
)
def test_refusals(here, text, settings, line):
    """
    What cannot be read is refused with the place, what it would have to be, and what to type.
    """
    assert line in refused(text, **settings)


def test_unreadable(here):
    """
    What is no file is refused, whatever it is called.
    """
    for name in ("pipe", "pipe.parquet"):
        os.mkfifo(name)
    for name, text in [
        ("none.csv", "none.csv  cannot be read: no such file or directory"),
        ("none.parquet", "none.parquet  cannot be read: no such file or directory"),
        (".", ".  must be a file (got a directory)"),
        ("pipe", "pipe  must be a file (got a device or pipe)"),
        ("pipe.parquet", "pipe.parquet  must be a file (got a device or pipe)"),
        ("/dev/zero", "/dev/zero  must be a file (got a device or pipe)"),
        ("a\0b", "file  must be the name of a file (got 'a\\x00b')"),
    ]:
        with pytest.raises(ScenarioError) as caught:
            paysim.load_transactions(name)
        assert str(caught.value) == text
    with pytest.raises(ScenarioError, match="path must be text or os"):
        paysim.load_transactions(1)


@pytest.mark.parametrize(
    "raw", ["p.csv", {"file": "p.csv"}, Path("p.csv"), {"file": "/etc/passwd"}, "/dev/zero"]
)
def test_no_folder_no_file(here, raw):
    """
    A scenario that does not come from a file opens none, whatever it names.
    """
    Path("p.csv").write_text(HEADER)
    agents = [{"id": id, "opening_balance": 1} for id in "AB"]
    for key in ("transactions", "agent_configs"):
        whole = {"ticks_per_day": 10, "agent_configs": agents} | {key: raw}
        with pytest.raises(ScenarioError, match="load_scenario reads files"):
            Scenario.from_dict(whole)
    with pytest.raises(ScenarioError, match="<text>:2:15  transactions  must be a list"):
        loads_scenario("ticks_per_day: 10\ntransactions: p.csv\n")


def test_beside_the_scenario(here):
    """
    Files are looked for beside the file that names them, not in the working directory.
    """
    (here / "data").mkdir()
    (here / "data" / "p.csv").write_text("Debtor,receiver_id,amount,arrival_tick\nA,B,1.5,12\n")
    (here / "data" / "m.yaml").write_text("map: {sender_id: Debtor}\ndecimals: 1\n")
    (here / "data" / "s.yaml").write_text(
        "ticks_per_day: 10\ntransactions: {file: p.csv, mapping: m.yaml}\n"
        "agent_configs: [{id: A, opening_balance: 1}, {id: B, opening_balance: 1}]\n"
    )
    scenario = paysim.load_scenario("data/s.yaml")
    assert scenario.transactions == GivenTransactions.from_rows([Transaction("A", "B", 15, 12)])
    assert scenario.num_days == 2
    assert scenario.source.path == str(Path("data", "p.csv"))


def test_mapping_file(here):
    """
    A mapping file says how to read; what is said beside the file's name wins, key by key.
    """
    Path("m.yaml").write_text("map: {sender_id: Payer, amount: Betrag}\ndecimals: 2\n")
    text = "Payer,Payee,Betrag,Value,arrival_tick\nA,B,1.00,2.5,0\n"
    map = {"receiver_id": "Payee"}
    first = load(text, mapping="m.yaml", map=map)
    second = load(text, mapping="m.yaml", map=map | {"amount": "Value"}, decimals=1)
    sums = [loaded.transactions.total_amount for loaded in (first, second)]
    assert (sums, first.unused) == ([100, 25], ("Value",))


def test_mapping_mistakes(here):
    """
    Mistakes in a mapping file have their place in it.
    """
    Path("m.yaml").write_text("decimals: 1.5\nmap: {sender: A}\nopen: 8\ndecimals: 2\n")
    assert refused(HEADER, mapping="m.yaml") == [
        "m.yaml:1:11  decimals  must be int (got 1.5)",
        "m.yaml:2:7  map.sender  unknown key; did you mean sender_id?",
        "m.yaml:3:7  open  must be a time of the day like 08:00 or 08:00:00 (got 8)",
        "m.yaml:4:1  decimals  key is given twice",
    ]


def test_no_mapping_file(here):
    """
    A mapping file that holds nothing, or is none, is refused by its name.
    """
    os.mkfifo("pipe")
    Path("m.yaml").write_text("# nothing\n")
    assert refused("", mapping="m.yaml") == ["m.yaml:1:1  must hold a mapping, and is empty"]
    assert refused("", mapping="pipe") == ["pipe  cannot be read: it is not a file"]


def test_column_of_nothing(here):
    """
    A key that map gives nothing has no column, even if one is called so.
    """
    text = HEADER[:-1] + ",priority,id\nA,B,1,0,9,x\nA,B,1,0,99,x\n"
    loaded = load(text, map={"priority": None, "id": None})
    assert set(loaded.transactions.table().column("priority")) == {5}
    assert loaded.unused == ("priority", "id")


@pytest.mark.parametrize(
    ("amount", "settings", "expected"),
    [
        ("1234.56", {"decimals": 2}, 123456),
        ("1234", {"decimals": 2}, 123400),
        (" 1234.5 ", {"decimals": 2}, 123450),
        ("0.000000001", {"decimals": 9}, 1),
        ("92233720368.54775807", {"decimals": 8}, None),
        ("4000000000000000000", {}, 4 * 10**18),
        ('"1234,56"', {"decimals": 2, "decimal_comma": True}, 123456),
        ("100.00", {}, 100),
        ("0.1", {"decimals": 1}, 1),
        ("1e3", {}, None),
        ("١٢", {}, None),
    ],
)
def test_amounts(here, amount, settings, expected):
    """
    Amounts are read digit by digit, exactly, or not at all.
    """
    text = HEADER + f"A,B,{amount},0\n"
    if expected is None:
        assert refused(text, **settings)[0].startswith("p.csv:2:5  amount  must")
    else:
        assert load(text, **settings).transactions.total_amount == expected


def test_end_to_end(here):
    """
    Rows of a file arrive and settle as the same rows in a list do.
    """
    Path("p.csv").write_text(HEADER + "A,B,5,3\nB,A,7,13\n")
    agents = [{"id": id, "opening_balance": 10} for id in "AB"]
    raw = {"ticks_per_day": 10, "num_days": 2, "agent_configs": agents}
    rows = [dict(zip(HEADER[:-1].split(","), row, strict=True)) for row in
            (("A", "B", 5, 3), ("B", "A", 7, 13))]  # fmt: skip
    read = Scenario.from_dict(raw | {"transactions": "p.csv"}, folder=here)
    listed = Scenario.from_dict(raw | {"transactions": rows})
    assert read == listed
    assert read.digest() == listed.digest()
    tables = [paysim.run(scenario).transactions.to_dicts() for scenario in (read, listed)]
    assert tables[0] == tables[1]
    assert [row["settled_tick"] for row in tables[0]] == [3, 13]


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Priority", "priority"),
        ("PRIORITY ", "priority"),
        ("priorty", "priority"),
        ("deadline_tim", "deadline_time"),
        ("Deadline Tick", "deadline_tick"),
        ("Divisible", "divisible"),
        ("ID", "id"),
    ],
)
def test_near_misses(here, header, key):
    """
    A header that is almost a key would be missed in silence: it is an error, with what to type.
    """
    text = HEADER[:-1] + f",{header}\nA,B,1,0,1\n"
    header = header.strip()
    pair = f"{key}={header}"
    pair = f"'{pair}'" if " " in pair else pair
    told = f"must be a key or nothing like one (got {header!r}); did you mean {key}? "
    assert refused(text) == [f"p.csv:1:43  {told}--map {pair} reads it, --map {key}= leaves it out"]
    assert load(text, map={key: None}).unused == (header,)
    if key in ("priority", "divisible", "id"):
        assert load(text, map={key: header}).unused == ()


@pytest.mark.parametrize("header", ["", "Prio", "Due", "UID", "arrival_date", "sender", "Amount"])
def test_other_columns(here, header):
    """
    A header that is like no key, or like one that has its column, is left out and named.
    """
    assert load(HEADER[:-1] + f",{header}\nA,B,1,0,1\n").unused == (header,)


def test_a_deadline_date_needs_its_time(here):
    """
    A date of deadlines alone is not left out in silence.
    """
    lines = refused(HEADER[:-1] + ",deadline_date\nA,B,1,0,2026-11-20\n")
    assert lines[0].startswith("p.csv:1:1  deadline_time  must have a column (got the header ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"num_days": "2"}, "num_days  must be int (got '2'); write it as a plain number, "),
        ({"num_days": 2.0}, "num_days  must be int (got 2.0)"),
        ({"num_days": True}, "num_days  must be int (got True)"),
        ({"num_days": -1}, "num_days  must be at least 1 (got -1)"),
        ({"num_days": 0}, "num_days  must be at least 1 (got 0)"),
        ({"num_days": 2**70}, "num_days  must be at most 2147483648 (got 1180591620717411303424)"),
        ({"num_days": 2**31, "ticks_per_day": 2}, "num_days  times ticks_per_day must be at most "),
        ({"ticks_per_day": 600.0}, "ticks_per_day  must be int (got 600.0)"),
        ({"ticks_per_day": 2**70}, "ticks_per_day  must be at most 1000000 (got 118059162071741"),
        ({"agents": 5}, "agents  must be a list of ids (got 5)"),
        ({"agents": "A"}, "agents  must be a list of ids (got 'A')"),
        ({"agents": [1]}, "agents[0]  must be text (got 1); put it in quotes"),
    ],
)
def test_bad_arguments(here, arguments, told):
    """
    An argument that cannot be used is one line of one error.
    """
    (line,) = refused(HEADER + "A,B,1,0\n", **arguments)
    assert line.startswith(told)


def test_blanks(here):
    """
    Blanks around a cell do not count, whatever it holds.
    """
    rows = "A,B,1,0,7,true\n"
    header = HEADER[:-1] + ",priority,divisible\n"
    expected = load(header + rows, agents=["A", "B"]).transactions
    assert load(header + " A\t, B ,1 , 0,\t7, true \n", agents=["A", "B"]).transactions == expected
    with pytest.raises(ScenarioError, match="sender_id  must not begin or end with a blank"):
        Transaction(sender_id=" A", receiver_id="B", amount=1, arrival_tick=0)


@pytest.mark.parametrize(
    ("cell", "settings", "told"),
    [
        ("95000,50", {}, "decimal point (got '95000,50'); decimal_comma reads a comma as the "
         "decimal point, and decimals says how many places amounts have (decimal_comma: true, "
         "decimals: 2; --decimal-comma, --decimals 2)"),
        ("95000,50", {"decimals": 1}, "decimal point (got '95000,50'); decimal_comma reads a "),
        ("95,000", {}, "decimal point (got '95,000'); write it without separators of thousands"),
        ("95000.50", {"decimals": 2, "decimal_comma": True},
         "decimal comma (got '95000.50'); it has a point, and decimal_comma is on"),
    ],
)  # fmt: skip
def test_decimal_marks(here, cell, settings, told):
    """
    A mark that is not the decimal mark is told apart from a separator of thousands.
    """
    (line,) = refused(HEADER.replace(",", ";") + f"A;B;{cell};0\n", **settings)
    assert line.startswith("p.csv:2:5  amount  must be an amount, digits and at most a " + told)


def test_unknown_files_are_told_where_they_are_named(here):
    """
    A file that is not there is a mistake in the line of the scenario that names it.
    """
    Path("a.csv").write_text("id,balance\nA,1\nB,1\n")
    Path("p.csv").write_text(HEADER + "A,B,1,0\n")
    said = "  cannot be read: no such file or directory (got "
    for transactions, agents, told in (
        ("nope.csv", "a.csv", f"s.yaml:2:15  transactions{said}'nope.csv')"),
        ("{file: nope.csv}", "a.csv", f"s.yaml:2:22  transactions.file{said}'nope.csv')"),
        ("{file: p.csv, mapping: nope.yaml}", "a.csv",
         f"s.yaml:2:38  transactions.mapping{said}'nope.yaml')"),
        ("p.csv", "nope.csv", f"s.yaml:3:16  agent_configs{said}'nope.csv')"),
        ("p.csv", "{file: a.csv, mapping: no.yaml}",
         f"s.yaml:3:39  agent_configs.mapping{said}'no.yaml')"),
    ):  # fmt: skip
        Path("s.yaml").write_text(
            f"ticks_per_day: 10\ntransactions: {transactions}\nagent_configs: {agents}\n"
        )
        with pytest.raises(ScenarioError) as caught:
            paysim.load_scenario("s.yaml")
        assert str(caught.value) == told
