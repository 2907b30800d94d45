"""Commands that measure and make packs: evaluate, train, bench."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from viewer.cli.arguments import Command, a_path
from viewer.cli.console import DONE, FAILED, Hooks, only_json, put, put_json, say

if TYPE_CHECKING:
    from viewer.jobs.bench import Entry

#: The benchmarks that need the window.
MoreBenches = Callable[[], tuple["Entry", ...]]


def evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `evaluate`."""
    parser.add_argument("pack", metavar="PACK")
    parser.add_argument("cases", type=a_path, metavar="CASES.csv")
    parser.add_argument("--split", metavar="S", help="only cases of this split")
    parser.add_argument("--gallery", type=a_path, metavar="DIR", help="right and wrong cases as pictures")
    parser.add_argument("--json", action="store_true")


def run_evaluate(args: argparse.Namespace, hooks: Hooks) -> int:
    """Metrics with intervals on a case table."""
    from viewer.jobs import evaluate

    with only_json(args.json):
        document = evaluate.evaluate(args.pack, args.cases, split=args.split, gallery=args.gallery, **hooks)
    if args.json:
        put_json(document)
    else:
        put("\n".join(figures(document)))
    return DONE


def figures(document: dict[str, Any], indent: str = "") -> list[str]:
    """A nested document of figures as indented lines."""
    lines = []
    for name, value in document.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}", *figures(value, indent + "  ")]
        else:
            shown = f"{value:.4g}" if isinstance(value, float) else value
            lines.append(f"{indent}{name}: {shown}")
    return lines


def train_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `train`."""
    parser.add_argument("pack", metavar="PACK")
    parser.add_argument("cases", type=a_path, metavar="CASES.csv")
    parser.add_argument("--out", type=a_path, required=True, metavar="DIR")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoints in DIR/work")


def run_train(args: argparse.Namespace, hooks: Hooks) -> int:
    """A pack's weights from its recipe."""
    from viewer.jobs import train

    say(f"Wrote {train.train(args.pack, args.cases, args.out, resume=args.resume, **hooks)}")
    return DONE


def bench_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `bench`."""
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--json", action="store_true")


def run_bench(args: argparse.Namespace, hooks: Hooks) -> int:
    """The project's own benchmarks, each against its floor or a peer in the same run."""
    from viewer.jobs import bench

    with only_json(args.json):
        document = bench.run_benches(tuple(args.names), (*bench.BENCHES, *args.window_benches()), **hooks)
    if args.json:
        put_json(document)
    else:
        put(bench.as_text(document))
    return FAILED if document["failed"] else DONE


COMMANDS: tuple[Command, ...] = (
    Command("evaluate", "metrics with 95%% intervals on a case table", evaluate_arguments, run_evaluate),
    Command("train", "train a pack from its recipe", train_arguments, run_train),
    Command("bench", "the project's own benchmarks", bench_arguments, run_bench),
)
