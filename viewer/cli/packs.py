"""Model packs on the command line; what each action does is imported when it is asked for."""

from __future__ import annotations

import argparse

from viewer.cli.arguments import Command
from viewer.cli.console import Hooks
from viewer.core.errors import UsageError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `packs`."""
    parser.add_argument("action", nargs="?", choices=("list", "show", "verify", "install", "remove"), default="list")
    parser.add_argument("what", nargs="?", metavar="ID|FILE")
    parser.add_argument("--licence", default="", metavar="TEXT", help="of a model from outside whose files do not say")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace, _hooks: Hooks) -> int:
    """One action on packs."""
    from viewer.analysis import packstore
    from viewer.cli.pack_actions import ACTIONS

    if args.what is None and args.action in {"show", "install", "remove"}:
        raise UsageError(f"`packs {args.action}` needs a pack.", "Name its ID, or the FILE to install.")
    packstore.settle_user_packs()
    return ACTIONS[args.action](args)


COMMANDS: tuple[Command, ...] = (
    Command("packs", "model packs: what they are for, whether they are whole", arguments, run),
)
