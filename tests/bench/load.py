"""
A client that is not the limit: requests made beforehand, raw sockets, one poll loop.

Run as a program it is the server that shows it: one that replies with fixed bytes.
"""

from __future__ import annotations

import select
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter, process_time

import attrs

OK = b"HTTP/1.1 200 OK"
LENGTH = b"content-length: "


@attrs.frozen
class Load:
    """
    What a load came to.

    Attributes:
        per_second: Replies per second.
        busy: The part of the time in which the client itself worked.
        latencies: Seconds from sending to the whole reply, from the shortest to the longest.
        reply: The last reply.
    """

    per_second: float
    busy: float
    latencies: list[float]
    reply: bytes

    def percentile(self, share: float) -> float:
        """
        Return the latency within which this share of replies came, in seconds.
        """
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)]


def load(port: int, requests: Sequence[bytes], replies: int) -> Load:
    """
    Keep one request under way on a connection for each of `requests` until so many replies came.

    Raises:
        AssertionError: A reply is not 200.
    """
    sockets = {}
    poll = select.epoll()
    for request in requests:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(connection, select.EPOLLIN)
        sockets[connection.fileno()] = (connection, request)
    sent = {}
    parts: dict[int, bytes] = {}
    latencies = []
    left = replies - len(sockets)
    reply = b""
    worked = process_time()
    start = perf_counter()
    for number, (connection, request) in sockets.items():
        sent[number] = perf_counter()
        connection.sendall(request)
    while len(latencies) < replies:
        for number, _ in poll.poll():
            connection, request = sockets[number]
            data = parts.pop(number, b"") + connection.recv(65_536)
            if not _is_whole(data):
                parts[number] = data
                continue
            now = perf_counter()
            latencies.append(now - sent[number])
            reply = data
            if left > 0:
                left -= 1
                sent[number] = now
                connection.sendall(request)
    took = perf_counter() - start
    worked = process_time() - worked
    for connection, _ in sockets.values():
        connection.close()
    return Load(replies / took, worked / took, sorted(latencies), reply)


def _is_whole(data: bytes) -> bool:
    head = data.find(b"\r\n\r\n")
    if head < 0:
        assert data, "the server closed the connection"
        return False
    assert data.startswith(OK), data[:2000]
    at = data.index(LENGTH) + len(LENGTH)
    return len(data) == head + 4 + int(data[at : data.index(b"\r", at)])


@contextmanager
def trivial_server(reply: bytes) -> Iterator[int]:
    """
    Run a server that answers whatever comes with the same bytes; yield its port.
    """
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(reply)
        process.stdin.close()
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def _serve(reply: bytes) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    poll = select.epoll()
    poll.register(listening, select.EPOLLIN)
    sockets = {}
    while True:
        for number, _ in poll.poll():
            if number == listening.fileno():
                connection, _ = listening.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                poll.register(connection, select.EPOLLIN)
                sockets[connection.fileno()] = connection
            elif sockets[number].recv(65_536):
                sockets[number].sendall(reply)
            else:
                sockets.pop(number).close()


if __name__ == "__main__":
    _serve(sys.stdin.buffer.read())
