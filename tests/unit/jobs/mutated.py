"""Result folders that hold everything a folder can: reports, measurements, chosen pictures, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from tests import synth
from tests.unit.jobs.test_exporters import judged, line
from tests.unit.reporting.folders import film_folder, film_results, head_folder, head_results, opened
from viewer.core.annotation import KeyMark
from viewer.jobs import export, key_marks, report
from viewer.jobs.review import Edit, review

#: Name -> (folder, a folder of another patient with the same files).
Bases = dict[str, tuple[Path, Path]]


def bases(place: Path, names: Collection[str] | None = None) -> Bases:
    """Folders in every state: proposals, verdicts, reports.

    Args:
        names: which, and those that they are exchanged with; all of them when None.
    """
    makers: dict[str, Callable[[], Path]] = {
        "head drafted": lambda: _head(place / "a", False),
        "head judged": lambda: _judged(place / "b"),
        "head reported": lambda: _head(place / "c", True),
        "film judged": lambda: _film(place / "d", False),
        "film reported": lambda: _film(place / "e", True),
    }
    wanted = list(makers) if names is None else list(names)
    made = {name: makers[name]() for name in dict.fromkeys((*wanted, "film reported", "head reported"))}
    return {name: (made[name], made["film reported" if "head" in name else "head reported"]) for name in wanted}


def _head(place: Path, reported: bool) -> Path:
    if not reported:
        return head_folder(place)
    study, stack, volume = opened(synth.write_series(place / "in", modality="MR").folder)
    runs = [(stack, volume, judged(one)) for one in head_results(stack, volume)]
    marks = [KeyMark(stack.key, "native", k, 40.0, 400.0) for k in (0, 2)]
    export.export(
        place / "out", study, runs,
        measured=[(stack, line(stack)), (stack, line(stack, "Calliper"))],
        sections={"impression": "Left hippocampus is small.", "indication": "Memory loss for 2 years."},
        chosen=key_marks.pictures([(mark, stack, volume) for mark in marks], "en"),
    )  # fmt: skip
    return place / "out"


def _judged(place: Path) -> Path:
    folder = head_folder(place)
    review(
        folder, accept=["f1"], reject=["f2"], reader="Dr. A. Reader", reason="clear",
        edits={"f1": Edit(comment="Seen twice.")},
    )  # fmt: skip
    return folder


def _film(place: Path, reported: bool) -> Path:
    if not reported:
        folder = film_folder(place)
        review(folder, accept=["x1"], unsure=["x2"], reader="Dr. B. Reader")
        return folder
    study, stack, volume = opened(synth.write_xray(place / "in").folder)
    runs = [(stack, volume, judged(one)) for one in film_results(stack, volume)]
    export.export(
        place / "out", study, runs, measured=[(stack, line(stack))],
        sections={"impression": "Pattern in the right lung.", "recommendation": "Control in 2 weeks."},
        chosen=key_marks.pictures([(KeyMark(stack.key, "native", 0, 2000.0, 4000.0), stack, volume)], "en"),
    )  # fmt: skip
    report.write_report(place / "out", language="zh")
    return place / "out"
