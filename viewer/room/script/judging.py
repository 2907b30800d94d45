"""Steps of the main job: analyse, findings, judge, edit, text, report."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from viewer.core.analysis import Box, PackInfo
from viewer.core.clock import now
from viewer.core.errors import UsageError
from viewer.core.finding import Finding, FindingState, Side
from viewer.core.judging import LONGEST_NAME, check_settled, check_unsigned, signature
from viewer.core.plain import to_plain
from viewer.core.sections import SECTIONS
from viewer.core.study import Stack
from viewer.core.task import JobState
from viewer.jobs import report_lint
from viewer.jobs.files import Format
from viewer.reading import is_picture, load_subject
from viewer.room.background import Job
from viewer.room.events import Exported
from viewer.room.script import params
from viewer.room.script.advising import as_said
from viewer.room.script.params import nearest, one_of
from viewer.room.script.sitting import Sitting

Result = Mapping[str, Any]
#: A section of more characters is a mistake.
_LONGEST_TEXT = 100_000


def analyse(sitting: Sitting, p: params.Analyse) -> Result:
    """`analyse`: the named pack, or every one that suits, on a stack; waits until all are done."""
    stack = sitting.stack(p.series_uid, p.stack)
    subject = p.text if p.text is not None else None if is_picture(stack) else load_subject(stack)
    volume = None if subject is not None else sitting.volume(stack)
    sitting.session.library.activate(stack.key)
    packs = sitting.room.packs
    if not packs.known:
        packs.read()
        sitting.wait(lambda: packs.known)
    whole = sitting.session.boxes.of(stack.key).get("")
    box = whole if p.roi is None or volume is None else _box(p.roi, volume.shape)
    shelf = packs.shelf
    told = dict(zip(shelf.broken_ids, (words for _, words in shelf.broken), strict=True))
    failed = {pack: words for pack, words in told.items() if p.pack in (None, pack)}
    chosen = () if failed and p.pack is not None else _wanted(shelf.packs, p.pack)
    named = p.pack is not None
    jobs = sitting.room.analyses.start(stack, chosen, box, named=named, pixel_mm=p.pixel_mm, subject=subject)
    sitting.wait(lambda: all(job.over for _, job in jobs))
    sitting.troubles()
    runs = [_run(sitting, stack, pack, job) for pack, job in jobs]
    own = {pack.id for pack in chosen}
    return {"runs": [*runs, *(_failed(pack, words) for pack, words in failed.items() if pack not in own)]}


def _failed(pack_id: str, words: str) -> dict[str, Any]:
    return {"pack": pack_id, "outcome": "failed", "reasons": [words], "findings": []}


def _wanted(packs: Sequence[PackInfo], wanted: str | None) -> tuple[PackInfo, ...]:
    if wanted is None:
        if not packs:
            raise UsageError("No model pack is installed.", "Install one with `secondread packs install FILE`.")
        return tuple(packs)
    one_of(wanted, [pack.id for pack in packs], "pack")
    return tuple(pack for pack in packs if pack.id == wanted)


def _box(roi: tuple[int, int, int, int, int, int], shape: tuple[int, int, int]) -> Box:
    """Column, row, slice as on the command line -> half-open voxel indices (k, j, i)."""
    i0, j0, k0, i1, j1, k1 = roi
    for low, high, size in ((k0, k1, shape[0]), (j0, j1, shape[1]), (i0, i1, shape[2])):
        if not 0 <= low < high <= size:
            raise UsageError("This box is empty or lies beside the pictures.", "Give i0,j0,k0,i1,j1,k1, half-open.")
    return (k0, j0, i0), (k1, j1, i1)


def place_box(sitting: Sitting, p: params.PlaceBox) -> Result:
    """`box`: kept with the stack, and shown in its views; told as they stand now."""
    stack = sitting.stack(p.series_uid, p.stack)
    box = None if p.roi is None else _box(p.roi, sitting.volume(stack).shape)
    sitting.session.boxes.put(stack.key, p.side, box)
    boxes = sitting.session.boxes.of(stack.key)
    return {"boxes": {side: [i0, j0, k0, i1, j1, k1] for side, ((k0, j0, i0), (k1, j1, i1)) in boxes.items()}}


def _run(sitting: Sitting, stack: Stack, pack: PackInfo, job: Job) -> dict[str, Any]:
    if job.state is not JobState.DONE:
        words = job.error.text if job.error is not None else "The analysis was stopped."
        return _failed(pack.id, words)
    entry = sitting.session.review.result(job.id)
    if entry is None:
        return {"pack": pack.id, "outcome": "refused", "reasons": ["Its study was closed."], "findings": []}
    result = entry.result
    reasons = [reason.text for reason in result.gate.reasons] if result.gate is not None else []
    if result.message:
        reasons.append(result.message)
    found = [finding.id for finding in sitting.session.review.findings_of(entry.id)]
    return {"pack": pack.id, "outcome": str(result.outcome), "reasons": reasons, "findings": found}


def findings(sitting: Sitting, _p: params.Nothing) -> Result:
    """`findings`: of every open study, as in result.json."""
    review = sitting.session.review
    every = [f for study in sitting.session.library.studies for f in review.findings(study.uid)]
    return {"findings": [to_plain(finding) for finding in every]}


def _finding(sitting: Sitting, finding_id: str) -> Finding:
    review = sitting.session.review
    found = review.finding(finding_id)
    if found is None:
        known = [f.id for study in sitting.session.library.studies for f in review.findings(study.uid)]
        raise UsageError(f"There is no finding '{finding_id}'.", nearest(finding_id, known) if known else "")
    return found


def judge(sitting: Sitting, p: params.Judge) -> Result:
    """`judge`: a verdict."""
    finding = _finding(sitting, p.finding)
    made = sitting.session.review.judge(finding.id, FindingState(p.state), reader(sitting), p.reason.strip())
    return _as_plain(made)


def edit(sitting: Sitting, p: params.Edit) -> Result:
    """`edit`: the reader's own words; what is left out stays."""
    finding = _finding(sitting, p.finding)
    made = sitting.session.review.edit(
        finding.id,
        label=finding.label if p.label is None else p.label.strip(),
        side=finding.side if p.side is None else Side(p.side),
        comment=finding.comment if p.comment is None else p.comment.strip(),
        reader=reader(sitting),
    )
    return _as_plain(made)


def _as_plain(finding: Finding) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(finding)
    return plain


def reader(sitting: Sitting) -> str:
    """Who judges: the reader of the settings, else the account this runs under."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        account = ""
    return sitting.context.settings.reader_name.strip() or account[:LONGEST_NAME] or "Reader"


def text(sitting: Sitting, p: params.Text) -> Result:
    """`text`: the reader's words in a section of the report."""
    section = one_of(p.section, [section.key for section in SECTIONS], "section")
    if len(p.text) > _LONGEST_TEXT:
        raise UsageError(f"This text is longer than {_LONGEST_TEXT} characters.", "Shorten it.")
    study = sitting.study(p.study_uid)
    sections = sitting.session.review.report_text(study.uid)
    sitting.session.review.put_report_text(study.uid, sections | {section: p.text})
    return {"section": section, "study_uid": study.uid}


def report(sitting: Sitting, p: params.Report) -> Result:
    """`report`: the report of the active study into a folder; signed where that is asked."""
    study = sitting.study(p.study_uid)
    review = sitting.session.review
    signed = None
    if p.sign is not None:
        check_unsigned(review.signature(study.uid))
        signed = signature(p.sign.name, p.sign.organization, now())
        check_settled(review.findings(study.uid))
        report_lint.check_settled(sitting.room.reporting.linting.remarks(study))
    if not p.to.strip():
        raise UsageError("'report' names no folder.", "Give 'to'.")
    formats = _formats(p.formats)
    out = Path(p.to).absolute()
    done: list[Exported] = []
    hear_no_more = sitting.session.on(Exported, done.append)
    try:
        sitting.troubles()
        sitting.room.reporting.write(study, out, signed or review.signature(study.uid), formats)
        sitting.wait(lambda: bool(done) or sitting.in_trouble)
    finally:
        hear_no_more()
    if not done:
        sitting.check_trouble()
    if signed is not None:
        review.sign(study.uid, signed)
    left = [as_said(one) for one in sitting.room.reporting.linting.remarks(study) if one.is_open]
    return {"files": [str(path) for path in done[0].files.values()], "lint": left}


def _formats(wanted: list[str] | None) -> tuple[Format, ...]:
    """What to write besides result.json, which is always there."""
    known = [*(one.value for one in Format), "json"]
    named = [one_of(name.lower(), known, "format") for name in wanted] if wanted is not None else known
    return tuple(Format(name) for name in named if name != "json")
