"""
Times in files of transactions: dates become days and moments become ticks, exactly as documented.
"""

from __future__ import annotations

import pytest
from test_transaction_file import HOURS, here, load, refused

__all__ = ["here"]


def ticks(times, header="arrival_time", **settings):
    """
    Return the arrival ticks of rows with these times, and what the file came to.
    """
    rows = [f"A,B,1,{time}\n" for time in times]
    loaded = load(f"sender_id,receiver_id,amount,{header}\n" + "".join(rows), **HOURS | settings)
    return loaded.transactions.table().column("arrival_tick"), loaded


def test_days(here):
    """
    The dates that occur are the days of the run, in order, and a tick holds what begins in it.
    """
    found, loaded = ticks(
        [
            "2026-11-23 08:00:00",
            "2026-11-20 17:59:59.999999999",
            "2026-11-20T08:00",
            "20261123080100",
        ]
    )
    assert found == [600, 599, 0, 601]
    assert (loaded.days, loaded.ticks_per_day) == (("2026-11-20", "2026-11-23"), 600)
    assert (loaded.num_days, loaded.moved, loaded.dropped) == (2, 0, 0)


@pytest.mark.parametrize(
    ("settings", "times", "expected"),
    [
        ({"tick": "500ms"}, ["2026-11-20 08:00:01.499", "2026-11-20 08:00:01.5"], [2, 3]),
        ({"tick": "1h", "close": "24:00"}, ["2026-11-20 23:59"], [15]),
        ({"tick": "1h", "open": "00:00", "close": "00:00"}, ["2026-11-20 23:59"], [23]),
        ({"dates": "dmy"}, ["20.11.2026 08:02", "1/12/2026 08:00"], [2, 600]),
        ({"dates": "mdy"}, ["11/20/2026 8:02"], [2]),
        ({}, ["08:03", "0804", "80500"], [3, 4, 5]),
        ({}, ["2026-11-20 08:00:00+02:00", "2026-11-20 08:01:00+0200"], [0, 1]),
        ({"open": "22:00", "close": "18:00"}, ["2026-11-20 23:00", "2026-11-21 17:59"], [60, 1199]),
        (
            {"open": "22:00", "close": "18:00"},
            ["2026-11-21 22:00", "2026-11-21 01:00"],
            [1200, 180],
        ),
        ({"open": "22:00", "close": "18:00"}, ["23:00", "01:00"], [60, 180]),
    ],
)
def test_times(here, settings, times, expected):
    """
    Times become ticks, whatever the length of a tick, the order of a date, or the hours.
    """
    assert ticks(times, **settings)[0] == expected


def test_two_columns(here):
    """
    Date and time may stand in two columns, and the date may be the number of a day.
    """
    for dates in (["20261120", "20261123"], ["1", "4"]):
        rows = [f"{date},083000" for date in dates]
        found, loaded = ticks(rows, "arrival_date,arrival_time")
        assert found == [30, 630]
        assert len(loaded.days) == 2
    assert loaded.days == ("1", "4")


@pytest.mark.parametrize(
    ("times", "line"),
    [
        (
            ["2026-11-20 08:00Z", "2026-11-20 08:00"],
            "p.csv:3:7  arrival_time  must have the offset Z or +00:00, like line 2",
        ),
        (
            ["2026-11-20 08:00", "2026-11-20 08:00+01:00"],
            "must have no offset of a time zone, like line 2",
        ),
        (["2026-11-20 08:00", "08:00"], "must have a date, like line 2"),
        (["08:00", "2026-11-20 08:00"], "must have no date, like line 2"),
        (["2026-02-30 08:00"], "must be a date and a time like 2026-11-22 08:30:00, or a time"),
        (["2026-11-20 18:00"], "must be within opening hours, from 08:00 to before 18:00"),
        ([""], "p.csv:2:7  arrival_time  is missing"),
    ],
)
def test_bad_times(here, times, line):
    """
    A time that does not go with the others is refused.
    """
    text = "sender_id,receiver_id,amount,arrival_time\n"
    lines = refused(text + "".join(f"A,B,1,{time}\n" for time in times), **HOURS)
    assert [line in told for told in lines] == [True]


OUTSIDE = ["2026-11-20 07:00", "2026-11-20 09:00", "2026-11-20 18:00", "2026-11-23 09:00",
           "2026-11-21 12:30", "2026-11-23 19:00", "2026-11-24 07:00"]  # fmt: skip


def test_outside_hours(here):
    """
    Rows outside the hours are an error, or dropped, or moved to the next opening; all counted.
    """
    text = "sender_id,receiver_id,amount,arrival_time\n" + "".join(
        f"A,B,{n},{time}\n" for n, time in enumerate(OUTSIDE, 1)
    )
    assert [line[:8] for line in refused(text, **HOURS)] == [
        f"p.csv:{line}:" for line in (2, 4, 7, 8)
    ]
    dropped = load(text, **HOURS, outside_hours="drop")
    assert (dropped.dropped, dropped.moved, dropped.num_days) == (4, 0, 3)
    assert [(row["id"], row["amount"], row["arrival_tick"]) for row in
            dropped.transactions.table().to_dicts()] == [
        ("row-2", 2, 60), ("row-4", 4, 1260), ("row-5", 5, 870)]  # fmt: skip
    moved = load(text, **HOURS, outside_hours="next-open")
    assert (moved.dropped, moved.moved, moved.num_days) == (0, 4, 4)
    assert moved.transactions.table().column("arrival_tick") == [
        0, 60, 600, 1260, 870, 1800, 1800]  # fmt: skip
    assert moved.days == ("2026-11-20", "2026-11-21", "2026-11-23", "2026-11-24")


def test_num_days(here):
    """
    A run that is given its days refuses what arrives after them.
    """
    times = ["2026-11-20 09:00", "2026-11-23 09:00"]
    assert ticks(times, num_days=5)[1].num_days == 5
    text = "sender_id,receiver_id,amount,arrival_time\n" + "".join(f"A,B,1,{t}\n" for t in times)
    assert refused(text, num_days=1, **HOURS) == [
        "p.csv:3:7  arrival_time  must be on one of the first 1 business days, as num_days says "
        "(got 2026-11-23)"
    ]


@pytest.mark.parametrize(
    ("deadline", "expected"),
    [
        ("2026-11-20 09:00", 60),
        ("2026-11-20 18:00", 599),
        ("2026-11-20 07:59", 0),
        ("2026-11-21 12:00", 599),
        ("2026-11-23 07:00", 599),
        ("2026-11-23 09:00", 660),
        ("2026-11-19 12:00", 0),
        ("2026-11-24 09:00", 1260),
        ("2026-11-25 09:00", 1860),
        ("2026-11-27 18:00", 3599),
        ("2026-11-28 09:00", 3599),
        ("2026-11-30 09:00", 3660),
        ("16:00", 480),
        ("", None),
    ],
)
def test_deadlines(here, deadline, expected):
    """
    A deadline is the last tick until its moment, on its arrival's date if it has none.
    """
    text = (
        "sender_id,receiver_id,amount,arrival_time,deadline_time\n"
        f"A,B,1,2026-11-20 09:00,{deadline}\nA,B,1,2026-11-23 09:00,\n"
    )
    column = load(text, **HOURS).transactions.table().column("deadline_tick")
    assert column == [expected, None]


def test_deadline_after_midnight(here):
    """
    A deadline without a date that would be before its arrival is on the next, over midnight.
    """
    text = "sender_id,receiver_id,amount,arrival_time,deadline_time\nA,B,1,2026-11-20 23:00,01:00\n"
    loaded = load(text, open="22:00", close="06:00", tick="1h")
    assert loaded.transactions.table().column("deadline_tick") == [3]


def test_weekends_that_occur(here):
    """
    With a Saturday or Sunday among the days, those after the last are all dates.
    """
    text = (
        "sender_id,receiver_id,amount,arrival_time,deadline_time\n"
        "A,B,1,2026-11-21 09:00,2026-11-28 09:00\nA,B,1,2026-11-27 09:00,2026-11-30 09:00\n"
    )
    column = load(text, **HOURS).transactions.table().column("deadline_tick")
    assert column == [1260, 2460]


@pytest.mark.parametrize(
    ("times", "days"),
    [
        (["2026-11-20 19:00"], ("2026-11-23",)),
        (["2026-11-20 09:00", "2026-11-21 07:00"], ("2026-11-20", "2026-11-23")),
        (["2026-11-21 09:00", "2026-11-21 19:00"], ("2026-11-21", "2026-11-22")),
        (["2026-11-19 19:00"], ("2026-11-20",)),
    ],
)
def test_the_day_after(here, times, days):
    """
    Rows that are moved past the last day are on the next date, after a Friday on Monday.
    """
    assert ticks(times, outside_hours="next-open")[1].days == days


def test_num_days_out_of_hours(here):
    """
    A row out of hours is refused once, and one that was moved past the end shows its cell.
    """
    text = "sender_id,receiver_id,amount,arrival_time\nA,B,1,2026-11-20 09:00\n"
    text += "A,B,1,2026-11-20 19:00\n"
    (line,) = refused(text, num_days=1, **HOURS)
    assert line.startswith("p.csv:3:7  arrival_time  must be within opening hours")
    assert refused(text, num_days=1, outside_hours="next-open", **HOURS) == [
        "p.csv:3:7  arrival_time  must be on one of the first 1 business days, as num_days says "
        "(got '2026-11-20 19:00', moved to 2026-11-23)"
    ]


def test_dates_in_their_own_column(here):
    """
    A date that is unlike the first is told with its own cell, and so is a day after the end.
    """
    text = "sender_id,receiver_id,amount,arrival_date,arrival_time\nA,B,1,2,09:00\n"
    assert refused(text + "A,B,1,2026-03-05,09:00\n", **HOURS) == [
        "p.csv:3:7  arrival_date  must have the number of a day, like line 2 (got '2026-03-05')"
    ]
    assert refused(text + "A,B,1,3,09:00\n", num_days=1, **HOURS) == [
        "p.csv:3:7  arrival_date  must be on one of the first 1 business days, as num_days says "
        "(got 3)"
    ]
    text = text.replace("arrival_time", "arrival_time,deadline_date,deadline_time")
    assert refused(text.replace("9:00\n", "9:00,2026-03-05,10:00\n"), **HOURS) == [
        "p.csv:2:15  deadline_date  must have the number of a day, like line 2 (got '2026-03-05')"
    ]
