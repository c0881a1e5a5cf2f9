"""
The charts of a report: those of `paysim.plotting`, without what the page says around them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from paysim.plotting import CHARTS
from paysim.report.parts import Figure

if TYPE_CHECKING:
    from paysim.results import Results


def figures(results: Results) -> list[Figure]:
    """
    Return the charts of a run in the order of the report.
    """
    found = []
    for kind in CHARTS:
        spec = kind.function(results).to_dict()
        title = spec.pop("title", None)
        notes = title.get("subtitle", ()) if isinstance(title, dict) else ()
        notes = [notes] if isinstance(notes, str) else notes
        spec["description"] = kind.title
        found.append(Figure(kind.name, kind.title, " ".join([kind.caption, *notes]), spec))
    return found
