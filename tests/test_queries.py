"""
SQL over runs: views, names, exact figures, what a query cannot reach, and the command line.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from decimal import Decimal

import polars
import pytest
from record import ROOT

import paysim
from paysim.cli import main
from paysim.queries import views
from paysim.queries.engine import LOCKS
from paysim.queries.views import VIEWS, views_in
from paysim.results import TABLES
from paysim.testing import payment, tiny_scenario

BUSY_DAY = paysim.load_scenario(ROOT / "scenarios" / "busy_day.yaml")
HOSTILE = ["O'Hara\"; drop view ticks; --", "</script><script>alert(1)</script>", "%s{0}\\"]
LARGEST = 4 * 10**18
ENDLESS = "select max(a.range * b.range) from range(10000000) a, range(10000000) b"


@pytest.fixture(scope="module")
def busy():
    return paysim.run(BUSY_DAY)


@pytest.fixture(scope="module")
def directory(busy, tmp_path_factory):
    """
    Return a run directory of the busy day.
    """
    folder = tmp_path_factory.mktemp("runs") / "busy"
    busy.write(folder)
    return folder


def hostile():
    """
    Return the results of a run whose agents and transactions have ids that look like other things.
    """
    agents = [{"id": id, "opening_balance": 100} for id in HOSTILE]
    sent = payment(HOSTILE[0], HOSTILE[1], 10)
    rows = [sent | {"id": id} for id in HOSTILE]
    return paysim.run(tiny_scenario(agent_configs=agents, transactions=rows))


@pytest.mark.parametrize("name", TABLES)
def test_views(busy, name):
    """
    Every table is a view of its own name, with the run first, and the same rows.
    """
    table = getattr(busy, name)
    answer = paysim.query(busy, f"select * from {name}")
    assert answer.columns == ("run", *table.column_names)
    assert len(answer) == len(table)
    columns = list(zip(*answer.rows(), strict=True))
    for column, values in zip(answer.columns[1:], columns[1:], strict=True):
        expected = table.column(column)
        if any(isinstance(value, Decimal) for value in values):
            expected = [None if value is None else Decimal(value) for value in expected]
        assert list(values) == expected


def test_runs(busy, directory):
    """
    The view of runs tells what each run is.
    """
    rows = paysim.query({"a": busy, "b": directory}, "select * from runs order by run").to_dicts()
    about = {
        "seed": 3,
        "ticks": 600,
        "ticks_per_day": 600,
        "scenario_sha256": BUSY_DAY.digest(),
        "version": paysim.__version__,
    }
    assert rows == [
        {"run": "a", "path": None} | about,
        {"run": "b", "path": str(directory)} | about,
    ]


def test_only_what_is_named(busy, monkeypatch):
    """
    A query makes the tables that its text names and no other.
    """
    made = []
    whole = views.add_view
    monkeypatch.setattr("paysim.queries.engine.add_view", lambda *a: made.append(a[1]) or whole(*a))
    paysim.query(busy, 'with x as (select tick from "Ticks") select * from x, (FROM days)')
    assert sorted(made) == ["days", "ticks"]
    assert views_in("select 1") == []
    assert views_in("select * from information_schema.tables") == list(VIEWS)


@pytest.mark.parametrize("sql", ["show tables", "SHOW ALL TABLES;", " describe "])
def test_listing(busy, sql):
    """
    Whoever asks what there is gets the names of the views and nothing else.
    """
    assert paysim.query(busy, sql).rows() == [(name,) for name in VIEWS]


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/out"], ["out"]),
        (["a/out", "b/out"], ["a/out", "b/out"]),
        (["a/out", "b/out", "c/other"], ["a/out", "b/out", "other"]),
        (["x/a/out", "y/a/out", "x/b/out"], ["x/a/out", "y/a/out", "x/b/out"]),
        (['it\'s; "mine"'], ['it\'s; "mine"']),
    ],
)
def test_names(directory, tmp_path, paths, names):
    """
    A run has the name of its directory, with as much of its path as tells it from others.
    """
    for path in paths:
        shutil.copytree(directory, tmp_path / path)
    found = paysim.query([tmp_path / path for path in paths], "select run from runs").rows()
    if paths[0].startswith("x/a"):
        names[2] = "b/out"
    assert [row[0] for row in found] == names


def test_names_of_results(busy):
    """
    Results are named by their place, and a mapping gives names of its own.
    """
    sql = "select run, count(*) from ticks group by run order by run"
    assert paysim.query([busy, busy], sql).rows() == [("run_1", 600), ("run_2", 600)]
    given = {name: busy for name in HOSTILE}
    assert paysim.query(given, sql).rows() == [(name, 600) for name in sorted(HOSTILE)]


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        (3, "runs must be results, run directories, a list of them"),
        ([None], "runs must be results, run directories, a list of them"),
        ({"a": 1.5}, "runs must be results, run directories, a list of them"),
        ({1: "a"}, "the name of a run must be printable text"),
        ({"": "a"}, "the name of a run must be printable text"),
        ({"a\0": "a"}, "the name of a run must be printable text"),
        ([], "runs must name at least one run"),
        ({}, "runs must name at least one run"),
        ("no/such/directory", "must be a run directory"),
        (__file__, "must be a run directory"),
    ],
)
@pytest.mark.parametrize("sql", ["select 1", "select * from ticks"])
def test_bad_runs(runs, told, sql):
    """
    What is no run is refused, whether the query looks at it or not.
    """
    with pytest.raises(paysim.ScenarioError, match=told):
        paysim.query(runs, sql)


def test_the_same_directory_twice(directory):
    """
    A directory that is given twice is refused, as its rows could not be told apart.
    """
    with pytest.raises(paysim.ScenarioError, match="is given twice"):
        paysim.query([directory, str(directory)], "select 1")


def test_hostile_ids():
    """
    Ids that look like SQL, markup or formats are data like any other.
    """
    answer = paysim.query({"'; drop": hostile()}, "select * from transactions order by 2")
    assert sorted(row["transaction_id"] for row in answer.to_dicts()) == sorted(HOSTILE)
    one = "select count(*) from transactions where transaction_id = '{}'"
    for id in HOSTILE:
        quoted = id.replace("'", "''")
        assert paysim.query(hostile(), one.format(quoted)).rows() == [(1,)]


@pytest.mark.parametrize("ticks", [0, 1, 10])
def test_empty_runs(ticks):
    """
    A run without a tick or without a transaction has views with their columns and no rows.
    """
    simulation = paysim.Simulation(tiny_scenario(transactions=[]))
    simulation.run(until=ticks)
    results = simulation.results()
    for name in TABLES:
        answer = paysim.query([results, results], f"select * from {name}")
        assert len(answer) == 2 * len(getattr(results, name))
        assert answer.columns == ("run", *getattr(results, name).column_names)
    assert paysim.query(results, "select ticks from runs").rows() == [(ticks,)]
    empty = paysim.query(results, "select transaction_id, amount from transactions")
    assert str(empty) == "transaction_id  amount\n--------------  ------\nno rows"
    assert polars.DataFrame(empty).shape == (0, 2)


def test_large_amounts():
    """
    Amounts near the bound, and their sums over runs beyond 64 bits, are exact.
    """
    rows = [payment("BANK_A", "BANK_B", LARGEST - 1), payment("BANK_A", "BANK_B", 1)]
    results = paysim.run(tiny_scenario(transactions=rows))
    sql = "select max(amount) as largest, sum(amount) as value from transactions"
    answer = paysim.query([results] * 5, sql)
    assert answer.rows() == [(LARGEST - 1, 5 * LARGEST)]
    assert str(5 * LARGEST) in str(answer)
    assert polars.DataFrame(answer).row(0) == (LARGEST - 1, 5 * LARGEST)


def test_exact_costs(busy):
    """
    The costs add up to the total of the run, to the last digit.
    """
    ((total, parts),) = paysim.query(
        busy, "select (select sum(cost) from days), (select sum(cost) from costs)"
    )
    assert total == parts == Decimal(busy.totals()["total_cost"])
    rows = json.loads(_text(paysim.query(busy, "select sum(cost) as cost from days"), "json"))
    assert rows == [{"cost": busy.totals()["total_cost"]}]


def test_seeds_are_exact():
    """
    The largest seed is told as it is.
    """
    results = paysim.run(tiny_scenario(transactions=[]), seed=2**64 - 1)
    assert paysim.query(results, "select seed from runs").rows() == [(2**64 - 1,)]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("", "sql must be one statement .got an empty text."),
        ("-- nothing", "sql must be one statement .got an empty text."),
        ("select 1; select 2", "sql must be one statement .got 2 statements."),
        ("selekt 1", "the SQL cannot be run: .*syntax error"),
        ("select nope from ticks", "the SQL cannot be run: .*nope"),
        ("select * from tikcs", "names 'tikcs'.*did you mean ticks.\nthe views are runs, events"),
        ("select * from zzz", "names 'zzz', and there is no such view\nthe views are runs, events"),
        ("select 1 / 'x'", "the SQL cannot be run: "),
        ("select \ud800", "sql must be text that can be written"),
        (b"select 1", "sql must be text"),
        (None, "sql must be text"),
    ],
)
def test_bad_sql(busy, sql, told):
    """
    What is wrong with a query is told in one text.
    """
    with pytest.raises(paysim.ScenarioError, match=told):
        paysim.query(busy, sql)


FILE = "tests/record.py"


@pytest.mark.parametrize(
    "sql",
    [
        f"select * from '{FILE}'",
        f"select * from read_csv('{FILE}')",
        f"select * from read_text('{FILE}')",
        "select * from read_text('https://localhost/x')",
        "select * from glob('*')",
        "select * from BUSY_DAY",
        "select * from frame",
        "select getenv('HOME')",
        "copy ticks to 'stolen.csv'",
        "copy (select * from ticks) to 'stolen.parquet'",
        "export database 'stolen'",
        "attach 'stolen.db'",
        "install httpfs",
        "load httpfs",
        "create table x as select 1",
        "drop view ticks",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "reset enable_external_access",
        "pragma enable_profiling",
        "call pragma_version()",
        "explain analyze copy (select 1) to 'stolen.csv'",
        "begin",
        "prepare x as select 1",
    ],
)
def test_locked(busy, sql, tmp_path, monkeypatch):
    """
    A query reads no file and no variable, reaches no network, and changes nothing.
    """
    (tmp_path / "tests").mkdir()
    (tmp_path / FILE).write_text("a\n1\n")
    monkeypatch.chdir(tmp_path)
    frame = polars.DataFrame({"a": [1]})
    with pytest.raises(paysim.ScenarioError):
        paysim.query(busy, sql)
    assert frame.height == 1
    assert [path.name for path in tmp_path.iterdir()] == ["tests"]


def test_no_spill(busy):
    """
    A query has nowhere to put what does not fit into memory.
    """
    sql = "select current_setting('temp_directory'), current_setting('enable_external_access')"
    assert paysim.query(busy, sql).rows() == [("", False)]
    assert LOCKS["lock_configuration"] == "true"


def test_arrow(busy):
    """
    An answer goes into data frames as columns, as often as it is asked for, and outlives what asks.
    """
    answer = paysim.query(busy, "select transaction_id, amount, delay_cost from transactions")
    expected = polars.DataFrame(busy.transactions).select(answer.columns)
    for _ in range(2):
        assert polars.DataFrame(answer).equals(expected)
    stream = answer.__arrow_c_stream__()
    assert len(answer.rows(5)) == 5
    del answer

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            return stream

    assert polars.DataFrame(Stream()).equals(expected)


def test_without_other_libraries():
    """
    A query and its answer as rows and text need DuckDB and no other library, and no other is
    loaded.
    """
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('pyarrow', 'pandas', 'polars', 'numpy')))\n"
        "import paysim; from paysim.testing import payment, tiny_scenario\n"
        "results = paysim.run(tiny_scenario(transactions=[payment('BANK_A', 'BANK_B', 5)]))\n"
        "answer = paysim.query(results, 'select amount, is_overdue from transactions')\n"
        "print(answer)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "amount  is_overdue\n------  ----------\n     5  false\n"
    assert done.stderr == ""


def test_missing_libraries(busy, monkeypatch, tmp_path):
    """
    Without DuckDB, or without Polars for Parquet, the error names the extra.
    """
    answer = paysim.query(busy, "select 1")
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(paysim.PaysimError, match=r'pip install "paysim\[tables\]"'):
        answer.write(tmp_path / "answer.parquet")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(paysim.PaysimError, match=r'DuckDB.*pip install "paysim\[tables\]"'):
        paysim.query(busy, "select 1")


def test_older_duckdb(busy, monkeypatch):
    """
    Where DuckDB cannot read a table in place it is given a copy, with the same answers.
    """
    import duckdb

    class Older:
        def __init__(self, connection):
            self.connection = connection

        def register(self, name, table):
            if name != "stream":
                raise duckdb.InvalidInputException("pyarrow is missing")
            self.connection.register(name, table)

        def __getattr__(self, name):
            return getattr(self.connection, name)

    connect = duckdb.connect
    sql = "select run, count(*), sum(delay_cost) from transactions group by run order by run"
    expected = paysim.query([busy, busy], sql).rows()
    monkeypatch.setattr(duckdb, "connect", lambda *a, **k: Older(connect(*a, **k)))
    assert paysim.query([busy, busy], sql).rows() == expected


def test_text(busy):
    """
    The text is aligned, shows the first rows, and says how many more there are.
    """
    answer = paysim.query(
        busy, "select tick, 'x' as word, tick / 4 as quarter from ticks order by 1"
    )
    assert str(answer).splitlines()[:4] == [
        "tick  word  quarter",
        "----  ----  -------",
        "   0  x           0",
        "   1  x        0.25",
    ]
    assert str(answer).splitlines()[-1] == "... and 560 more rows"
    assert answer.text(599).splitlines()[-1] == "... and 1 more row"
    assert len(answer.text(None).splitlines()) == 602
    assert repr(answer) == "<QueryResult of 600 rows, 3 columns>"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("chr(27) || '[2J'", r"\x1b[2J"),
        ("'a' || chr(10) || 'b'", r"a\nb"),
        ("null", "null"),
        ("true", "true"),
        ("1.50::decimal(38, 19)", "1.5"),
        ("-0.0000000000000000001::decimal(38, 19)", "-0.0000000000000000001"),
        ("100::decimal(38, 19)", "100"),
        ("1e300", "1e+300"),
        ("'nan'::double", "nan"),
        ("repeat('x', 200)", "x" * 77 + "..."),
        ("[1, 2]", "[1, 2]"),
        ("date '2026-01-31'", "2026-01-31"),
    ],
)
def test_cells(busy, value, shown):
    """
    A cell is one line of printable characters, whatever is in it.
    """
    assert str(paysim.query(busy, f"select {value} as x")).splitlines()[2].strip() == shown


def _text(answer, format):
    from paysim.queries.output import LINES

    return "".join(LINES[format](answer))


SAMPLE = """
select * from (values
  (1, 'a,"b', 0.1::decimal(38, 19), true, 1.5::double),
  (null, null, null, null, 'inf'::double)) as t(number, word, cost, flag, real)
"""


def test_formats(busy):
    """
    CSV, JSON and JSON lines hold every value, with null as an empty cell or null.
    """
    answer = paysim.query(busy, SAMPLE)
    cells = list(csv.reader(io.StringIO(_text(answer, "csv"))))
    assert cells == [
        ["number", "word", "cost", "flag", "real"],
        ["1", 'a,"b', "0.1", "true", "1.5"],
        ["", "", "", "", "inf"],
    ]
    rows = [
        {"number": 1, "word": 'a,"b', "cost": "0.1", "flag": True, "real": 1.5},
        dict.fromkeys(("number", "word", "cost", "flag", "real")),
    ]
    assert json.loads(_text(answer, "json")) == rows
    assert [json.loads(line) for line in _text(answer, "jsonl").splitlines()] == rows
    empty = paysim.query(busy, "select 1 as a where false")
    assert json.loads(_text(empty, "json")) == []
    assert _text(empty, "jsonl") == ""
    assert _text(empty, "csv") == "a\n"


@pytest.mark.parametrize(
    "sql",
    [
        "select ';é' as a; -- all",
        "-- é;\nselect ';é' as a ; /* ; */",
        "select $$;é$$ as a",
        "/* é; */ select ';é' as \"a\" -- ;\n;\n\n",
    ],
)
def test_ends(busy, sql):
    """
    A semicolon and comments may follow a statement, and semicolons may stand in it.
    """
    assert paysim.query(busy, sql).to_dicts() == [{"a": ";é"}]


def test_columns_of_one_name(busy):
    """
    Columns of one name are told apart, so that no value is lost.
    """
    answer = paysim.query(busy, "select 1 as a, 2 as a, 3 as A")
    assert len({column.lower() for column in answer.columns}) == 3
    assert list(answer.to_dicts()[0].values()) == [1, 2, 3]


def test_order(busy):
    """
    Rows stand in the order that the SQL asks for, however many they are.
    """
    answer = paysim.query(
        busy, "select transaction_id, amount from transactions order by 2, 1 desc"
    )
    amounts = [row[1] for row in answer]
    assert amounts == sorted(amounts) == [row[1] for row in answer.rows()]


@pytest.mark.parametrize("format", ["text", "csv", "json", "jsonl", "parquet"])
@pytest.mark.parametrize("given", [True, False])
def test_write(busy, tmp_path, format, given):
    """
    A file holds all rows in its format, by its ending or as it is asked for.
    """
    ending = {"text": "txt"}.get(format, format)
    path = tmp_path / ("answer" if given else f"answer.{ending}")
    answer = paysim.query(busy, "select tick, cost from ticks")
    answer.write(path, format if given else None)
    if format == "parquet":
        assert polars.read_parquet(path).rows() == answer.rows()
    else:
        assert path.read_text() == _text(answer, format)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("path", "format", "told"),
    [
        (
            "answer",
            None,
            "format must be text, csv, json, jsonl, parquet .got a file that ends in ''",
        ),
        ("answer.xls", None, "got a file that ends in '.xls'"),
        ("answer.csv", "xls", "got 'xls'"),
        (3, "csv", "path must be text or os.PathLike"),
    ],
)
def test_bad_write(busy, tmp_path, monkeypatch, path, format, told):
    """
    A format that there is not is refused before anything is written.
    """
    monkeypatch.chdir(tmp_path)
    with pytest.raises(paysim.ScenarioError, match=told):
        paysim.query(busy, "select 1").write(path, format)
    assert list(tmp_path.iterdir()) == []


def test_cli(directory, capsys, tmp_path):
    """
    The command prints the answer, as text or in another format, bounded only as text.
    """
    run = str(directory)
    assert main(["query", run, "select tick from ticks order by 1", "--rows", "2"]) == 0
    assert capsys.readouterr().out == "tick\n----\n   0\n   1\n... and 598 more rows\n"
    assert main(["query", run, "select tick from ticks", "--rows", "0"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 602
    assert main(["query", run, "select tick from ticks", "--format", "csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 601
    out = tmp_path / "answer.json"
    assert main(["query", run, "select run, tick from ticks", "-o", str(out)]) == 0
    assert capsys.readouterr() == ("", f"wrote 600 rows to {out}\n")
    assert json.loads(out.read_text())[0] == {"run": "busy", "tick": 0}


@pytest.mark.parametrize("source", ["argument", "file", "input"])
def test_cli_sources(directory, source, tmp_path, capsys, monkeypatch):
    """
    The SQL comes from the last argument, a file or standard input.
    """
    sql = "/* a question */\nselect count(*) as ticks from ticks; -- all\n"
    (tmp_path / "q.sql").write_text(sql)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(sql.encode())))
    given = {"argument": [sql], "file": ["-f", str(tmp_path / "q.sql")], "input": ["-"]}[source]
    assert main(["query", str(directory), *given]) == 0
    assert capsys.readouterr().out == "ticks\n-----\n  600\n"


QUERY_FILE = str(ROOT / "README.md")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["RUN"], "give the SQL after the RUNs, or --file"),
        (["RUN", "RUN"], "give the SQL after the RUNs"),
        (["select 1"], "give the RUNs first and then the SQL"),
        (["RUN", "-f", "missing.sql"], "'missing.sql' cannot be read: no such file"),
        (["RUN", "-f", "RUN"], "cannot be read: is a directory"),
        (["RUN", "select 1", "--format", "parquet"], "--format parquet needs --out FILE"),
        (["RUN", "select 1", "--out", "x.xls"], "format must be text, csv"),
        (["RUN", "select * from tikcs"], "did you mean ticks"),
        (["RUN", "selekt"], "syntax error"),
        (["RUN", QUERY_FILE], f"--file {QUERY_FILE} reads the SQL from the file"),
        (["RUN", 'select * from agents where agent_id = "ALPHA"'], "text stands in single quotes"),
        (["missing", "select 1"], "must be a run directory"),
    ],
)
def test_cli_refusals(directory, arguments, told, capsys):
    """
    A wrong argument and a wrong query are one clear text with code 2.
    """
    run = str(directory)
    assert main(["query", *(run if text == "RUN" else text for text in arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert "Traceback" not in err


def test_cli_unwritable(directory, tmp_path, capsys):
    """
    A file that cannot be written is one clear error with code 1.
    """
    out = tmp_path / "missing" / "answer.csv"
    assert main(["query", str(directory), "select 1", "-o", str(out)]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_interrupt(directory):
    """
    Ctrl-C breaks a query off within a moment, with one word and code 130.
    """
    program = (
        "import sys, signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import paysim.queries.engine as engine; from paysim.cli import main\n"
        "whole = engine._interruptible\n"
        "def begin(*a): print('begun', flush=True); whole(*a)\n"
        "engine._interruptible = begin; sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", program, "query", str(directory), ENDLESS]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        assert process.stdout.readline() == "begun\n"
        os.kill(process.pid, signal.SIGINT)
        told = process.communicate(timeout=60)[1]
    assert told.split() == ["interrupted"]
    assert process.returncode == 130


def test_help_loads_nothing_heavy():
    """
    `import paysim` and the help of the command load neither DuckDB nor Polars.
    """
    program = (
        "import sys; from paysim.cli import main; main(['query', '--help'])\n"
        "print(sorted({'duckdb', 'polars', 'numpy'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == "[]\n"
    assert "RUN... [SQL]" in done.stdout


def test_guide():
    """
    The guide tells every view, every column of the view of runs, and every option.
    """
    page = (ROOT / "docs" / "guides" / "logs.md").read_text()
    from paysim.cli import cli

    words = [*VIEWS, *(name for name, _ in views._RUNS)]
    words += [param.opts[-1] for param in cli.commands["query"].params if param.opts[0][0] == "-"]
    assert [word for word in words if f"`{word}" not in page and f" {word}" not in page] == []


def test_without_sql(busy, directory, tmp_path, monkeypatch):
    """
    The programs of the guide that read the files of a run find in them what the tables say.
    """
    page = (ROOT / "docs" / "guides" / "logs.md").read_text().split("## Without SQL")[1]
    programs = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(programs) == 2
    shutil.copytree(directory, tmp_path / "busy_day")
    monkeypatch.chdir(tmp_path)
    found = {}
    for program in programs:
        exec(program, found)
    kinds = Counter(busy.events.column("event"))
    assert len(found["queued"]) == kinds["queued"] > 0
    assert found["total"] == Decimal(busy.totals()["total_cost"])


def test_pandas(busy):
    """
    An answer goes into pandas as rows, and as columns where it has pyarrow.
    """
    pandas = pytest.importorskip("pandas")
    answer = paysim.query(busy, "select tick, cost from ticks")
    assert pandas.DataFrame(answer.to_dicts()).shape == (600, 2)
    if hasattr(pandas.DataFrame, "from_arrow"):
        pytest.importorskip("pyarrow")
        assert pandas.DataFrame.from_arrow(answer).shape == (600, 2)
