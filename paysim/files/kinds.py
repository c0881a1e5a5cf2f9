"""
What the settings of a file may hold: its name, the headers of its columns, what is between cells.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any, Final

import attrs

from paysim.errors import Problems, shown
from paysim.fields import IN_QUOTES, Choice, Kind, Steps, key_hint
from paysim.files.documents import unreadable

PATH_MAX: Final = 4_096


@attrs.frozen(eq=False)
class FileName(Kind):
    """
    The name of a file: a text, which is relative to the file that says it, or a path object.
    """

    help: str = ""

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if not isinstance(value, str | Path):
            problems.add(steps, "must be the name of a file", shown(value))
        elif not 1 <= len(str(value)) <= PATH_MAX:
            problems.add(steps, f"must be 1 to {PATH_MAX} characters", str(len(str(value))))
        elif "\0" in str(value):
            problems.add(steps, "must be the name of a file", shown(str(value)))

    def write(self, value: Any) -> Any:
        return str(value)


@attrs.frozen(eq=False)
class Mark(Choice):
    """
    One of a few characters, which are told in quotes.
    """

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if type(value) is not str or value not in self.options:
            *words, last = map(shown, self.options)
            problems.add(steps, f"must be {', '.join(words)} or {last}", shown(value))


@attrs.frozen(eq=False)
class Headers(Kind):
    """
    A mapping from keys to the headers of the columns that hold them.

    A key to which it gives nothing has no column, even if one has the name of the key.
    """

    keys: tuple[str, ...] | None = None
    help: str = ""

    def check(self, value: Any, steps: Steps, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add(steps, "must be a mapping from keys to headers", shown(value))
            return
        for key, header in value.items():
            if type(key) is not str:
                path = (*steps, shown(key))
                problems.add(path, "key must be text", shown(key), IN_QUOTES, at_key=True)
            elif self.keys is not None and key not in self.keys:
                hint = functools.partial(key_hint, key, self.keys)
                problems.add((*steps, key), "unknown key", "", hint, at_key=True)
            elif header is None:
                continue
            elif type(header) is not str:
                quotes = IN_QUOTES if type(header) in (int, float, bool) else ""
                problems.add((*steps, key), "must be the header of a column", shown(header), quotes)
            elif not header:
                problems.add((*steps, key), "must be the header of a column", "empty text")

    def write(self, value: Any) -> Any:
        return dict(value)


def resolved(file: str | Path, folder: str | os.PathLike[str]) -> str:
    """
    Return the path of a file: a text is relative to a folder, a path object to nothing.
    """
    return str(file) if isinstance(file, Path) else os.path.join(folder, file)


def absence(
    file: str | Path, folder: str | os.PathLike[str], steps: Steps, problems: Problems
) -> bool:
    """
    Return whether a file is not there that a text names, which then is told as the text's mistake.

    Args:
        file: The file; a path object stands in no text.
        folder: What its name is relative to.
        steps: The path to its name.
        problems: Where problems go.
    """
    if isinstance(file, Path):
        return False
    path = resolved(file, folder)
    try:
        os.stat(path)
    except (OSError, ValueError) as error:
        problems.add(steps, unreadable(error), repr(path))
        return True
    return False
