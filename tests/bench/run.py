"""
Measure speed and memory and print one table, beside what is asked for.

Run it on an idle machine, by `make bench`. Speed is not tested: a test that fails on a busy machine
says nothing. The exit code is 1 if something that is asked for is not met.
"""

from __future__ import annotations

import sys

from apart import apart_lines
from indicators import indicator_lines
from lanes import history_line, lane_lines, orchestrator_lines
from measuring import table


def main() -> int:
    """
    Measure everything, print the table, and return the exit code.
    """
    lines = [*lane_lines(), history_line(), *apart_lines(), *orchestrator_lines()]
    lines += indicator_lines()
    print(table(lines))
    return int(any(line.ok is False for line in lines))


if __name__ == "__main__":
    sys.exit(main())
