"""
A real server as the clients of `client.py` use it, and the memory that it holds.
"""

from __future__ import annotations

from pathlib import Path

from client import Client
from served import Served


class Serving(Served):
    """
    A server in a process of its own.
    """

    @property
    def pid(self) -> int:
        return self.process.pid

    def client(self) -> Client:
        return Client(self.port)

    def memory(self, name: str = "VmRSS") -> int:
        """
        Return a figure of the memory of the process, in bytes: `VmRSS` now, `VmHWM` the most.
        """
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        found = [int(line.split()[1]) for line in lines if line.startswith(f"{name}:")]
        return found[0] * 1024
