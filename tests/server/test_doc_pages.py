"""
/docs and /redoc: everything they load is the service's own.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest

from paysim.server.openapi.doc_pages import FILES

PAGES = pytest.mark.parametrize("page", ["/docs", "/redoc"])
LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src"}


class Loaded(HTMLParser):
    """
    Gathers what a page loads, and the scripts that stand in it.
    """

    def __init__(self, text):
        super().__init__()
        self.addresses, self.scripts = [], []
        self._is_script = False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if attributes.get(LOADED.get(tag, "")):
            self.addresses.append(attributes[LOADED[tag]])
        self._is_script = tag == "script" and "src" not in attributes

    def handle_endtag(self, tag):
        self._is_script = False

    def handle_data(self, data):
        if self._is_script:
            self.scripts.append(data)


@PAGES
def test_what_is_loaded(client, page):
    """
    Every file that a page loads is there, of the right type, and comes from the service.
    """
    reply = client.get(page)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    loaded = Loaded(reply.text)
    assert len(loaded.addresses) >= 2
    for address in loaded.addresses:
        assert "//" not in address
        file = client.get(urljoin(page, address))
        assert file.status_code == 200
        assert file.headers["content-type"] == FILES[address.rpartition("/")[2]]
        assert len(file.content) > 1_000
    (script,) = loaded.scripts
    assert '"openapi.json"' in script
    assert client.get("/openapi.json").json()["openapi"].startswith("3.")


@PAGES
def test_policy(client, page):
    """
    The page forbids itself every other server, and every script that is not its own.
    """
    policy = client.get(page).headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert re.fullmatch(r"'self' 'sha256-[\w+/=]+'", rules["script-src"])
    assert rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert not re.search(r"https?:|\*|unsafe-eval", policy)


def test_nothing_of_others(client):
    """
    What the libraries would load from elsewhere, a logo and a badge, is left out.
    """
    assert "cdn.redoc.ly" not in client.get("/static/docs/redoc.standalone.js").text
    assert "validatorUrl: null" in client.get("/docs").text
    assert "disableGoogleFont: true" in client.get("/redoc").text


@pytest.mark.parametrize("name", ["core.py", "..", "%2e%2e%2fcore.py", "", "FAVICON.PNG", "%00"])
def test_no_other_file(client, name):
    """
    No other file of that package can be had.
    """
    assert client.get(f"/static/docs/{name}").status_code == 404
