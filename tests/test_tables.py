"""
Tables: every kind of column, nulls and metadata, in every library that reads them.
"""

from __future__ import annotations

import csv
import json
import math
import os
import re
import resource
import subprocess
import sys
from decimal import Decimal

import pytest
from record import ROOT

from paysim import PaysimError
from paysim._kernel import Table
from paysim.testing import payment, tiny_scenario

pl = pytest.importorskip("polars")
duckdb = pytest.importorskip("duckdb")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
pd = pytest.importorskip("pandas")
na = pytest.importorskip("nanoarrow")

LONG = 'an id of more than 12 bytes, with "quotes", a comma and é'
METADATA = {"paysim.seed": "7", "paysim.table": "made", "é": 'a "text"'}
KINDS = {
    "whole": ("integer", [1, None, -(2**63), 2**63 - 1, 0]),
    "number": ("real", [None, 1.5, -0.1, 3, 1e300]),
    "truth": ("boolean", [True, False, None, True, None]),
    "words": ("text", ["", "short", LONG, None, LONG]),
    "cost": ("cost", ["1", "0.0000000000000000001", None, f"{10**18}.5", "0"]),
    "nothing": ("integer", [None] * 5),
    "wordless": ("text", [None] * 5),
}


def made():
    """
    Return a table with every kind of column, all with nulls.
    """
    columns = [(name, kind, values) for name, (kind, values) in KINDS.items()]
    return Table.from_columns(columns).with_metadata(METADATA)


def expected():
    """
    Return the rows of that table as any reader should see them.
    """
    values = {
        name: [Decimal(v) if kind == "cost" and v is not None else v for v in values]
        for name, (kind, values) in KINDS.items()
    }
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def run():
    """
    Return the results of a run with long ids, parts, queues and costs.
    """
    import paysim

    rows = [payment("BANK_A", "BANK_B", 300 + n, tick=n % 10, id=f"T{n}" * 9) for n in range(40)]
    rates = {"delay_cost_per_tick_per_cent": 0.001, "deadline_penalty": 700}
    return paysim.run(tiny_scenario(transactions=rows, cost_rates=rates))


def as_numbers(row):
    return {k: Decimal(v) if k.endswith("cost") and v else v for k, v in row.items()}


def test_own_readers():
    """
    Rows, columns, names and metadata are what the table was made of.
    """
    table = made()
    assert table.column_names == list(KINDS)
    assert len(table) == 5
    assert table.metadata == METADATA
    assert [as_numbers(row) for row in table.to_dicts()] == expected()
    assert table.column("whole") == KINDS["whole"][1]
    with pytest.raises(KeyError, match="other"):
        table.column("other")


def test_polars():
    """
    Polars reads every kind of column as what it is, with its nulls.
    """
    frame = pl.DataFrame(made())
    assert frame.to_dicts() == expected()
    assert list(frame.schema.values()) == [
        pl.Int64, pl.Float64, pl.Boolean, pl.String, pl.Decimal(38, 19), pl.Int64, pl.String,
    ]  # fmt: skip


def test_pyarrow():
    """
    Arrow's own library reads every kind of column and the metadata.
    """
    table = pa.table(made())
    table.validate(full=True)
    assert table.to_pylist() == expected()
    found = {k.decode(): v.decode() for k, v in table.schema.metadata.items()}
    assert found == METADATA


def test_pandas():
    """
    Pandas reads every kind of column through pyarrow.
    """
    frame = pd.DataFrame.from_arrow(made())
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    assert [row["words"] for row in rows] == KINDS["words"][1]
    assert [row["cost"] for row in rows] == [row["cost"] for row in expected()]
    assert [row["truth"] for row in rows] == KINDS["truth"][1]
    assert frame["number"].tolist()[1:] == KINDS["number"][1][1:]
    assert frame["whole"].isna().tolist() == [value is None for value in KINDS["whole"][1]]


def test_duckdb():
    """
    DuckDB reads every kind of column as what it is.
    """
    rows = made()  # noqa: F841
    relation = duckdb.sql("select * from rows")
    names = relation.columns
    assert [dict(zip(names, row, strict=True)) for row in relation.fetchall()] == expected()
    counted = duckdb.sql("select words, count(*) from rows where length(words) > 12 group by all")
    assert counted.fetchall() == [(LONG, 2)]


def test_nanoarrow():
    """
    The small reader of Arrow reads every kind of column.
    """
    assert na.Array(made()).to_pylist() == expected()


def test_forms_of_text():
    """
    Polars gets the texts as they lie in memory, readers of streams in the form that all of them
    take; both are the same table.
    """
    batch, stream = pa.record_batch(made()), pa.table(made())
    assert batch.schema.field("words").type == pa.string_view()
    assert stream.schema.field("words").type == pa.large_string()
    assert batch.to_pylist() == stream.to_pylist() == expected()
    assert batch.schema.metadata == stream.schema.metadata
    batch.validate(full=True)


WORDS = {
    "events": ["event", "cause"],
    "transactions": ["status", "cause"],
    "costs": ["component"],
    "queues": ["queue", "cause", "outcome"],
}


@pytest.mark.parametrize("name", WORDS)
def test_words(name):
    """
    Columns of fixed words are numbers into a list of those that occur for whom nothing is copied,
    and text for readers of streams; all read the same words and nulls.
    """
    rows = getattr(run(), name)
    batch, stream = pa.record_batch(rows), pa.table(rows)
    batch.validate(full=True)
    frame, relation = pl.DataFrame(rows), duckdb.sql("select * from rows")
    assert [field.name for field in batch.schema if pa.types.is_dictionary(field.type)] == (
        WORDS[name]
    )
    for column in WORDS[name]:
        words = rows.column(column)
        occurring = [word for word in dict.fromkeys(words) if word is not None]
        assert batch.schema.field(column).type == pa.dictionary(pa.uint8(), pa.large_string())
        assert batch[column].dictionary.to_pylist() == occurring
        assert batch[column].to_pylist() == words
        assert frame.schema[column] == pl.Categorical
        assert frame[column].to_list() == words
        assert stream.schema.field(column).type == pa.large_string()
        assert stream[column].to_pylist() == words
        assert relation.select(column).fetchall() == [(word,) for word in words]
        assert relation.types[relation.columns.index(column)] == "VARCHAR"
        assert [row[column] for row in na.Array(rows).to_pylist()] == words
        assert batch.to_pandas()[column].dtype == "category"
        plain = pd.DataFrame.from_arrow(rows)[column]
        assert [word if isinstance(word, str) else None for word in plain] == words


def test_no_words():
    """
    A column in which no word occurs is one of nulls.
    """
    import paysim

    late = [payment("BANK_A", "BANK_B", 10**6)]
    table = paysim.run(tiny_scenario(transactions=late)).transactions
    frame = pl.DataFrame(table)
    assert frame["cause"].to_list() == pa.record_batch(table)["cause"].to_pylist() == [None]
    assert frame.schema["cause"] == pl.Categorical


SHARED = [("agent_id", "sender_id"), ("deadline_tick", "posting")]


def test_shared_buffers():
    """
    Columns that lie in one buffer are those of which no kind of event has two, and each of their
    rows is the event's own.
    """
    from test_docs import runs_of_every_event

    kinds = set()
    for simulation in runs_of_every_event():
        table = simulation.results().events
        batch = pa.record_batch(table)
        lines = map(json.loads, simulation._kernel.events_jsonl().splitlines())
        for event, row in zip(lines, batch.to_pylist(), strict=True):
            kinds.add(event["event"])
            for pair in SHARED:
                assert not all(key in event for key in pair)
                assert [row[key] for key in pair] == [event.get(key) for key in pair]
        for one, other in SHARED:
            assert batch[one].buffers()[1].address == batch[other].buffers()[1].address
    page = (ROOT / "docs" / "events.md").read_text()
    assert kinds == set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))


def test_not_copied():
    """
    Two batches of one table are the same memory.
    """
    table = run().events
    for column, other in zip(pa.record_batch(table), pa.record_batch(table), strict=True):
        for own, its in zip(column.buffers()[1:], other.buffers()[1:], strict=True):
            if own is not None and not pa.types.is_boolean(column.type):
                assert own.address == its.address


def test_outlives_its_table():
    """
    What a library has read stays whole when the table is gone.
    """
    frames = [pl.DataFrame(made()) for _ in range(3)]
    arrow = pa.table(made())
    assert all(frame.to_dicts() == expected() for frame in frames)
    assert arrow.to_pylist() == expected()


def test_parquet(tmp_path):
    """
    A Parquet file holds the table and its metadata, for Polars, pyarrow and DuckDB.
    """
    path = tmp_path / "made.parquet"
    assert made().write_parquet(path) == 5
    assert pl.read_parquet(path).equals(pl.DataFrame(made()))
    assert pl.read_parquet_metadata(path) == METADATA
    read = pq.read_table(path)
    assert read.to_pylist() == expected()
    assert {k.decode(): v.decode() for k, v in read.schema.metadata.items()} == METADATA
    names = list(KINDS)
    rows = duckdb.sql(f"select * from '{path}'").fetchall()
    assert [dict(zip(names, row, strict=True)) for row in rows] == expected()


def test_many_rows(tmp_path):
    """
    A table of more than one row group comes back in order.
    """
    rows = (1 << 20) + 3
    numbers = [n if n % 3 else None for n in range(rows)]
    words = [f"a long word {n % 1000}" for n in range(rows)]
    table = Table.from_columns([("n", "integer", numbers), ("w", "text", words)])
    table.write_parquet(tmp_path / "many.parquet")
    read = pl.read_parquet(tmp_path / "many.parquet")
    assert read.equals(pl.DataFrame(table))
    assert read["n"].to_list() == numbers
    assert read["w"].to_list() == words


@pytest.mark.parametrize("name", ["events", "transactions", "agents", "ticks", "days", "costs"])
def test_results(tmp_path, name):
    """
    Each table of a run is the same in rows, Arrow, CSV and Parquet.
    """
    table = getattr(run(), name)
    rows = [as_numbers(row) for row in table.to_dicts()]
    assert rows
    frame = pl.DataFrame(table)
    assert frame.to_dicts() == rows
    pa.table(table).validate(full=True)
    assert pa.table(table).to_pylist() == rows
    assert table.write_parquet(tmp_path / "t.parquet") == len(rows)
    assert pl.read_parquet(tmp_path / "t.parquet").equals(frame)
    table.write_csv(tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        cells = [list(row.values()) for row in csv.DictReader(file)]
    words = {None: "", True: "true", False: "false"}
    assert cells == [
        [words[v] if v is None or isinstance(v, bool) else str(v) for v in row.values()]
        for row in table.to_dicts()
    ]


def test_empty(tmp_path):
    """
    A table without rows keeps the types of its columns.
    """
    table = Table.from_columns([(name, kind, []) for name, (kind, _) in KINDS.items()])
    assert pl.DataFrame(table).schema == pl.DataFrame(made()).schema
    assert table.write_parquet(tmp_path / "t.parquet") == 0
    assert pl.read_parquet(tmp_path / "t.parquet").equals(pl.DataFrame(table))
    assert pa.table(table).num_rows == 0


def test_same_bytes(tmp_path):
    """
    The same table gives the same Parquet file, in this process and in another.
    """
    paths = [tmp_path / f"{n}.parquet" for n in range(4)]
    for path in paths[:3]:
        run().transactions.with_metadata(METADATA).write_parquet(path)
    code = (
        "import sys; from pathlib import Path; import test_tables as t; "
        "t.run().transactions.with_metadata(t.METADATA).write_parquet(Path(sys.argv[1]))"
    )
    subprocess.run(
        [sys.executable, "-c", code, paths[3]], cwd=os.path.dirname(__file__), check=True
    )
    assert len({path.read_bytes() for path in paths}) == 1


def test_metadata_is_of_the_copy():
    """
    Metadata belongs to the table that was given it.
    """
    table = made()
    other = table.with_metadata({"a": "b"})
    assert (table.metadata, other.metadata) == (METADATA, {"a": "b"})
    assert table.with_metadata({}).metadata == {}
    assert pa.table(other).schema.metadata == {b"a": b"b"}
    with pytest.raises(PaysimError, match=r"must be text \(got 1\)"):
        table.with_metadata({"seed": 1})


@pytest.mark.parametrize("write", ["write_csv", "write_parquet"])
def test_no_place(tmp_path, write):
    """
    A place that cannot be written is one error that names it, and stays as it was.
    """
    blocked = tmp_path / "file"
    blocked.write_text("x")
    for path, reason in [
        (tmp_path / "missing" / "t", "No such file"),
        (blocked / "t", "Not a directory"),
        (tmp_path, "Is a directory"),
        ("/dev/null", "it is not a file"),
    ]:
        with pytest.raises(PaysimError, match=f"cannot write {path}: .*{reason}"):
            getattr(made(), write)(path)
    assert list(tmp_path.iterdir()) == [blocked]
    assert blocked.read_text() == "x"


@pytest.mark.parametrize("write", ["write_csv", "write_parquet"])
@pytest.mark.parametrize("room", [0, 3, 1000, 100_000])
def test_full(tmp_path, write, room):
    """
    A disk that fills up is one error, and leaves the file of before.
    """
    path = tmp_path / "t"
    path.write_text("before")
    table = Table.from_columns([("n", "integer", [n * n * n for n in range(100_000)])])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        with pytest.raises(PaysimError, match="File too large"):
            getattr(table, write)(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == "before"


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ([], "a table must have at least one column"),
        ([("a", "integer")], "a column must be its name, its kind"),
        (["abc"], "a column must be its name, its kind"),
        ([("a", "whole", [])], r"the kind of column a must be .* \(got \"whole\"\)"),
        ([("", "text", [])], "the name of a column must be printable"),
        ([("a\0", "text", [])], "the name of a column must be printable"),
        ([("a", "text", []), ("a", "text", [])], "two columns have the name a"),
        ([("a", "text", []), ("b", "text", ["x"])],
         r"column b must have 0 values, as the first one has \(got 1\)"),
        ([("a", "integer", [1, 2.0])], r"column a, row 2: must be an int of 64 bits \(got 2.0\)"),
        ([("a", "integer", [True])], r"row 1: must be an int of 64 bits \(got True\)"),
        ([("a", "integer", [2**63])], "row 1: must be an int of 64 bits"),
        ([("a", "real", ["1"])], r"row 1: must be float or int \(got '1'\)"),
        ([("a", "real", [False])], r"row 1: must be float or int \(got False\)"),
        ([("a", "real", [10**400])], "row 1: must be float or int"),
        ([("a", "boolean", [0])], r"row 1: must be bool \(got 0\)"),
        ([("a", "text", [b"x"])], r"must be text of at most .* \(got an object of type bytes\)"),
        ([("a", "text", ["\ud800"])], "row 1: must be text"),
        ([("a", "cost", [1])], r"row 1: must be decimal text .* \(got 1\)"),
        ([("a", "cost", ["1e-20"])], "row 1: must be decimal text"),
        ([("a", "cost", ["1e19"])], "row 1: must be decimal text"),
        ([("a", "cost", ["nan"])], "row 1: must be decimal text"),
    ],
)  # fmt: skip
def test_refused(columns, text):
    """
    A column that is not one is refused with its name, its row and what was found.
    """
    with pytest.raises(PaysimError, match=text):
        Table.from_columns(columns)


def test_extremes():
    """
    Infinities, NaN and the largest costs pass.
    """
    reals = [math.inf, -math.inf, math.nan]
    largest = f"{10**19 - 1}." + "9" * 19
    table = Table.from_columns([("r", "real", reals), ("c", "cost", [largest, f"-{largest}", "0"])])
    frame = pl.DataFrame(table)
    assert str(frame["r"].to_list()) == "[inf, -inf, nan]"
    assert frame["c"].to_list() == [Decimal(largest), Decimal(f"-{largest}"), 0]
    assert table.column("c") == [largest, f"-{largest}", "0"]


def test_repr():
    """
    A prompt shows how many rows a table has and what its columns are called, and no address.
    """
    assert repr(made()) == f"<Table of 5 rows: {', '.join(KINDS)}>"
