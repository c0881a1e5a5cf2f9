"""
What the guide to the server shows is what its commands and programs do.
"""

from __future__ import annotations

import shutil

import pytest
from guide import GUIDE, comparable, rendered
from serving import Serving


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
