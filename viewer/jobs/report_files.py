"""The files of a report: PDF, SEG, SR and result.json, put in place together or not at all."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from viewer.core.analysis import AnalysisResult
from viewer.core.atomic import UNFINISHED, replacing, write_bytes
from viewer.core.finding import Finding
from viewer.core.plain import to_plain
from viewer.core.report import KeyImage, Report
from viewer.jobs import dicom_objects, key_marks, place
from viewer.jobs.dicom_objects import KEYS, Written, write_objects
from viewer.jobs.place import cannot_write
from viewer.jobs.result_folder import Loaded
from viewer.jobs.review import PAPER, with_findings
from viewer.reporting.saying import Saying


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
    loaded: Loaded,
    findings: Sequence[Finding],
    report: Report,
    pdf: bytes,
    *,
    target: Path,
    said: Mapping[str, str],
    chosen: Sequence[KeyImage] = (),
) -> None:
    """Write PDF, SEG, SR and result.json aside, then put them in the folder in one change; sealed where signed.

    Args:
        loaded: the folder, whose only writer the caller is.
        findings: all of them, as judged.
        target: where the PDF goes besides `report.pdf` in the folder.
        said: the reader's own words, and `chosen` pictures, kept for the next version.

    Raises:
        OutputError: the disk refused, an object read back wrong or the key cannot be used; everything is as before.
    """
    folder = loaded.folder.absolute()
    part: Path | None = None
    try:
        with _beside(target, folder) as copy:
            part = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
            written = _write_objects(loaded, findings, report, part)
            written = dicom_objects.with_keys(written, part, loaded.study, [i.instance for i in chosen if i.instance])
            pictures = key_marks.keep(part, chosen)
            (part / PAPER).write_bytes(pdf)
            if copy is not None:
                copy.write_bytes(pdf)
            elif target.name != PAPER:
                (part / target.name).write_bytes(pdf)
            document = _document(loaded, findings, report, written, said)
            document["report"]["key_images"] = pictures
            document["files"] = _files(document["files"], pictures)
            gone = {path.name for path in (*folder.glob("*.dcm"), *folder.glob(f"{key_marks.CHOSEN}*.png"))}
            place.keep(folder, {path.name: path for path in part.iterdir()}, document, sorted(gone))
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


def _write_objects(loaded: Loaded, findings: Sequence[Finding], report: Report, part: Path) -> Written:
    """SEG and SR of what was accepted."""
    old = loaded.folder / "sr.dcm"
    saying = Saying(
        sections=report.sections,
        reader=report.author,
        signature=report.signature,
        predecessor=old if old.is_file() else None,
        language=report.language,
        reviewed=True,
        proposals=sum(1 for finding in findings if finding.pack),
    )
    results = tuple(_accepted_only(result) for result in with_findings(loaded.results, report.findings))
    return write_objects(part, loaded.study, loaded.stack, results, saying)


def _accepted_only(result: AnalysisResult) -> AnalysisResult:
    """Masks with the segments of the findings that are left."""
    numbers = {finding.location.segment for finding in result.findings}
    masks = [replace(mask, segments=tuple(s for s in mask.segments if s.number in numbers)) for mask in result.masks]
    return replace(result, masks=tuple(mask for mask in masks if mask.segments))


def _document(
    loaded: Loaded, findings: Sequence[Finding], report: Report, written: Written, said: Mapping[str, str]
) -> dict[str, Any]:
    """result.json with the findings, the words and the signature."""
    document = dict(loaded.document)
    document["findings"] = [to_plain(finding) for finding in findings]
    document["report"] = {
        "file": PAPER,
        "status": report.status.value,
        "language": report.language,
        "version": report.version,
        "created": report.created,
        "author": report.author,
        "sections": dict(report.sections if report.signature else said),
        "signature": to_plain(report.signature),
        "sha256": report.digest,
        "findings": [finding.id for finding in report.findings],
    }
    before = [e for e in document.get("left_out", []) if e.get("file") not in ("seg.dcm", "sr.dcm", KEYS)]
    document["left_out"] = [*before, *written.left_out]
    kept = {name for name in document.get("files", []) if not name.endswith(".dcm")}
    document["files"] = sorted(kept | {*written.files, PAPER, "result.json"})
    return document


def _files(before: Sequence[str], pictures: Sequence[Mapping[str, Any]]) -> list[str]:
    """The folder's files with the reader's pictures of now in place of earlier ones."""
    others = {name for name in before if not name.startswith(key_marks.CHOSEN)}
    return sorted(others | {str(picture["file"]) for picture in pictures})
