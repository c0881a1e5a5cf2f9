"""
The live page and its server: what others do, what is refused, what goes away.
"""

from __future__ import annotations

import re
import subprocess
import sys

from pages import BUSY, LONG, LivePage, Server


def test_deleted_by_somebody_else(tab, server):
    """
    Whoever watches a simulation that is deleted is told, and so is who asks for it later.
    """
    id = server.create(BUSY, "short-lived")
    found = tab().open(id)
    server.ask("DELETE", f"simulations/{id}")
    found.page.get_by_role("alert").get_by_text("“short-lived” has been deleted").wait_for()
    assert found.button("Play").is_disabled()
    found.page.reload()
    found.page.get_by_text(id, exact=False).first.wait_for()
    assert found.page.locator("h1").inner_text() != ""


def test_conflicts_are_told(tab, server):
    """
    What the server refuses is shown in the server's words.
    """
    id = server.create(LONG)
    found = tab().open(id)
    found.page.get_by_text("What if").click()
    found.page.get_by_label("Event", exact=True).select_option("liquidity_injection")
    found.page.get_by_label("Amount").fill("much")
    found.button("Let it happen").click()
    found.page.locator(".whatif .warning").get_by_text("amount must be int").first.wait_for()
    page = found.page
    page.route("**/tick", lambda route: route.fallback(method="GET"))
    found.button("Step").click()
    page.locator(".one > .warning").wait_for()


def test_watches_what_others_do(tab, server):
    """
    What anybody else does to a simulation shows, a step back to a checkpoint included.
    """
    id = server.create(BUSY, ticks=10)
    found = tab().open(id)
    found.drawn()
    checkpoint = server.ask("POST", f"simulations/{id}/checkpoints", {})["checkpoint_id"]
    volume = found.figure("Settled transactions")
    server.ask("POST", f"simulations/{id}/tick?count=30")
    found.tick(40)
    server.ask("POST", f"simulations/{id}/checkpoints/{checkpoint}/restore")
    found.tick(10)
    found.drawn()
    assert found.figure("Settled transactions") == volume


def test_server_that_goes_away(browser, tmp_path):
    """
    A lost connection is told and comes back by itself, and nothing is missing then.
    """
    with Server(tmp_path / "data") as server:
        id = server.create(BUSY, ticks=100)
        context = browser.new_context()
        found = LivePage(context.new_page(), server).open(id)
        found.tick(100)
        server.kill()
        found.page.get_by_role("alert").get_by_text("No connection").wait_for()
        server.start()
        server.ask("POST", f"simulations/{id}/tick?count=20")
        found.button("Try now").click()
        found.tick(120)
        found.page.locator("#banner").wait_for(state="hidden")
        totals = server.ask("GET", f"simulations/{id}/results")["totals"]
        found.page.locator("dl.numbers").get_by_text(
            f"{totals['settlements']['value']:,}", exact=True
        ).wait_for()
        assert found.complaints == []
        context.close()


def test_key(browser, tmp_path):
    """
    A server with keys asks for one; the page keeps it for the tab, and for everything it does.
    """
    data = tmp_path / "data"
    command = [sys.executable, "-m", "paysim", "keys", "add", "someone", "--scope", "admin"]
    made = subprocess.run(
        [*command, "--data-dir", data], capture_output=True, text=True, check=True
    )
    with Server(data) as server:
        server.key = re.search(r"paysim_[A-Za-z0-9_-]{43}", made.stdout)[0]
        id = server.create(BUSY, "locked", ticks=5)
        context = browser.new_context(accept_downloads=True)
        found = LivePage(context.new_page(), server)
        page = found.page
        page.goto(f"{server.address}/#/simulations/{id}")
        page.get_by_label("Key", exact=True).fill("wrong")
        page.keyboard.press("Enter")
        page.get_by_text("does not know this key").wait_for()
        page.get_by_label("Key", exact=True).fill(server.key)
        found.button("Use this key").click()
        found.drawn()
        found.button("Step").click()
        found.tick(6)
        with page.expect_download() as downloading:
            found.button("Save as CSV").click()
        assert downloading.value.path().read_text().startswith("transaction_id,")
        with page.expect_download() as downloading:
            page.get_by_role("link", name="Report of the run").click()
        assert "<h1>" in downloading.value.path().read_text()
        page.reload()
        found.tick(6)
        assert found.complaints == []
        context.close()


def test_without_charts(tab, server):
    """
    Where the libraries that draw are missing the page says how to get them, and does all else.
    """
    id = server.create(BUSY)
    found = tab()
    told = {"charts": [], "missing": "Charts need what comes with: pip install this"}
    found.page.route("**/charts", lambda route: route.fulfill(json=told))
    found.open(id)
    found.page.get_by_text("pip install this. Everything else works without them.").wait_for()
    found.button("Step").click()
    found.tick(1)
    found.page.locator("summary", has_text="Settlements by means").click()
    found.page.locator(".tables").get_by_text("queue release").wait_for()
    assert found.page.locator("#agent").is_visible()
