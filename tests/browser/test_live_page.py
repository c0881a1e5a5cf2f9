"""
The live page as its user meets it: a real server, and a real browser without a window.
"""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal

import pytest
from pages import LivePage, Server, text_of
from runs import HOSTILE, hostile, many

from paysim.testing import tiny_scenario

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


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """
    Offer a server that the tests of this file share; each makes simulations of its own.
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


def test_create_and_play(tab, server):
    """
    A shipped scenario becomes a simulation, which is stepped, played, paused and run to its end.
    """
    found = tab().go("#/new?scenario=busy_day")
    page = found.page
    page.get_by_label("Name").fill("Monday")
    found.button("Create simulation").click()
    found.tick(0)
    assert page.locator("h1").inner_text() == "Monday"
    found.button("Step").click()
    found.tick(1)
    found.drawn()
    page.get_by_label("Speed").select_option("25")
    found.button("Play").click()
    found.drawn("live", "balances", "queue_value")
    found.button("Pause").click()
    found.button("Play").wait_for()
    id = page.url.rsplit("/", 1)[-1]
    told = server.of(id)
    assert 1 < told["current_tick"] < 600
    assert told["run"]["ticks_per_second"] == 25
    found.tick(told["current_tick"])
    found.button("Run to the end").click()
    found.tick(600)
    found.drawn()
    assert found.button("Play").is_disabled()
    assert found.button("Run to the end").is_disabled()
    totals = server.ask("GET", f"simulations/{id}/results")["totals"]
    assert found.figure("Settled value") == f"{totals['settlements']['value']:,}"
    assert found.figure("Settled transactions") == f"{totals['settlements']['volume']:,}"
    assert found.figure("Costs so far").replace(",", "") == f"{float(totals['total_cost']):.2f}"


def test_reload(tab, server):
    """
    After a reload all is as it was: the tick, the figures, the charts, the agent that was chosen.
    """
    id = server.create(BUSY, ticks=200)
    found = tab().open(id)
    page = found.page
    page.locator("#agent").select_option("SPLIT_1")
    found.drawn()
    figures = page.locator("dl.numbers").inner_text()
    account = page.locator("dl.account")
    balance = server.ask("GET", f"simulations/{id}/agents/SPLIT_1")["agent"]["balance"]
    account.get_by_text(f"{balance:,}".replace("-", "\N{MINUS SIGN}"), exact=True).first.wait_for()
    told = account.inner_text()
    page.reload()
    found.ready()
    found.drawn()
    account.wait_for()
    assert page.locator("#agent").input_value() == "SPLIT_1"
    assert (page.locator("dl.numbers").inner_text(), account.inner_text()) == (figures, told)


def test_reload_while_running(tab, server):
    """
    A run goes on while the page is away, and a page that comes back shows it from tick 0.
    """
    id = server.create(LONG, ticks=50)
    found = tab().open(id)
    found.page.get_by_label("Speed").select_option("100")
    found.button("Play").click()
    found.drawn("live", "queue_value")
    found.page.reload()
    found.button("Pause").wait_for()
    assert found.page.get_by_label("Speed").input_value() == "100"
    found.drawn("live", "balances", "queue_value", "settlements_by_means")
    found.page.get_by_text("From tick").first.wait_for(state="detached")
    found.button("Pause").click()
    found.button("Play").wait_for()


def test_errors_at_their_lines(tab, server):
    """
    What is wrong with a text is told at its lines, each a link to its place, and nothing is made.
    """
    before = len(server.ask("GET", "simulations")["simulations"])
    wrong = BUSY.replace("credit_limit: 500000", "credit_limit: lots", 1)
    wrong = wrong.replace("rng_seed: 3", "rng_seed: -3")
    found = tab().go("#/new")
    page = found.page
    text = page.get_by_label("Text of the scenario")
    text.fill(wrong)
    found.button("Create simulation").click()
    page.get_by_role("heading", name="2 errors: nothing has been created").wait_for()
    assert [each.inner_text() for each in page.locator(".gutter .wrong").all()] == ["✕ 13", "✕ 18"]
    assert "credit_limit must be int (got 'lots')" in page.locator(".errors").inner_text()
    found.button("Line 18").click()
    selected = "area => area.value.slice(area.selectionStart, area.selectionEnd)"
    assert text.evaluate(selected) == "lots"
    # A line that is put before the others takes the marks along.
    text.evaluate("area => area.setSelectionRange(0, 0)")
    page.keyboard.press("Enter")
    assert [each.inner_text() for each in page.locator(".gutter .wrong").all()] == ["✕ 14", "✕ 19"]
    text.fill(BUSY)
    assert len(server.ask("GET", "simulations")["simulations"]) == before
    found.button("Create simulation").click()
    found.tick(0)


def test_branch_and_compare(tab, server):
    """
    A branch is shown beside its origin on the same scales, and differs once something befalls it.
    """
    id = server.create(BUSY, "origin", ticks=200)
    found = tab().open(id)
    page = found.page
    found.button("Branch").click()
    page.get_by_role("heading", name="Side by side").wait_for()
    found.ready()
    branch = page.url.rsplit("/", 1)[-1]
    assert server.of(branch)["branched_from"] == {"simulation_id": id, "tick": 200}
    found.drawn("live", "balances", "queue_value", "settlements_by_means", "bilateral_flows")
    side = page.get_by_label("Simulation B")
    side.get_by_text("What if").click()
    side.get_by_label("Event", exact=True).select_option("outage")
    side.get_by_label("Agent").select_option("BUFFER_1")
    side.get_by_role("button", name="Let it happen").click()
    side.get_by_text("outage of BUFFER_1 in tick 200").wait_for()
    found.button("Run to the end").click()
    found.tick("600 600")
    rows = {
        row.locator("th").inner_text(): [cell.inner_text() for cell in row.locator("td").all()]
        for row in page.locator(".differences tbody tr").all()
    }
    totals = [server.ask("GET", f"simulations/{each}/results")["totals"] for each in (id, branch)]
    a, b = (round(Decimal(each["total_cost"]), 2) for each in totals)
    assert a < b
    assert rows["Costs so far"] == [f"{a:,}", f"{b:,}", f"+{b - a:,}"]
    # The marks of both axes are the same, whatever each has come to.
    page.locator("figure[data-chart=queue_value]").first.scroll_into_view_if_needed()
    marks = (
        "figure => [...figure.querySelectorAll('.role-axis-label text')].map(e => e.textContent)"
    )
    pair = page.locator("figure[data-chart=queue_value]")
    pair.first.locator("text=600").wait_for()
    assert pair.nth(0).evaluate(marks) == pair.nth(1).evaluate(marks)


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


def test_draws_thirty_times_a_second_at_most(tab, server):
    """
    At a thousand ticks a second frames are drawn together, thirty times a second at most, and what
    the page keeps of them does not grow.
    """
    id = server.create(LONG)
    found = tab().open(id)
    page = found.page
    page.get_by_label("Speed").select_option("1000")
    found.button("Play").click()
    found.drawn("live", "balances", "queue_value")
    measured = """() => [performance.now(), Number(document.documentElement.dataset.draws),
        Number(document.documentElement.dataset.tick)]"""
    start = page.evaluate(measured)
    frames = found.noted("frames")
    page.locator("html").evaluate(
        """(html, tick) => new Promise(done => new MutationObserver((_, observer) => {
            if (Number(html.dataset.tick) >= tick) { observer.disconnect(); done(); }
        }).observe(html, {attributes: true}))""",
        start[2] + 3_000,
    )
    end = page.evaluate(measured)
    drawn = end[1] - start[1]
    assert 0 < drawn <= 30 * (end[0] - start[0]) / 1000 + 2
    assert found.noted("frames") - frames < 3_000
    rows = page.locator("figure[data-chart=balances] svg path").evaluate_all(
        "paths => Math.max(...paths.map(path => path.getAttribute('d').length))"
    )
    assert rows < 50_000
    found.button("Pause").click()
    found.button("Play").wait_for()
    found.drawn()


def test_deletes_with_a_question(tab, server):
    """
    A simulation goes when the question is answered with yes, and stays otherwise.
    """
    id = server.create(BUSY, "to be deleted")
    found = tab().go()
    found.page.get_by_role("button", name="Delete to be deleted").click()
    found.page.get_by_role("button", name="Cancel").click()
    assert server.of(id)["name"] == "to be deleted"
    found.page.get_by_role("button", name="Delete to be deleted").click()
    found.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    found.page.get_by_role("link", name="to be deleted").wait_for(state="detached")
    assert id not in str(server.ask("GET", "simulations"))


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
