"""The command that drives a sitting without a window, step by step."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from viewer.cli.arguments import Command
from viewer.cli.console import DONE, FAILED, Hooks, only_json, say, unexpected
from viewer.core.errors import ReadError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `script`."""
    parser.add_argument("steps", metavar="STEPS.jsonl", help="one JSON object a line; - reads them as they come")


def run(args: argparse.Namespace, hooks: Hooks) -> int:
    """Every step, an answer a line; FAILED where one was not ok."""
    with _lines(args.steps) as lines, _answers() as out, only_json(True):
        from viewer.room.script.run import play_steps

        def answer(line: str) -> None:
            out.write(line.encode("utf-8", errors="backslashreplace") + b"\n")
            out.flush()

        all_ok = play_steps(lines, answer, say, unexpected, hooks["cancel"])
    return DONE if all_ok else FAILED


@contextlib.contextmanager
def _lines(steps: str) -> Iterator[BinaryIO]:
    if steps == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(steps).open("rb")  # noqa: SIM115 - closed below; the words are for opening alone
    except OSError as error:
        raise ReadError(f"The steps cannot be read ({error.strerror}).", "Name a file, or - for what is typed.") from (
            error
        )
    with file:
        yield file


@contextlib.contextmanager
def _answers() -> Iterator[BinaryIO]:
    """Standard output for answers alone, whatever libraries print."""
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "wb") as out:
        yield out


COMMANDS: tuple[Command, ...] = (Command("script", "a sitting without a window, step by step", arguments, run),)
