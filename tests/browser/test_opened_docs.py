"""
/docs and /redoc in a real browser: they show the API and ask nobody else for anything.
"""

from __future__ import annotations

import sys

import pytest
from record import ROOT

sys.path.append(str(ROOT / "tests" / "server"))

from served import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """
    Offer a server that both pages are of.
    """
    with Served(tmp_path_factory.mktemp("docs") / "data") as served:
        yield served


@pytest.fixture
def page(browser, served):
    """
    Offer an empty page, which must ask nobody but the server, and have nothing to complain of.
    """
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    complaints, asked = [], []
    page.on("console", lambda message: complaints.append((message.type, message.text)))
    page.on("pageerror", lambda error: complaints.append(("error", str(error))))
    page.on("request", lambda request: asked.append(request.url))
    yield page
    context.close()
    own = (f"{served.address}/", f"blob:{served.address}/", "data:")
    assert asked
    assert [address for address in asked if not address.startswith(own)] == []
    assert [text for kind, text in complaints if kind in ("error", "warning")] == []


def test_swagger_ui(page, served):
    """
    /docs lists the API, and tries out a request.
    """
    page.goto(f"{served.address}/docs")
    page.get_by_text("/health").click()
    page.get_by_role("button", name="Try it out").click()
    with page.expect_request(f"{served.address}/health"):
        page.get_by_role("button", name="Execute").click()
    page.locator(".live-responses-table .response-col_status", has_text="200").wait_for()


def test_redoc(page, served):
    """
    /redoc describes the API, and finds words in it.
    """
    page.goto(f"{served.address}/redoc")
    page.get_by_role("heading", name="Make a simulation").wait_for()
    page.get_by_placeholder("Search...").fill("checkpoint")
    page.locator("[data-role='search:results'] li").first.wait_for()
