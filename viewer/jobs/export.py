"""What a sitting holds, as result folders with their reports; built from memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from viewer.core.analysis import AnalysisResult
from viewer.core.clock import now
from viewer.core.errors import UsageError
from viewer.core.measurement import ReaderMeasurement
from viewer.core.report import KeyImage
from viewer.core.settings import load_settings
from viewer.core.study import Stack, Study
from viewer.core.task import CancelFlag, CancelToken, OnProgress, ignore_progress
from viewer.core.volume import Volume
from viewer.jobs import place, report_files, report_images, result_folder, result_json
from viewer.jobs.admission import admit_folder, admit_pictures
from viewer.jobs.files import Format, ResultFile
from viewer.jobs.report_content import ReportInput, build, with_images
from viewer.jobs.result_extras import key_pictures
from viewer.jobs.review import check_open
from viewer.jobs.signing import Signing, signed

Run = tuple[Stack, Volume, AnalysisResult]


def export(
    out: Path,
    study: Study,
    runs: Sequence[Run],
    *,
    shown: tuple[Stack, Volume] | None = None,
    measured: Sequence[tuple[Stack, ReaderMeasurement]] = (),
    sections: Mapping[str, str] | None = None,
    language: str = "en",
    sign: Signing = None,
    chosen: Sequence[KeyImage] = (),
    formats: Collection[Format] = tuple(Format),
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> dict[str, Path]:
    """What a sitting holds as result folders with their reports, once its pictures are still those on the disk.

    Args:
        out: the folder; results of a second series go to `out/series-2` and so on.
        runs: (stack, volume, result with its findings as judged).
        shown: the stack to report on where no pack was run.
        measured: the reader's measurements with the stack each lies on; those on stacks without
            results go into the first report.
        chosen: the reader's own key images; each report gets them.
        formats: what to write besides result.json; a signed report always has its PDF.

    Returns:
        Name -> path of every file written ("report.pdf", "result.json", "seg.dcm" ...);
        of further series with "series-2/" before the name.

    Raises:
        UsageError: there is nothing to report. Otherwise as `write_report` and `admit`.
    """
    groups = _by_stack(runs, shown if measured or sections or chosen else None)
    if not groups:
        raise UsageError("There is nothing to report: no pack was run on this study.", "Analyse a series first.")
    _admit(study, groups, (), signing=sign is not None, cancel=cancel)
    moment = now()
    every = tuple(result for group in groups for result in group.results)
    signature = signed(study, every, [finding for result in every for finding in result.findings], sign)
    analysed = {group.stack.key for group in groups}
    folders = [Path(out).absolute() if n == 0 else Path(out).absolute() / f"series-{n + 1}" for n in range(len(groups))]
    prepared = []
    for folder, group in zip(folders, groups, strict=True):
        elsewhere = {stack.key for stack, _ in measured} - analysed if folder == folders[0] else set()
        given = ReportInput(
            study,
            group.stack,
            group.results,
            tuple(finding for result in group.results for finding in result.findings),
            sections={key: text for key, text in (sections or {}).items() if text.strip()},
            language=language,
            signature=signature,
            chosen=tuple(chosen),
            measured=tuple(one for stack, one in measured if stack.key in {group.stack.key, *elsewhere}),
            others=tuple({stack.key: stack for stack, _ in measured if stack.key in elsewhere}.values()),
            created=moment,
        )
        if not _holds(folder, group.results):
            extras = (key_pictures(group.stack, group.volume, group.results),)
            result_folder.write(folder, study, group.stack, group.volume, group.results, extras=extras)
        prepared.append((folder, given, group.volume))
    hooks: Any = {"on_progress": on_progress, "cancel": cancel or CancelFlag()}
    asked = {*formats, *((Format.PDF,) if signature is not None else ())}
    for folder, given, volume in reversed(prepared):  # the seal of the first holds those of the others
        _put(folder, given, volume, asked, **hooks)
    return {
        ("" if folder == folders[0] else f"{folder.name}/") + path.name: path
        for folder in folders
        for path in sorted(folder.iterdir())
        if path.is_file()
    }


def admit(
    study: Study,
    runs: Sequence[Run],
    *,
    shown: tuple[Stack, Volume] | None = None,
    stored: Sequence[Path] = (),
    signing: bool = False,
    cancel: CancelToken | None = None,
) -> None:
    """Let through what a sitting holds, as `report` lets through a result folder.

    Raises:
        OutputError: pictures are others than were opened or analysed, or what was stored was changed;
            with `signing`, also where some are not at hand. Cancelled: the reader asked to stop.
    """
    _admit(study, _by_stack(runs, shown), stored, signing=signing, cancel=cancel)


def _admit(
    study: Study, groups: Sequence[_Group], stored: Sequence[Path], *, signing: bool, cancel: CancelToken | None
) -> None:
    doing = "Nothing was signed" if signing else "Nothing was written"
    for group in groups:
        admit_pictures(study, group.stack, group.volume, doing, signing=signing, cancel=cancel)
    for folder in stored:
        admit_folder(folder, doing, signing=signing, cancel=cancel)


def _put(
    folder: Path,
    given: ReportInput,
    volume: Volume,
    formats: Collection[Format],
    *,
    on_progress: OnProgress,
    cancel: CancelToken,
) -> None:
    """The next version of a folder's report."""
    with place.writing(folder, "report", cancel):
        document = result_json.load(folder)
        check_open(folder, document)
        admit_folder(folder, "Nothing was written", signing=given.signature is not None, cancel=cancel)
        before = document.get("report") or {}
        words = {**before.get("sections", {}), **given.sections}
        given = replace(given, version=int(before.get("version", 0)) + 1, sections=words)
        report = build(given, load_settings())
        report = with_images(report, report_images.drawn(given, volume, report.findings))
        report_files.keep(
            folder,
            document,
            given,
            report,
            target=folder / ResultFile.REPORT,
            formats=formats,
            on_progress=on_progress,
            cancel=cancel,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """The results of one stack."""

    stack: Stack
    volume: Volume
    results: tuple[AnalysisResult, ...]


def _by_stack(runs: Sequence[Run], shown: tuple[Stack, Volume] | None) -> list[_Group]:
    """The results of each stack; without any, the stack on show."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run[0].key, []).append(run)
    if not groups and shown is not None:
        return [_Group(*shown, ())]
    return [_Group(group[0][0], group[0][1], tuple(one for _s, _v, one in group)) for group in groups.values()]


def _holds(folder: Path, results: Sequence[AnalysisResult]) -> bool:
    """True for a folder that holds these very results already."""
    if not (folder / ResultFile.RESULT).is_file():
        return False
    there = result_folder.load(folder, arrays=False)
    return {r.request_id for r in there.results} == {r.request_id for r in results}
