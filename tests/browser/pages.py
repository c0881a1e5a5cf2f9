"""
The live page as its user meets it: a real server, a real browser, and what both have noted.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from urllib.parse import quote

from record import ROOT

sys.path.append(str(ROOT / "tests" / "server"))

from served import Served

from paysim.testing import tiny_scenario

__all__ = ["BUSY", "LONG", "NO_SCROLLING", "LivePage", "Server", "text_of"]

REFUSED = "the server responded with a status of 4"
"""What a browser notes by itself when a request is refused, as some are meant to be."""

LOST = "net::ERR_"
"""What it notes when a server is gone."""


def text_of(name):
    """
    Return the text of a shipped scenario.
    """
    return (ROOT / "scenarios" / f"{name}.yaml").read_text(encoding="utf-8")


BUSY = text_of("busy_day")

LONG = tiny_scenario(
    ticks_per_day=1_000,
    num_days=200,
    agent_configs=[
        {
            "id": f"BANK_{n}",
            "opening_balance": 1_000_000,
            "arrival_config": {
                "rate_per_tick": 0.05,
                "amount_distribution": {"type": "uniform", "min": 1, "max": 100_000},
            },
        }
        for n in range(10)
    ],
).to_dict()
"""A run that goes on for long."""

NO_SCROLLING = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
"""Whether the page keeps to the width of the screen."""


class Server(Served):
    """
    A server, and requests to it beside those of the page.
    """

    key = ""

    def ask(self, method, path, body=None):
        """
        Send a request and return its reply, which tells of success.
        """
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        data = None
        if isinstance(body, str):
            headers["Content-Type"], data = "application/yaml", body.encode()
        elif body is not None:
            headers["Content-Type"], data = "application/json", json.dumps(body).encode()
        address = f"{self.address}/api/{path}"
        request = urllib.request.Request(address, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)

    def create(self, scenario, name="", ticks=0):
        """
        Make a simulation, a text or a dict, and return its id.
        """
        query = f"?name={quote(name)}" if name else ""
        id = self.ask("POST", f"simulations{query}", scenario)["simulation_id"]
        if ticks:
            self.ask("POST", f"simulations/{id}/tick?count={ticks}")
        return id

    def of(self, id):
        """
        Return what the server says of a simulation.
        """
        return self.ask("GET", f"simulations/{id}")


class LivePage:
    """
    The live page in a tab.

    Attributes:
        page: The tab, of Playwright.
        server: The server.
        complaints: Errors in the console and of scripts, but for refused and lost requests.
        requests: Addresses that were asked for.
        dialogs: Texts of the browser's own dialogs.
    """

    def __init__(self, page, server):
        self.page, self.server = page, server
        self.complaints, self.requests, self.dialogs = [], [], []
        page.set_default_timeout(30_000)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("dialog", self._asked)

    def _heard(self, message):
        if message.type == "error" and REFUSED not in message.text and LOST not in message.text:
            self.complaints.append(message.text)

    def _asked(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def go(self, place="#/"):
        """
        Open a place of the page.
        """
        self.page.goto(f"{self.server.address}/{place}")
        self.ready()
        return self

    def ready(self):
        """
        Wait until what the address says is there.
        """
        self.page.locator("main[aria-busy=false]").wait_for()

    def open(self, id):
        """
        Open a simulation.
        """
        return self.go(f"#/simulations/{id}")

    def show(self, text):
        """
        Wait until a text stands in the page.
        """
        self.page.locator("main").get_by_text(text, exact=True).first.wait_for()

    def tick(self, tick):
        """
        Wait until the page shows a tick.
        """
        self.page.locator(f"html[data-tick='{tick}']").wait_for(state="attached")

    def drawn(self, state="exact", *names):
        """
        Wait until charts are drawn.
        """
        for name in names or ("balances", "queue_value", "settlements_by_means", "bilateral_flows"):
            figure = self.page.locator(f"figure[data-chart={name}][data-state={state}]")
            figure.first.wait_for()
            figure.first.locator("svg").wait_for()

    def button(self, name):
        """
        Return the button of a name.
        """
        return self.page.get_by_role("button", name=name, exact=True)

    def figure(self, label):
        """
        Return a key figure as it is shown.
        """
        return self.page.locator("dl.numbers > div", has_text=label).locator(".value").inner_text()

    def noted(self, name):
        """
        Return a number that the page notes of itself, such as how often it has drawn.
        """
        return int(self.page.evaluate("name => document.documentElement.dataset[name]", name))
