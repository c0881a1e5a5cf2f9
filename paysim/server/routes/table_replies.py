"""
Tables as replies: page by page as JSON, or as a whole in other forms.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from starlette.responses import Response

from paysim.server.http.calls import Call
from paysim.server.http.negotiation import ARROW, CSV, JSON, PARQUET
from paysim.server.http.parameters import Whole
from paysim.server.http.replies import FileReply
from paysim.server.http.tables import ENDINGS, FORMS, ROWS_MAX, file, page
from paysim.server.openapi.operations import Form
from paysim.server.problems import Problem

if TYPE_CHECKING:
    from paysim._kernel import Table

OFFSET = Whole(
    name="offset",
    text="The number of the first row of a page of JSON, from 0; other forms are whole tables.",
    least=0,
    greatest=2**53 - 1,
    default=0,
    example=0,
)

LIMIT = Whole(
    name="limit",
    text="The most rows of a page of JSON.",
    least=1,
    greatest=ROWS_MAX,
    default=1_000,
    example=10,
)

BINARY: Final = {"type": "string", "format": "binary"}

WHOLE: Final = {
    CSV: Form({"type": "string", "description": "The whole table, with a line of names."}),
    PARQUET: Form({**BINARY, "description": "The whole table."}),
    ARROW: Form({**BINARY, "description": "The whole table, as a stream of Arrow IPC."}),
}
"""The forms in which a table is told as a whole."""

HEADERS: Final = {
    "Vary": "Accept",
    "Content-Disposition": "Of a whole table: the name under which a browser saves it.",
}


def form_of(call: Call, missing: str) -> str:
    """
    Return which form the reply has.

    Args:
        call: The request.
        missing: The parameter without which there is no table, if it is absent.

    Raises:
        Problem: 406, there is no such form.
    """
    if not missing:
        return call.form(*FORMS)
    try:
        return call.form(JSON)
    except Problem as problem:
        problem.detail += f"; only a table has others: name one by ?{missing}="
        raise


def told(
    table: Table, name: str, form: str, query: dict[str, Any], data_dir: Path
) -> bytes | BinaryIO:
    """
    Return a page of a table as JSON, or all of it as a file; for a thread.
    """
    if form == JSON:
        return page(table, name, query["offset"], query["limit"])
    return file(table, form, data_dir)


def table_reply(made: bytes | BinaryIO, form: str, name: str) -> Response:
    """
    Return the reply with what was made, under a name without its ending.
    """
    headers = {"Vary": "Accept"}
    if isinstance(made, bytes):
        return Response(made, 200, headers, JSON)
    return FileReply(made, form, f"{name}.{ENDINGS[form]}", headers)
