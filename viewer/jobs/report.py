"""`secondread report`: the PDF from accepted findings, SEG and SR to match, each read back before it is kept."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from viewer.core import judging
from viewer.core.analysis import AnalysisResult
from viewer.core.clock import now
from viewer.core.errors import OutputError, UsageError
from viewer.core.finding import Finding
from viewer.core.plain import from_plain
from viewer.core.report import KeyImage, Report, ReportStatus, Signature
from viewer.core.settings import load_settings
from viewer.core.study import Stack, Study
from viewer.core.task import CancelFlag, CancelToken, OnProgress, Progress, ignore_progress
from viewer.core.volume import Volume
from viewer.jobs import key_marks, place, report_content, report_files, report_images, result_folder, result_json
from viewer.jobs.checking.check import Outcome, check, stop_unless_sound
from viewer.jobs.result_folder import Loaded
from viewer.jobs.review import PAPER, all_findings, check_open, keep_findings
from viewer.jobs.sealing.seal import SealState, Verdict, is_signed
from viewer.jobs.sources import where_it_lies
from viewer.jobs.targets import check_target
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
    force: bool = False,
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
        force: `out` may replace a file of the reader's; never a source, a DICOM file or a result.

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
    target = Path(out).absolute() if out is not None else folder.absolute() / PAPER
    _check_target(target)
    asked = _Asked(folder, target, language, sign, dict(sections or {}), chosen, force)
    document = result_json.load(folder) if folder.is_dir() else None
    if document is not None and is_signed(folder, document):
        with place.reading(folder, "report", cancel):
            return _copy(asked, out is None, on_progress, cancel)
    with place.writing(folder, "report", cancel):
        return _write(asked, on_progress, cancel)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What a report is asked with."""

    folder: Path
    target: Path
    language: str
    sign: tuple[str, str] | Signature | None
    sections: Mapping[str, str]
    chosen: Sequence[KeyImage] | None
    force: bool


def _write(asked: _Asked, on_progress: OnProgress, cancel: CancelToken) -> Path:
    """A report of a folder that is not signed, by its only writer."""
    folder = asked.folder
    on_progress(Progress("Reading results", 0.0))
    loaded = result_folder.load(folder)
    check_open(folder, loaded.document)
    findings = all_findings(loaded)
    signature = _signature(loaded, findings, asked.sign)
    check_target(asked.target, _sources(loaded), force=asked.force, own=(folder.absolute() / PAPER,))
    outcome = check(folder, cancel=cancel)
    stop_unless_sound(outcome, "Nothing was written")
    if signature is not None:
        _check_at_hand(outcome)
    loaded = where_it_lies(loaded, outcome)
    volume = outcome.found.volume if outcome.found is not None and not outcome.not_at_hand else None
    said = _said(loaded, asked.sections)
    chosen = asked.chosen
    if chosen is None:
        chosen = key_marks.kept_in(folder, loaded.document.get("report") or {})
    on_progress(Progress("Drawing pictures", 0.4))
    report = _report(loaded, findings, asked.language, signature, said=said, chosen=chosen)
    report = report_content.with_images(
        report, report_images.key_images(loaded, volume, report.findings, asked.language)
    )
    on_progress(Progress("Laying out pages", 0.5))
    pdf = _pdf(report)
    cancel.check()
    on_progress(Progress("Writing and reading back", 0.7))
    report_files.keep(loaded, findings, report, pdf, target=asked.target, said=said, chosen=chosen)
    on_progress(Progress("Done", 1.0))
    _log.info("report written: %d findings, %s", len(report.findings), report.status.value)
    return asked.target


def _copy(asked: _Asked, in_place: bool, on_progress: OnProgress, cancel: CancelToken) -> Path:
    """A copy of what was signed, once everything in the folder is what was signed.

    A copy in the language of the signature is the signed file itself.
    """
    on_progress(Progress("Reading results", 0.0))
    outcome = check(asked.folder, cancel=cancel)
    stop_unless_sound(outcome, "Nothing was printed")
    loaded = where_it_lies(result_folder.load(asked.folder), outcome)
    before = loaded.document["report"]
    same = all(before["sections"].get(key, "") == text.strip() for key, text in asked.sections.items() if text)
    if asked.sign is not None or not same:
        judging.check_unsigned(before["signature"])
    if in_place:
        _check_language(loaded, asked.language)
        return asked.target
    check_target(asked.target, _sources(loaded), force=asked.force)
    if asked.target.resolve().is_relative_to(asked.folder.resolve()):
        raise UsageError("A signed folder takes no further file.", "Name a place elsewhere for the copy.")
    verified = outcome.seal.state is SealState.AS_SIGNED
    if verified and before["language"] == asked.language:
        pdf = (asked.folder / PAPER).read_bytes()
    else:
        volume = outcome.found.volume if outcome.found is not None and not outcome.not_at_hand else None
        pdf = _pdf(_copied(loaded, asked.language, outcome.seal, volume))
    on_progress(Progress("Writing and reading back", 0.7))
    report_files.copy_to(asked.target, pdf)
    on_progress(Progress("Done", 1.0))
    return asked.target


def _copied(loaded: Loaded, language: str, seal: Verdict, volume: Volume | None) -> Report:
    """The signed report in another language; or, where its signature cannot be verified, as a copy that says so."""
    words, before = words_in(language), loaded.document["report"]
    signature = from_plain(Signature, before["signature"])
    notes = (words("author", "translated"),) if before.get("language") != language else ()
    verified = seal.state is SealState.AS_SIGNED
    if not verified:
        key = "earlier" if seal.state is SealState.EARLIER_WAY else "unknown_key"
        who = words("author", key, name=signature.name, key=seal.fingerprint)
        notes = (who, *notes)
    report = report_content.build(
        loaded,
        all_findings(loaded),
        load_settings(),
        sections=_said(loaded, None),
        language=language,
        created=str(before["created"]),
        version=int(before.get("version", 0)),
        signature=signature if verified else None,
        digest_before=str(before.get("sha256", "")),
        notes=notes,
        chosen=key_marks.kept_in(loaded.folder, before),
    )
    if not verified:
        report = replace(report, status=ReportStatus.UNVERIFIED)
    return report_content.with_images(report, report_images.key_images(loaded, volume, report.findings, language))


def _check_at_hand(outcome: Outcome) -> None:
    """Refuse to sign what cannot be compared with its pictures.

    Raises:
        OutputError: some are not there, the first is named.
    """
    if outcome.not_at_hand:
        more = len(outcome.not_at_hand) - 1
        others = f" and {more} more" if more else ""
        raise OutputError(
            f"Nothing can be signed: {outcome.not_at_hand[0]}{others} cannot be found or read.",
            "Put the pictures back where they were analysed, then sign.",
            "source_gone",
        )


def _sources(loaded: Loaded) -> list[Path]:
    asked = (loaded.document.get("request") or {}).get("path")
    return sorted({one.path for one in loaded.stack.instances} | ({Path(asked)} if isinstance(asked, str) else set()))


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

    folders = [Path(out) if n == 1 else Path(out) / f"series-{n}" for n in range(1, len(_by_stack(runs)) + 1)]
    for folder, group in zip(folders, _by_stack(runs), strict=True):
        stack, volume = group[0][0], group[0][1]
        results = [result for _stack, _volume, result in group]
        if not _update(folder, results):
            extras = extras_for(study, stack, volume, results)
            result_folder.write(folder, study, stack, volume, results, extras=extras)
    hooks: Any = {"on_progress": on_progress, "cancel": cancel}
    for folder in reversed(folders):  # the seal of the first holds those of the others
        write_report(folder, language=language, sign=sign, sections=sections, chosen=chosen, **hooks)
    return {
        ("" if folder == folders[0] else f"{folder.name}/") + path.name: path
        for folder in folders
        for path in sorted(folder.iterdir())
        if path.is_file()
    }


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


def _update(folder: Path, results: Sequence[AnalysisResult]) -> bool:
    """Bring verdicts into a folder that already holds these very results; False where it does not."""
    if not (folder / "result.json").is_file():
        return False
    loaded = result_folder.load(folder, arrays=False)
    if {r.request_id for r in loaded.results} != {r.request_id for r in results}:
        return False
    findings = tuple(finding for result in results for finding in result.findings)
    if findings != all_findings(loaded):
        with place.writing(folder, "report"):
            check_open(folder, loaded.document)
            keep_findings(loaded, findings)
    return True


def _check_target(target: Path) -> None:
    if target.is_dir():
        raise UsageError(f"'{target.name}' is a folder.", "Name the PDF file to write.")
    if target.name.casefold() in _NO_PDF:
        raise UsageError(f"'{target.name}' is the name of a result, not of a report.", "Name the PDF file to write.")


def _check_language(loaded: Loaded, language: str) -> None:
    if loaded.document["report"].get("language") != language:
        raise UsageError(
            "This report is signed in another language and can no longer be changed.",
            "Name a file for a copy in this language.",
        )


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
    return report_content.build(
        loaded,
        findings,
        load_settings(),
        sections=said,
        language=language,
        created=now(),
        version=int(before.get("version", 0)) + 1,
        signature=signature,
        chosen=chosen,
    )


def _signature(
    loaded: Loaded, findings: Sequence[Finding], sign: tuple[str, str] | Signature | None
) -> Signature | None:
    """The signature given now.

    Raises:
        UsageError: it lacks a part, a finding is open, it lies before what is signed, or nobody is named.
    """
    if sign is None:
        return None
    given = sign if isinstance(sign, Signature) else Signature(*sign, now())
    signature = judging.signature(given.name, given.organization, given.when)
    judging.check_settled(findings)
    judging.check_patient(loaded.study.patient)
    passports = [result.provenance for result in loaded.results if result.provenance is not None]
    made = [*(passport.finished for passport in passports), *(finding.when for finding in findings)]
    judging.check_clock(signature.when, made)
    return signature


def _pdf(report: Report) -> bytes:
    """The pages, held against the report before anybody sees them."""
    from viewer.reporting.paper import paper_of, pixels_of
    from viewer.reporting.readback import compare_pdf, stop_on
    from viewer.reporting.typeset import typeset

    printed = typeset(paper_of(report), pixels_of(report))
    stop_on(compare_pdf(report, printed), "The report")
    return printed.pdf
