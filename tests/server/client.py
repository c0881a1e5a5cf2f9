"""
A small HTTP client for tests and measurements: one keep-alive socket, and no library between.

What goes over the socket passes `_send` and `_receive`, which a subclass may break off anywhere.
"""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

API = "/api/simulations"


class Gone(Exception):
    """
    The server went away before it had replied in full.
    """


@attrs.frozen
class Answer:
    """
    A reply; the names of its headers are in lower case.
    """

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@attrs.frozen
class Message:
    """
    One message of an event stream.
    """

    event: str
    id: str
    data: bytes

    def json(self) -> Any:
        return json.loads(self.data)


def request(
    method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """
    Return the bytes of a request; a body that is neither bytes nor text is sent as JSON.
    """
    sent = {"host": "localhost", **(headers or {})}
    if body is not None and not isinstance(body, bytes | str):
        body = json.dumps(body)
        sent.setdefault("content-type", "application/json")
    data = body.encode() if isinstance(body, str) else body or b""
    if data or method == "POST":
        sent["content-length"] = str(len(data))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return "\r\n".join([*lines, "", ""]).encode() + data


class Client:
    """
    One connection, made when it is first used and again when the server has closed it.

    Args:
        port: Of a server on this machine.
        headers: Sent with every request, such as a key.
    """

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self.port = port
        self.headers = dict(headers or {})
        self._socket: socket.socket | None = None
        self._buffer = bytearray()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """
        Send a request and return the whole reply; paths without a slash are below `API`.
        """
        status, found = self._begin(method, path, body, headers)
        answer = Answer(status, found, b"".join(self._pieces(found)))
        if found.get("connection") == "close":
            self.close()
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("POST", path, body, headers)

    def delete(self, path: str) -> Answer:
        return self.ask("DELETE", path)

    def stream(self, path: str, last_id: str | None = None) -> Iterator[Message]:
        """
        Yield the messages of an event stream until it ends or the caller has enough.
        """
        headers = {"accept": "text/event-stream"}
        if last_id is not None:
            headers["last-event-id"] = last_id
        status, found = self._begin("GET", path, None, headers)
        if status != 200 or not found["content-type"].startswith("text/event-stream"):
            raise AssertionError((status, found, b"".join(self._pieces(found))))
        text = bytearray()
        try:
            for piece in self._pieces(found):
                # A message is looked for where it can end, so that long ones cost no more.
                start = max(0, len(text) - 1)
                text += piece
                while (end := text.find(b"\n\n", start)) >= 0:
                    message = _message(bytes(text[:end]))
                    del text[: end + 2]
                    start = 0
                    if message is not None:
                        yield message
        finally:
            self.close()

    def _begin(
        self, method: str, path: str, body: Any, headers: Mapping[str, str] | None
    ) -> tuple[int, dict[str, str]]:
        if not path.startswith("/"):
            path = f"{API}{path}" if path[:1] in ("", "?") else f"{API}/{path}"
        self._connect()
        self._send(request(method, path, body, self.headers | dict(headers or {})))
        head = self._until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.split("\r\n")
        pairs = (line.split(":", 1) for line in lines)
        return int(first.split()[1]), {name.lower(): text.strip() for name, text in pairs}

    def _connect(self) -> None:
        if self._socket is not None and select.select([self._socket], [], [], 0)[0]:
            # Nothing was asked, so this is the end of a connection that had been idle for long.
            self.close()
        if self._socket is None:
            self._buffer.clear()
            try:
                self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            except ConnectionError as error:
                raise Gone from error
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _pieces(self, headers: Mapping[str, str]) -> Iterator[bytes]:
        if "content-length" in headers:
            yield self._exactly(int(headers["content-length"]))
        elif headers.get("transfer-encoding") == "chunked":
            while size := int(self._until(b"\r\n"), 16):
                yield self._exactly(size)
                self._exactly(2)
            self._until(b"\r\n")

    def _until(self, mark: bytes) -> bytes:
        while (end := self._buffer.find(mark)) < 0:
            self._fill()
        return self._exactly(end + len(mark))[:end]

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill()
        piece = bytes(self._buffer[:size])
        del self._buffer[:size]
        return piece

    def _fill(self) -> None:
        data = self._receive()
        if not data:
            self.close()
            raise Gone
        self._buffer += data

    def _send(self, data: bytes) -> None:
        assert self._socket is not None
        try:
            self._socket.sendall(data)
        except ConnectionError as error:
            self.close()
            raise Gone from error

    def _receive(self, most: int = 65_536) -> bytes:
        assert self._socket is not None
        try:
            return self._socket.recv(most)
        except ConnectionError:
            return b""


def _message(text: bytes) -> Message | None:
    """
    Return a message of a stream, or `None` for a comment.
    """
    fields: dict[bytes, bytes] = {}
    data = []
    for line in text.split(b"\n"):
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            data.append(value)
        elif name:
            fields[name] = value
    if not data:
        return None
    return Message(
        fields.get(b"event", b"message").decode(), fields.get(b"id", b"").decode(), b"\n".join(data)
    )
