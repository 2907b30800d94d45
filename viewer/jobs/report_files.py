"""The files of a report: PDF, SEG, SR and result.json, put in place together or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from viewer.core.analysis import AnalysisResult
from viewer.core.atomic import write_bytes
from viewer.core.finding import Finding
from viewer.core.plain import to_plain
from viewer.core.report import KeyImage, Report
from viewer.jobs import dicom_objects, key_marks, result_folder, result_json
from viewer.jobs.dicom_objects import KEYS, Written, write_objects
from viewer.jobs.result_folder import Loaded
from viewer.jobs.review import with_findings
from viewer.jobs.swap import swap_in
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
        raise result_folder.cannot_write(target, error) from error


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
    """Write PDF, SEG, SR and result.json beside their places, then put them there together or not at all.

    Args:
        findings: all of them, as judged.
        target: where the PDF goes besides `report.pdf` in the folder.
        said: the reader's own words, and `chosen` pictures, kept for the next version.

    Raises:
        OutputError: the disk refused or an object read back wrong; everything is as before.
    """
    folder = loaded.folder.absolute()
    part: Path | None = None
    copy = target.with_name(f".{target.name}.part")
    try:
        part = Path(tempfile.mkdtemp(prefix=".report-", dir=folder))
        written = _write_objects(loaded, findings, report, part)
        written = dicom_objects.with_keys(written, part, loaded.study, [i.instance for i in chosen if i.instance])
        pictures = key_marks.keep(part, chosen)
        (part / "report.pdf").write_bytes(pdf)
        document = _document(loaded, findings, report, written, said)
        document["report"]["key_images"] = pictures
        document["files"] = _files(document["files"], pictures)
        (part / "result.json").write_text(result_json.dump(document), encoding="utf-8")
        moves = [(path, folder / path.name) for path in sorted(part.iterdir())]
        if target != folder / "report.pdf":
            target.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(pdf)
            moves.append((copy, target))
        gone = [folder / name for name in _dicom_names(loaded) if name not in written.files]
        gone = gone if _is_redone(written) else []
        stale = [path for path in folder.glob(f"{key_marks.CHOSEN}*.png") if not (part / path.name).exists()]
        swap_in(moves, [*gone, *stale], part)
    except OSError as error:
        raise result_folder.cannot_write(target, error) from error
    finally:
        copy.unlink(missing_ok=True)
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)


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
        "file": "report.pdf",
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
    kept = {name for name in document.get("files", []) if not name.endswith(".dcm") or not _is_redone(written)}
    document["files"] = sorted(kept | {*written.files, "report.pdf", "result.json"})
    return document


def _files(before: Sequence[str], pictures: Sequence[Mapping[str, Any]]) -> list[str]:
    """The folder's files with the reader's pictures of now in place of earlier ones."""
    others = {name for name in before if not name.startswith(key_marks.CHOSEN)}
    return sorted(others | {str(picture["file"]) for picture in pictures})


def _dicom_names(loaded: Loaded) -> list[str]:
    return [path.name for path in loaded.folder.glob("*.dcm")]


def _is_redone(written: Written) -> bool:
    """True when the new objects replace the old ones: an old one then must not stay beside them."""
    return "sr.dcm" in written.files
