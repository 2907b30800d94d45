"""The window, and the main job on sample studies."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from viewer.cli.arguments import Command, a_path
from viewer.cli.console import DONE, Hooks, has_display, put
from viewer.core.errors import ViewerError

#: What opens the window on paths and returns its exit status; handed in by the program's entry.
OpenWindow = Callable[[Sequence[str]], int]


def run_window(paths: Sequence[Path], open_window: OpenWindow) -> int:
    """Open the window on files, folders, ZIPs or a DICOMDIR.

    Raises:
        ViewerError: there is no display.
    """
    if not has_display():
        raise ViewerError(
            "There is no display to open a window on.",
            "Without one use `secondread demo`, `info`, `render` or `analyze`; `secondread --help` lists all commands.",
        )
    return open_window([str(path) for path in paths])


def demo_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `demo`."""
    parser.add_argument(
        "--out", type=a_path, default=Path("secondread-demo"), metavar="DIR", help="default: %(default)s"
    )


def run_demo(args: argparse.Namespace, hooks: Hooks) -> int:
    """Sample studies, then the main job on them."""
    from viewer.jobs import demo

    if has_display():
        return run_window(demo.write_studies(args.out, **hooks), args.open_window)
    for line in demo.run_demo(args.out, **hooks).lines():
        put(line)
    return DONE


COMMANDS: tuple[Command, ...] = (Command("demo", "the main job on sample studies", demo_arguments, run_demo),)
