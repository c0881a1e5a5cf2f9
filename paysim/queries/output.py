"""
The answer of a query as text, CSV, JSON, JSON lines and Parquet.

Decimals are exact: in JSON they are texts, as in the event log.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from paysim.errors import ScenarioError, shown
from paysim.extras import check_extra
from paysim.state_file import replace_file

if TYPE_CHECKING:
    from paysim.queries.answer import QueryResult

CELL_MAX: Final = 80
"""
Characters of a cell that an aligned table shows.
"""

PLAN: Final = ("explain_key", "explain_value")
"""
The columns of an explained query, whose plan is a picture of several lines.
"""


def plain(value: Any) -> Any:
    """
    Return a value as JSON can hold it; a decimal is a text of all its digits.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


def decimal_text(value: Decimal) -> str:
    """
    Return a decimal without an exponent and without zeros at its end.
    """
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def aligned(result: QueryResult, limit: int | None) -> str:
    """
    Return rows as a table for people, without a newline at its end.
    """
    rows = result.rows(limit)
    if result.columns == PLAN:
        return "\n".join(row[1].rstrip() for row in rows)
    cells = [[_cell(name) for name in result.columns]]
    cells += [[_cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    right = [_is_number(kind) for kind in result.types]
    lines = [_line(row, widths, right) for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    more = len(result) - len(rows)
    if more:
        lines.append(f"... and {more} more row{'s' * (more != 1)}")
    elif not rows:
        lines.append("no rows")
    return "\n".join(lines)


def _line(row: list[str], widths: list[int], right: list[bool]) -> str:
    padded = [
        cell.rjust(width) if is_right else cell.ljust(width)
        for cell, width, is_right in zip(row, widths, right, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _is_number(kind: str) -> bool:
    return (
        kind.endswith("INT")
        or kind.startswith(("INTEGER", "UINTEGER", "DECIMAL"))
        or (kind in ("DOUBLE", "FLOAT"))
    )


def _cell(value: Any) -> str:
    """
    Return a value on one line, of printable characters only, as a terminal obeys some others.
    """
    if isinstance(value, float):
        return f"{value:.15g}"
    text = _csv_cell(value) if value is not None else "null"
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text if len(text) <= CELL_MAX else f"{text[: CELL_MAX - 3]}..."


def _csv_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    value = plain(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def csv_lines(result: QueryResult) -> Iterator[str]:
    """
    Yield the answer as CSV; null is an empty cell.
    """
    yield _csv_line(result.columns)
    for row in result:
        yield _csv_line(map(_csv_cell, row))


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def jsonl_lines(result: QueryResult) -> Iterator[str]:
    """
    Yield the answer as JSON lines, an object per row.
    """
    for row in result:
        yield _object(result.columns, row) + "\n"


def json_lines(result: QueryResult) -> Iterator[str]:
    """
    Yield the answer as one JSON array of objects, a row on each line.
    """
    before = "["
    for row in result:
        yield f"{before}\n{_object(result.columns, row)}"
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def _object(columns: Iterable[str], row: Iterable[Any]) -> str:
    return json.dumps(dict(zip(columns, map(plain, row), strict=True)), ensure_ascii=False)


def text_lines(result: QueryResult) -> Iterator[str]:
    """
    Yield the whole answer as an aligned table.
    """
    yield aligned(result, None) + "\n"


LINES: Final[dict[str, Callable[[QueryResult], Iterator[str]]]] = {
    "text": text_lines,
    "csv": csv_lines,
    "json": json_lines,
    "jsonl": jsonl_lines,
}
"""
What makes the text of each format.
"""

FORMATS: Final = (*LINES, "parquet")

ENDINGS: Final = {
    ".txt": "text",
    **{f".{format}": format for format in FORMATS if format != "text"},
}


def write(result: QueryResult, path: str | os.PathLike[str], format: str | None = None) -> None:
    """
    Write an answer to a file, whole or not at all.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ScenarioError(f"path must be text or os.PathLike (got {shown(path)})")
    target = Path(os.fsdecode(path))
    format = format_of(target, format)
    if format == "parquet":
        content: Iterable[bytes] = [_parquet(result)]
    else:
        content = (text.encode("utf-8", "backslashreplace") for text in LINES[format](result))
    replace_file(target, content)


def format_of(path: Path, format: str | None) -> str:
    """
    Return the format of a file, by its ending if none is given.

    Raises:
        ScenarioError: It is none that can be written.
    """
    chosen = ENDINGS.get(path.suffix.lower()) if format is None else format
    if chosen in FORMATS:
        return str(chosen)
    found = f"a file that ends in {path.suffix!r}" if format is None else shown(format)
    raise ScenarioError(f"format must be {', '.join(FORMATS)} (got {found})")


def _parquet(result: QueryResult) -> bytes:
    check_extra("tables", "Parquet needs", "polars")
    import polars

    content = io.BytesIO()
    polars.DataFrame(result).write_parquet(content)
    return content.getvalue()
