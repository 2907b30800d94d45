"""`python -m viewer` is the same as the installed command `secondread`."""

from __future__ import annotations

import gc
import multiprocessing
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viewer.jobs.bench import Entry


def open_window(paths: Sequence[str]) -> int:
    """The window; Qt is imported only now, after the room: PySide looks into every module that is imported after it.

    Nothing is collected until the window stands: all that is made until then stays.
    """
    gc.disable()
    import viewer.room.room  # noqa: F401
    from viewer.app import run_window

    return run_window(paths)


def window_benches() -> tuple[Entry, ...]:
    """Benchmarks that need the window or Qt."""
    from viewer.bench import BENCHES

    return BENCHES


def main() -> int:
    """Start the program and return its exit status."""
    multiprocessing.freeze_support()
    try:
        from viewer.cli import main as command_line

        return command_line(sys.argv[1:], open_window, window_benches)
    except KeyboardInterrupt:  # before the command took the signal over
        sys.stderr.write("Ended.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
