"""Options that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from viewer.cli.console import Hooks


@dataclass(frozen=True, slots=True)
class Command:
    """One word of the command line."""

    name: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Hooks], int]


def numbers(count: int, kind: type[int] | type[float]) -> Callable[[str], tuple[float, ...]]:
    """An argparse type: `count` numbers with commas between them."""

    def parse(text: str) -> tuple[float, ...]:
        try:
            values = tuple(kind(part) for part in text.split(","))
        except ValueError:
            values = ()
        if len(values) != count:
            raise argparse.ArgumentTypeError(f"{text!r} is not {count} numbers with commas between them")
        return values

    return parse


def names(text: str) -> tuple[str, ...]:
    """An argparse type: words with commas between them."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def a_path(text: str) -> Path:
    """An argparse type: a path. Without a name it would mean the working folder and all that is in it."""
    if not text.strip():
        raise argparse.ArgumentTypeError("a path without a name")
    return Path(text)


def force_argument(parser: argparse.ArgumentParser) -> None:
    """`--force`, the same everywhere."""
    parser.add_argument(
        "--force", action="store_true", help="replace a file of yours; never a picture, a DICOM file or a result"
    )


def series_argument(parser: argparse.ArgumentParser) -> None:
    """`--series UID`, the same everywhere."""
    parser.add_argument("--series", metavar="UID", help="series UID as `info` lists it")
