"""
Parquet files of transactions: every type that can say the same as CSV is read as the same.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from test_transaction_file import HOURS, here, load

import paysim
from paysim import ScenarioError

pl = pytest.importorskip("polars")

__all__ = ["here"]

ROWS = 3


def parquet(name="p.parquet", columns=None, **settings):
    """
    Return what columns come to as a Parquet file.
    """
    pl.DataFrame(columns).write_parquet(name)
    return paysim.load_transactions(name, **settings)


def whole(**changes):
    """
    Return columns with changes.
    """
    return {
        "sender_id": ["A", "B", "A"],
        "receiver_id": ["B", "A", "B"],
        "amount": [1, 2, 3],
        "arrival_tick": [0, 1, 2],
    } | changes


def refused(columns, **settings):
    """
    Return the lines of the error that columns are refused with.
    """
    with pytest.raises(ScenarioError) as caught:
        parquet(columns=columns, **settings)
    return str(caught.value).splitlines()


def test_same_as_csv(here):
    """
    A table reads the same from Parquet and from CSV, whatever the types of its columns.
    """
    moments = [dt.datetime(2026, 11, 20, 8, minute, 30, 500_000) for minute in range(ROWS)]
    frame = pl.DataFrame(
        whole(
            id=["x", None, "z"],
            amount=pl.Series([Decimal("1.05"), Decimal("20.00"), Decimal("0.01")]),
            priority=pl.Series([1, None, 3], dtype=pl.UInt8),
            divisible=[True, False, None],
            arrival_time=moments,
            deadline_time=pl.Series([None, *moments[1:]]),
            sender_id=pl.Series(["A", "B", "A"], dtype=pl.Categorical),
        )
    ).drop("arrival_tick")
    frame.write_parquet("p.parquet")
    frame.write_csv("p.csv")
    settings = HOURS | {"decimals": 2, "tick": "500ms"}
    read = [paysim.load_transactions(f"p.{kind}", **settings) for kind in ("parquet", "csv")]
    assert read[0].transactions == read[1].transactions
    assert read[0].transactions.table().column("amount") == [105, 2000, 1]
    assert read[0].transactions.table().column("arrival_tick") == [61, 181, 301]
    assert (read[0].days, read[0].ticks_per_day) == (read[1].days, read[1].ticks_per_day)


@pytest.mark.parametrize(
    "dtype",
    [pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64,
     pl.Float32, pl.Float64, pl.Decimal(18, 0), pl.Decimal(18, 4), pl.String],
)  # fmt: skip
def test_numbers(here, dtype):
    """
    A whole number is one in any type of number.
    """
    columns = whole(amount=pl.Series([1, 2, 3]).cast(dtype))
    assert parquet(columns=columns).transactions.table().column("amount") == [1, 2, 3]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.1, 0.29, 1234.56], [10, 29, 123456]),
        ([0.1 + 0.2, 1.0, 1.0], "must have at most 2 decimal places (got '0.30000000000000004')"),
        ([float("nan"), 1.0, 1.0], "must be an amount, digits and at most a decimal point"),
        ([-1.0, 1.0, 1.0], "must be more than 0 (got '-1')"),
        ([None, 1.0, 1.0], "is missing"),
    ],
)  # fmt: skip
def test_floats(here, values, expected):
    """
    A float is read by its shortest decimal, and never rounded.
    """
    columns = whole(amount=values)
    if isinstance(expected, list):
        read = parquet(columns=columns, decimals=2)
        assert read.transactions.table().column("amount") == expected
    else:
        assert refused(columns, decimals=2)[0].startswith(f"p.parquet:row 1  amount  {expected}")


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_moments(here, unit):
    """
    A moment is read as it is written, in any unit.
    """
    moments = pl.Series([dt.datetime(2026, 11, 20, 8, n, 59) for n in range(ROWS)])
    columns = whole(arrival_time=moments.cast(pl.Datetime(unit)))
    del columns["arrival_tick"]
    read = parquet(columns=columns, **HOURS)
    assert read.transactions.table().column("arrival_tick") == [0, 1, 2]
    columns["arrival_time"] = moments.cast(pl.Datetime(unit, "UTC"))
    assert parquet(columns=columns, **HOURS).transactions == read.transactions
    columns["arrival_time"] = moments.cast(pl.Datetime(unit, "Europe/Berlin"))
    assert refused(columns, **HOURS) == [
        "p.parquet  arrival_time must be without time zone or in UTC: convert it to local time "
        "(got Europe/Berlin)"
    ]


def test_dates_and_times(here):
    """
    Dates and times of the day may be of their own types.
    """
    columns = whole(
        arrival_date=[dt.date(2026, 11, day) for day in (20, 23, 20)],
        arrival_time=[dt.time(8, 1), dt.time(9, 0), dt.time(17, 59, 59, 999_999)],
    )
    del columns["arrival_tick"]
    read = parquet(columns=columns, **HOURS)
    assert read.transactions.table().column("arrival_tick") == [1, 660, 599]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (pl.Series([-(2**31)], dtype=pl.Int32).cast(pl.Date), "-2147483648 days after 1970-01-01"),
        (pl.Series([2_932_897], dtype=pl.Int32).cast(pl.Date), "2932897 days after 1970-01-01"),
        (pl.Series([-719_163], dtype=pl.Int32).cast(pl.Date), "-719163 days after 1970-01-01"),
        (pl.Series([253_402_300_800_000]).cast(pl.Datetime("ms")),
         "253402300800000000000 ns after 1970-01-01"),
        (pl.Series([-(2**63) + 1]).cast(pl.Datetime("us")),
         "-9223372036854775807000 ns after 1970-01-01"),
    ],
)  # fmt: skip
def test_dates_out_of_range(here, values, found):
    """
    A date that no calendar of four digits has is refused in its row, with its number.
    """
    columns = {"sender_id": ["A", "A"], "receiver_id": ["B", "B"], "amount": [1, 2]}
    good = pl.Series([dt.date(2026, 11, 20)]).cast(values.dtype)
    if values.dtype == pl.Date:
        columns["arrival_time"] = [dt.time(9), dt.time(9)]
        field, column = "arrival_date", pl.concat([good, values])
    else:
        field, column = "arrival_time", pl.concat([good.dt.offset_by("9h"), values])
    (line,) = refused(columns | {field: column}, **HOURS)
    assert line.startswith(f"p.parquet:row 2  {field}  must be a date ")
    assert f"(got '{found}')" in line


@pytest.mark.parametrize("unit", [1_000, 1])
@pytest.mark.parametrize("value", [-1, 86_400 * 10**9, 2**63 - 1_000])
def test_times_out_of_range(here, unit, value):
    """
    A time that no day has is refused in its row, with its number.
    """
    arro3 = pytest.importorskip("arro3.core")
    io = pytest.importorskip("arro3.io")
    dtype = {1: arro3.DataType.time64("ns"), 1_000: arro3.DataType.time64("us")}[unit]
    times = arro3.Array([9 * 3_600 * 10**9 // unit, value], arro3.DataType.int64()).cast(dtype)
    texts = {"sender_id": ["A", "A"], "receiver_id": ["B", "B"]}
    columns = {name: arro3.Array(cells, arro3.DataType.utf8()) for name, cells in texts.items()}
    columns["amount"] = arro3.Array([1, 2], arro3.DataType.int64())
    io.write_parquet(arro3.Table.from_pydict(columns | {"arrival_time": times}), "p.parquet")
    with pytest.raises(ScenarioError) as caught:
        paysim.load_transactions("p.parquet", **HOURS)
    (line,) = str(caught.value).splitlines()
    assert line.startswith("p.parquet:row 2  arrival_time  must be a date and a time ")
    assert f"(got '{value * unit} ns after midnight')" in line


def test_dates_at_the_bounds(here):
    """
    The first and the last date of the calendar are read.
    """
    columns = whole(arrival_time=[dt.datetime(year, 1, 1, 9) for year in (1, 2026, 9999)])
    del columns["arrival_tick"]
    assert parquet(columns=columns, **HOURS).days == ("0001-01-01", "2026-01-01", "9999-01-01")


@pytest.mark.parametrize("name", ["id", "sender_id", "priority"])
def test_dictionary_of_nulls(here, name):
    """
    A column of categories without any holds absent cells.
    """
    nulls = pl.Series([None] * ROWS, dtype=pl.Categorical)
    columns = whole(**{name: nulls})
    if name == "sender_id":
        lines = [f"p.parquet:row {row}  sender_id  is missing" for row in (1, 2, 3)]
        assert refused(columns) == lines
    else:
        assert parquet(columns=columns).transactions == parquet(columns=whole()).transactions


def test_types_need_no_settings(here):
    """
    How texts are written says nothing of cells that have a type.
    """
    columns = whole(
        amount=[1.5, 2.0, 3.25],
        arrival_time=[dt.datetime(2026, 11, 20, 8, n) for n in range(ROWS)],
        deadline_time=["20.11.2026 09:00", "23.11.2026 09:00", None],
    )
    del columns["arrival_tick"]
    settings = {"decimals": 2, "decimal_comma": True, "dates": "dmy"}
    table = parquet(columns=columns, **HOURS, **settings).transactions.table()
    assert table.column("amount") == [150, 200, 325]
    assert table.column("arrival_tick") == [0, 1, 2]
    assert table.column("deadline_tick") == [60, 660, None]
    columns["amount"] = ["1,5", "2", "3,25"]
    table = parquet(columns=columns, **HOURS, **settings).transactions.table()
    assert table.column("amount") == [150, 200, 325]


def test_mistakes(here):
    """
    Every mistake is told with its row, key and header.
    """
    columns = whole(sender_id=["A", "X", None], amount=[1, 0, 3], id=["a", "b", "a"])
    columns["Betrag"] = columns.pop("amount")
    assert refused(columns, agents=["A", "B"], map={"amount": "Betrag"}) == [
        "p.parquet:row 2  sender_id  must be the id of an agent (got 'X')",
        "p.parquet:row 2  amount (Betrag)  must be more than 0 (got '0')",
        "p.parquet:row 3  sender_id  is missing",
        "p.parquet:row 3  id  must be unique, and is the id of row 1 (got 'a')",
    ]
    assert refused({"a": [1]})[0].startswith("p.parquet  sender_id  must have a column")
    assert refused(whole(amount=[[1], [2], [3]]))[0].startswith(
        "p.parquet  amount must be text, numbers, dates or times (got LargeList)"
    )


def test_many_batches(here):
    """
    Rows of all batches are read, and those of a late one told by their number.
    """
    count = 70_000
    columns = {
        "sender_id": ["A"] * count,
        "receiver_id": ["B"] * count,
        "amount": list(range(1, count + 1)),
        "arrival_tick": [0] * count,
    }
    assert parquet(columns=columns).transactions.total_amount == count * (count + 1) // 2
    columns["amount"][-1] = 0
    assert refused(columns) == [f"p.parquet:row {count}  amount  must be more than 0 (got '0')"]


@pytest.mark.parametrize(
    ("receiver", "expected"),
    [
        ("A", r"^p\.parquet:row 1  receiver_id  must not be the sender"),
        ("B", r"^p\.parquet  must be a Parquet file that can be read"),
    ],
)
def test_reading_stops(here, receiver, expected):
    """
    Where so much is wrong that no more is looked for, what follows is not decoded.
    """
    count = 800_000
    columns = {
        "sender_id": ["A"] * count,
        "receiver_id": [receiver] * count,
        "amount": [1] * count,
        "arrival_tick": list(range(count)),
    }
    path = Path("p.parquet")
    pl.DataFrame(columns).write_parquet(path, row_group_size=100_000)
    data = bytearray(path.read_bytes())
    compressed = b"\x28\xb5\x2f\xfd"
    last = data.rindex(compressed)
    data[last : last + len(compressed)] = b"none"
    path.write_bytes(data)
    with pytest.raises(ScenarioError, match=expected):
        paysim.load_transactions(path)


def test_damaged_page(here):
    """
    A page that cannot be decoded is one clear error, and nothing is asked of the file after it.
    """
    count = 100_000
    names = [f"{row % 1000}" for row in range(count)]
    texts = {"sender_id": names, "receiver_id": names[1:] + names[:1]}
    numbers = {"amount": [1] * count, "arrival_tick": [0] * count}
    path = Path("p.parquet")
    pl.DataFrame(texts | numbers).write_parquet(path)
    compressed = b"\x28\xb5\x2f\xfd"
    # The dictionary of the last column stands before its rows.
    start, dictionary, rows = path.read_bytes().rsplit(compressed, 2)
    path.write_bytes(start + b"none" + dictionary + compressed + rows)
    code = "import paysim; paysim.load_transactions('p.parquet')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "\npaysim.errors.ScenarioError: p.parquet  must be a Parquet file" in done.stderr
    assert "panicked" not in done.stderr


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: b"PAR1PAR1",
        lambda data: b"PAR1junkjunkjunkPAR1",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-8] + b"\0\0\0\0PAR1",
        lambda data: b"sender_id,receiver_id,amount,arrival_tick\n",
    ],
)
def test_damaged(here, change):
    """
    What is no Parquet file, or a part of one, is one clear error.
    """
    parquet(columns=whole())
    path = Path("p.parquet")
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(
        ScenarioError, match=r"^p\.parquet  must be a Parquet file that can be read"
    ):
        paysim.load_transactions(path)


def test_parquet_called_csv(here):
    """
    A Parquet file under another name is refused with what to do.
    """
    parquet(columns=whole())
    with pytest.raises(ScenarioError, match=r"whose name must end in \.parquet"):
        load(Path("p.parquet").read_bytes())
