"""Commands of the main job: analyze, review, report, replay."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from viewer.cli.arguments import Command, a_path, force_argument, names, numbers, series_argument
from viewer.cli.console import DONE, FAILED, Hooks, only_json, put, put_json, say
from viewer.core.analysis import Box, RunOptions
from viewer.core.errors import UsageError
from viewer.core.settings import load_settings


def analyze_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `analyze`."""
    parser.add_argument("path", type=a_path, metavar="PATH")
    parser.add_argument("--out", type=a_path, required=True, metavar="DIR", help="result folder to write")
    parser.add_argument("--pack", action="append", default=[], metavar="ID", help="may be given several times")
    series_argument(parser)
    parser.add_argument(
        "--roi",
        type=numbers(6, int),
        metavar="i0,j0,k0,i1,j1,k1",
        help="box in voxels (column, row, slice), half-open, for packs that need one",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default=None)
    parser.add_argument("--precision", choices=("auto", "full"), default="auto")
    parser.add_argument(
        "--explain", choices=("occlusion",), default="", help="how heatmaps are made, if not the pack's way"
    )
    parser.add_argument("--research", action="store_true", help="let packs of non-commercial data run, this once")
    parser.add_argument(
        "--fast", action="store_true", help="models from outside with one fold and no mirrored copies: another answer"
    )
    parser.add_argument(
        "--pixel-mm", type=float, default=0.0, metavar="MM", help="size of a pixel, where the file does not tell it"
    )
    force_argument(parser)
    parser.add_argument("--json", action="store_true")


def run_analyze(args: argparse.Namespace, hooks: Hooks) -> int:
    """Every suitable pack, or those named, and the result folder."""
    from viewer.jobs import analyse

    device = args.device or load_settings().device
    with only_json(args.json):
        result = analyse.analyse(
            args.path,
            args.out,
            packs=tuple(args.pack),
            series=args.series,
            roi=box_of(args.roi),
            device=device,
            precision=args.precision,
            options=RunOptions(explain=args.explain, pixel_mm=args.pixel_mm, research=args.research, fast=args.fast),
            force=args.force,
            **hooks,
        )
    if args.json:
        put_json(result)
    return outcome_status(result, args.out)


def box_of(roi: tuple[float, ...] | None) -> Box | None:
    """i0,j0,k0,i1,j1,k1 of the command line -> ((k0, j0, i0), (k1, j1, i1))."""
    if roi is None:
        return None
    i0, j0, k0, i1, j1, k1 = (int(n) for n in roi)
    return (k0, j0, i0), (k1, j1, i1)


def outcome_status(result: dict[str, Any], folder: Path) -> int:
    """Say what each pack came to; a pack that failed fails the job, a refusal does not."""
    for pack in result["packs"]:
        say(f"{pack['pack']}: {outcome_words(pack)}")
    for note in result.get("notes", []):
        say(note)
    say(f"Result folder: {folder}")
    return FAILED if any(pack["outcome"] == "failed" for pack in result["packs"]) else DONE


def outcome_words(pack: dict[str, Any]) -> str:
    """One pack's outcome: ran with so many findings, refused or failed and why."""
    if pack["outcome"] == "ran":
        found = pack["findings"]
        return "ran, nothing found" if not found else f"ran, findings: {found}"
    reasons = " ".join(str(reason["text"]) for reason in pack.get("reasons", [])) or pack.get("message", "")
    return f"{pack['outcome']}. {reasons}"


def review_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `review`."""
    parser.add_argument("folder", type=a_path, metavar="DIR")
    for verdict in ("accept", "reject", "unsure"):
        parser.add_argument(f"--{verdict}", type=names, default=(), metavar="all|ID,...")
    parser.add_argument("--reader", metavar="NAME", help="default: the reader of the settings")


def run_review(args: argparse.Namespace, hooks: Hooks) -> int:
    """Verdicts on findings, as the window's buttons give them."""
    from viewer.jobs import review

    reader = args.reader or load_settings().reader_name
    if not reader:
        raise UsageError("A verdict needs the reader's name.", "Add --reader NAME, or set it in the settings.")
    if not (args.accept or args.reject or args.unsure):
        raise UsageError("No verdict was given.", "Add --accept, --reject or --unsure with finding ids, or all.")
    hooks["cancel"].check()
    verdicts = {"accept": args.accept, "reject": args.reject, "unsure": args.unsure}
    result = review.review(args.folder, **verdicts, reader=reader)
    for finding in result["findings"]:
        put(f"{finding['id']}  {finding['state']:8}  {finding['label']}")
    return DONE


def report_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `report`."""
    parser.add_argument("folder", type=a_path, metavar="DIR")
    parser.add_argument("--out", type=a_path, required=True, metavar="OUT.pdf")
    parser.add_argument("--language", choices=("en", "zh"))
    parser.add_argument("--sign", nargs="?", const="", metavar="NAME", help="without NAME: the reader of the settings")
    parser.add_argument("--organization", metavar="ORG")
    force_argument(parser)


def run_report(args: argparse.Namespace, hooks: Hooks) -> int:
    """The report, from accepted findings only."""
    from viewer.jobs import report
    from viewer.jobs.checking import check

    settings = load_settings()
    sign = None
    if args.sign is not None:
        sign = (args.sign or settings.reader_name, args.organization or settings.organization)
        if not all(sign):
            raise UsageError(
                "Signing needs a name and an organisation.",
                'Add --sign "NAME" --organization "ORG", or set both in the settings.',
            )
    language = args.language or settings.language
    options = {"language": language, "sign": sign, "force": args.force}
    say(f"Wrote {report.write_report(args.folder, args.out, **options, **hooks)}")
    for remark in report.remarks_in(args.folder):
        if remark.is_open:
            say(f"Look again ({remark.section}): {remark.words}")
    say(check.signature_words(args.folder))
    return DONE


def replay_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `replay`."""
    parser.add_argument("folder", type=a_path, metavar="DIR")
    parser.add_argument("--json", action="store_true")


def run_replay(args: argparse.Namespace, hooks: Hooks) -> int:
    """The analysis again from its passport, and what differs."""
    from viewer.jobs import replay

    with only_json(args.json):
        document = replay.replay(args.folder, **hooks)
    if args.json:
        put_json(document)
    else:
        put(replay.as_text(document))
    return DONE if document["same"] else FAILED


COMMANDS: tuple[Command, ...] = (
    Command("analyze", "run the suitable packs and write the result folder", analyze_arguments, run_analyze),
    Command("review", "accept, reject or leave open what was proposed", review_arguments, run_review),
    Command("report", "the report as PDF, from accepted findings only", report_arguments, run_report),
    Command("replay", "run an analysis again from its passport and compare", replay_arguments, run_replay),
)
