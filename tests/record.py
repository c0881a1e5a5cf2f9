"""
Recorded outputs: golden hashes of event logs, and what the pages say that programs print.

Run as a program (`make record`) it writes all of them anew; the tests compare.

A page refers to recordings in two ways. A comment that names a file stands for the fenced block
after it, which holds that file. A fenced `console` block holds commands and what they print; a
command goes on over the lines in which a quotation mark is open.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import paysim

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.py"))
PAGES = [ROOT / "README.md", ROOT / "scenarios" / "README.md"]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
GOLDEN = Path(__file__).parent / "golden" / "event_logs.toml"

_INCLUDED = re.compile(r"(<!-- (\S+) -->\n\n?```\w+\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)
_CONSOLE = re.compile(r"(^```console\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)


def event_log_hash(scenario: Path) -> str:
    """
    Return the SHA-256, in hex, of the event log of a scenario's run.
    """
    results = paysim.run(paysim.load_scenario(scenario))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "events.jsonl"
        results.write_events(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()


def output(*arguments: str, folder: str | Path = ROOT) -> str:
    """
    Return what a Python program prints, errors included, when run at the root of the repository, or
    in another folder.
    """
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env={"PYTHONUTF8": "1", "PATH": ""},
    )
    return done.stdout


def rendered(page: str) -> str:
    """
    Return the text of a page with its recorded parts as they are now.
    """
    page = _INCLUDED.sub(lambda match: match[1] + (ROOT / match[2]).read_text() + match[4], page)
    with tempfile.TemporaryDirectory() as folder:
        # What the commands of a page write, those further down find; the repository stays clean.
        for name in ("docs", "scenarios"):
            Path(folder, name).symlink_to(ROOT / name)
        return _CONSOLE.sub(lambda match: match[1] + _session(match[2], folder) + match[3], page)


def _session(block: str, folder: str) -> str:
    text = ""
    lines = iter(block.splitlines())
    for line in lines:
        if line.startswith("$ paysim "):
            while not _is_closed(line):
                line += f"\n{next(lines)}"
            printed = output("-m", "paysim", *shlex.split(line)[2:], folder=folder)
            text += f"{line}\n{printed}"
    return text


def _is_closed(command: str) -> bool:
    """
    Whether every quotation mark of a command has its counterpart.
    """
    try:
        shlex.split(command)
    except ValueError:
        return False
    return True


def main() -> None:
    """
    Write all recordings anew.
    """
    lines = [
        "# SHA-256 of the event log of each shipped scenario; `make record` writes this file.\n",
        *(f'{path.stem} = "{event_log_hash(path)}"\n' for path in SCENARIOS),
    ]
    GOLDEN.write_text("".join(lines))
    for example in EXAMPLES:
        example.with_suffix(".out").write_text(output(str(example)))
    for page in PAGES:
        page.write_text(rendered(page.read_text()))


if __name__ == "__main__":
    main()
