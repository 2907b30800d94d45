"""`secondread demo`: the sample studies, then the main job on them (open, analyse, review, report)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewer.core.analysis import Box
from viewer.core.task import CancelToken, OnProgress, share
from viewer.jobs import analyse, render, report, review
from viewer.samples import Sample, write_samples

#: Who accepts findings off screen; the name says that no person did.
READER = "SecondRead demo (automatic, no reader)"
#: Said at the end: what the pictures and figures are worth.
CAVEAT = "The studies are drawn by a program: scores and volumes on them say nothing about accuracy."
#: One more view of each study, as the viewport shows it: plane, slice (None = the middle one).
VIEWS: dict[str, tuple[str | None, int | None]] = {
    "chest-child": (None, None),
    "brain-mr": ("sagittal", 107),
    "chest-ct": ("coronal", 139),
}


@dataclass(frozen=True, slots=True)
class Done:
    """One study's way through the main job.

    Attributes:
        result: the result folder, None for a study no pack was made for.
        outcomes: one line a pack.
        report: the PDF.
        picture: the view, with what was found on it.
    """

    key: str
    result: Path | None
    outcomes: tuple[str, ...]
    report: Path | None
    picture: Path


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Where everything lies."""

    studies: Path
    done: tuple[Done, ...]

    def lines(self) -> list[str]:
        """What was made and where, for a person."""
        lines = [f"Sample studies: {self.studies}"]
        for one in self.done:
            lines += [f"{one.key}: {outcome}" for outcome in one.outcomes]
            lines += [f"{one.key}: report {one.report}"] if one.report is not None else []
            lines.append(f"{one.key}: picture {one.picture}")
        return [*lines, CAVEAT]


def write_studies(out: Path, *, on_progress: OnProgress, cancel: CancelToken) -> tuple[Path, ...]:
    """Write the sample studies below `out`; returns the folder to open in the window."""
    write_samples(out, on_progress=on_progress, cancel=cancel)
    return (out / "studies",)


def run_demo(out: Path, *, on_progress: OnProgress, cancel: CancelToken) -> DemoResult:
    """The whole main job without a window: every sample study, analysed, accepted, reported.

    Each call writes into a new folder below `out`, so that nothing anybody judged is replaced.

    Raises:
        ViewerError: in words. Cancelled: asked to stop.
    """
    samples = write_samples(out, on_progress=share(on_progress, 0.0, 0.3), cancel=cancel)
    results = _new_folder(out)
    done = []
    try:
        for n, sample in enumerate(samples):
            cancel.check()
            low, high = 0.3 + 0.7 * n / len(samples), 0.3 + 0.7 * (n + 1) / len(samples)
            done.append(_one(sample, results, share(on_progress, low, high), cancel))
    finally:
        if not done and not any(results.iterdir()):
            results.rmdir()
    return DemoResult(out / "studies", tuple(done))


def _new_folder(out: Path) -> Path:
    number = 1
    while (folder := out / ("results" if number == 1 else f"results-{number}")).exists():
        number += 1
    folder.mkdir(parents=True)
    return folder


def _one(sample: Sample, results: Path, on_progress: OnProgress, cancel: CancelToken) -> Done:
    """Analyse with every pack that suits, accept what it proposes, report."""
    plane, index = VIEWS[sample.key]
    picture = results / f"{sample.key}.png"
    draw = share(on_progress, 0.8, 1.0)
    view: dict[str, Any] = {"plane": plane, "index": index, "on_progress": draw, "cancel": cancel}
    if not sample.pack:
        return Done(sample.key, None, (), None, render.render_picture(sample.folder, picture, **view))
    folder = results / sample.key
    box: Box | None = sample.boxes.get("left")
    found = analyse.analyse(sample.folder, folder, roi=box, on_progress=share(on_progress, 0.0, 0.7), cancel=cancel)
    if found["findings"]:
        review.review(folder, accept=("all",), reject=(), unsure=(), reader=READER)
    pdf = report.write_report(folder, folder / "report.pdf", language="en", sign=None, cancel=cancel)
    shown = render.render_picture(sample.folder, picture, overlay=folder, **view)
    return Done(sample.key, folder, tuple(_outcome(pack) for pack in found["packs"]), pdf, shown)


def _outcome(pack: dict[str, Any]) -> str:
    if pack["outcome"] == "ran":
        return f"{pack['pack']} ran, findings: {pack['findings']}"
    reasons = " ".join(reason["text"] for reason in pack["reasons"]) or pack["message"]
    return f"{pack['pack']} {pack['outcome']}: {reasons}"
