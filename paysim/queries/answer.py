"""
What a query has found.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from paysim.errors import PaysimError

ANSWER: Final = "answer of the query"
"""
The name of the table that holds it.
"""

ROWS_SHOWN: Final = 40


@contextmanager
def _readable() -> Iterator[None]:
    """
    Turn what DuckDB says against handing values over to Python into one clear error.

    Raises:
        PaysimError: They have a type, such as a time with a zone, that needs another library, or
            lie beyond what Python can hold.
    """
    import duckdb

    try:
        yield
    except (duckdb.Error, OverflowError, ValueError) as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), "")
        raise PaysimError(
            f"the answer has values that Python cannot take: cast them to varchar ({reason})"
        ) from error


class QueryResult:
    """
    The rows that a query has found; they stay with DuckDB until somebody asks for them.

    `polars.DataFrame(result)` and any other reader of the Arrow PyCapsule interface takes them as
    columns, `rows()` and `to_dicts()` as plain Python: whole numbers are `int`, decimals `Decimal`,
    both exact, and null is `None`. Printed, it is an aligned table of the first rows.

    Attributes:
        columns: The names of the columns. Of several with one name all but the first get a number.
        types: DuckDB's names of their types, such as `BIGINT` and `DECIMAL(38,19)`.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        # Also at the end of the program, where DuckDB complains about connections left open.
        weakref.finalize(self, connection.close)
        described = self._all(f'DESCRIBE "{ANSWER}"')
        self.columns = tuple(row[0] for row in described)
        self.types = tuple(row[1] for row in described)
        ((self._length,),) = self._all(f'SELECT count(*) FROM "{ANSWER}"')

    def __len__(self) -> int:
        """
        Return the number of rows.
        """
        return int(self._length)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """
        Yield the rows, a few thousand at a time from DuckDB.
        """
        with self._connection.cursor() as cursor, _readable():
            cursor.execute(f'SELECT * FROM "{ANSWER}"')
            while batch := cursor.fetchmany(4096):
                yield from batch

    def __repr__(self) -> str:
        """
        Return the size in one line.
        """
        return f"<QueryResult of {len(self)} rows, {len(self.columns)} columns>"

    def __str__(self) -> str:
        """
        Return the first rows as an aligned table.
        """
        return self.text()

    def rows(self, limit: int | None = None) -> list[tuple[Any, ...]]:
        """
        Return the rows, or the first of them, as tuples of plain Python values.
        """
        few = "" if limit is None else f" LIMIT {int(limit)}"
        return self._all(f'SELECT * FROM "{ANSWER}"{few}')

    def to_dicts(self) -> list[dict[str, Any]]:
        """
        Return the rows as dicts from column names to plain Python values.
        """
        return [dict(zip(self.columns, row, strict=True)) for row in self]

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """
        Return an Arrow stream of the rows, as a PyCapsule.
        """
        cursor = self._connection.cursor()
        return cursor.sql(f'SELECT * FROM "{ANSWER}"').__arrow_c_stream__(requested_schema)

    def text(self, limit: int | None = ROWS_SHOWN) -> str:
        """
        Return the first rows as an aligned table, which says how many more there are.

        Args:
            limit: How many rows are shown; `None` is all.
        """
        from paysim.queries.output import aligned

        return aligned(self, limit)

    def write(self, path: str | os.PathLike[str], format: str | None = None) -> None:
        """
        Write all rows to a file, whole or not at all.

        Args:
            path: The file; one that is there is replaced.
            format: `text`, `csv`, `json`, `jsonl` or `parquet`; `None` takes it from the name's
                ending. Parquet needs Polars.

        Raises:
            ScenarioError: `path` is not a path, or the format is none of these.
            PaysimError: The file cannot be written, or Polars is not installed.
        """
        from paysim.queries.output import write

        write(self, path, format)

    def _all(self, sql: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor, _readable():
            rows: list[tuple[Any, ...]] = cursor.execute(sql).fetchall()
            return rows
