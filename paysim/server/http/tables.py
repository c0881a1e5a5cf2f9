"""
Tables as replies: a page of one as JSON, or a whole one as CSV, Parquet or Arrow.

A whole table goes through a file that nobody can name: it is made in a directory of the server's
own, opened and removed at once, and sent in blocks, however slow the client is.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from paysim.errors import PaysimError
from paysim.server.http.negotiation import ARROW, CSV, JSON, PARQUET
from paysim.server.http.replies import json_bytes
from paysim.server.log import log
from paysim.server.problems import Problem

if TYPE_CHECKING:
    from paysim._kernel import Table

FORMS: Final = (JSON, CSV, PARQUET, ARROW)
"""The forms of a table; the first is the one that is not asked for by name."""

ENDINGS: Final = {CSV: "csv", PARQUET: "parquet", ARROW: "arrows"}

ROWS_MAX: Final = 10_000
"""Rows of one page."""

FOLDER: Final = "tmp"
"""Where files are made, in the data directory."""


_OWN: Final = re.compile(rf"[0-9a-f]{{32}}\.({'|'.join(ENDINGS.values())})")


def page(table: Table, name: str, offset: int, limit: int) -> bytes:
    """
    Return a page of a table as JSON.
    """
    rows = table.slice(offset, limit).to_dicts()
    return json_bytes({"table": name, "rows": rows, "offset": offset, "total": len(table)})


def file(table: Table, form: str, data_dir: Path) -> BinaryIO:
    """
    Return a whole table in a file that has no name any more.

    Raises:
        Problem: 503, there is no room for it.
    """
    folder = data_dir / FOLDER
    path = folder / f"{secrets.token_hex(16)}.{ENDINGS[form]}"
    write: dict[str, Callable[[Path], Any]] = {
        CSV: table.write_csv,
        PARQUET: table.write_parquet,
        ARROW: table.write_arrow,
    }
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        write[form](path)
        return path.open("rb")
    except (OSError, PaysimError) as error:
        log().error("table not written", message=str(error))
        detail = "the server could not write the table to its disk; its log says why"
        raise Problem(503, "no-room", "The table cannot be written", detail) from error
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def clear(data_dir: Path) -> None:
    """
    Remove what a server that was killed has left behind.
    """
    folder = data_dir / FOLDER
    with suppress(OSError):
        # Whoever has files of his own there, or leads the name elsewhere, keeps them.
        for path in () if folder.is_symlink() else folder.iterdir():
            if _OWN.fullmatch(path.name) and path.is_file():
                path.unlink()
