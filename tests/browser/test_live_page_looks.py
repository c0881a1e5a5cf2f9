"""
The live page on screens of all kinds, with names of all kinds, and without a mouse.
"""

from __future__ import annotations

import pytest
from pages import BUSY, NO_SCROLLING, text_of
from runs import HOSTILE, hostile, many


def test_keyboard(tab, server):
    """
    The keyboard alone creates, steps, plays and pauses; keys do nothing while one writes.
    """
    found = tab().go("#/new?scenario=two_banks")
    page = found.page
    page.get_by_label("Name").focus()
    page.keyboard.type("s e b")
    page.keyboard.press("Enter")
    page.locator("h1", has_text="s e b").wait_for()
    found.tick(0)
    page.keyboard.press("s")
    found.tick(1)
    page.get_by_label("Speed").focus()
    page.keyboard.press("s")
    page.get_by_label("Speed").select_option("1")
    assert found.noted("tick") == 1
    page.keyboard.press("Escape")
    page.locator("h1").focus()
    page.keyboard.press("Space")
    found.button("Pause").wait_for()
    page.keyboard.press("Space")
    found.button("Play").wait_for()
    page.keyboard.press("e")
    found.tick(server.of(page.url.rsplit("/", 1)[-1])["num_ticks"])
    found.drawn()
    # Everything that can be acted on is reached in turn, and shows that it has the focus.
    page.locator("a.brand").focus()
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.slice(0, 20)"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
    assert [word for word in ("Branch", "Delete", "Step") if word not in reached] == []


def test_screen_reader_is_told(tab, server):
    """
    A step and the end of a run are told where screen readers listen, however short the run is.
    """
    id = server.create(text_of("ring"))
    found = tab().open(id)
    page, told = found.page, found.page.get_by_role("status")
    page.keyboard.press("s")
    told.get_by_text("Tick 0 has been run: 1 arrived, 0 settled.").wait_for()
    page.keyboard.press("e")
    told.get_by_text("The run has come to its end at tick 20.").wait_for()
    found.tick(20)
    page.keyboard.press("Space")
    assert "Playing" not in told.inner_text()


@pytest.mark.parametrize("width", [1440, 375])
def test_hostile_names(tab, server, width):
    """
    Names that look like HTML, scripts or addresses are text, everywhere, and break no layout.
    """
    wild = hostile().to_dict()
    names = [*HOSTILE, "שלום abc", "N" * 100]
    wild["agent_configs"] += [
        {**wild["agent_configs"][0], "id": name} for name in names[len(HOSTILE) :]
    ]
    id = server.create(wild, HOSTILE[0], ticks=20)
    found = tab(viewport={"width": width, "height": 800}).open(id)
    page = found.page
    found.drawn()
    assert page.locator("h1").inner_text() == HOSTILE[0]
    for fold in ("Balances", "Bilateral flows"):
        page.locator("summary", has_text=fold).click()
    text = page.locator(".tables").inner_text()
    for name in names:
        assert name in text
    page.locator("#agent").select_option(names[-1])
    page.locator("dl.account").wait_for()
    assert page.evaluate(NO_SCROLLING)
    assert page.locator("main img, main iframe, main script").count() == 0
    found.go("#/")
    page.get_by_role("link", name=HOSTILE[0]).first.wait_for()
    assert page.evaluate(NO_SCROLLING)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_many_agents(tab, server, scheme):
    """
    Two hundred agents are shown: those that paid most one by one, the others together.
    """
    id = server.create(many().to_dict(), ticks=20)
    found = tab(color_scheme=scheme).open(id)
    found.drawn()
    page = found.page
    page.get_by_label("Speed").select_option("10")
    found.button("Play").click()
    found.drawn("live", "balances", "bilateral_flows")
    found.button("Pause").click()
    found.button("Play").wait_for()
    labels = page.locator("figure[data-chart=balances] svg text")
    assert labels.filter(has_text="189 others, range").count() == 1
    page.locator("summary", has_text="Bilateral flows").click()
    page.locator(".matrix tbody tr").nth(20).wait_for()
    assert page.locator(".matrix tbody tr").count() == 21
    assert page.locator("#agent option").count() == 200


@pytest.mark.parametrize("width", [1440, 375])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_and_can_be_read(tab, server, scheme, width):
    """
    No view scrolls sideways, and texts stand out from what is behind them.
    """
    id = server.create(BUSY, ticks=200)
    branch = server.ask("POST", f"simulations/{id}/branches", {})["simulation_id"]
    found = tab(viewport={"width": width, "height": 800}, color_scheme=scheme)
    contrast = """selector => {
        const parse = text => text.match(/[\\d.]+/g).map(Number);
        const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
        const behind = element => {
            for (let at = element; at; at = at.parentElement) {
                const found = parse(getComputedStyle(at).backgroundColor);
                if (found.length === 3 || found[3] > 0) return found;
            }
        };
        return [...document.querySelectorAll(selector)].filter(e => e.offsetParent).map(element => {
            const pair = [light(parse(getComputedStyle(element).color)), light(behind(element))];
            return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
        });
    }"""
    for place in ("#/", "#/new", f"#/simulations/{id}", f"#/simulations/{id}/beside/{branch}"):
        found.go(place)
        if "simulations/" in place:
            found.drawn("live" if "beside" in place else "exact", "balances")
        assert found.page.evaluate(NO_SCROLLING), place
        texts = "h1, h2, h3, p, a, button:not(:disabled), label, th, td, dt, dd, summary, .note"
        assert min(found.page.evaluate(contrast, texts)) >= 4.5, place


def test_nothing_can_be_loaded(tab, server):
    """
    The page's policy refuses requests to others, foreign scripts and code from text.
    """
    found = tab().go()
    policy = found.page.evaluate(
        "fetch('').then(reply => reply.headers.get('content-security-policy'))"
    )
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    was_run = found.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.was_run = true";
            document.body.append(script);
            return window.was_run === true;
        }"""
    )
    assert not was_run
    found.complaints.clear()
