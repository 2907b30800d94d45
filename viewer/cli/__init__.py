"""The command line: the same jobs as the window, without one.

Exit status: 0 done, 1 the job failed (what happened, what to do, on standard error), 2 wrong
usage. With `--json` standard output holds one JSON document and nothing else. Jobs are imported
inside the commands, so that `secondread info` stays fast.
"""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from viewer import __version__
from viewer.cli import advising, analysing, checking, learning, packs, reading, script, window
from viewer.cli.console import Hooks, guarded, has_display
from viewer.core.errors import UsageError
from viewer.core.report import INTENDED_USE

#: Every word of the command line, in the order `--help` shows.
COMMANDS = (
    *window.COMMANDS,
    *reading.COMMANDS,
    *packs.COMMANDS,
    *analysing.COMMANDS,
    *checking.COMMANDS,
    *advising.COMMANDS,
    *script.COMMANDS,
    *learning.COMMANDS,
)
#: Options whose value may begin with a minus sign ("--window -600,1500").
SIGNED_VALUES = ("--window", "--roi")


def build_parser() -> argparse.ArgumentParser:
    """All commands and options."""
    parser = _Parser(
        prog="secondread",
        description=f"SecondRead {__version__}. {INTENDED_USE}",
        epilog="Without a command, every PATH is opened in the window (files, folders, ZIPs, a DICOMDIR).",
    )
    parser.add_argument("--version", action="version", version=f"secondread {__version__}")
    words = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        one = words.add_parser(command.name, help=command.help, description=command.help)
        command.arguments(one)
        one.set_defaults(run=command.run)
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors in words, so that `--json` can tell them too."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of ending the program.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", f"{self.format_usage().strip()}")


def main(arguments: Sequence[str], open_window: window.OpenWindow, window_benches: learning.MoreBenches = tuple) -> int:
    """Run one command and return its exit status.

    Args:
        open_window, window_benches: what needs Qt, handed in by the program's entry.
    """
    logging.basicConfig(level=os.environ.get("SECONDREAD_LOG", "ERROR").upper(), format="%(name)s: %(message)s")
    logging.captureWarnings(True)
    first = arguments[0] if arguments else ""
    json = "--json" in arguments
    if not first.startswith("-") and first not in {c.name for c in COMMANDS}:
        return guarded(lambda _hooks: window.run_window(window_paths(arguments), open_window), json=json)
    tools = (open_window, window_benches)
    try:
        return guarded(lambda hooks: _run(arguments, tools, hooks), json=json)
    except SystemExit as stop:
        return int(stop.code or 0)


def _run(arguments: Sequence[str], tools: tuple[window.OpenWindow, learning.MoreBenches], hooks: Hooks) -> int:
    args = build_parser().parse_args(joined(arguments))
    if not has_display():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    args.open_window, args.window_benches = tools
    return int(args.run(args, hooks))


def window_paths(arguments: Sequence[str]) -> list[Path]:
    """What to open in the window.

    Raises:
        UsageError: a first word that is neither a path nor a command, with the nearest command.
    """
    first = arguments[0] if arguments else ""
    if arguments and not Path(first).exists() and not set(first) & {"/", "\\", "."}:
        near = get_close_matches(first, [command.name for command in COMMANDS], 1, 0.5)
        todo = f"Did you mean `{near[0]}`?" if near else "`secondread --help` lists all commands."
        raise UsageError(f"There is no command and no file '{first}'.", todo)
    return [Path(argument) for argument in arguments]


def joined(arguments: Sequence[str]) -> list[str]:
    """`--window -600,1500` -> `--window=-600,1500`: argparse takes a bare minus for an option."""
    out: list[str] = []
    for argument in arguments:
        if out and out[-1] in SIGNED_VALUES and argument[:2].lstrip("-")[:1].isdigit():
            out[-1] = f"{out[-1]}={argument}"
        else:
            out.append(argument)
    return out
