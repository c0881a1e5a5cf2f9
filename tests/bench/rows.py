"""
Files of payments under other headers, as an operator would hand them over.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

AGENTS = 500
DAYS = 5

ROWS_READING: dict[str, Any] = {
    "map": {
        "id": "Reference",
        "sender_id": "Debtor",
        "receiver_id": "Creditor",
        "amount": "Amount EUR",
        "arrival_time": "Entered",
    },
    "decimals": 2,
    "open": "08:00",
    "close": "18:00",
    "tick": "1min",
}
"""How to read them."""


def write_rows(folder: Path, rows: int, kind: str) -> list[str]:
    """
    Write payments of some days, in order of days, and return the names of the agents.

    Parquet is written by another process, so that memory measured in this one is not its.
    """
    names = [f"BANKDEFF{i:03}" for i in range(AGENTS)]
    random = Random(1)
    with (folder / "payments.csv").open("w", encoding="utf-8") as file:
        file.write("Reference,Debtor,Creditor,Amount EUR,Entered\n")
        for i in range(rows):
            sender, step = random.randrange(AGENTS), random.randrange(1, AGENTS)
            minute, second = divmod(random.randrange(36_000), 60)
            cents = random.randrange(1, 10**8)
            file.write(
                f"TX{i:08},{names[sender]},{names[(sender + step) % AGENTS]},"
                f"{cents // 100}.{cents % 100:02},2026-11-{16 + i * DAYS // rows:02}"
                f" {8 + minute // 60:02}:{minute % 60:02}:{second:02}\n"
            )
    if kind == "parquet":
        convert = (
            "import polars; "
            "frame = polars.read_csv('payments.csv', try_parse_dates=True); "
            "amount = polars.col('Amount EUR').cast(polars.Decimal(18, 2)); "
            "frame.with_columns(amount).write_parquet('payments.parquet')"
        )
        subprocess.run([sys.executable, "-c", convert], cwd=folder, check=True)
    return names
