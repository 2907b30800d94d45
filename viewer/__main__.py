"""`python -m viewer` is the same as the installed command `secondread`."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence


def open_window(paths: Sequence[str]) -> int:
    """The window; Qt is imported only now."""
    from viewer.app import run_window

    return run_window(paths)


def main() -> int:
    """Start the program and return its exit status."""
    multiprocessing.freeze_support()
    try:
        from viewer.cli import main as command_line

        return command_line(sys.argv[1:], open_window)
    except KeyboardInterrupt:  # before the command took the signal over
        sys.stderr.write("Ended.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
