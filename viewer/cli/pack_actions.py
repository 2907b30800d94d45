"""What `packs` does: list, show, verify, install, remove. Never imports torch."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from viewer.analysis import packs, packstore
from viewer.cli.console import DONE, FAILED, put, put_json, say
from viewer.core.analysis import PackInfo
from viewer.core.errors import ViewerError

NONE_INSTALLED = "No model packs are installed. Install one with `secondread packs install FILE`."


def list_all(args: argparse.Namespace) -> int:
    """All packs, and those that are broken and why."""
    found, broken = packs.list_packs()
    if args.json:
        wrong = [{"id": one.id, "folder": str(one.folder), "text": one.error.text} for one in broken]
        put_json({"packs": [summary(pack) for pack in found], "broken": wrong})
        return DONE
    for pack in found:
        put(f"{pack.id:32} {pack.version:8} {pack.task:16} {pack.name}")
    for one in broken:
        say(f"{one.id}: {one.error.text}")
    if not found:
        put(NONE_INSTALLED)
    return DONE


def summary(pack: PackInfo) -> dict[str, Any]:
    """What `packs --json` says of each pack."""
    return {
        "id": pack.id,
        "name": pack.name,
        "version": pack.version,
        "task": pack.task,
        "needs_roi": pack.needs_roi,
        "research_only": pack.research_only,
        "intended_use": pack.intended_use,
        "weights_sha256": pack.weights_sha256,
        "folder": str(pack.folder),
    }


def show(args: argparse.Namespace) -> int:
    """One pack: what it is for, its operating points, its card."""
    pack = packs.load(args.what)
    if args.json:
        viewer = packs.document(pack, packs.METADATA)["viewer"]
        put_json({**summary(pack), "match": viewer.get("match", {}), "viewer": viewer})
        return DONE
    put(f"{pack.name} {pack.version} ({pack.id})\n{pack.intended_use}\nWeights sha256 {pack.weights_sha256}")
    for point in pack.operating_points:
        put(f"Operating point {point.name}: threshold {point.threshold:g}")
    card = pack.folder / packs.CARD
    if card.is_file():
        put(f"\n{card.read_text(encoding='utf-8')}")
    return DONE


def verify(args: argparse.Namespace) -> int:
    """Weights and papers of one or all packs against what they declare."""
    outcomes = [verdict_on(packs.load(args.what))] if args.what else every_verdict()
    if not outcomes:
        raise ViewerError(NONE_INSTALLED)
    if args.json:
        put_json({"packs": outcomes})
    for one in outcomes:
        (say if args.json or not one["ok"] else print)(f"{one['id']}: {one['text']}")
    return DONE if all(one["ok"] for one in outcomes) else FAILED


def every_verdict() -> list[dict[str, Any]]:
    """All packs, those that cannot even be read included."""
    found, broken = packs.list_packs()
    wrong = [{"id": one.id, "version": "", "ok": False, "text": one.error.text} for one in broken]
    return [*(verdict_on(pack) for pack in found), *wrong]


def verdict_on(pack: PackInfo) -> dict[str, Any]:
    """Whether a pack is whole, in words."""
    try:
        packstore.check(pack)
    except ViewerError as error:
        return {"id": pack.id, "version": pack.version, "ok": False, "text": error.text}
    return {"id": pack.id, "version": pack.version, "ok": True, "text": "whole, the weights are those it declares"}


def install(args: argparse.Namespace) -> int:
    """A pack from a file into the user's data folder."""
    pack = packstore.install(Path(args.what), agree=_agreed, licence=args.licence)
    say(f"Installed {pack.id} {pack.version} in {pack.folder}")
    return DONE


def _agreed(words: str) -> bool:
    """Ask at a terminal; a script that names the file has agreed."""
    say(words)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    say("Replace it? [y/N]")
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def remove(args: argparse.Namespace) -> int:
    """An installed pack out of the user's data folder."""
    packstore.remove(args.what)
    say(f"Removed {args.what}")
    return DONE


ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": list_all,
    "show": show,
    "verify": verify,
    "install": install,
    "remove": remove,
}
