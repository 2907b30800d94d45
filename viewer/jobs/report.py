"""`secondread report`: the PDF from accepted findings, SEG and SR to match, each read back before it is kept."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from viewer.core.analysis import AnalysisResult
from viewer.core.errors import UsageError
from viewer.core.finding import Finding
from viewer.core.plain import from_plain, to_plain
from viewer.core.report import Report, Signature
from viewer.core.settings import load_settings
from viewer.core.study import Stack, Study
from viewer.core.task import CancelFlag, CancelToken, OnProgress, Progress, ignore_progress
from viewer.core.volume import Volume
from viewer.jobs import report_content, report_images, result_folder, result_json
from viewer.jobs.dicom_objects import Saying, Written, write_objects
from viewer.jobs.result_folder import Loaded
from viewer.jobs.review import all_findings, check_open, with_findings
from viewer.jobs.swap import swap_in

_log = logging.getLogger(__name__)

Run = tuple[Stack, Volume, AnalysisResult]


def write_report(
    folder: Path,
    out: Path | None = None,
    *,
    language: str = "en",
    sign: tuple[str, str] | None = None,
    sections: Mapping[str, str] | None = None,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> Path:
    """Write the report of a result folder, from accepted findings only.

    The folder gets `report.pdf`, for DICOM input `seg.dcm` and `sr.dcm` with the accepted
    findings, and result.json with what was said and signed; `out` gets a copy of the PDF.
    Everything is written under temporary names and read back first.

    Args:
        folder: a result folder.
        out: the PDF; default `report.pdf` in the folder.
        language: "en" or "zh".
        sign: (name, organisation): signs and locks. Once signed, only copies can be made.
        sections: indication, comparison, technique, quality, findings, impression,
            recommendation, critical; those left out stay as they were.

    Returns:
        Where the PDF is.

    Raises:
        UsageError: no such language, a signature without name or organisation, signed already.
        ReadError: the folder is none or is damaged.
        OutputError: it could not be written or did not read back; nothing was changed.
        Cancelled: nothing was changed.
    """
    cancel = cancel or CancelFlag()
    folder = Path(folder)
    target = Path(out).absolute() if out is not None else folder.absolute() / "report.pdf"
    _check_target(target)
    on_progress(Progress("Reading results", 0.0))
    loaded = result_folder.load(folder)
    findings = all_findings(loaded)
    report = _report(loaded, findings, language, sign, sections)
    images = report_images.key_images(loaded, report.findings, language, _share(on_progress, 0.05, 0.4), cancel)
    report = report_content.with_images(report, images)
    on_progress(Progress("Laying out pages", 0.5))
    pdf = _pdf(report)
    cancel.check()
    on_progress(Progress("Writing and reading back", 0.7))
    _keep(loaded, findings, report, pdf, target)
    on_progress(Progress("Done", 1.0))
    _log.info("report written: %d findings, %s", len(report.findings), report.status.value)
    return target


def export(
    out: Path,
    study: Study,
    runs: Sequence[Run],
    *,
    sections: Mapping[str, str] | None = None,
    language: str = "en",
    sign: tuple[str, str] | None = None,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> dict[str, Path]:
    """What the window holds as a result folder with its report.

    Args:
        out: the folder; results of a second series go to `out/series-2` and so on.
        runs: (stack, volume, result with its findings as judged).

    Returns:
        Name -> path of every file written ("report.pdf", "result.json", "seg.dcm" ...);
        of further series with "series-2/" before the name.

    Raises:
        UsageError: nothing was analysed. Otherwise as `write_report`.
    """
    if not runs:
        raise UsageError("There is nothing to report: no pack was run on this study.", "Analyse a series first.")
    from viewer.jobs.result_extras import extras_for

    written: dict[str, Path] = {}
    for number, group in enumerate(_by_stack(runs), start=1):
        stack, volume = group[0][0], group[0][1]
        results = [result for _stack, _volume, result in group]
        place = Path(out) if number == 1 else Path(out) / f"series-{number}"
        if not _update(place, results):
            result_folder.write(place, study, stack, volume, results, extras=extras_for(study, stack, volume, results))
        write_report(place, language=language, sign=sign, sections=sections, on_progress=on_progress, cancel=cancel)
        prefix = "" if number == 1 else f"series-{number}/"
        written |= {prefix + path.name: path for path in sorted(place.iterdir()) if path.is_file()}
    return written


def preview(
    study: Study,
    run: Sequence[Run],
    *,
    sections: Mapping[str, str] | None = None,
    language: str = "en",
) -> bytes:
    """The PDF of what the window holds, as a draft and without writing anything."""
    if not run:
        raise UsageError("There is nothing to report: no pack was run on this study.", "Analyse a series first.")
    stack, volume = run[0][0], run[0][1]
    results = tuple(result for _stack, _volume, result in run)
    loaded = Loaded(Path(), {"findings": []}, study, stack, results)
    findings = [finding for result in results for finding in result.findings]
    report = report_content.build(
        loaded,
        findings,
        load_settings(),
        sections=sections or {},
        language=language,
        created=_now(),
        version=1,
        signature=None,
    )
    images = report_images.drawn(loaded, volume, report.findings, language)
    return _pdf(report_content.with_images(report, images))


def _by_stack(runs: Sequence[Run]) -> list[list[Run]]:
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run[0].key, []).append(run)
    return list(groups.values())


def _update(place: Path, results: Sequence[AnalysisResult]) -> bool:
    """Bring verdicts into a folder that already holds these very results; False where it does not."""
    if not (place / "result.json").is_file():
        return False
    loaded = result_folder.load(place, arrays=False)
    if {r.request_id for r in loaded.results} != {r.request_id for r in results}:
        return False
    findings = tuple(finding for result in results for finding in result.findings)
    if findings != all_findings(loaded):
        check_open(loaded.document)
        result_folder.save_findings(place, findings)
    return True


def _check_target(target: Path) -> None:
    if target.is_dir():
        raise UsageError(f"'{target.name}' is a folder.", "Name the PDF file to write.")


def _report(
    loaded: Loaded,
    findings: Sequence[Finding],
    language: str,
    sign: tuple[str, str] | None,
    sections: Mapping[str, str] | None,
) -> Report:
    before: dict[str, Any] = loaded.document.get("report") or {}
    signature = _signature(before, sign, sections)
    said = {**before.get("sections", {}), **(sections or {})}
    again = bool(before.get("signature"))
    return report_content.build(
        loaded,
        findings,
        load_settings(),
        sections={key: str(value) for key, value in said.items()},
        language=language,
        created=str(before["created"]) if again else _now(),
        version=int(before.get("version", 0)) + (0 if again else 1),
        signature=signature,
    )


def _signature(
    before: Mapping[str, Any], sign: tuple[str, str] | None, sections: Mapping[str, str] | None
) -> Signature | None:
    """The signature given now or kept from before.

    Raises:
        UsageError: it lacks a part, or the report is signed already.
    """
    if before.get("signature"):
        if sign is not None or sections:
            raise UsageError("This report is signed and can no longer be changed.", "Analyse again to begin anew.")
        return from_plain(Signature, before["signature"])
    if sign is None:
        return None
    name, organization = (" ".join(part.split()) for part in sign)
    if not (name and organization):
        raise UsageError("Signing needs a name and an organisation.", "Give both, or set them in the settings.")
    return Signature(name, organization, _now())


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _pdf(report: Report) -> bytes:
    """The pages, held against the report before anybody sees them."""
    from viewer.reporting.html import report_html
    from viewer.reporting.pdf import render
    from viewer.reporting.readback import compare_pdf, stop_on

    paper = report_html(report)
    pdf = render(paper.html, paper.pages, paper.images)
    stop_on(compare_pdf(report, pdf), "The report")
    return pdf


def _keep(loaded: Loaded, findings: Sequence[Finding], report: Report, pdf: bytes, target: Path) -> None:
    """Write all files beside their places, then put them there together or not at all."""
    folder = loaded.folder.absolute()
    part: Path | None = None
    copy = target.with_name(f".{target.name}.part")
    try:
        part = Path(tempfile.mkdtemp(prefix=".report-", dir=folder))
        written = _write_objects(loaded, findings, report, part)
        (part / "report.pdf").write_bytes(pdf)
        document = _document(loaded, findings, report, written)
        (part / "result.json").write_text(result_json.dump(document), encoding="utf-8")
        moves = [(path, folder / path.name) for path in sorted(part.iterdir())]
        if target != folder / "report.pdf":
            target.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(pdf)
            moves.append((copy, target))
        gone = [folder / name for name in _dicom_names(loaded) if name not in written.files]
        swap_in(moves, gone if _is_redone(written) else [], part)
    except OSError as error:
        raise result_folder.cannot_write(target, error) from error
    finally:
        copy.unlink(missing_ok=True)
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)


def _write_objects(loaded: Loaded, findings: Sequence[Finding], report: Report, part: Path) -> Written:
    """SEG and SR of what was accepted."""
    old = loaded.folder / "sr.dcm"
    spoken = ("findings", "impression", "recommendation")
    sections = {key: text for key, text in report.sections.items() if key in spoken}
    saying = Saying(
        sections=sections,
        reader=report.author,
        signature=report.signature,
        predecessor=old if old.is_file() else None,
        language=report.language,
        reviewed=True,
    )
    results = tuple(_accepted_only(result) for result in with_findings(loaded.results, report.findings))
    return write_objects(part, loaded.study, loaded.stack, results, saying)


def _accepted_only(result: AnalysisResult) -> AnalysisResult:
    """Masks with the segments of the findings that are left."""
    numbers = {finding.location.segment for finding in result.findings}
    masks = [replace(mask, segments=tuple(s for s in mask.segments if s.number in numbers)) for mask in result.masks]
    return replace(result, masks=tuple(mask for mask in masks if mask.segments))


def _document(loaded: Loaded, findings: Sequence[Finding], report: Report, written: Written) -> dict[str, Any]:
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
        "sections": report.sections,
        "signature": to_plain(report.signature),
        "sha256": report.digest,
        "findings": [finding.id for finding in report.findings],
    }
    before = [e for e in document.get("left_out", []) if e.get("file") not in ("seg.dcm", "sr.dcm")]
    document["left_out"] = [*before, *written.left_out]
    kept = {name for name in document.get("files", []) if not name.endswith(".dcm") or not _is_redone(written)}
    document["files"] = sorted(kept | {*written.files, "report.pdf", "result.json"})
    return document


def _dicom_names(loaded: Loaded) -> list[str]:
    return [path.name for path in loaded.folder.glob("*.dcm")]


def _is_redone(written: Written) -> bool:
    """True when the new objects replace the old ones: an old one then must not stay beside them."""
    return "sr.dcm" in written.files


def _share(on_progress: OnProgress, low: float, high: float) -> OnProgress:
    """Progress of a part as progress of the whole."""

    def tell(progress: Progress) -> None:
        inner = progress.fraction
        on_progress(replace(progress, fraction=None if inner is None else low + inner * (high - low)))

    return tell
