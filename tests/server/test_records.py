"""
What a simulation remembers of the times it was set back.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_model import row_of

from paysim.server.store import records
from paysim.server.store.records import with_cut


def histories(most):
    """
    Return lists of how far a log that grows is cut, each with how long it was just before.
    """
    pair = st.tuples(st.integers(0, 12), st.integers(0, 100))
    return st.lists(pair, max_size=most)


def told(history):
    """
    Make the cuts of a history, and yield for each reader, who has so many events after so many
    restores, how many of them are left, and how many the row says.
    """
    length, lengths, cuts = 0, [], ()
    for grown, cut in history:
        length += grown
        lengths.append(length)
        length = min(length, cut)
        cuts = with_cut(cuts, length)
    lefts = [min(cut, length) for (_, cut), length in zip(history, lengths, strict=True)]
    row = row_of("sim", events=length, cuts=cuts)
    assert row.restores == len(history)
    for restores, most in enumerate([*lengths, length]):
        for events in range(most + 1):
            yield min([events, *lefts[restores:]]), row.shared(events, restores)


@given(histories(12))
def test_what_is_left(history):
    """
    What a reader is said to have of the log is what no restore that it has missed has cut off.
    """
    for left, said in told(history):
        assert said == left


@pytest.mark.parametrize("most", [1, 2, 5])
def test_many_restores(monkeypatch, most):
    """
    Of restores so many that not all are kept a reader is never said to have more than is left, and
    who has missed only those that are kept is said to have exactly that.
    """
    monkeypatch.setattr(records, "CUTS_MAX", most)
    history = [(3, 2 * number) for number in range(9)]
    for left, said in told(history):
        assert said <= left
    row = row_of("sim", events=99)
    for number in range(9):
        row = row_of("sim", events=99, cuts=with_cut(row.cuts, number))
    assert [cut.number for cut in row.cuts] == list(range(10 - most, 10))
    assert [row.shared(50, 9 - missed) for missed in range(most)] == [50, *range(8, 9 - most, -1)]
