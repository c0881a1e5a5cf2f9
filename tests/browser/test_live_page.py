"""
The live page as its user meets it: create, play, look, branch, delete.
"""

from __future__ import annotations

from decimal import Decimal

from pages import BUSY, LONG


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
    # What an agent paid today is then that of a day that has not begun.
    found.show("Day 0 is over; today is day 1, of which no tick has been run.")
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


def test_asked_during_a_step(tab, server):
    """
    What is asked for while a step is under way is done after it.
    """
    id = server.create(BUSY)
    found = tab().open(id)
    held = []
    found.page.route("**/tick", lambda route: held.append(route))
    with found.page.expect_request("**/tick"):
        found.button("Step").click()
    found.button("Run to the end").click()
    assert server.of(id)["current_tick"] == 0
    held[0].continue_()
    found.tick(server.of(id)["num_ticks"])
    assert len(held) == 1


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
    text.fill(BUSY + "\n# Mine.")
    assert len(server.ask("GET", "simulations")["simulations"]) == before
    found.button("Create simulation").click()
    found.tick(0)
    # What is no more as it was shipped does not go by the name of what was.
    assert page.locator("h1").inner_text() == "busy_day, changed"


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
    assert "branch" not in page.locator("footer.keys ul").inner_text()
    assert server.of(branch)["branched_from"] == {"simulation_id": id, "tick": 200}
    for name in ("balances", "queue_value", "settlements_by_means", "bilateral_flows"):
        # Each from tick 0, though the page was opened at tick 200.
        drawn = page.locator(f"figure[data-chart={name}][data-state=live] svg")
        drawn.nth(1).wait_for()
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
    # B is drawn after A, on the scales of both.
    page.locator("figure[data-chart=queue_value][data-mark=B][data-tick='600']").wait_for()
    # A and B come to their common scale one after the other.
    page.wait_for_function(
        """() => {
          const charts = [...document.querySelectorAll("figure[data-chart=queue_value]")];
          const [a, b] = charts.map((chart) =>
            [...chart.querySelectorAll(".role-axis-label text")].map((each) => each.textContent),
          );
          return a.length > 0 && a.join() === b.join();
        }"""
    )


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


def test_draws_no_more_than_it_may(tab):
    """
    However often something asks to be drawn, it is drawn thirty times a second, with the last word.
    """
    drawn, seconds, last = (
        tab()
        .go()
        .page.evaluate(
            """async () => {
                const main = document.querySelector("script[type=module]").src;
                const { draw } = await import(main.replace("main.js", "draw.js"));
                let [drawn, last, asked] = [0, 0, 0];
                const task = () => { drawn += 1; last = asked; };
                const begun = performance.now();
                for (asked = 1; asked <= 120; asked += 1) {
                    draw(task);
                    await new Promise(requestAnimationFrame);
                }
                const seconds = (performance.now() - begun) / 1000;
                while (last < 120) await new Promise(requestAnimationFrame);
                return [drawn, seconds, last];
            }"""
        )
    )
    assert 0 < drawn <= 30 * seconds + 3
    assert last >= 120


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


def test_place_that_nobody_sees(tab):
    """
    A chart whose place has gone by the time that it can be drawn is not drawn, without complaint.
    """
    drawn = (
        tab()
        .go()
        .page.evaluate(
            """async () => {
                const main = document.querySelector("script[type=module]").src;
                const { View } = await import(main.replace("main.js", "vega.js"));
                const spec = {
                    data: { values: [{ a: 1, tick: 1 }, { a: 2, tick: 2 }] },
                    facet: { field: "a" },
                    spec: { mark: "line", encoding: { x: { field: "tick" }, y: { field: "a" } } },
                };
                const [gone, there] = [0, 1].map(() => document.createElement("div"));
                document.querySelector("main").append(there);
                return [await new View(gone).show(spec), await new View(there).show(spec)];
            }"""
        )
    )
    assert drawn == [False, True]
