"""
JSON text as plain data with places.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import attrs

from paysim.errors import COUNTED_MAX, PROBLEMS_MAX, Step
from paysim.texts import (
    DEPTH_MAX,
    DIGITS_MAX,
    EMPTY,
    JSON_VALUES_MAX,
    Document,
    Place,
    Steps,
    SyntaxProblem,
    has,
)

_SPACE = re.compile(r"[ \t\n\r]*")
# Most entries of a mapping look like this; the rest take the decoder, which is slower.
_ENTRY = re.compile(
    r'"([^"\\]*)"[ \t\n\r]*:[ \t\n\r]*([-+.0-9A-Za-z]+|"[^"\\]*")[ \t\n\r]*,?[ \t\n\r]*'
)


@attrs.define
class _Scan:
    """
    How far a mapping or list has been looked through for places, and those found, by key.

    The value at `value`, if any, is still to be passed over.
    """

    at: int
    value: int | None = None
    first: dict[Step, tuple[int, int]] = attrs.field(factory=dict)
    second: dict[Step, tuple[int, int]] = attrs.field(factory=dict)


class _JsonReader:
    """
    Reads JSON at full speed, and looks for places in the text only when they are asked for.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        # Dicts that have a key twice, by identity, kept so that no other takes their place.
        self.repeated: dict[int, tuple[Any, list[str]]] = {}
        self.decoder = json.JSONDecoder(
            object_pairs_hook=self._mapping,
            parse_int=self._int,
            parse_float=self._float,
            parse_constant=self._constant,
        )
        self.plain_decoder = json.JSONDecoder(parse_int=str)
        self.data: Any = None
        self.dropped = 0
        self.scans: dict[int, _Scan] = {}

    def read(self) -> Document:
        if not self.text.strip():
            raise SyntaxProblem(EMPTY, (1, 1))
        try:
            data = self.data = self.decoder.decode(self.text)
        except json.JSONDecodeError as error:
            problem = f"must be valid JSON: {error.msg}"
            raise SyntaxProblem(problem, (error.lineno, error.colno)) from None
        except RecursionError:
            raise SyntaxProblem(f"must be nested at most {DEPTH_MAX} deep", None) from None
        self._check_bounds(data)
        paths = list(itertools.islice(self._repeated(data), COUNTED_MAX))
        first = [(steps, self._locate(steps, True)) for steps in paths[:PROBLEMS_MAX]]
        return Document(data, first, len(paths) - len(first), self._locate)

    def _mapping(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data = dict(pairs)
        self.dropped += len(pairs) - len(data)
        if len(data) < len(pairs) and len(self.repeated) < COUNTED_MAX:
            self.repeated[id(data)] = (data, _repeated_keys(pairs))
        return data

    def _int(self, text: str) -> int:
        return int(self._short(text))

    def _float(self, text: str) -> float:
        return float(self._short(text))

    def _short(self, text: str) -> str:
        if len(text) > DIGITS_MAX:
            place = self._place(self.text.find(text))
            raise SyntaxProblem(f"a number must have at most {DIGITS_MAX} characters", place)
        return text

    def _constant(self, text: str) -> float:
        place = self._place(self.text.find(text))
        raise SyntaxProblem("must be valid JSON, which has finite numbers only", place, text)

    def _check_bounds(self, data: Any) -> None:
        level, values = [data], 1 + self.dropped
        for _ in range(DEPTH_MAX + 1):
            if values > JSON_VALUES_MAX:
                raise SyntaxProblem(f"must hold at most {JSON_VALUES_MAX} values", None)
            level = [item for item in level if isinstance(item, (dict, list))]
            if not level:
                return
            level = [
                item
                for group in level
                for item in (group.values() if isinstance(group, dict) else group)
            ]
            values += len(level)
        raise SyntaxProblem(f"must be nested at most {DEPTH_MAX} deep", None)

    def _repeated(self, data: Any) -> Iterator[Steps]:
        # The paths are looked for only if there is a repeated key at all.
        waiting: list[tuple[Any, Steps]] = [(data, ())] if self.repeated else []
        while waiting:
            data, steps = waiting.pop()
            twice: list[str] = self.repeated.get(id(data), (None, []))[1]
            for key in twice:
                yield (*steps, key)
            if isinstance(data, (dict, list)):
                items = data.items() if isinstance(data, dict) else enumerate(data)
                inner = [(item, (*steps, key)) for key, item in items]
                waiting += reversed([(i, s) for i, s in inner if isinstance(i, (dict, list))])

    def _locate(self, steps: Steps, at_key: bool) -> Place:
        data, offset = self.data, self._skip(0)
        place = offset
        for n, step in enumerate(steps, 1):
            if not has(data, step):
                break
            is_repeated = step in self.repeated.get(id(data), (None, []))[1]
            entry = self._find_entry(offset, step, is_repeated)
            if entry is None:
                break
            key_offset, offset = entry
            place = key_offset if at_key and n == len(steps) else offset
            data = data[step]
        return self._place(place)

    def _find_entry(self, offset: int, step: Step, is_repeated: bool) -> tuple[int, int] | None:
        """
        Return where a key and its value begin in the mapping or list at an offset.

        Of a repeated key it is the second place, at which there may be less than at the last.
        No more is looked through than it takes, as a mapping may have a million keys.
        """
        is_mapping = self.text[offset] == "{"
        if not is_mapping and self.text[offset] != "[":
            return None
        scan = self.scans.get(offset)
        if scan is None:
            scan = self.scans[offset] = _Scan(self._skip(offset + 1))
        wanted = scan.second if is_repeated else scan.first
        while step not in wanted:
            if scan.value is not None:
                at = self._skip(self.plain_decoder.raw_decode(self.text, scan.value)[1])
                scan.at, scan.value = self._skip(at + 1) if self.text[at] == "," else at, None
            if self.text[scan.at] in "]}":
                return None
            key: Step = len(scan.first)
            key_at = at = scan.at
            simple = _ENTRY.match(self.text, at) if is_mapping else None
            if simple:
                key, at, scan.at = simple[1], simple.start(2), simple.end()
            else:
                if is_mapping:
                    key, at = self.plain_decoder.raw_decode(self.text, at)
                    at = self._skip(self._skip(at) + 1)
                scan.value = at
            into = scan.second if key in scan.first else scan.first
            into.setdefault(key, (key_at, at))
        return wanted[step]

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _place(self, offset: int) -> Place:
        before = self.text.rfind("\n", 0, offset)
        return self.text.count("\n", 0, offset) + 1, offset - before


def _repeated_keys(pairs: list[tuple[str, Any]]) -> list[str]:
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for key, _ in pairs:
        if key in seen:
            twice[key] = None
            if len(twice) == COUNTED_MAX:
                break
        seen.add(key)
    return list(twice)


def read_json(text: str) -> Document:
    """
    Return what a JSON text says.

    Raises:
        SyntaxProblem: If it is not JSON, or more than is safe to read.
    """
    return _JsonReader(text).read()
