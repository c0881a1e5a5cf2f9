"""
Replies are what they say they are: JSON without odd numbers, files that are closed, safe names.
"""

from __future__ import annotations

import asyncio
import io

import pytest

from paysim.server.http.replies import BLOCK_BYTES, FileReply, disposition, headed, json_bytes


def test_numbers():
    """
    JSON has no number that is not finite: it is null there.
    """
    value = {"a": [float("nan"), float("inf"), 1.5], "b": (float("-inf"),), "c": 10**30}
    assert json_bytes(value) == b'{"a":[null,null,1.5],"b":[null],"c":%d}' % 10**30


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("ticks.csv", 'attachment; filename="ticks.csv"'),
        ('a"b\r\nc.csv', "attachment; filename=\"a_b_c.csv\"; filename*=UTF-8''a%22b%0D%0Ac.csv"),
        ("../../x", "attachment; filename=\"x\"; filename*=UTF-8''..%2F..%2Fx"),
        ("Bänke.csv", "attachment; filename=\"B_nke.csv\"; filename*=UTF-8''B%C3%A4nke.csv"),
        ("..", "attachment; filename=\"file\"; filename*=UTF-8''.."),
    ],
)
def test_names(name, header):
    """
    Whatever a name holds, the header is one header, and the plain name is no path.
    """
    assert disposition(name) == header
    header.encode("ascii")


class Sent(list):
    """
    Takes messages, and breaks off after so many.
    """

    def __init__(self, most=100):
        super().__init__()
        self._most = most

    async def __call__(self, message):
        if len(self) == self._most:
            raise OSError("the client has gone")
        self.append(message)


def test_file():
    """
    A file is sent whole, in blocks, and closed.
    """
    content = b"x" * (2 * BLOCK_BYTES + 7)
    file = io.BytesIO(content)
    reply = FileReply(file, "text/csv", "a.csv")
    sent = Sent()
    asyncio.run(reply({"type": "http", "method": "GET"}, None, sent))
    assert b"".join(message.get("body", b"") for message in sent) == content
    assert max(len(message.get("body", b"")) for message in sent) == BLOCK_BYTES
    assert dict(sent[0]["headers"])[b"content-length"] == b"%d" % len(content)
    assert file.closed


def test_file_and_a_client_that_goes():
    """
    A file is closed when the client goes, too.
    """
    file = io.BytesIO(b"x" * (3 * BLOCK_BYTES))
    reply = FileReply(file, "text/csv", "a.csv")
    with pytest.raises(OSError, match="gone"):
        asyncio.run(reply({"type": "http", "method": "GET"}, None, Sent(2)))
    assert file.closed


def test_head_of_a_file():
    """
    HEAD has the length of the file, which is closed unread.
    """
    file = io.BytesIO(b"xyz")
    only = headed(FileReply(file, "text/csv", "a.csv"))
    assert (only.body, only.headers["content-length"], file.closed) == (b"", "3", True)
