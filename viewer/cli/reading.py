"""Commands that look at files: info, convert, render."""

from __future__ import annotations

import argparse

from viewer.cli.arguments import Command, a_path, force_argument, numbers, series_argument
from viewer.cli.console import DONE, FAILED, Hooks, only_json, put, put_json, say


def info_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `info`."""
    parser.add_argument("paths", nargs="+", type=a_path, metavar="PATH")
    parser.add_argument("--json", action="store_true")


def run_info(args: argparse.Namespace, hooks: Hooks) -> int:
    """What is there, and what was refused and why."""
    from viewer.jobs import info

    with only_json(args.json):
        document = info.describe(args.paths, **hooks)
    if args.json:
        put_json(document)
    else:
        put(info.as_text(document))
    opened = any(study["series"] for study in document["studies"])
    if not opened:
        for refusal in document["refused"]:
            say(f"{refusal['path']}: {refusal['text']}")
        if not document["refused"]:
            say("There is no file to open here. Name a folder or file that holds images.")
    return DONE if opened else FAILED


def convert_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `convert`."""
    parser.add_argument("path", type=a_path, metavar="PATH")
    parser.add_argument("out", type=a_path, metavar="OUT.nii.gz")
    series_argument(parser)
    parser.add_argument("--stack", type=int, metavar="N", help="stack number, where a series has several")
    parser.add_argument("--resample", action="store_true", help="a right-angled even grid for tilted or uneven stacks")
    force_argument(parser)


def run_convert(args: argparse.Namespace, hooks: Hooks) -> int:
    """One stack as NIfTI."""
    from viewer.jobs import convert

    options = {"series": args.series, "stack": args.stack, "resample": args.resample, "force": args.force}
    say(f"Wrote {convert.convert(args.path, args.out, **options, **hooks)}")
    return DONE


def render_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `render`."""
    parser.add_argument("path", type=a_path, metavar="PATH")
    parser.add_argument("out", type=a_path, metavar="OUT.png")
    series_argument(parser)
    parser.add_argument("--plane", choices=("axial", "coronal", "sagittal"))
    parser.add_argument("--slice", type=int, metavar="K", help="slice number, from 0; default: the middle one")
    parser.add_argument("--window", type=numbers(2, float), metavar="C,W", help="centre and width")
    parser.add_argument("--overlay", type=a_path, metavar="RESULT_DIR", help="result folder of `analyze`")
    force_argument(parser)


def run_render(args: argparse.Namespace, hooks: Hooks) -> int:
    """One picture, as the viewport shows it."""
    from viewer.jobs import render

    options = {"series": args.series, "plane": args.plane, "index": args.slice, "window": args.window}
    options |= {"overlay": args.overlay, "force": args.force}
    say(f"Wrote {render.render_picture(args.path, args.out, **options, **hooks)}")
    return DONE


COMMANDS: tuple[Command, ...] = (
    Command("info", "what is there, with every refused file and its reason", info_arguments, run_info),
    Command("convert", "one stack as NIfTI", convert_arguments, run_convert),
    Command("render", "one picture as the viewport shows it", render_arguments, run_render),
)
