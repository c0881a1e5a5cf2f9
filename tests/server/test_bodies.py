"""
Bodies of requests: how long, how slow, and what becomes of a reply that does not wait for them.
"""

from __future__ import annotations

import pytest
from asked import LIMIT, ask, deaf, echo, guarded
from starlette.responses import PlainTextResponse


def test_length_said():
    """
    A body that says it is too long is refused before it is read, and read to its end after that.
    """
    pieces = [b"x" * 1_000] * 9
    status, headers, body, taken = ask(guarded(echo), [("content-length", "9000")], pieces)
    assert status == 413
    assert b"at most 5,000 bytes (PAYSIM_MAX_BODY_BYTES)" in body
    assert headers["content-type"] == "application/problem+json"
    assert taken == 9


@pytest.mark.parametrize("length", ["9" * 30, "-1", "1e3", "0x10", "٣", ""])
def test_odd_length(length):
    """
    A length that is none, or beyond all measure, is refused.
    """
    headers = [(b"content-length", length.encode())]
    app = guarded(echo)
    status = ask(app, [(headers[0][0].decode(), length.encode().decode("latin-1"))])[0]
    assert status == (413 if length.startswith("9") else 400)


def test_length_not_said():
    """
    A body in pieces is refused as soon as it is too long.
    """
    headers = [("transfer-encoding", "chunked")]
    assert ask(guarded(echo), headers, [b"x" * 1_000] * 5)[2] == b"5000"
    status, _, _, taken = ask(guarded(echo), headers, [b"x" * 1_000] * 9)
    assert status == 413
    assert taken == 9


def test_refusal_wins():
    """
    What reads the body and makes an error of its own of the refusal does not hide it.
    """

    async def careless(scope, receive, send):
        try:
            await echo(scope, receive, send)
        except Exception:
            await PlainTextResponse("mine", 400)(scope, receive, send)

    headers = [("transfer-encoding", "chunked")]
    assert ask(guarded(careless), headers, [b"x" * LIMIT, b"x"])[0] == 413


def test_deaf_app():
    """
    A reply that does not wait for the body is finished only after the body.
    """
    status, _, body, taken = ask(guarded(deaf), [("content-length", "3000")], [b"x" * 1_000] * 3)
    assert (status, body, taken) == (200, b"no", 3)


def test_slow_body():
    """
    A body that does not arrive in time is refused, and the connection is to be closed.
    """
    headers = [("content-length", "10")]
    app = guarded(echo, max_body_seconds=0.1)
    status, given, body, _ = ask(app, headers, [b"x"], held=True)
    assert status == 408
    assert given["connection"] == "close"
    assert b"within 0.1 seconds (PAYSIM_MAX_BODY_SECONDS)" in body
    # Nor does one that nobody reads keep a reply from its end.
    assert ask(guarded(deaf, max_body_seconds=0.1), headers, [b"x"], held=True)[2] == b"no"


def test_asking_first():
    """
    Who asks before sending a body is told no at once and sends none.
    """
    headers = [("content-length", "9000"), ("expect", "100-continue")]
    status, given, _, taken = ask(guarded(echo), headers, [b"x"] * 9)
    assert (status, taken) == (413, 0)
    assert given["connection"] == "close"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip", "x"])
def test_encoding(encoding):
    """
    A compressed body is refused, as its length says nothing of what it unfolds to.
    """
    headers = [("content-encoding", encoding), ("content-length", "1")]
    status, given, _, _ = ask(guarded(echo), headers, (b"x",))
    assert status == 415
    assert given["accept-encoding"] == "identity"
    headers[0] = ("content-encoding", "Identity")
    assert ask(guarded(echo), headers, (b"x",))[0] == 200


@pytest.mark.parametrize("transfer", ["gzip, chunked", "identity, chunked", "gzip"])
def test_transfer_encoding(transfer):
    """
    A body that is compressed on its way is refused like any other: nobody unfolds it.
    """
    status, given, _, _ = ask(guarded(echo), [("transfer-encoding", transfer)], (b"x",))
    assert status == 415
    assert given["accept-encoding"] == "identity"
    assert ask(guarded(echo), [("transfer-encoding", "Chunked")], (b"x",))[0] == 200
