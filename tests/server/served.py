"""
A real `paysim serve`, for tests: started, killed, started again.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

READY = re.compile(r"paysim serves (http://\S+:(\d+)/) \(data in .*\)")


class Served:
    """
    A server in a process of its own; in a `with` it is started, and killed at the end.

    Args:
        data_dir: Its data directory.
        arguments: More arguments of `paysim serve`.
        environment: More environment variables.
        port: The port; 0 takes a free one, which it keeps over restarts.

    Attributes:
        address: Where it answers, such as `http://127.0.0.1:40001`, without a slash at the end.
        port: The port.
        process: The process.
        errors: The file that its standard error is appended to.
    """

    def __init__(self, data_dir, *arguments, environment=None, port=0):
        self.data_dir = Path(data_dir)
        self.arguments = arguments
        self.environment = environment or {}
        self.port = port
        self.errors = self.data_dir.with_name(self.data_dir.name + ".stderr")
        self.address = ""
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        """
        Start it and wait until it says that it answers.
        """
        command = [sys.executable, "-m", "paysim", "serve", "--port", str(self.port)]
        command += ["--data-dir", str(self.data_dir), *self.arguments]
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | self.environment,
            )
        # A server that never answers is killed, so that the line below ends.
        guard = threading.Timer(120, self.process.kill)
        guard.start()
        line = self.process.stdout.readline().decode()
        guard.cancel()
        match = READY.fullmatch(line.strip())
        if match is None:
            self.kill()
            raise AssertionError(f"it said {line!r}, and {self.errors.read_text()}")
        self.address, self.port = match[1].rstrip("/"), int(match[2])

    def kill(self):
        """
        End it as a power cut does: nothing of it runs any more when this returns.
        """
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()

    def restart(self):
        """
        Kill it and start it again, on the same port and data directory.
        """
        self.kill()
        self.start()

    def stop(self, by=signal.SIGTERM):
        """
        Ask it to end and return its exit code.
        """
        self.process.send_signal(by)
        code = self.process.wait(60)
        self.process.stdout.close()
        return code

    def lines(self):
        """
        Return its log lines.
        """
        told = self.errors.read_text().splitlines()
        return [json.loads(line) for line in told if line.startswith("{")]
