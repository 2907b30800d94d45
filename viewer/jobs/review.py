"""`secondread review`: verdicts on the findings of a result folder, as the window's buttons give them."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from viewer.core import judging
from viewer.core.analysis import AnalysisResult
from viewer.core.clock import now
from viewer.core.errors import OutputError, UsageError
from viewer.core.finding import Finding, FindingState, Side
from viewer.core.plain import from_plain, to_plain
from viewer.core.task import CancelFlag, CancelToken, OnProgress, Progress, ignore_progress
from viewer.jobs import place, result_folder, result_json
from viewer.jobs.admission import admit_folder
from viewer.jobs.dicom_objects import Written, is_dicom, write_objects
from viewer.jobs.result_folder import Loaded
from viewer.jobs.sealing.seal import SealState, is_signed, verify
from viewer.jobs.sources import where_it_lies
from viewer.reporting.saying import Saying

_log = logging.getLogger(__name__)

ALL = "all"
#: The report's file in a result folder.
PAPER = "report.pdf"
OUTDATED = "The findings were judged anew after this report; it must be written anew."


@dataclass(frozen=True, slots=True)
class Edit:
    """The reader's own words for a finding; None leaves a part as it is."""

    label: str | None = None
    side: Side | None = None
    comment: str | None = None


def review(
    folder: Path,
    *,
    accept: Sequence[str] = (),
    reject: Sequence[str] = (),
    unsure: Sequence[str] = (),
    reader: str,
    reason: str = "",
    edits: Mapping[str, Edit] | None = None,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Mark findings and write result.json anew in one step; `sr.dcm` follows with the verdicts.

    A `report.pdf` that shows the state before goes; its words stay for the next one.

    Args:
        folder: a result folder.
        accept, reject, unsure: finding ids; "all" means every finding no other list names.
        reader: who judges.
        reason: why, kept with every verdict given here.
        edits: finding id -> the reader's own label, side, comment; the original is kept.

    Returns:
        The document of result.json.

    Raises:
        UsageError: unknown ids, an id with two verdicts, no reader, or a signed report.
        ReadError: the folder is none or is damaged. OutputError: it cannot be written.
        Cancelled: nothing was changed.
    """
    cancel = cancel or CancelFlag()
    reader = judging.reader_name(reader)
    with place.writing(folder, "review", cancel):
        on_progress(Progress("Reading results", 0.0))
        loaded = result_folder.load(folder)
        check_open(folder, loaded.document)
        findings = all_findings(loaded)
        verdicts = _verdicts(findings, {"accept": accept, "reject": reject, "unsure": unsure}, set(edits or {}))
        judged = [_judge(f, verdicts.get(f.id), (edits or {}).get(f.id), reader, reason) for f in findings]
        outcome = admit_folder(folder, "No verdict was given", cancel=cancel)
        loaded = where_it_lies(loaded, outcome)
        cancel.check()
        on_progress(Progress("Writing verdicts", 0.5))
        document = _save(loaded, judged, reader)
        on_progress(Progress("Done", 1.0))
    _log.info("verdicts given on %d findings", len(verdicts))
    return document


def all_findings(loaded: Loaded) -> tuple[Finding, ...]:
    """Every finding of result.json, the reader's own among them.

    Raises:
        ReadError: one is damaged.
    """
    try:
        return tuple(from_plain(Finding, data) for data in loaded.document["findings"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise result_json.damaged(loaded.folder, "a finding does not hold what it should") from error


def with_findings(results: Sequence[AnalysisResult], findings: Sequence[Finding]) -> tuple[AnalysisResult, ...]:
    """Results with these findings in place of their own; the reader's own go with the first one."""
    placed = [
        replace(r, findings=tuple(f for f in findings if f.pack == r.pack_id and f.result_id == r.request_id))
        for r in results
    ]
    known = {f.id for r in placed for f in r.findings}
    rest = tuple(f for f in findings if f.id not in known)
    if placed and rest:
        placed[0] = replace(placed[0], findings=(*placed[0].findings, *rest))
    return tuple(placed)


def check_open(folder: Path, document: dict[str, Any]) -> None:
    """Refuse to change what was signed.

    Raises:
        UsageError: the report of this folder is signed. OutputError: and was changed afterwards.
    """
    if not is_signed(folder, document):
        return
    seal = verify(folder, document)
    if seal.state is SealState.CHANGED:
        raise OutputError(
            seal.words, "Nothing was changed. Take the folder from a backup, or analyse again.", "changed"
        )
    raise UsageError("The report of these results is signed; its findings are locked.", "Analyse again to begin anew.")


_STATES = {"accept": FindingState.ACCEPTED, "reject": FindingState.REJECTED, "unsure": FindingState.UNSURE}


def _verdicts(
    findings: Sequence[Finding], asked: Mapping[str, Sequence[str]], edited: set[str]
) -> dict[str, FindingState]:
    """Finding id -> verdict."""
    known = {finding.id for finding in findings}
    named: dict[str, FindingState] = {}
    for word, ids in asked.items():
        for finding_id in (i for i in ids if i != ALL):
            if named.get(finding_id, _STATES[word]) is not _STATES[word]:
                raise UsageError(f"Finding {finding_id} is given two verdicts.", "Name it once.")
            named[finding_id] = _STATES[word]
    unknown = sorted((set(named) | edited) - known)
    if unknown:
        there = ", ".join(sorted(known)) or "none"
        raise UsageError(f"There is no finding {', '.join(unknown)} in these results.", f"There are: {there}.")
    sweeping = [word for word, ids in asked.items() if ALL in ids]
    if len(sweeping) > 1:
        raise UsageError("'all' can go with one verdict only.", f"It was given with {' and '.join(sweeping)}.")
    rest = {finding_id: _STATES[word] for word in sweeping for finding_id in known - set(named)}
    return named | rest


def _judge(finding: Finding, state: FindingState | None, edit: Edit | None, reader: str, reason: str) -> Finding:
    if edit is not None:
        label, side, comment = edit.label, edit.side, edit.comment
        finding = finding.edited_to(
            label=finding.label if label is None else judging.finding_label(label),
            side=finding.side if side is None else side,
            comment=finding.comment if comment is None else comment,
        )
    if state is None:
        return finding
    return finding.judged(state, reader, now(), reason)


def _save(loaded: Loaded, findings: Sequence[Finding], reader: str) -> dict[str, Any]:
    """result.json with the verdicts, and SEG and SR that say the same: all of it or nothing."""
    if not is_dicom(loaded.stack):
        return keep_findings(loaded, findings)
    before = loaded.folder / "sr.dcm"
    part: Path | None = None
    try:
        part = Path(tempfile.mkdtemp(prefix=place.LEFTOVERS[0], dir=loaded.folder))
        saying = Saying(reader=reader, predecessor=before if before.is_file() else None)
        results = with_findings(loaded.results, findings)
        written = write_objects(part, loaded.study, loaded.stack, results, saying)
        return keep_findings(loaded, findings, files={name: part / name for name in written.files}, written=written)
    except OSError as error:
        raise place.cannot_write(loaded.folder / "result.json", error) from error
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)


def keep_findings(
    loaded: Loaded,
    findings: Sequence[Finding],
    *,
    files: Mapping[str, Path] | None = None,
    written: Written | None = None,
) -> dict[str, Any]:
    """Put findings into result.json; where they changed, a report and objects of the old ones do not stay.

    Args:
        loaded: the folder as it stands, its report not signed; the caller is its only writer.
        files: the objects that say the same, to be moved into the folder.
        written: which objects those are, and why others are left out; None: the old ones stay.

    Returns:
        The document as written.

    Raises:
        ReadError: the folder is damaged. OutputError: it cannot be written; everything is as before.
    """
    document = {**loaded.document, "findings": [to_plain(finding) for finding in findings]}
    gone: set[str] = set()
    changed = tuple(findings) != all_findings(loaded)
    if changed and (loaded.document.get("report") or (loaded.folder / PAPER).is_file()):
        document["report"] = {**(document.get("report") or {}), "file": None, "status": "outdated", "note": OUTDATED}
        gone.add(PAPER)
    if written is not None:
        old = (*loaded.folder.glob("seg*.dcm"), *loaded.folder.glob("sr.dcm"))
        gone |= {path.name for path in old} - set(written.files)
        document["left_out"] = _left_out(loaded, written)
    new = set(files or ())
    document["files"] = sorted((set(document.get("files", [])) - gone) | new)
    return place.keep(loaded.folder, files or {}, document, sorted(gone))


def _left_out(loaded: Loaded, written: Written) -> list[dict[str, str]]:
    """What result.json says of objects that could not be written anew: the old ones are gone."""
    before = [e for e in loaded.document.get("left_out", []) if e.get("file") not in ("seg.dcm", "sr.dcm")]
    return [*before, *written.left_out]
