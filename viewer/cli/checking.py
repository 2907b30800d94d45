"""Commands about what was signed: check, keys."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from viewer.cli.arguments import Command, a_path
from viewer.cli.console import DONE, FAILED, Hooks, only_json, put, put_json, say
from viewer.core.errors import OutputError, UsageError


def check_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `check`."""
    parser.add_argument("folder", type=a_path, metavar="RESULT_DIR")
    parser.add_argument("--json", action="store_true")


def run_check(args: argparse.Namespace, hooks: Hooks) -> int:
    """Everything in a result folder against everything else."""
    from viewer.jobs import place
    from viewer.jobs.checking.check import check

    with only_json(args.json), place.reading(args.folder, "check", hooks["cancel"]):
        outcome = check(args.folder, cancel=hooks["cancel"])
    if args.json:
        put_json(outcome.as_json())
    else:
        put(outcome.as_text())
    for words in outcome.as_text().splitlines() if args.json and not outcome.is_sound else ():
        say(words)
    return DONE if outcome.is_sound else FAILED


def keys_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `keys`."""
    parser.add_argument("action", nargs="?", choices=tuple(ACTIONS), default="list")
    parser.add_argument("file", nargs="?", type=a_path, metavar="FILE")
    parser.add_argument("--json", action="store_true")


def run_keys(args: argparse.Namespace, _hooks: Hooks) -> int:
    """The keys that this place signs with and knows."""
    if args.action != "list" and args.file is None:
        raise UsageError(f"`keys {args.action}` needs a file.", "Name the FILE.")
    return ACTIONS[args.action](args)


def _list(args: argparse.Namespace) -> int:
    from viewer.jobs.sealing import keys

    known = [keys.fingerprint(key) for key in keys.known()]
    if args.json:
        put_json({"known": known})
    else:
        put("\n".join(known) or "No key is known; one is made at the first signing.")
    return DONE


def _export(args: argparse.Namespace) -> int:
    """The public key of this place as a file for others."""
    from viewer.core.atomic import write_text
    from viewer.jobs.sealing import keys

    file: Path = args.file
    if file.exists():
        raise OutputError(f"'{file.name}' is there already.", "Name another file.", "exists")
    public = keys.public_key()
    try:
        write_text(file, keys.as_text(public))
    except OSError as error:
        raise OutputError("The key could not be written.", "Name another place.") from error
    return _said(args, public)


def _trust(args: argparse.Namespace) -> int:
    """Take in the public key of another place."""
    from viewer.jobs.sealing import keys

    return _said(args, keys.trust(args.file))


def _said(args: argparse.Namespace, public: bytes) -> int:
    from viewer.jobs.sealing import keys

    if args.json:
        put_json({"fingerprint": keys.fingerprint(public)})
    else:
        put(keys.fingerprint(public))
    return DONE


ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {"list": _list, "export": _export, "trust": _trust}

COMMANDS: tuple[Command, ...] = (
    Command("check", "hold a result folder against itself, its seal and its pictures", check_arguments, run_check),
    Command("keys", "the keys that reports are signed with: list, export FILE, trust FILE", keys_arguments, run_keys),
)
