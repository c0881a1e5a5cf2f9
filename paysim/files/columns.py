"""
The columns of a table of records: which holds which key, and what a cell of it says.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final

import attrs

from paysim.errors import Problem, shown
from paysim.fields import AMOUNT_MAX, Exact, Kind, Name, Whole, did_you_mean
from paysim.files.csv_text import Cells
from paysim.files.documents import place_text
from paysim.records import Field, OneOf, Record, layout

Told = Callable[[Problem], None]
"""Notes a problem that has its place."""

_WHOLE = re.compile(r"-?[0-9]+", re.ASCII)
_AMOUNT = re.compile(r"(-?[0-9]+)(?:([.,])([0-9]{0,40}))?", re.ASCII)
_GROUPED = re.compile(r"-?(?=.*[0-9])[0-9 ,.'_]+", re.ASCII)
_MARKED = re.compile(r"(-?[ ,.'_]*[0-9][0-9 ,.'_]*)([.,])([0-9]*)", re.ASCII)

# The compiled reader of transactions says the same in the same words.
_NO_AMOUNT = "must be an amount, digits and at most a decimal"
_SEPARATORS = "write it without separators of thousands"
_PLACES = "decimals says how many places amounts have (decimals: 2, --decimals 2)"
_COMMA = "decimal_comma reads a comma as the decimal point (decimal_comma: true, --decimal-comma)"
_COMMA_AND_PLACES = (
    "decimal_comma reads a comma as the decimal point, and decimals says how many places amounts "
    "have (decimal_comma: true, decimals: 2; --decimal-comma, --decimals 2)"
)
_POINT = "it has a point, and decimal_comma is on"

_DELIMITER = 'delimiter says what stands between cells (delimiter: ";")'

_ALIKE: Final = 0.8
"""How like an absent key a header is that is taken for a slip of the pen."""

_LONG_ENOUGH: Final = 4
"""Characters from which a word can have a slip of the pen and be told from another."""

NEAR_MISS: Final = "must be a key or nothing like one"

_HEADERS_SHOWN: Final = 12
_DIGITS_READ: Final = 60


@attrs.frozen
class Unread:
    """
    Why a cell cannot be read, and what may help.
    """

    text: str
    hint: str = ""


def column_kinds(record: Record) -> dict[str, Kind]:
    """
    Return the keys of a record that a single cell can hold, parameters of a policy among them.
    """
    kinds: dict[str, Kind] = {}
    for field in layout(record.cls).values():
        if isinstance(field.kind, OneOf) and field.kind.spread:
            kinds[field.name] = field.kind
            kinds |= field.kind.parameters
        elif isinstance(field.kind, Name | Whole | Exact):
            kinds |= dict.fromkeys(_names(field), field.kind)
    return kinds


def find_columns(
    cells: Cells, name: str, mapped: dict[str, str | None], record: Record, told: Told
) -> dict[str, int] | None:
    """
    Return the column of each key that a table has, or `None` if they cannot be told.

    A header that is no key is allowed, unless it looks like a key that would be missed.

    Args:
        cells: The table.
        name: The name of its file.
        mapped: The headers of keys whose columns are not named like them; `None` for no column.
        record: The record that a row is read as.
        told: Where problems go.
    """
    header = cells.header.cells
    problems: list[Problem] = []

    def note(column: int, key: str, text: str, found: str, hint: str = "") -> None:
        place = place_text(name, cells.place(cells.header, column))
        problems.append(Problem(place, key, text, found, hint))

    columns: dict[str, int] = {}
    taken = set(mapped.values())
    keys = [*mapped, *(key for key in column_kinds(record) if key not in {*mapped, *taken})]
    for key in keys:
        wanted = mapped.get(key, key)
        if wanted is None:
            continue
        at = [i for i, word in enumerate(header) if word == wanted]
        if at:
            columns[key] = at[0]
        elif key in mapped:
            hint = did_you_mean(wanted, header)
            note(0, key, f"must have a column {shown(wanted)}", _listed(header), hint)
        for again in at[1:]:
            note(again, key, "must have one column", f"{shown(wanted)} again")
    unused = [i for i, word in enumerate(header) if i not in columns.values() and word]
    for field in layout(record.cls).values():
        names = _names(field)
        if field.is_required and not any(key in columns or mapped.get(key) for key in names):
            hint = _advice(field.name, [header[i] for i in unused])
            hint = _DELIMITER if len(header) == 1 else hint
            note(0, field.name, "must have a column", _listed(header), hint)
    for i, key in near_misses(header, unused, keys, {*columns, *mapped}):
        if not any(problem.path == key for problem in problems):
            hint = near_miss_hint(key, header[i], "--map-agent")
            note(i, "", NEAR_MISS, shown(header[i]), hint)
    for problem in problems:
        told(problem)
    return None if problems else columns


def near_misses(
    header: Sequence[str], unused: Iterable[int], keys: Collection[str], settled: Collection[str]
) -> list[tuple[int, str]]:
    """
    Return the columns whose headers look like keys that would be missed, each with its key.

    Such a header is a key but for case, blanks and marks, or a slip of the pen away from one.

    Args:
        header: The headers.
        unused: The columns that say nothing so far.
        keys: All keys.
        settled: Those that have their column, or of which it is said that they have none.
    """
    pairs = ((i, _meant(header[i], keys)) for i in unused if header[i] not in keys)
    return [(i, key) for i, key in pairs if key and key not in settled]


def near_miss_hint(key: str, header: str, option: str) -> str:
    """
    Return what to do about a header that looks like a key.
    """
    pair = shlex.quote(f"{key}={header}")
    return f"did you mean {key}? {option} {pair} reads it, {option} {key}= leaves it out"


def cell_value(text: str, kind: Kind, decimals: int, mark: str) -> Any:
    """
    Return what a cell that is not empty says: an int for a whole number, else its text.

    An amount is told by its bound, `AMOUNT_MAX`; other whole numbers are plain digits.

    Args:
        text: The cell.
        kind: What the cell may hold.
        decimals: Decimal places of an amount, down to its minor unit.
        mark: The decimal mark, a point or a comma.
    """
    if isinstance(kind, Exact):
        return text.replace(mark, ".")
    if not isinstance(kind, Whole):
        return text
    if kind.most == AMOUNT_MAX:
        return minor_units(text, decimals, mark)
    return _whole(text) if _WHOLE.fullmatch(text) else Unread("must be int")


def minor_units(text: str, decimals: int, mark: str) -> int | Unread:
    """
    Return an amount in minor units, exactly: with 2 decimals, 1234.56 is 123456.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None or (match[2] or mark) != mark:
        word = "comma" if mark == "," else "point"
        return Unread(f"{_NO_AMOUNT} {word}", _advice_for(text, decimals, mark))
    places = (match[3] or "").rstrip("0")
    if len(places) > decimals:
        if not decimals:
            return Unread("must be in minor units, without decimal places", _PLACES)
        return Unread(f"must have at most {decimals} decimal place{'s' * (decimals > 1)}")
    return _whole(match[1] + places.ljust(decimals, "0"))


def _whole(digits: str) -> int:
    """
    Return a whole number, cut short where it is far beyond any bound.
    """
    bare = digits.lstrip("-0")[:_DIGITS_READ] or "0"
    return -int(bare) if digits.startswith("-") else int(bare)


def _advice_for(text: str, decimals: int, mark: str) -> str:
    """
    Return what may help where a text is no amount.
    """
    other = "." if mark == "," else ","
    if _has_mark(text, decimals, other):
        if mark == ",":
            return _POINT
        return _COMMA if decimals else _COMMA_AND_PLACES
    return _SEPARATORS if _GROUPED.fullmatch(text) else ""


def _has_mark(text: str, decimals: int, mark: str) -> bool:
    """
    Whether a mark is the decimal mark of a text, and no separator of thousands.

    It is the last separator and the only one of its kind, and three digits follow it only where
    amounts have as many places.
    """
    match = _MARKED.fullmatch(text)
    if match is None or match[2] != mark or mark in match[1]:
        return False
    return len(match[3]) != 3 or (decimals >= 3 and match[1].removeprefix("-").isdecimal())


def _names(field: Field) -> list[str]:
    return [field.name] if field.synonym is None else [field.name, field.synonym]


def _meant(header: str, keys: Iterable[str]) -> str:
    """
    Return the key that a header is most like, if it is very much like one.
    """
    likeness = {key: _likeness(_form(header), _form(key)) for key in keys}
    best = max(likeness, key=lambda key: likeness[key], default="")
    return best if best and likeness[best] >= _ALIKE else ""


def _likeness(word: str, key: str) -> float:
    if min(len(word), len(key)) < _LONG_ENOUGH:
        return float(word == key)
    return difflib.SequenceMatcher(None, word, key).ratio()


def _form(word: str) -> str:
    return re.sub(r"[ _-]", "", word.casefold())


def _advice(key: str, unused: Sequence[str]) -> str:
    word = _meant(key, unused) or "HEADER"
    return f"name it in map, or by --map-agent {shlex.quote(f'{key}={word}')}"


def _listed(header: Sequence[str]) -> str:
    words = [shown(word) for word in header[:_HEADERS_SHOWN]]
    more = len(header) - len(words)
    return f"the header {', '.join(words)}" + (f" and {more} more" if more else "")
