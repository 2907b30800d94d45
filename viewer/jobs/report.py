"""`secondread report`: the PDF from accepted findings, SEG and SR to match, each read back before it is kept."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from viewer.core import judging
from viewer.core.analysis import AnalysisResult
from viewer.core.clock import now
from viewer.core.errors import UsageError
from viewer.core.finding import Finding
from viewer.core.plain import from_plain
from viewer.core.report import KeyImage, Report, Signature
from viewer.core.settings import load_settings
from viewer.core.study import Stack, Study
from viewer.core.task import CancelFlag, CancelToken, OnProgress, Progress, ignore_progress, share
from viewer.core.volume import Volume
from viewer.jobs import key_marks, report_content, report_files, report_images, result_folder
from viewer.jobs.result_folder import Loaded
from viewer.jobs.review import PAPER, all_findings, check_open, keep_findings
from viewer.jobs.sources import found_again
from viewer.words.language import words_in

_log = logging.getLogger(__name__)

#: What a PDF is never called: it would stand where a result belongs.
_NO_PDF = frozenset({"result.json", "seg.dcm", "sr.dcm"})

Run = tuple[Stack, Volume, AnalysisResult]


def write_report(
    folder: Path,
    out: Path | None = None,
    *,
    language: str = "en",
    sign: tuple[str, str] | Signature | None = None,
    sections: Mapping[str, str] | None = None,
    chosen: Sequence[KeyImage] | None = None,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> Path:
    """Write the report of a result folder, from accepted findings only.

    The folder gets `report.pdf`, for DICOM input `seg.dcm` and `sr.dcm` with the accepted
    findings, and result.json with what was said and signed; `out` gets a copy of the PDF.
    Everything is written under temporary names and read back first. Once the report is signed
    nothing in the folder changes any more: `out` gets a copy, elsewhere; without it the signed
    PDF is what there is.

    Args:
        folder: a result folder.
        out: the PDF; default `report.pdf` in the folder.
        language: "en" or "zh".
        sign: (name, organisation), or a signature with its own time: signs and locks. Once
            signed, only copies can be made.
        sections: indication, comparison, technique, quality, findings, impression,
            recommendation, critical; those left out stay as they were.
        chosen: the reader's own key images, which come before those of the findings; None: those
            that the report before this one had.

    Returns:
        Where the PDF is.

    Raises:
        UsageError: no such language, a signature without name or organisation, signed already,
            or `out` is a file of the results.
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
    signature = _signature(loaded, findings, sign, sections)
    if out is None and _is_signed(loaded) and target.is_file():
        _check_language(loaded, language)
        return target
    _check_overwrites(loaded, target)
    loaded = found_again(loaded, cancel)
    said = _said(loaded, sections)
    if chosen is None or _is_signed(loaded):
        chosen = key_marks.kept_in(folder, loaded.document.get("report") or {})
    report = _report(loaded, findings, language, signature, said=said, chosen=chosen)
    images = report_images.key_images(loaded, report.findings, language, share(on_progress, 0.05, 0.4), cancel)
    report = report_content.with_images(report, images)
    on_progress(Progress("Laying out pages", 0.5))
    pdf = _pdf(report)
    cancel.check()
    on_progress(Progress("Writing and reading back", 0.7))
    if _is_signed(loaded):
        report_files.copy_to(target, pdf)
    else:
        report_files.keep(loaded, findings, report, pdf, target=target, said=said, chosen=chosen)
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
    sign: tuple[str, str] | Signature | None = None,
    chosen: Sequence[KeyImage] = (),
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> dict[str, Path]:
    """What the window holds as a result folder with its report.

    Args:
        out: the folder; results of a second series go to `out/series-2` and so on.
        runs: (stack, volume, result with its findings as judged).
        chosen: the reader's own key images; each report gets them.

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
        write_report(
            place,
            language=language,
            sign=sign,
            sections=sections,
            chosen=chosen,
            on_progress=on_progress,
            cancel=cancel,
        )
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
        created=now(),
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
        keep_findings(loaded, findings)
    return True


def _check_target(target: Path) -> None:
    if target.is_dir():
        raise UsageError(f"'{target.name}' is a folder.", "Name the PDF file to write.")
    if target.name.casefold() in _NO_PDF:
        raise UsageError(f"'{target.name}' is the name of a result, not of a report.", "Name the PDF file to write.")


def _check_overwrites(loaded: Loaded, target: Path) -> None:
    """Refuse a PDF in place of a file of the results, and of anything in a signed folder."""
    place, folder = target.resolve(), loaded.folder.resolve()
    if not place.is_relative_to(folder) or place == folder / PAPER and not _is_signed(loaded):
        return
    if place.exists() and (_is_signed(loaded) or place.suffix.casefold() != ".pdf"):
        raise UsageError(f"'{target.name}' belongs to the results and is not overwritten.", "Name another file.")


def _check_language(loaded: Loaded, language: str) -> None:
    if loaded.document["report"].get("language") != language:
        raise UsageError(
            "This report is signed in another language and can no longer be changed.",
            "Name a file for a copy in this language.",
        )


def _is_signed(loaded: Loaded) -> bool:
    return bool((loaded.document.get("report") or {}).get("signature"))


def _said(loaded: Loaded, sections: Mapping[str, str] | None) -> dict[str, str]:
    """The reader's words: those kept, and over them those given now."""
    before = (loaded.document.get("report") or {}).get("sections", {})
    return {key: str(text) for key, text in {**before, **(sections or {})}.items()}


def _report(
    loaded: Loaded,
    findings: Sequence[Finding],
    language: str,
    signature: Signature | None,
    *,
    said: Mapping[str, str],
    chosen: Sequence[KeyImage],
) -> Report:
    before: dict[str, Any] = loaded.document.get("report") or {}
    again = _is_signed(loaded)
    notes: tuple[str, ...] = ()
    if again and before.get("language") != language:
        notes = (words_in(language)("author", "translated"),)
    return report_content.build(
        loaded,
        findings,
        load_settings(),
        sections=said,
        language=language,
        created=str(before["created"]) if again else now(),
        version=int(before.get("version", 0)) + (0 if again else 1),
        signature=signature,
        digest_before=str(before.get("sha256", "")) if again else "",
        notes=notes,
        chosen=chosen,
    )


def _signature(
    loaded: Loaded,
    findings: Sequence[Finding],
    sign: tuple[str, str] | Signature | None,
    sections: Mapping[str, str] | None,
) -> Signature | None:
    """The signature given now or kept from before.

    Raises:
        UsageError: it lacks a part, a finding is open, or the report is signed already and would change.
    """
    if _is_signed(loaded):
        before = loaded.document["report"]
        same = all(before["sections"].get(key, "") == text.strip() for key, text in (sections or {}).items() if text)
        if sign is not None or not same:
            judging.check_unsigned(before["signature"])
        return from_plain(Signature, before["signature"])
    if sign is None:
        return None
    given = sign if isinstance(sign, Signature) else Signature(*sign, now())
    signature = judging.signature(given.name, given.organization, given.when)
    judging.check_settled(findings)
    return signature


def _pdf(report: Report) -> bytes:
    """The pages, held against the report before anybody sees them."""
    from viewer.reporting.paper import paper_of, pixels_of
    from viewer.reporting.readback import compare_pdf, stop_on
    from viewer.reporting.typeset import typeset

    printed = typeset(paper_of(report), pixels_of(report))
    stop_on(compare_pdf(report, printed), "The report")
    return printed.pdf
