"""
HTTP by hand, for requests that no library would send.
"""

from __future__ import annotations

import socket


class Raw:
    """
    One connection, in a `with`.

    Args:
        served: The server.
    """

    def __init__(self, served):
        self.socket = socket.create_connection(("127.0.0.1", served.port), timeout=30)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """
        Send bytes, or as many of them as the server takes before it closes the connection.
        """
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def reply(self):
        """
        Return status, headers and body of the next reply; status 0 if the connection is closed.
        """
        head = self._until(b"\r\n\r\n")
        if head is None:
            return 0, {}, b""
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        while len(self.rest) < length and self._more():
            pass
        body, self.rest = self.rest[:length], self.rest[length:]
        return int(first.split()[1]), headers, body

    def is_closed(self):
        """
        Return whether the server closes the connection without sending any more.
        """
        return not self.rest and not self._more()

    def _until(self, end):
        while end not in self.rest:
            if not self._more():
                return None
        head, _, self.rest = self.rest.partition(end)
        return head

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            return False
        self.rest += data
        return bool(data)


def request(path="/health", *headers, method="GET", body=b"", host="127.0.0.1"):
    """
    Return a request as bytes; a path and headers are sent as they are.
    """
    path = path if isinstance(path, bytes) else path.encode()
    lines = [method.encode() + b" " + path + b" HTTP/1.1"]
    if host is not None:
        lines.append(b"Host: " + host.encode())
    lines += [each if isinstance(each, bytes) else each.encode() for each in headers]
    return b"\r\n".join([*lines, b"", body])
