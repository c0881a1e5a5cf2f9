"""
JSON text as plain data with places.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from paysim.errors import PROBLEMS_MAX, Step
from paysim.texts import DEPTH_MAX, DIGITS_MAX, VALUES_MAX, Document, Place, Steps, SyntaxProblem

_SPACE = re.compile(r"[ \t\n\r]*")


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
        self.entries: dict[int, dict[Step, tuple[int, int]]] = {}

    def read(self) -> Document:
        try:
            data = self.decoder.decode(self.text)
        except json.JSONDecodeError as error:
            problem = f"must be valid JSON: {error.msg}"
            raise SyntaxProblem(problem, (error.lineno, error.colno)) from None
        except RecursionError:
            raise SyntaxProblem(f"must be nested at most {DEPTH_MAX} deep", None) from None
        self._check_bounds(data)
        paths = list(self._repeated(data))
        first = [(steps, self._locate(steps, True)) for steps in paths[:PROBLEMS_MAX]]
        return Document(data, first, len(paths) - len(first), self._locate)

    def _mapping(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data = dict(pairs)
        if len(data) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            self.repeated[id(data)] = (data, [key for key in counts if counts[key] > 1])
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
        level, values = [data], 1
        for _ in range(DEPTH_MAX + 1):
            level = [item for item in level if isinstance(item, (dict, list))]
            if not level:
                return
            level = [
                item
                for group in level
                for item in (group.values() if isinstance(group, dict) else group)
            ]
            values += len(level)
            if values > VALUES_MAX:
                raise SyntaxProblem(f"must hold at most {VALUES_MAX} values", None)
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
        offset = place = self._skip(0)
        for n, step in enumerate(steps, 1):
            if offset not in self.entries:
                self.entries[offset] = self._find_entries(offset)
            if step not in self.entries[offset]:
                break
            key_offset, offset = self.entries[offset][step]
            place = key_offset if at_key and n == len(steps) else offset
        return self._place(place)

    def _find_entries(self, offset: int) -> dict[Step, tuple[int, int]]:
        """
        Return where the keys and values of the mapping or list at an offset begin.
        """
        entries: dict[Step, tuple[int, int]] = {}
        is_mapping = self.text[offset] == "{"
        if not is_mapping and self.text[offset] != "[":
            return entries
        at = self._skip(offset + 1)
        while self.text[at] not in "]}":
            step: Step = len(entries)
            key_at = at
            if is_mapping:
                step, at = self.plain_decoder.raw_decode(self.text, at)
                at = self._skip(self._skip(at) + 1)
            entries[step] = (key_at, at)
            at = self._skip(self.plain_decoder.raw_decode(self.text, at)[1])
            if self.text[at] == ",":
                at = self._skip(at + 1)
        return entries

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _place(self, offset: int) -> Place:
        before = self.text.rfind("\n", 0, offset)
        return self.text.count("\n", 0, offset) + 1, offset - before


def read_json(text: str) -> Document:
    """
    Return what a JSON text says.

    Raises:
        SyntaxProblem: If it is not JSON, or more than is safe to read.
    """
    return _JsonReader(text).read()
