"""The files of a report: PDF, SEG, SR and result.json, put in place together or not at all."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from viewer.core.atomic import UNFINISHED, replacing, write_bytes
from viewer.core.plain import to_plain
from viewer.core.report import Report
from viewer.core.task import CancelToken, OnProgress
from viewer.jobs import place, result_json
from viewer.jobs.exporters import Export, write_files
from viewer.jobs.files import CHOSEN, Format, ResultFile
from viewer.jobs.place import cannot_write
from viewer.jobs.report_content import ReportInput


def copy_to(target: Path, pdf: bytes) -> None:
    """Write a PDF.

    Raises:
        OutputError: the disk refused; an earlier file there is as it was.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(target, pdf)
    except OSError as error:
        raise cannot_write(target, error) from error


def keep(
    folder: Path,
    document: Mapping[str, Any],
    given: ReportInput,
    report: Report,
    *,
    target: Path,
    formats: Collection[Format] = tuple(Format),
    on_progress: OnProgress,
    cancel: CancelToken,
) -> None:
    """Write a report's files aside, then put them in the folder in one change; sealed where signed.

    Args:
        folder: holds `document` as result.json; the caller is its only writer.
        target: where the PDF goes besides `report.pdf` in the folder.

    Raises:
        OutputError: the disk refused, an object read back wrong or the key cannot be used; everything is as before.
        Cancelled: nothing was changed.
    """
    part: Path | None = None
    try:
        with _beside(target, folder) as copy:
            part = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
            old = folder / ResultFile.SR
            export = Export(part, given, report, tuple(formats), predecessor=old if old.is_file() else None)
            write_files(export, on_progress, cancel)
            if copy is not None:
                shutil.copyfile(part / ResultFile.REPORT, copy)
            elif target.name != ResultFile.REPORT:
                shutil.copyfile(part / ResultFile.REPORT, part / target.name)
            gone = [path.name for path in folder.iterdir() if path.is_file() and _is_of_a_report(path.name)]
            place.keep(folder, {path.name: path for path in part.iterdir()}, described(document, export), sorted(gone))
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def _beside(target: Path, folder: Path) -> Iterator[Path | None]:
    """Where a copy outside the folder is written until the folder has changed; None for one inside."""
    if target.parent.resolve() == folder.resolve():
        yield None
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as copy:
        yield copy


def described(document: Mapping[str, Any], export: Export) -> dict[str, Any]:
    """result.json with the findings, the words, the signature and what was written."""
    given, report = export.given, export.report
    left = {entry["file"] for entry in export.left_out} | {ResultFile.SEG, ResultFile.SR, ResultFile.KEYS}
    kept = {name for name in document.get("files", []) if not _is_of_a_report(name)}
    return {
        **document,
        "findings": [to_plain(finding) for finding in given.findings],
        "measurements": [to_plain(measured) for measured in given.measured],
        "other_stacks": [result_json.stack_out(stack) for stack in given.others],
        "report": {
            "file": ResultFile.REPORT if ResultFile.REPORT in export.files else None,
            "status": report.status.value,
            "language": report.language,
            "version": report.version,
            "created": report.created,
            "author": report.author,
            "sections": dict(report.sections if report.signature else given.sections),
            "drafted": sorted(_drafted(report.sections, given.sections)),
            "signature": to_plain(report.signature),
            "sha256": report.digest,
            "findings": [finding.id for finding in report.findings],
            "key_images": export.pictures,
            "formats": sorted(export.formats),
        },
        "left_out": [*(e for e in document.get("left_out", []) if e.get("file") not in left), *export.left_out],
        "files": sorted(kept | {*export.files, ResultFile.RESULT}),
    }


def _drafted(printed: Mapping[str, str], given: Mapping[str, str]) -> Iterator[str]:
    """Sections whose words are the program's."""
    return (key for key, text in printed.items() if text.strip() and not given.get(key, "").strip())


def _is_of_a_report(name: str) -> bool:
    """True for what a newer report replaces or takes away."""
    return name.endswith(".dcm") or name.startswith(CHOSEN) or name in (ResultFile.MEASUREMENTS, ResultFile.REPORT)
