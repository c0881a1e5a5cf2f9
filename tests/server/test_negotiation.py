"""
The form of a reply is chosen as RFC 9110 has it.
"""

from __future__ import annotations

import pytest

from paysim.server.http.negotiation import CSV, JSON, PARQUET, chosen
from paysim.server.problems import Problem

FORMS = (JSON, CSV, PARQUET)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("TEXT/CSV", CSV),
        ("text/*", CSV),
        ("text/csv;header=present", CSV),
        ("text/html, application/*;q=0.8", JSON),
        ("application/json;q=0.5, text/csv", CSV),
        ("application/json;q=0.5, text/csv;q=0.4", JSON),
        ("*/*;q=0.1, application/vnd.apache.parquet", PARQUET),
        ("*/*, application/json;q=0", CSV),
        ("application/*;q=0.9, application/json;q=0.1, text/csv;q=0.5", PARQUET),
        ("nonsense, text/csv", CSV),
        ("text/csv;q=7, */*;q=0.1", JSON),
        ("application/json;q=0.1, application/json;q=0.9, text/csv;q=0.5", JSON),
    ],
)
def test_form(accept, form):
    """
    The most specific range counts, then the quality, then the order of the forms.
    """
    assert chosen(accept, FORMS) == form


@pytest.mark.parametrize(
    "accept", ["text/html", "*/*;q=0", "nonsense", "*/csv", "text/csv;q=0", "x" * 10_000]
)
def test_no_form(accept):
    """
    Where nothing is acceptable the problem names what there is, and what was asked for.
    """
    with pytest.raises(Problem) as caught:
        chosen(accept, FORMS)
    assert caught.value.status == 406
    assert all(form in caught.value.detail for form in FORMS)
    assert accept[:50] in caught.value.detail
