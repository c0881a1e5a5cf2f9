"""
Run the command line as `python -m paysim`.
"""

from __future__ import annotations

import sys

from paysim.cli import main

if __name__ == "__main__":
    sys.exit(main())
