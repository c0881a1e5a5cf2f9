"""
Results are those of the library, in every form.
"""

from __future__ import annotations

import io
import json

import polars
import pytest
from asking import make, refusal, results_after

from paysim import extras
from paysim.results import TABLES
from paysim.server.http import tables

CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
ARROW = "application/vnd.apache.arrow.stream"
READERS = {CSV: polars.read_csv, PARQUET: polars.read_parquet, ARROW: polars.read_ipc_stream}
ENDINGS = {CSV: "csv", PARQUET: "parquet", ARROW: "arrows"}


@pytest.fixture
def path(client):
    return make(client, ran=8)


@pytest.fixture
def results():
    return results_after(8)


def get(client, url, form=None, **query):
    headers = {} if form is None else {"Accept": form}
    return client.get(url, params=query, headers=headers)


def plain(value):
    return json.loads(json.dumps(value))


def test_totals(client, path, results):
    """
    Without a table there are the totals and the list of tables.
    """
    told = get(client, f"{path}/results").json()
    assert told["totals"] == plain(results.totals())
    assert told["tables"] == [
        {
            "name": name,
            "rows": len(getattr(results, name)),
            "columns": getattr(results, name).column_names,
        }
        for name in TABLES
    ]


@pytest.mark.parametrize("name", TABLES)
def test_pages(client, path, results, name):
    """
    The pages of a table hold all of its rows.
    """
    rows = plain(getattr(results, name).to_dicts())
    found = []
    while True:
        page = get(client, f"{path}/results", table=name, offset=len(found), limit=7).json()
        assert (page["table"], page["offset"], page["total"]) == (name, len(found), len(rows))
        if not page["rows"]:
            break
        found += page["rows"]
    assert found == rows


@pytest.mark.parametrize("form", READERS)
@pytest.mark.parametrize("name", ["events", "ticks", "costs"])
def test_whole_tables(client, path, results, settings, name, form):
    """
    A whole table is the library's, whatever its form, and leaves no file behind.
    """
    response = get(client, f"{path}/results", form, table=name)
    assert response.headers["content-type"].startswith(form)
    assert int(response.headers["content-length"]) == len(response.content)
    file = f"{path.rpartition('/')[2]}-{name}.{ENDINGS[form]}"
    assert response.headers["content-disposition"] == f'attachment; filename="{file}"'
    table = getattr(results, name)
    if form == CSV:
        expected = polars.read_csv(io.BytesIO(written(table, settings.data_dir)))
    else:
        expected = polars.DataFrame(table)
    assert READERS[form](io.BytesIO(response.content)).equals(expected)
    assert list((settings.data_dir / "tmp").iterdir()) == []


def written(table, folder):
    path = folder / "expected.csv"
    table.write_csv(path)
    return path.read_bytes()


@pytest.mark.parametrize("by", ["agent", "tick"])
@pytest.mark.parametrize("form", [None, *READERS])
def test_indicator_tables(client, path, results, by, form):
    """
    Indicators by agent or by tick are a table as any other.
    """
    response = get(client, f"{path}/indicators", form, by=by, day=0)
    table = results.indicators(by=by, day=0)
    if form is None:
        assert response.json()["rows"] == plain(table.to_dicts())
    else:
        assert READERS[form](io.BytesIO(response.content)).height == len(table)


def test_indicators(client, path, results):
    """
    Those of the system are a mapping.
    """
    assert get(client, f"{path}/indicators").json() == plain(results.indicators())
    before_the_first_tick = make(client)
    assert get(client, f"{before_the_first_tick}/indicators").json()["ticks"] == 0


@pytest.mark.parametrize(
    ("url", "query", "name"),
    [
        ("results", {"table": "tick"}, "query.table"),
        ("results", {"table": "../x"}, "query.table"),
        ("results", {"table": "ticks", "limit": 0}, "query.limit"),
        ("results", {"table": "ticks", "limit": 10_001}, "query.limit"),
        ("results", {"table": "ticks", "offset": -1}, "query.offset"),
        ("indicators", {"by": "bank"}, "query.by"),
        ("indicators", {"day": "today"}, "query.day"),
    ],
)
def test_bad_parameters(client, path, url, query, name):
    """
    A parameter that does not fit is refused by its name.
    """
    response = get(client, f"{path}/{url}", **query)
    assert list(refusal(response, 400, "invalid-request")) == [name]


def test_unknown_day(client, path):
    """
    A day that the simulation has not come to is not there.
    """
    refusal(get(client, f"{path}/indicators", day=1), 404, "unknown-day")


@pytest.mark.parametrize(
    ("url", "query", "form", "helps"),
    [
        ("results", {}, CSV, "?table="),
        ("indicators", {}, PARQUET, "?by="),
        ("results", {"table": "ticks"}, "text/html", CSV),
        ("indicators", {"by": "agent"}, "application/xml", CSV),
    ],
)
def test_no_form(client, path, url, query, form, helps):
    """
    What is no table has no form of one and is told how to become one, and a table no other form.
    """
    response = get(client, f"{path}/{url}", form, **query)
    refusal(response, 406, "not-acceptable")
    assert helps in response.json()["detail"]


def test_no_room(client, path, settings):
    """
    A table that cannot be written is told as such, and nothing is left behind.
    """
    (settings.data_dir / "tmp").write_text("no directory")
    response = get(client, f"{path}/results", CSV, table="ticks")
    refusal(response, 503, "no-room")
    assert str(settings.data_dir) not in response.text


def test_left_behind(tmp_path):
    """
    What a server that was killed has left in its directory is removed, and nothing else.
    """
    folder = tmp_path / "tmp"
    folder.mkdir()
    own = ["0" * 32 + ending for ending in (".csv", ".parquet", ".arrows")]
    others = ["mine.csv", "d.txt", "0" * 32 + ".txt", "x" + "0" * 32 + ".csv"]
    for name in own + others:
        (folder / name).write_text("")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "tmp").symlink_to(folder)
    tables.clear(elsewhere)
    assert sorted(path.name for path in folder.iterdir()) == sorted(own + others)
    tables.clear(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == sorted(others)
    tables.clear(tmp_path / "missing")


def test_report(client, path):
    """
    The report is one page whose policy lets it run nothing but its own script.
    """
    response = get(client, f"{path}/report")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.text.startswith("<!doctype html>")
    policy = response.headers["content-security-policy"]
    own = response.text.split('http-equiv="Content-Security-Policy"')[1].split('content="')[1]
    own = own.partition('"')[0].replace("&#39;", "'")
    assert policy == f"{own}; sandbox allow-scripts allow-downloads; frame-ancestors 'none'"
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy


def test_report_without_its_libraries(client, path, monkeypatch):
    """
    Without the libraries that draw there is no report, and the reply says how to get them.
    """

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(extras, "import_module", missing)
    response = get(client, f"{path}/report")
    refusal(response, 501, "extra-missing")
    assert 'pip install "paysim[plots]"' in response.json()["detail"]


def test_too_large(client, path, monkeypatch):
    """
    A table that the machine cannot hold is refused before it is made.
    """
    monkeypatch.setattr("paysim.results.memory_bytes", lambda: 100)
    refusal(get(client, f"{path}/results", table="ticks"), 409, "conflict")
