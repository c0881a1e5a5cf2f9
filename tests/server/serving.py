"""
A real server as the clients of `client.py` use it, and what it takes of the machine.
"""

from __future__ import annotations

import os
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

    def worked(self) -> float:
        """
        Return the seconds of processor time that the process has used.
        """
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, name: str = "VmRSS") -> int:
        """
        Return a figure of the memory of the process, in bytes: `VmRSS` now, `VmHWM` the most.
        """
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        found = [int(line.split()[1]) for line in lines if line.startswith(f"{name}:")]
        return found[0] * 1024
