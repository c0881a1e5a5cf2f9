"""
Charts in files: four formats, whole or not at all, without a browser and without a network.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import struct

import altair
import pytest
from plot_runs import busy_day, kind, nasty

from paysim import PaysimError, ScenarioError, plotting
from paysim.plotting import CHARTS

SUFFIXES = [".svg", ".png", ".pdf", ".html"]

every_suffix = pytest.mark.parametrize("suffix", SUFFIXES)


@pytest.fixture(scope="module")
def chart():
    return plotting.bilateral_flows(nasty())


@every_suffix
def test_formats(suffix, chart, tmp_path):
    """
    The suffix says how a chart is written, whatever its case, and nothing else is left.
    """
    path = tmp_path / f"chart{suffix}"
    plotting.save(chart, path)
    content = path.read_bytes()
    starts = {".svg": b"<svg ", ".png": b"\x89PNG", ".pdf": b"%PDF-", ".html": b"<!DOCTYPE html>"}
    assert content.startswith(starts[suffix])
    plotting.save(chart, str(tmp_path / f"OTHER{suffix.upper()}"))
    assert len(list(tmp_path.iterdir())) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("each", CHARTS, ids=lambda each: each.name)
def test_every_chart_can_be_drawn(each, tmp_path):
    """
    Every chart fits on A4 upright, 180 mm wide, and a PNG of it is twice as fine as a screen.
    """
    path = tmp_path / "chart.png"
    for results in (busy_day(), nasty(), busy_day(2, 200)):
        plotting.save(kind(each.name).function(results), path)
        width, height = struct.unpack(">II", path.read_bytes()[16:24])
        assert width <= 2 * 700
        assert height <= 2 * 700


def test_svg_loads_nothing(chart, tmp_path):
    """
    An SVG refers to nothing outside it, and shows ids as text.
    """
    path = tmp_path / "chart.svg"
    plotting.save(chart, path)
    content = path.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[\w./]+", content)) == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "<script" not in content
    assert "&lt;/script&gt;" in content


def test_html_loads_nothing(chart, tmp_path):
    """
    A page may load nothing by its own policy, refers to nothing, and no id ends its script.
    """
    path = tmp_path / "chart.html"
    plotting.save(chart, path)
    page = path.read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert re.findall(r'(?:src|href)="([^"]*)"', page.split("<script>")[0]) == ["data:,"]
    head, library, own = page.split("<script>")
    assert page.count("</script>") == 2
    assert "\\u003c/script" in own
    assert "</script" not in own.replace("</script>\n</body>", "")
    assert re.findall(r"https?://[^\"]+", own) == [chart.to_dict()["$schema"]]
    assert "import(" not in library
    assert "<title>Bilateral flows</title>" in head


@pytest.mark.parametrize("suffix", [".svg", ".png", ".html"])
@pytest.mark.parametrize("name", ["balances", "bilateral_flows"])
def test_same_file(name, suffix, tmp_path):
    """
    The same run gives the same file, byte for byte.
    """
    paths = [tmp_path / f"{number}{suffix}" for number in range(2)]
    for path in paths:
        plotting.save(kind(name).function(busy_day()), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_references(tmp_path):
    """
    In an SVG every part that is referred to is there.
    """
    path = tmp_path / "chart.svg"
    for name in ("balances", "bilateral_flows"):
        plotting.save(kind(name).function(busy_day()), path)
        content = path.read_text(encoding="utf-8")
        parts = re.findall(r'<(?:clipPath|linearGradient) id="([^"]*)"', content)
        assert len(parts) == len(set(parts)) > 0
        assert set(re.findall(r"url\(#([^)]*)\)", content)) == set(parts)


@every_suffix
def test_data_elsewhere(suffix, tmp_path):
    """
    A chart whose data are elsewhere is refused, and nothing is asked for them.
    """
    chart = altair.Chart("http://127.0.0.1:9/data.csv").mark_point().encode(x="a:Q")
    with pytest.raises(PaysimError, match=r"^the chart cannot be drawn: .*not allowed.*csv$"):
        plotting.save(chart, tmp_path / f"chart{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["chart.gif", "chart", ".svg", "", 3, None])
def test_wrong_path(path, chart):
    """
    What is no path of a file that a chart can be written to is refused.
    """
    with pytest.raises(ScenarioError, match=r"must end in \.svg, |must be text or os.PathLike"):
        plotting.save(chart, path)


def test_wrong_chart(tmp_path):
    """
    What is no chart is refused.
    """
    with pytest.raises(ScenarioError, match=r"^chart must be an Altair chart \(got 3\)$"):
        plotting.save(3, tmp_path / "chart.svg")


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_full_disk(suffix, chart, tmp_path, monkeypatch):
    """
    On a full disk the file that was there stays, and nothing half-written is left.
    """
    path = tmp_path / f"chart{suffix}"
    path.write_text("before")

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PaysimError, match=r"cannot be written: no space left on device$"):
        plotting.save(chart, path)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "before"


def test_unwritable(chart, tmp_path):
    """
    A directory that is not there, or is a file, is one clear error.
    """
    (tmp_path / "file").write_text("")
    for folder in ("missing", "file"):
        with pytest.raises(PaysimError, match=r"chart\.svg  cannot be written: "):
            plotting.save(chart, tmp_path / folder / "chart.svg")
    (tmp_path / "chart.svg").mkdir()
    with pytest.raises(PaysimError, match=r"chart\.svg  cannot be written: is a directory$"):
        plotting.save(chart, tmp_path / "chart.svg")


def test_restyled(tmp_path):
    """
    A chart can be restyled from the configuration that all share, which stays as it is.
    """
    own = plotting.config()
    own["axis"]["labelColor"] = "#123456"
    plotting.save(plotting.queue_value(busy_day()).configure(**own), tmp_path / "a.svg")
    plotting.save(plotting.queue_value(busy_day()), tmp_path / "b.svg")
    assert "#123456" in (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "#123456" not in (tmp_path / "b.svg").read_text(encoding="utf-8")
