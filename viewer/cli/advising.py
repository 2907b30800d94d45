"""Commands that hold words and numbers against rules: guideline, lint."""

from __future__ import annotations

import argparse
import json

from viewer.cli.arguments import Command, a_path
from viewer.cli.console import DONE, Hooks, only_json, put, put_json


def guideline_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `guideline`."""
    parser.add_argument("name", metavar="NAME", help="fleischner-2017, recist-1.1, or a table of your own")
    parser.add_argument("input", type=a_path, metavar="INPUT.json")
    parser.add_argument("--language", choices=("en", "zh"), default="en")
    parser.add_argument("--json", action="store_true")


def run_guideline(args: argparse.Namespace, _hooks: Hooks) -> int:
    """What a guideline says of a case."""
    from viewer.jobs import guideline

    with only_json(args.json):
        answer = guideline.ask(args.name, guideline.read_case(args.input), args.language)
    if args.json:
        put_json(answer)
    else:
        put(guideline.as_text(answer))
    return DONE


def lint_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `lint`."""
    parser.add_argument("cases", type=a_path, metavar="CASES.jsonl", help="a report with its context a line")


def run_lint(args: argparse.Namespace, hooks: Hooks) -> int:
    """Reports against their findings and facts, a JSON object a line."""
    from viewer.jobs import lint

    for answer in lint.lint_file(args.cases):
        hooks["cancel"].check()
        put(json.dumps(answer, ensure_ascii=False))
    return DONE


COMMANDS: tuple[Command, ...] = (
    Command("guideline", "what a guideline says of a case, with its rule", guideline_arguments, run_guideline),
    Command("lint", "read reports against their findings and facts", lint_arguments, run_lint),
)
