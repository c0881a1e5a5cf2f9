"""
Replies, as bytes that are ready to be sent.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from paysim.server.http.negotiation import EVENT_STREAM, JSON

if TYPE_CHECKING:
    from paysim.server.desk.streams import Stream

BLOCK_BYTES: Final = 256 * 1024
"""Bytes of a file that are in memory while it is sent."""

ROWS_AT_ONCE: Final = 500
"""Small mappings that are written as JSON on the loop: they take less than a millisecond."""

_encode = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


def json_bytes(content: Any) -> bytes:
    """
    Return plain values as JSON; a number that is not finite, which JSON does not have, is null.
    """
    try:
        return _encode(content).encode()
    except ValueError:
        return _encode(_finite(content)).encode("utf-8", "replace")


def json_reply(
    content: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """
    Return plain values as a reply.
    """
    return Response(json_bytes(content), status, headers, JSON)


async def json_reply_of(content: Any, rows: int) -> Response:
    """
    Return plain values as a reply, made in a thread if they are so many that others would wait.

    Args:
        content: The values.
        rows: How many small mappings there are in it.
    """
    if rows <= ROWS_AT_ONCE:
        return json_reply(content)
    return await asyncio.to_thread(json_reply, content)


class FileReply(Response):
    """
    A file without a name, sent in blocks; it is closed whatever comes of that.

    Args:
        file: The file, at its start.
        media_type: What it holds.
        name: The name under which a browser saves it.
        headers: Further headers.
    """

    def __init__(
        self, file: BinaryIO, media_type: str, name: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.file = file
        length = file.seek(0, 2)
        file.seek(0)
        every = {
            "content-length": str(length),
            "content-disposition": disposition(name),
            **(headers or {}),
        }
        super().__init__(b"", 200, every, media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Send the file.
        """
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            while block := await asyncio.to_thread(self.file.read, BLOCK_BYTES):
                await send({"type": "http.response.body", "body": block, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.file.close()


class StreamReply(StreamingResponse):
    """
    The reply that sends a stream and closes it, whether it ends or the client goes.
    """

    def __init__(self, stream: Stream) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Vary": "Accept"}
        super().__init__(stream, headers=headers, media_type=EVENT_STREAM)
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Send it all.
        """
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._stream.aclose()


def headed(response: Response) -> Response:
    """
    Return the reply to HEAD in place of the one to GET; a stream that has not begun is dropped.
    """
    if isinstance(response, FileReply):
        response.file.close()
    only = Response(b"", response.status_code)
    only.raw_headers = response.raw_headers
    return only


def disposition(name: str) -> str:
    """
    Return the header that has a browser save a reply under a name, whatever the name holds.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._") or "file"
    if plain == name:
        return f'attachment; filename="{plain}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
