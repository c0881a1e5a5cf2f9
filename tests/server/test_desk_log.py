"""
Log lines of the desk: what an operator wants to know, and what the page of log lines says.
"""

from __future__ import annotations

import asyncio
import json
import re

from at_desk import MemoryStore, desk, made, raises, tick, until
from record import ROOT

OWN_KEYS = {"event", "level", "timestamp"}


def test_page(caplog):
    """
    Each fact is one line, with the level and the keys that the page describes, in order.
    """
    caplog.set_level("INFO", "paysim.server")

    async def main():
        store = MemoryStore()
        async with desk(store, max_open=1) as at:
            id = await made(at)
            await tick(at, id, 3)
            mark = await at.checkpoint(id)
            branch = await at.branch(id, None, "b")
            await at.restore(id, mark.id)
            await at.start_run(id, 10)
            await until(lambda: at.run_of(id)["status"] == "finished")
            store.kept[branch.id][1] = b"nonsense"
            with raises("damaged", 500):
                await tick(at, branch.id)
            await at.delete(id)

    asyncio.run(main())
    lines = [json.loads(record.getMessage()) for record in caplog.records]
    assert [line["event"] for line in lines] == [
        "simulation created",
        "simulation branched",
        "simulation restored",
        "background run started",
        "background run ended",
        "simulation damaged",
        "simulation deleted",
    ]
    page = (ROOT / "docs" / "reference" / "log_lines.md").read_text()
    rows = re.findall(r"^\| (\w+) \| `([^`]+)` \|([^|]*)\|", page, re.MULTILINE)
    described = {name: (level, re.findall(r"`(\w+)`", keys)) for level, name, keys in rows}
    for line in lines:
        keys = [key for key in line if key not in OWN_KEYS]
        assert described[line["event"]] == (line["level"], keys)
