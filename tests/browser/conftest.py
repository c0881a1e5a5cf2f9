"""
A real Chromium, and the pages that the tests open in it.

Without Chromium or Playwright the tests are skipped with the reason; with the environment variable
PAYSIM_BROWSER=required they fail instead.
"""

from __future__ import annotations

import os
import re
import shutil

import pytest
from pages import LivePage, Server
from runs import RUNS, report_of

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
"""What keeps the browser itself from talking to anybody."""

NAMES = ("chromium", "chromium-browser", "google-chrome")

DRAWN_SECONDS = 60


def _missing(reason):
    if os.environ.get("PAYSIM_BROWSER") == "required":
        pytest.fail(f"PAYSIM_BROWSER=required, and {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser():
    """
    Start Chromium without a window; as root it runs without its sandbox, which root cannot have.

    Playwright keeps a loop of asyncio running in its thread, in which no other one can run; so it
    is stopped before another module begins.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing('Playwright is missing: pip install "paysim[browser]"')
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        _missing("Chromium is missing: apt-get install chromium")
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=FLAGS, chromium_sandbox=not is_root
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory):
    """
    Return a function that gives the file of the report of a run, made when first asked for.
    """
    folder, made = tmp_path_factory.mktemp("reports"), {}

    def report(name):
        if name not in made:
            made[name] = folder / f"{name}.html"
            made[name].write_text(report_of(RUNS[name]), encoding="utf-8")
        return made[name]

    return report


class Opened:
    """
    A page that was opened, with all that it did besides showing something.

    Attributes:
        page: The page, of Playwright.
        complaints: Errors in its console and errors of its scripts.
        requests: Addresses that it asked for.
        dialogs: Texts of the dialogs that it opened.
    """

    def __init__(self, page):
        self.page = page
        self.complaints, self.requests, self.dialogs = [], [], []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("dialog", self._asked)

    def _heard(self, message):
        if message.type == "error":
            self.complaints.append(message.text)

    def _asked(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def go(self, path):
        """
        Open a report, and wait until each chart is drawn or has failed to be.
        """
        self.page.goto(path.as_uri())
        waiting = self.page.locator("figure.plot[data-state=waiting]")
        waiting.first.wait_for(state="detached", timeout=DRAWN_SECONDS * 1_000)
        return self


@pytest.fixture
def opened(browser, reports):
    """
    Return a function that opens the report of a run: by its name, with settings of the browser.
    """
    contexts = []

    def open_report(name, **settings):
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}} | settings)
        contexts.append(context)
        return Opened(context.new_page()).go(reports(name))

    yield open_report
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """
    Offer a server that the tests of the live page share; each makes simulations of its own.
    """
    with Server(tmp_path_factory.mktemp("live") / "data") as server:
        yield server


@pytest.fixture
def tab(browser, server):
    """
    Return a function that opens a tab, with settings of the browser; each must end unblemished.
    """
    contexts, tabs = [], []

    def open_tab(to=server, **settings):
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}} | settings)
        contexts.append(context)
        tabs.append(LivePage(context.new_page(), to))
        return tabs[-1]

    yield open_tab
    for each in tabs:
        assert each.complaints == []
        assert each.dialogs == []
        inside = re.compile(rf"{re.escape(each.server.address)}/|data:,|blob:")
        assert [url for url in each.requests if not inside.match(url)] == []
    for context in contexts:
        context.close()
