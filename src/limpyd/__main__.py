"""`python -m limpyd`: the command, as `limpyd` runs it."""

from __future__ import annotations

import sys

from limpyd.cli import main

if __name__ == "__main__":
    sys.exit(main())
