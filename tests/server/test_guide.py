"""
What the guide to the server shows is what its commands and programs do.
"""

from __future__ import annotations

import shutil

import pytest
from guide import GUIDE, comparable, rendered
from serving import Serving

from paysim.server.store.keys import add_key


@pytest.mark.skipif(not shutil.which("curl"), reason="the guide's commands need curl")
def test_guide(tmp_path):
    """
    Each command and program of the guide prints what is recorded, and the backup can be served.
    """
    pytest.importorskip("polars")
    page = GUIDE.read_text()
    assert comparable(rendered(page, tmp_path)) == comparable(page)
    lists = []
    for name in ("simulations", "copied"):
        with Serving(tmp_path / name) as server, server.client() as client:
            lists.append(client.get("").body)
    assert lists[0] == lists[1]


def test_behind_a_proxy(tmp_path):
    """
    With the headers that the guide lets a proxy set, the proxy's own pages may use the server, and
    those of another scheme or name may not.
    """
    token = add_key(tmp_path / "data", "page", "read")
    own = {"host": "simulations.example.org", "authorization": f"Bearer {token}"}
    with Serving(tmp_path / "data") as server, server.client() as client:
        for origin, scheme, status in (
            ("https://simulations.example.org", "https", 200),
            ("https://simulations.example.org", "http", 403),
            ("https://elsewhere.example.org", "https", 403),
        ):
            headers = own | {"origin": origin, "x-forwarded-proto": scheme}
            assert client.ask("GET", "", headers=headers).status == status
