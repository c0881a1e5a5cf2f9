"""
JSON that comes in as the body of a request, with the places of everything in it.

It is read as a scenario is: bounded in length, depth and number of values, each key once.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import attrs

from paysim.errors import Problem as Wrong
from paysim.errors import Problems, ScenarioError, Step, path_text, shown
from paysim.fields import Steps
from paysim.files.documents import decoded, parsed, place_text
from paysim.records import Record
from paysim.server.problems import CONFLICT, CONFLICT_TITLE, Problem, error_of, invalid
from paysim.texts import Document

T = TypeVar("T")

NAME: Final = "body.json"
"""What places in a body begin with."""


@attrs.frozen
class JsonBody:
    """
    A body.

    Attributes:
        data: What it says.
    """

    data: Any
    _document: Document | None = None

    def place(self, steps: tuple[Step, ...], at_key: bool = False) -> str:
        """
        Return where a path stands in the text, as `body.json:1:12`.
        """
        if self._document is None:
            return ""
        return place_text(NAME, self._document.locate(steps, at_key))

    def mapping(self) -> dict[str, Any]:
        """
        Return the mapping that it is.

        Raises:
            Problem: 400, it is none.
        """
        if not isinstance(self.data, dict):
            found = shown(self.data)
            raise invalid([error_of("", "must be a mapping", found, place=self.place(()))])
        return self.data

    def record(self, cls: type[T]) -> T:
        """
        Return the object that it describes.

        Raises:
            Problem: 400, with everything that is wrong in it.
        """
        problems = Problems()
        read = Record(cls).read(self.mapping(), (), problems)
        if problems.count:
            raise self.refused(problems.error())
        object: T = read
        return object

    def refused(self, error: ScenarioError) -> Problem:
        """
        Return the problem that tells what is wrong in it, and where.
        """
        errors = [self._error(told) for told in error.problems]
        return invalid(errors, omitted=error.omitted)

    def conflicting(self, steps: Steps, text: str) -> Problem:
        """
        Return the problem that tells what in it cannot be done as things stand, and where.
        """
        error = self._error(Wrong("", path_text(steps), text, "", steps=steps))
        return invalid([error], kind=CONFLICT, title=CONFLICT_TITLE, status=409)

    def _error(self, told: Wrong) -> dict[str, Any]:
        place = told.place or self.place(told.steps, told.at_key)
        return error_of(told.path, told.expected, told.found, told.hint, place)


def read_body(content: bytes) -> JsonBody:
    """
    Return what a body says.

    Raises:
        Problem: 400, it is no JSON, or more than is safe to read.
    """
    try:
        document = parsed(decoded(content, NAME), NAME, "JSON")
    except ScenarioError as error:
        raise JsonBody(None).refused(error) from None
    body = JsonBody(document.data, document)
    if document.repeated:
        errors = [
            error_of(path_text(steps), "key is given twice", place=place_text(NAME, place))
            for steps, place in document.repeated
        ]
        raise invalid(errors, omitted=document.omitted)
    broken = _broken(document.data, ()) if b"\\u" in content else None
    if broken is not None:
        expected = "must hold whole characters only, and has half of one"
        raise invalid([error_of(path_text(broken), expected, place=body.place(broken))])
    return body


def _broken(value: Any, steps: tuple[Step, ...]) -> tuple[Step, ...] | None:
    """
    Return the path to a text that UTF-8 cannot hold, if there is one.
    """
    if isinstance(value, str):
        return steps if any("\ud800" <= letter <= "\udfff" for letter in value) else None
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        found = steps if isinstance(key, str) and _broken(key, ()) is not None else None
        if found is None:
            found = _broken(item, (*steps, key))
        if found is not None:
            return found
    return None
