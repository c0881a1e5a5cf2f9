"""
A real server in a process of its own, which can be killed and started again.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from client import Client

_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


class Serving:
    """
    `paysim serve` on a data directory and a free port.

    Args:
        directory: The data directory; what the server writes to standard error goes beside it.
        settings: Environment variables, such as `PAYSIM_MAX_TICKS`.
    """

    def __init__(self, directory: Path, **settings: str) -> None:
        self.directory = directory
        self.log = directory.parent / f"{directory.name}.log"
        self._settings = settings
        self.starts = 0
        self.start()

    def __enter__(self) -> Serving:
        return self

    def __exit__(self, *exception: object) -> None:
        self.kill()

    def start(self) -> None:
        """
        Start the server, and return when it is ready for requests.
        """
        command = [sys.executable, "-m", "paysim", "serve", "--port", "0"]
        command += ["--data-dir", str(self.directory)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self._settings},
                text=True,
            )
        self.starts += 1
        self.pid = self._process.pid
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := _ADDRESS.search(line):
                self.port = int(found[1])
                return
        raise AssertionError(f"no server: {self.log.read_text()[-2000:]}")

    def client(self, **headers: str) -> Client:
        return Client(self.port, headers)

    def kill(self) -> None:
        """
        End the server as a loss of power would, if it still runs.
        """
        if self._process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def stop(self) -> int:
        """
        End the server as an operator would, and return its exit code.
        """
        self._process.terminate()
        return self.wait()

    def wait(self) -> int:
        """
        Wait for the end of the process, and return its exit code.
        """
        assert self._process.stdout is not None
        self._process.stdout.close()
        return self._process.wait(60)

    def memory(self, name: str = "VmRSS") -> int:
        """
        Return a figure of the memory of the process, in bytes: `VmRSS` now, `VmHWM` the most.
        """
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        found = [int(line.split()[1]) for line in lines if line.startswith(f"{name}:")]
        return found[0] * 1024
