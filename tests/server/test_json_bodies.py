"""
JSON bodies are read within bounds, and everything wrong in them has its place.
"""

from __future__ import annotations

import pytest

from paysim.server.http.json_bodies import read_body
from paysim.server.http.requests import BranchRequest, RunRequest
from paysim.server.problems import Problem


def problem(content, cls=RunRequest):
    with pytest.raises(Problem) as caught:
        read_body(content).record(cls)
    assert (caught.value.status, caught.value.kind) == (400, "invalid-request")
    return [(error["place"], error["message"]) for error in caught.value.errors]


@pytest.mark.parametrize(
    ("content", "errors"),
    [
        (b"", [("body.json:1:1", "must hold JSON, and is empty")]),
        (b"{", [("body.json:1:2", None)]),
        (b"\xff", [("body.json:1:1", "must be UTF-8 (got byte 0xff)")]),
        (b"[]", [("body.json:1:1", "must be a mapping (got a list of 0)")]),
        (b"[" * 100 + b"]" * 100, [("body.json", "must be nested at most 64 deep")]),
        (b'{"until_tick": NaN}', [("body.json:1:16", None)]),
        (b'{\n "until_tick": "5"}', [("body.json:2:16", None)]),
        (b'{"until_tick": 5.0}', [("body.json:1:16", "until_tick  must be int (got 5.0)")]),
        (b'{"until_tick": true}', [("body.json:1:16", "until_tick  must be int (got True)")]),
        (
            b'{"until_tick": 0, "ticks_per_second": 0}',
            [
                ("body.json:1:16", "until_tick  must be at least 1 (got 0)"),
                ("body.json:1:39", "ticks_per_second  must be more than 0 (got 0.0)"),
            ],
        ),
        (
            b'{"until_tik": 5}',
            [("body.json:1:2", "until_tik  unknown key; did you mean until_tick?")],
        ),
        (
            b'{"until_tick": 5, "until_tick": 6}',
            [("body.json:1:19", "until_tick  key is given twice")],
        ),
        (
            b'{"a": ["\\ud800"]}',
            [("body.json:1:8", "a[0]  must hold whole characters only, and has half of one")],
        ),
        (
            b'{"\\udfff": 1}',
            [("body.json:1:1", "must hold whole characters only, and has half of one")],
        ),
    ],
)
def test_refused(content, errors):
    """
    What is wrong is told with its place in the text.
    """
    found = problem(content)
    assert [place for place, _ in found] == [place for place, _ in errors]
    for (_, message), (_, expected) in zip(found, errors, strict=True):
        assert expected in (None, message)


@pytest.mark.parametrize("id", ["chk_0", "CHK_0123456789abcdef", "chk_0123456789abcdef\n", 5, ""])
def test_checkpoint_id(id):
    """
    What cannot be the id of a checkpoint is refused for its form.
    """
    text = f'{{"checkpoint_id": {id!r}}}'.replace("'", '"').encode()
    [(_, message)] = problem(text, BranchRequest)
    assert message.startswith("checkpoint_id  must be the id of a checkpoint, chk_ and 16")


@pytest.mark.parametrize("name", ["", "x" * 129, "a\\nb", "\\u0085"])
def test_name(name):
    """
    A name is one line of bounded length.
    """
    [(_, message)] = problem(f'{{"name": "{name}"}}'.encode(), BranchRequest)
    assert message.startswith("name  must ")


def test_pairs_of_halves():
    """
    A character that JSON writes in two halves is one.
    """
    body = read_body(b'{"name": "\\ud83d\\ude00"}')
    assert body.record(BranchRequest).name == "\U0001f600"
