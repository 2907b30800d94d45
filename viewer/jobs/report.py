"""The report of accepted findings: from a result folder, or from what a sitting holds."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from viewer.core import judging
from viewer.core.clock import now
from viewer.core.errors import UsageError
from viewer.core.measurement import ReaderMeasurement
from viewer.core.plain import from_plain
from viewer.core.report import KeyImage, Report, ReportStatus, Signature
from viewer.core.settings import load_settings
from viewer.core.task import CancelFlag, CancelToken, OnProgress, Progress, ignore_progress, share
from viewer.core.volume import Volume
from viewer.jobs import key_marks, place, report_files, report_images, report_lint, result_folder, result_json
from viewer.jobs.admission import admit_folder
from viewer.jobs.checking.check import Outcome
from viewer.jobs.exporters import printed
from viewer.jobs.files import ResultFile
from viewer.jobs.report_content import ReportInput, build, with_images
from viewer.jobs.report_lint import Remark
from viewer.jobs.result_folder import Loaded
from viewer.jobs.review import all_findings, check_open
from viewer.jobs.sealing.seal import SealState, is_signed
from viewer.jobs.signing import Signing, signed
from viewer.jobs.sources import where_it_lies
from viewer.jobs.targets import check_target
from viewer.words.language import words_in

_log = logging.getLogger(__name__)

#: What a PDF is never called: it would stand where a result belongs.
_NO_PDF = frozenset({ResultFile.RESULT, ResultFile.SEG, ResultFile.SR})


def write_report(
    folder: Path,
    out: Path | None = None,
    *,
    language: str = "en",
    sign: Signing = None,
    sections: Mapping[str, str] | None = None,
    chosen: Sequence[KeyImage] | None = None,
    measured: Sequence[ReaderMeasurement] | None = None,
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
        sections: words by keys of `core.sections`; those left out stay as they were.
        chosen: the reader's own key images, which come before those of the findings.
        measured: the reader's own measurements on the stack of the folder. Of both, None: what
            the report before this one had.
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
    folder = Path(folder).absolute()
    target = Path(out).absolute() if out is not None else folder / ResultFile.REPORT
    _check_target(target)
    asked = _Asked(folder, target, language, sign, dict(sections or {}), chosen, measured, force)
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
    sign: Signing
    sections: Mapping[str, str]
    chosen: Sequence[KeyImage] | None
    measured: Sequence[ReaderMeasurement] | None
    force: bool


def _write(asked: _Asked, on_progress: OnProgress, cancel: CancelToken) -> Path:
    """A report of a folder that is not signed, by its only writer."""
    folder = asked.folder
    on_progress(Progress("Reading results", 0.0))
    loaded = result_folder.load(folder)
    check_open(folder, loaded.document)
    findings = all_findings(loaded)
    signature = signed(loaded.study, loaded.results, findings, asked.sign)
    if signature is not None:
        report_lint.check_settled(_remarks(loaded, {**_words_before(loaded), **asked.sections}))
    check_target(asked.target, _sources(loaded), force=asked.force, own=(folder / ResultFile.REPORT,))
    outcome = admit_folder(folder, "Nothing was written", signing=signature is not None, cancel=cancel)
    loaded = where_it_lies(loaded, outcome)
    given = replace(_held_in(loaded, asked.language, signature), created=now(), version=_version(loaded) + 1)
    given = replace(
        given,
        sections={**given.sections, **{key: str(text) for key, text in asked.sections.items()}},
        chosen=given.chosen if asked.chosen is None else tuple(asked.chosen),
        measured=given.measured if asked.measured is None else tuple(asked.measured),
    )
    on_progress(Progress("Drawing pictures", 0.4))
    report = _drawn(given, folder, outcome)
    told = share(on_progress, 0.5, 1.0)
    report_files.keep(folder, loaded.document, given, report, target=asked.target, on_progress=told, cancel=cancel)
    on_progress(Progress("Done", 1.0))
    _log.info("report written: %d findings, %s", len(report.findings), report.status.value)
    return asked.target


def _copy(asked: _Asked, in_place: bool, on_progress: OnProgress, cancel: CancelToken) -> Path:
    """A copy of what was signed, once everything in the folder is what was signed.

    A copy in the language of the signature is the signed file itself.
    """
    on_progress(Progress("Reading results", 0.0))
    outcome = admit_folder(asked.folder, "Nothing was printed", cancel=cancel)
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
        pdf = (asked.folder / ResultFile.REPORT).read_bytes()
    else:
        pdf = printed(_copied(loaded, asked.language, outcome))
    on_progress(Progress("Writing and reading back", 0.7))
    report_files.copy_to(asked.target, pdf)
    on_progress(Progress("Done", 1.0))
    return asked.target


def _copied(loaded: Loaded, language: str, outcome: Outcome) -> Report:
    """The signed report in another language; or, where its signature cannot be verified, as a copy that says so."""
    words, before, seal = words_in(language), loaded.document["report"], outcome.seal
    signature = from_plain(Signature, before["signature"])
    notes = (words("author", "translated"),) if before.get("language") != language else ()
    verified = seal.state is SealState.AS_SIGNED
    if not verified:
        key = "earlier" if seal.state is SealState.EARLIER_WAY else "unknown_key"
        notes = (words("author", key, name=signature.name, key=seal.fingerprint), *notes)
    given = replace(
        _held_in(loaded, language, signature if verified else None),
        created=str(before["created"]),
        version=_version(loaded),
        digest_before=str(before.get("sha256", "")),
        notes=notes,
    )
    report = _drawn(given, loaded.folder, outcome)
    return report if verified else replace(report, status=ReportStatus.UNVERIFIED)


def _drawn(given: ReportInput, folder: Path, outcome: Outcome) -> Report:
    """The report with pictures of its findings, from the source where the check found it."""
    volume = outcome.found.volume if outcome.found is not None and not outcome.not_at_hand else None
    report = build(given, load_settings())
    if volume is not None and not isinstance(volume, Volume):
        return report
    return with_images(report, report_images.key_images(folder, given, volume, report.findings))


def _held_in(loaded: Loaded, language: str, signature: Signature | None) -> ReportInput:
    """What a folder holds for a report.

    Raises:
        ReadError: something in it is damaged.
    """
    before = loaded.document.get("report") or {}
    try:
        return ReportInput(
            loaded.study,
            loaded.stack,
            loaded.results,
            all_findings(loaded),
            sections={str(key): str(text) for key, text in before.get("sections", {}).items()},
            language=language,
            signature=signature,
            chosen=key_marks.kept_in(loaded.folder, before),
            measured=tuple(from_plain(ReaderMeasurement, one) for one in loaded.document.get("measurements", ())),
            others=tuple(result_json.stack_in(one) for one in loaded.document.get("other_stacks", ())),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise result_json.damaged(loaded.folder, "a measurement does not hold what it should") from error


def _words_before(loaded: Loaded) -> dict[str, str]:
    """What the report before this one said."""
    before = loaded.document.get("report") or {}
    return {str(key): str(text) for key, text in before.get("sections", {}).items()}


def _remarks(loaded: Loaded, sections: Mapping[str, str]) -> tuple[Remark, ...]:
    return report_lint.remarks(loaded.study, loaded.stack, all_findings(loaded), sections)


def remarks_in(folder: Path) -> tuple[Remark, ...]:
    """What the lint asks about the words of a folder's report.

    Raises:
        ReadError: the folder is none or is damaged.
    """
    loaded = result_folder.load(Path(folder).absolute())
    return _remarks(loaded, _words_before(loaded))


def _version(loaded: Loaded) -> int:
    return int((loaded.document.get("report") or {}).get("version", 0))


def _sources(loaded: Loaded) -> list[Path]:
    asked = (loaded.document.get("request") or {}).get("path")
    return sorted({one.path for one in loaded.stack.instances} | ({Path(asked)} if isinstance(asked, str) else set()))


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
