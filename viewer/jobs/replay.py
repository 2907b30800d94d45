"""`secondread replay`: an analysis again from its provenance, compared with what was kept."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewer.analysis import engine, packs, provenance
from viewer.core.analysis import (
    AnalysisRequest,
    AnalysisResult,
    Box,
    Input,
    Outcome,
    Provenance,
    RunOptions,
    Subject,
)
from viewer.core.errors import ReadError, ViewerError
from viewer.core.pack import Tolerance
from viewer.core.study import Stack, Study
from viewer.core.task import CancelFlag, CancelToken, OnProgress, Progress, ignore_progress
from viewer.core.volume import Volume
from viewer.jobs import cine, place, replaying, result_folder
from viewer.jobs.checking.check import check
from viewer.jobs.checking.mismatch import Mismatch
from viewer.jobs.replaying import Check
from viewer.jobs.request import aged, inputs_for, person_of
from viewer.jobs.result_folder import Loaded
from viewer.reading import load_subject, load_volume, scan

_log = logging.getLogger(__name__)

Document = dict[str, Any]


def replay(
    folder: Path | str,
    *,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> Document:
    """Run every pack of a result folder again and compare; the folder is left as it is.

    Args:
        folder: what `analyze` or the window wrote; the pictures must still lie where they were.
        on_progress, cancel: as for every job.

    Returns:
        `same` over all packs, and for each pack every check in words, the `differences`
        among them, and `notes` on what may differ (versions, processor).

    Raises:
        ReadError: the folder is damaged or the pictures are gone. Cancelled.
    """
    cancel, folder = cancel or CancelFlag(), Path(folder)
    with place.reading(folder, "replay", cancel):
        loaded = result_folder.load(folder)
        held = [{"pack": "", "what": m.what.value, "text": f"{m.file}: {m.text}"} for m in _mismatches(folder)]
    found = _input(loaded, on_progress, cancel)
    entries = []
    for n, result in enumerate(loaded.results):
        cancel.check()
        on_progress(Progress(f"Replaying {result.pack_id}", n / len(loaded.results)))
        entries.append(_one(result, found, cancel))
    differences = [
        {"pack": entry["pack"], "what": one["what"], "text": one["text"]}
        for entry in entries
        for one in entry["checks"]
        if not one["same"]
    ]
    return {"same": not (held or differences), "differences": [*held, *differences], "packs": entries}


def _mismatches(folder: Path) -> tuple[Mismatch, ...]:
    """What the folder says of itself that cannot be true: no run could give it again."""
    return check(folder, sources=False).mismatches


def as_text(document: Document) -> str:
    """The comparison as lines for a person."""
    lines = [f"DIFFERS  {one['text']}" for one in document["differences"] if not one["pack"]]
    for entry in document["packs"]:
        lines.append(f"{entry['pack']}: {'the same' if entry['same'] else 'differs'}")
        lines += [f"  {'same   ' if check['same'] else 'DIFFERS'}  {check['text']}" for check in entry["checks"]]
        lines += [f"  note     {note}" for note in entry["notes"]]
    lines.append("The replay gives the same result." if document["same"] else "The replay differs.")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """The analysed pictures where they lie now."""

    study: Study
    stack: Stack
    volume: Subject


def _input(loaded: Loaded, on_progress: OnProgress, cancel: CancelToken) -> _Found:
    """The analysed pictures, found again by series and SOP Instance UIDs."""
    asked = loaded.document.get("request", {}).get("path")
    files = sorted({instance.path for instance in loaded.stack.instances})
    paths = [Path(asked)] if isinstance(asked, str) else files
    if not all(path.exists() for path in paths):
        raise _gone()
    found = scan(paths, None, on_progress, cancel)
    for study in found.studies:
        for stack in study.stacks:
            if stack.key == loaded.stack.key and _uids(stack) == _uids(loaded.stack):
                return _Found(study, stack, aged(load_subject(stack, on_progress, cancel), study))
    raise _gone()


def _uids(stack: Stack) -> tuple[str, ...]:
    return tuple(instance.sop_instance_uid for instance in stack.instances)


def _gone() -> ReadError:
    return ReadError(
        "The pictures that were analysed are gone or are no longer the same files.",
        "Put them back where they were, then replay.",
    )


def _one(kept: AnalysisResult, found: _Found, cancel: CancelToken) -> Document:
    """One pack then and now. A refused or failed one must end so again."""
    again = _again(kept, found, cancel)
    checks: list[Check] = [("outcome", kept.outcome == again.outcome, f"outcome {kept.outcome}, now {again.outcome}")]
    if kept.provenance is not None:
        checks += _inputs(kept.provenance, found, kept.text)
    if kept.outcome == again.outcome == Outcome.RAN:
        may = replaying.allowed(kept.provenance, again.provenance, _tolerance(kept.pack_id))
        checks += replaying.compare(kept, again, may)
    return {
        "pack": kept.pack_id,
        "same": all(same for _, same, _ in checks),
        "checks": [{"what": what, "same": same, "text": text} for what, same, text in checks],
        "differences": [text for _, same, text in checks if not same],
        "notes": _notes(kept.provenance, again.provenance),
    }


def _again(kept: AnalysisResult, found: _Found, cancel: CancelToken) -> AnalysisResult:
    """Run the pack with the settings of its provenance (a failed run has none: the defaults)."""
    settings = dict(kept.provenance.settings) if kept.provenance is not None else {}
    request = AnalysisRequest(
        kept.request_id,
        kept.pack_id,
        _given(kept.pack_id, found, kept.text),
        _box(settings.get("roi")),
        str(settings.get("device", "auto")),
        str(settings.get("precision", "auto")),
        kept.provenance.input_uids if kept.provenance is not None else (),
        RunOptions.from_settings({"run_warned": True, **settings}),
        kept.series_uid,
    )
    try:
        if kept.cine is None:
            return engine.run(request, ignore_progress, cancel)
        beat = cine.beat_of(found.study, found.stack, cancel)
        hooks: Any = {"on_progress": ignore_progress, "cancel": cancel}
        return cine.run(request, beat, found.stack, load=load_volume, runner=engine.run, **hooks).result
    except ViewerError as error:
        _log.info("replay of %s failed: %s", kept.pack_id, error.what)
        return engine.failed(request, error)


def _given(pack_id: str, found: _Found, text: str) -> dict[str, Input]:
    """What the pack is given of the subject, or the words that were typed; a pack that is gone fails when it is run."""
    try:
        return inputs_for(packs.load(pack_id), text or found.volume, person_of(found.study, found.stack))
    except ViewerError:
        return {"image": found.volume}


def _box(plain: Any) -> Box | None:
    if plain is None:
        return None
    (k0, j0, i0), (k1, j1, i1) = plain
    return (int(k0), int(j0), int(i0)), (int(k1), int(j1), int(i1))


def _inputs(told: Provenance, found: _Found, text: str) -> list[Check]:
    """What must be equal for a replay to mean anything: the voxels (signals, words) and the weights."""
    now = provenance.input_hash(_given(told.pack_id, found, text))
    what = "voxels" if isinstance(found.volume, Volume) else "input"
    checks = [("input", told.pixel_hash == now, f"{what} {_short(told.pixel_hash)}, now {_short(now)}")]
    try:
        weights = packs.load(told.pack_id).weights_sha256
    except ViewerError as error:
        return [*checks, ("weights", False, error.what)]
    text = f"weights {_short(told.weights_sha256)}, now {_short(weights)}"
    return [*checks, ("weights", told.weights_sha256 == weights, text)]


def _notes(before: Provenance | None, after: Provenance | None) -> list[str]:
    """What may differ and explains small differences: processor and versions."""
    if before is None or after is None:
        return []
    then = {"device": before.device, "backend": before.backend, **before.software}
    now = {"device": after.device, "backend": after.backend, **after.software}
    names = sorted(then.keys() | now.keys())
    return [f"{n}: then {then.get(n, '-')}, now {now.get(n, '-')}" for n in names if then.get(n) != now.get(n)]


def _tolerance(pack_id: str) -> Tolerance:
    try:
        return packs.load(pack_id).viewer.replay
    except ViewerError:
        return Tolerance()


def _short(digest: str) -> str:
    return digest[:12] or "unknown"
