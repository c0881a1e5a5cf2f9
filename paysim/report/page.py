"""
The page of a report: its parts put into the template, with what makes the file safe to open.

Everything that comes from a run is text: the template escapes it, and `embedded` does so for the
specifications of charts. The page's security policy forbids every request and every script other
than the one that is written here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from paysim import looks
from paysim.plotting.scripts import drawing_script, in_script
from paysim.report.charts import figures
from paysim.report.numbers import indicator_tables, numbers
from paysim.report.parts import GENERATOR, TEXT_WIDTH
from paysim.report.run import Run
from paysim.report.settings import policies, rules, scenario_events, what_was_run
from paysim.report.tables import tables
from paysim.report.warnings import warnings

if TYPE_CHECKING:
    from paysim.results import Results

SECTIONS: Final = (
    ("run", "What was run"),
    ("warnings", "Warnings"),
    ("numbers", "Headline numbers"),
    ("charts", "Charts"),
    ("tables", "Tables"),
    ("indicators", "Indicators"),
    ("rules", "Rules, policies and scenario events"),
)

_JOINTS: Final = re.compile(r"(?<=[_./@])(?=\w)")
_FOLDER: Final = Path(__file__).parent


def page(results: Results, title: str | None) -> str:
    """
    Return the text of the report of a run.

    Raises:
        PaysimError: A library of the extra `plots` is not installed.
    """
    import jinja2
    from markupsafe import Markup

    run = Run(results)
    own_style, own_script = (
        (_FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "draw.js")
    )
    style = looks.style() + own_style
    script = drawing_script(looks.drawing(own_script))
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FileSystemLoader(_FOLDER),
        keep_trailing_newline=True,
    )
    environment.filters["breakable"] = breakable
    events = scenario_events(results.scenario)
    return environment.get_template("page.html").render(
        generator=GENERATOR,
        text_width=TEXT_WIDTH,
        title=title or default_title(run),
        ticks_per_day=results.scenario.ticks_per_day,
        security=_policy(style, script),
        sections=SECTIONS,
        what_was_run=what_was_run(results, run.totals),
        warnings=warnings(run),
        numbers=numbers(run),
        figures=[
            {
                "name": figure.name,
                "title": figure.title,
                "caption": figure.caption,
                "json": Markup(embedded(figure.spec)),
            }
            for figure in figures(results)
        ],
        tables=tables(run),
        indicators=indicator_tables(run),
        settings=[
            rules(results.scenario, results.seed),
            policies(results),
            *([events] if events else []),
        ],
        style=Markup(style),
        script=Markup(script),
    )


def default_title(run: Run) -> str:
    """
    Return the title of a report that is given none: the size of the run and its seed.
    """
    days = run.results.scenario.num_days
    length = "one day" if days == 1 else f"{days:,} days"
    return f"A run of {len(run.ids):,} agents over {length}, seed {run.results.seed}"


def embedded(value: Any) -> str:
    """
    Return JSON that can stand inside a `<script>`, whatever texts it holds.
    """
    return in_script(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")))


def breakable(text: str) -> Any:
    """
    Return a text as HTML; a long one may be broken into lines after what joins words in names.
    """
    from markupsafe import Markup, escape

    if len(text) <= TEXT_WIDTH:
        return escape(text)
    return Markup("<wbr>").join(_JOINTS.split(text))


def _policy(style: str, script: str) -> str:
    """
    Return the content security policy: this style, this script, and nothing from anywhere.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
