"""
The guide to the server, run: its commands in one shell, its programs, all against a real server.

A block of output stands for what the block of commands before it prints. Run as a program this
writes what they print into the guide.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from serving import Serving

ROOT = Path(__file__).resolve().parent.parent.parent
GUIDE = ROOT / "docs" / "guides" / "server.md"
ADDRESS = "127.0.0.1:8000"

_BLOCK = re.compile(
    r"^```(?P<language>sh|python)\n(?P<code>.*?)^```\n"
    r"(?P<between>\n```(?:json|text)\n)?(?P<output>(?(between).*?^```$))",
    re.DOTALL | re.MULTILINE,
)
_MADE_UP = [(re.compile(rf"\b{name}_[0-9a-f]{{16}}"), name) for name in ("sim", "chk")]
_TIMES = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?\S*")


def rendered(page: str, folder: Path) -> str:
    """
    Return the text of the guide with its outputs as they are now.

    Args:
        page: The text.
        folder: Where the commands work, and the data directory is.
    """
    for name in ("docs", "scenarios"):
        (folder / name).symlink_to(ROOT / name)
    with Serving(folder / "simulations") as server, Shell(folder) as shell:
        address = f"127.0.0.1:{server.port}"

        def output(match: re.Match[str]) -> str:
            code = match["code"].replace(ADDRESS, address)
            if code.startswith("pip "):
                # The installation, and the server that runs already.
                return match[0]
            printed = shell.run(code) if match["language"] == "sh" else program(code, folder)
            printed = printed.replace(address, ADDRESS)
            if not match["between"]:
                assert printed == "", (code, printed)
                return match[0]
            if not printed.endswith("\n"):
                printed += "\n"
            return match[0].removesuffix(match["output"]) + f"{printed}```"

        return _BLOCK.sub(output, page)


def program(code: str, folder: Path) -> str:
    """
    Run a program and return what it prints, errors included.
    """
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    return done.stdout


class Shell:
    """
    A shell that keeps its variables from one block of commands to the next.
    """

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            ["bash"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.run(f"paysim() {{ '{sys.executable}' -m paysim \"$@\"; }}\n")

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(60)

    def run(self, code: str) -> str:
        """
        Return what commands print; each reply that does not end a line gets one of its own.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{code}\nprintf '\\nend of block\\n'\n")
        self._process.stdin.flush()
        lines = []
        for line in self._process.stdout:
            if line == "end of block\n":
                break
            lines.append(line)
        return "".join(lines)[:-1]


def comparable(page: str) -> str:
    """
    Return a page with ids and times that are made up anew each time replaced.
    """
    for pattern, name in _MADE_UP:
        found = list(dict.fromkeys(pattern.findall(page)))
        for number, id in enumerate(found):
            page = page.replace(id, f"{name}-{number}")
    return _TIMES.sub("TIME", page)


def main() -> None:
    """
    Write the outputs into the guide.
    """
    with TemporaryDirectory() as name:
        GUIDE.write_text(rendered(GUIDE.read_text(), Path(name)))


if __name__ == "__main__":
    main()
