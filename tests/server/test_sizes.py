"""
Replies that would be too large are refused before they are made.
"""

from __future__ import annotations

import itertools

import attrs
from asking import make, refusal, ticks


def test_tables_of_too_many_rows(client):
    """
    What would take more rows or ticks than the server goes through is refused before it is made,
    with the number; what takes fewer is told all the same.
    """
    client.app.state.settings = attrs.evolve(client.app.state.settings, max_rows=1_000)
    path = make(client)
    ticks(client, path, 600)
    for what in ("results?table=agents", "results?table=costs", "report", "charts/balances"):
        reply = client.get(f"{path}/{what}")
        refusal(reply, 409, "too-many-rows")
        assert "PAYSIM_MAX_ROWS" in reply.json()["detail"]
        assert "1,200" in reply.json()["detail"]
    assert client.get(f"{path}/results?table=ticks").json()["total"] == 600
    assert client.get(f"{path}/indicators").status_code == 200
    sizes = {one["name"]: one["rows"] for one in client.get(f"{path}/results").json()["tables"]}
    assert (sizes["ticks"], sizes["agents"], sizes["costs"]) == (600, 1_200, None)
    ticks(client, path, 600)
    for what in ("results?table=ticks", "indicators", "indicators?by=agent"):
        refusal(client.get(f"{path}/{what}"), 409, "too-many-rows")


def test_pages_of_agents(client):
    """
    Pages of the table of agents, wherever they begin, are those of the whole table.
    """
    path = make(client)
    ticks(client, path, 7)
    table = f"{path}/results?table=agents"
    whole = client.get(table).json()
    assert whole["total"] == len(whole["rows"]) == 14
    assert [row["tick"] for row in whole["rows"]] == [tick for tick in range(7) for _ in "AB"]
    for offset, limit in itertools.product(range(16), (1, 2, 3, 20)):
        page = client.get(f"{table}&offset={offset}&limit={limit}").json()
        assert page == whole | {"offset": offset, "rows": whole["rows"][offset : offset + limit]}
    assert client.get(f"{table}&offset={2**53 - 1}").json()["rows"] == []


def test_state_of_too_many_transactions(client, monkeypatch):
    """
    A state tells no more transactions than it may, says how to get them, and works without them.
    """
    monkeypatch.setattr("paysim.server.routes.sizes.STATE_MAX", 2)
    path = make(client)
    assert client.get(f"{path}/state").status_code == 200
    ticks(client, path, 8)
    reply = client.get(f"{path}/state")
    refusal(reply, 409, "too-many-rows")
    assert "?transactions=none" in reply.json()["detail"]
    assert "transactions" not in client.get(f"{path}/state?transactions=none").json()["state"]


def test_too_many_days(client, monkeypatch):
    """
    What is told for each day is refused where there are too many days.
    """
    monkeypatch.setattr("paysim.server.routes.sizes.DAYS_MAX", 2)
    path = make(client)
    ticks(client, path, 20)
    assert client.get(f"{path}/indicators").status_code == 200
    ticks(client, path)
    for what in ("indicators", "indicators?by=tick", "report", "charts/balances"):
        reply = client.get(f"{path}/{what}")
        refusal(reply, 409, "too-many-rows")
        assert "at most 2 days" in reply.json()["detail"]
