"""
A report as its reader meets it: opened from a file, in a real browser, on screens and on paper.
"""

from __future__ import annotations

import pytest
from runs import HOSTILE, RUNS

every_run = pytest.mark.parametrize("name", RUNS)

A4_WIDTH = 688
"""Pixels between the margins of an upright A4 page."""


@every_run
def test_opens(opened, reports, name):
    """
    A report opens without an error, a request or a dialog.
    """
    found = opened(name)
    assert found.complaints == []
    assert found.requests == [reports(name).as_uri()]
    assert found.dialogs == []


@every_run
def test_charts_are_drawn(opened, name):
    """
    Every chart is an SVG with marks in it, and tells in words what it shows.
    """
    figures = opened(name).page.locator("figure.plot")
    assert figures.count() >= 8
    for figure in figures.all():
        assert figure.get_attribute("data-state") == "drawn", figure.inner_text()
        assert figure.locator("svg g[class*='mark-'] > *").count() > 0
        assert len(figure.locator(".card > [role=img]").get_attribute("aria-label")) > 40


@pytest.mark.parametrize(
    ("name", "width"), [*((name, 375) for name in RUNS), *(("many", w) for w in (320, 768, 1200))]
)
def test_fits_the_screen(opened, name, width):
    """
    The page never scrolls sideways; what is wider than the screen scrolls by itself.
    """
    page = opened(name, viewport={"width": width, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@every_run
def test_fits_the_paper(opened, name):
    """
    On paper nothing is cut off: no table, no chart and no text is wider than the page.
    """
    page = opened(name).page
    page.set_viewport_size({"width": A4_WIDTH, "height": 1_000})
    page.emulate_media(media="print")
    too_wide = page.evaluate(
        """width => [...document.querySelectorAll("main *")]
            .filter(e => !e.closest("svg") && e.getBoundingClientRect().right > width + 1)
            .map(e => e.outerHTML.slice(0, 200))""",
        A4_WIDTH,
    )
    assert too_wide == []
    outside = page.evaluate(
        """width => [...document.querySelectorAll("figure svg")]
            .filter(e => e.getBoundingClientRect().right > width + 1)
            .map(e => e.closest("figure").id)""",
        A4_WIDTH,
    )
    assert outside == []


@pytest.mark.parametrize("name", ["two", "many"])
def test_prints(opened, name):
    """
    It prints to PDF, a few pages of it.
    """
    pdf = opened(name).page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert 3 <= pdf.count(b"/Type /Page\n") <= 30


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours(opened, scheme):
    """
    The page follows the colour scheme; charts stand on white in both, and text is easy to tell.
    """
    page = opened("ten", color_scheme=scheme).page
    luminance = """selector => {
        const style = getComputedStyle(document.querySelector(selector));
        const tell = text => {
            const [r, g, b] = text.match(/\\d+/g).map(v => v / 255)
                .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        return [tell(style.color), tell(style.backgroundColor)];
    }"""
    _, ground = page.evaluate(luminance, "html")
    assert (ground > 0.9) if scheme == "light" else (ground < 0.05)
    assert page.evaluate(luminance, ".card")[1] == 1
    _, alert = page.evaluate(luminance, ".warning")
    texts = {"body": ground, ".quiet": ground, "nav a": ground, "thead th": ground}
    for selector, behind in (texts | {".warning h3": alert, ".warning .note": alert}).items():
        text, _ = page.evaluate(luminance, selector)
        light, dark = max(text, behind), min(text, behind)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, selector


def test_names_are_text(opened):
    """
    Names that look like HTML, scripts or addresses stand in the page as they are, and do nothing.
    """
    found = opened("hostile")
    text = found.page.locator("main").inner_text()
    for name in HOSTILE:
        assert name in text
    assert found.page.locator("h1").inner_text() == HOSTILE[0]
    assert found.page.locator("main img, main iframe, main object").count() == 0
    assert found.page.locator("script:not([type])").count() == 1


def test_tooltips_are_text(opened):
    """
    What a chart tells under the mouse is text too.
    """
    found = opened("hostile")
    marks = found.page.locator("#plot-cost_stack svg .mark-rect path")
    assert marks.count() > 0
    for mark in marks.all()[:12]:
        mark.hover(force=True)
    tip = found.page.locator("#vg-tooltip-element.visible")
    assert tip.count() == 1
    assert tip.locator("img, script").count() == 0
    assert (found.complaints, found.dialogs, len(found.requests)) == ([], [], 1)


def test_nothing_can_be_loaded(opened):
    """
    The page's policy refuses requests, foreign scripts and code from text, whoever tries.
    """
    refused = opened("two").page.evaluate(
        """async () => {
            const refused = [];
            document.addEventListener(
                "securitypolicyviolation", event => refused.push(event.effectiveDirective));
            await fetch("http://127.0.0.1:9/").catch(() => {});
            const script = document.createElement("script");
            script.textContent = "window.was_run = true";
            document.body.append(script);
            setTimeout("window.was_run = true");
            const image = new Image();
            image.src = "http://127.0.0.1:9/a.png";
            document.body.append(image);
            await new Promise(done => setTimeout(done, 200));
            return [refused.sort(), window.was_run];
        }"""
    )
    assert refused == [["connect-src", "img-src", "script-src", "script-src-elem"], None]


def test_keyboard(opened):
    """
    The links to the sections, and what scrolls by itself, are reached with the keyboard.
    """
    page = opened("ten", viewport={"width": 375, "height": 700}).page
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.matches('nav a, .scroll, .card')"))
    assert all(reached)
    page.locator("nav a", has_text="Tables").press("Enter")
    assert page.locator("#tables").bounding_box()["y"] < 700


def test_without_scripts(opened):
    """
    Where scripts are switched off the page says so, and its tables are there.
    """
    context = opened("two").page.context.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(opened("two").page.url)
    assert "switched off" in page.locator("noscript").inner_text()
    assert page.locator("table").count() >= 7
    context.close()
