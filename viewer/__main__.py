"""`python -m viewer` is the same as the installed command `secondread`."""

from __future__ import annotations

import multiprocessing
import sys


def main() -> int:
    """Start the program and return its exit status."""
    multiprocessing.freeze_support()
    from viewer.cli import main as command_line

    return command_line(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
