"""
CSV texts: the cells that they hold, and where each stands.
"""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paysim.files.csv_text import read_csv
from paysim.texts import SyntaxProblem

CELLS = st.text(st.sampled_from('ab"1 ,;|\t\n'), max_size=5)


@given(
    st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5),
    st.sampled_from(",;|\t"),
    st.sampled_from(["\n", "\r\n"]),
)
def test_places(rows, delimiter, end):
    """
    What the CSV writer of Python writes is read back, and each place is where its cell begins.
    """
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator=end).writerows(rows)
    text = file.getvalue()
    table = read_csv(text, delimiter)
    read = [table.header, *table.rows]
    assert [list(row.cells) for row in read] == [[c.strip(" \t") for c in row] for row in rows]
    lines = list(io.StringIO(text, newline=""))
    for row in read:
        for column, cell in enumerate(row.cells):
            line, at = table.place(row, column)
            rest = "".join([lines[line - 1][at - 1 :], *lines[line:]])
            assert rest.removeprefix('"').lstrip(" \t").startswith(cell.replace('"', '""'))


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [("a,b", ","), ("a;b", ";"), ("a\tb", "\t"), ("a|b", "|"), ("a", ","), ('"a,b,c";d', ";")],
)
def test_delimiter(header, delimiter):
    """
    The delimiter is the one that the header has most of, outside of quotes.
    """
    assert read_csv(header).delimiter == delimiter


def test_empty_lines():
    """
    Empty lines are no rows, and lines of empty cells are.
    """
    table = read_csv("\na,b\n\n1,2\n  \n,\n")
    assert [(row.cells, row.line) for row in table.rows] == [(("1", "2"), 4), (("", ""), 6)]
    assert table.header.line == 2


def test_bound():
    """
    No more is read than one row beyond what was asked for.
    """
    assert len(read_csv("a\n" + "1\n" * 100, most=3).rows) == 4


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("", None, "must begin with a header line, and is empty"),
        ("\n \n", None, "must begin with a header line, and is empty"),
        ('a,b\n1,"2', (2, 1), "must close the quotes that begin in this row"),
        ('a,b\n"1"2,3', (2, 1), "must have quotes around a whole cell, and double those within it"),
        ("a\n" + "1" * 200_000, (2, 1), "must have cells of at most 131072 characters"),
    ],
)
def test_bad_texts(text, place, told):
    """
    A text that is no table is refused with the line from which on it cannot be read.
    """
    with pytest.raises(SyntaxProblem) as caught:
        read_csv(text)
    assert (caught.value.place, caught.value.text) == (place, told)
