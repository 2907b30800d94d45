"""The result folder of `analyze`: written under a temporary name, read back, renamed.

    result.json            request, packs with outcomes and reasons, findings, files, passports
    mask-PACK.nii.gz       labels on the input's grid; band-PACK.nii.gz the boundary band;
                           mask-PACK-phase-N.nii.gz the other phases of a heart's beat
    heatmap-PACK-N.nii.gz  values 0..1 on the input's grid
    seg.dcm, sr.dcm        for DICOM input; key-FINDING.png
    report.pdf             after `report`

One folder holds the results of one stack. File names carry no patient data.
"""

from __future__ import annotations

import logging
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from viewer.core.analysis import AnalysisResult, Subject
from viewer.core.change import changing, sync
from viewer.core.clock import now
from viewer.core.errors import OutputError, ReadError
from viewer.core.finding import Finding, FindingState
from viewer.core.geometry import Geometry
from viewer.core.plain import from_plain, to_plain
from viewer.core.study import Stack, Study
from viewer.core.volume import Heatmap, Mask, Volume
from viewer.jobs import place, result_arrays, result_json
from viewer.jobs.sealing import hashes, images
from viewer.jobs.sealing.seal import LOCKS, files_of, is_signed
from viewer.jobs.targets import is_sealed

_log = logging.getLogger(__name__)

#: What a job adds to a folder before it is renamed: called with the temporary folder and the
#: document, which it may add to.
Extra = Callable[[Path, dict[str, Any]], None]

_BROKEN = (KeyError, TypeError, ValueError, AttributeError, IndexError)


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A result folder as it was read: header, stack and results with their arrays.

    Attributes:
        document: result.json as it stands.
        study: header only (no series).
    """

    folder: Path
    document: dict[str, Any]
    study: Study
    stack: Stack
    results: tuple[AnalysisResult, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of every pack, as judged."""
        return tuple(f for result in self.results for f in result.findings)


def write(
    out: Path,
    study: Study,
    stack: Stack,
    volume: Subject,
    results: Sequence[AnalysisResult],
    *,
    request: dict[str, Any] | None = None,
    extras: Sequence[Extra] = (),
) -> Path:
    """Write the results of one stack as a folder.

    Args:
        out: where it ends up; an earlier result folder there is replaced unless somebody
            judged it.
        study: whose header goes into result.json (patient included).
        stack: what was analysed, with its files.
        volume: its pixels' grid, or the signals or words that were read.
        results: one a pack, in order.
        request: what was asked for, as JSON.
        extras: further writers, see `Extra`.

    Raises:
        OutputError: no room, no right, or the place is taken; nothing half-written stays.
    """
    out = Path(out).absolute()
    check_place(out)
    try:
        with place.creating(out, "analyze"):
            check_place(out)  # as it is now that nobody else writes there
            _write(out, _document(study, stack, volume, results, request or {}), (stack, volume, results), extras)
    except OSError as error:
        raise place.cannot_write(out, error) from error
    return out


def _write(
    out: Path, document: dict[str, Any], of: tuple[Stack, Subject, Sequence[AnalysisResult]], extras: Sequence[Extra]
) -> None:
    """The folder under another name, read back, put in its place."""
    part: Path | None = None
    try:
        part = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}.part")
        part.mkdir(mode=0o700)  # it holds a patient's header and pictures
        stack, volume, results = of
        _write_arrays(part, document, stack, volume, results)
        for extra in extras:
            extra(part, document)
        files = {path.name: path for path in part.iterdir()}
        document["files"] = sorted([*files, "result.json"])
        whole = hashes.with_hashes(document, files)
        (part / "result.json").write_text(result_json.dump(whole), encoding="utf-8")
        _read_back(part, results)
        for path in (*part.iterdir(), part):
            sync(path)
        _put_in_place(part, out)
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)


def read(folder: Path) -> tuple[AnalysisResult, ...]:
    """The results of a folder, arrays too.

    Raises:
        ReadError: the folder is none or is damaged.
    """
    return load(folder).results


def load(folder: Path, *, arrays: bool = True) -> Loaded:
    """Everything a result folder holds.

    Args:
        folder: what `write` wrote.
        arrays: read masks and heatmaps too.

    Raises:
        ReadError: the folder is none or is damaged.
    """
    folder = Path(folder)
    document = result_json.load(folder)
    try:
        study = from_plain(Study, {**document["study"], "series": ()})
        stack = result_json.stack_in(document["stack"])
        findings = tuple(from_plain(Finding, f) for f in document["findings"])
        results = tuple(_result(folder, entry, findings, arrays) for entry in document["packs"])
    except _BROKEN as error:
        _log.info("result.json does not fit: %s", error)
        raise result_json.damaged(folder, "result.json does not hold what it should") from error
    twice = sorted(name for name, count in Counter(f.id for f in findings).items() if count > 1)
    if twice:
        raise result_json.damaged(folder, f"more than one finding is called {', '.join(twice)}")
    return Loaded(folder, document, study, stack, results)


def check_place(out: Path) -> None:
    """Refuse a place that holds something a new result must not replace.

    Raises:
        OutputError: a file, a folder of something else, or results that were judged.
    """
    if is_sealed(out):
        raise OutputError(f"'{out.name}' lies in a folder whose report is signed.", "Name a place elsewhere.")
    if not out.exists() or (out.is_dir() and not [path for path in out.iterdir() if path.name not in LOCKS]):
        return
    if not (out / "result.json").is_file():
        raise OutputError(f"'{out.name}' is there already and is no result folder.", "Name a new or empty folder.")
    try:
        judged = (
            is_signed(out, None)
            or (out / "report.pdf").exists()
            or any(f.state is not FindingState.PROPOSED or f.edited for f in load(out, arrays=False).findings)
        )
    except ReadError:
        judged = True
    if judged:
        raise OutputError(f"The result folder '{out.name}' holds a reader's verdicts.", "Name another folder.")


def _document(
    study: Study, stack: Stack, volume: Subject, results: Sequence[AnalysisResult], request: dict[str, Any]
) -> dict[str, Any]:
    return {
        **result_json.head(),
        "created": now(),
        "request": request,
        "study": result_json.study_out(study),
        "stack": result_json.stack_out(stack),
        "sources": images.to_json(images.describe(study, stack, volume)),
        "packs": [result_json.result_out(result, _version(result)) for result in results],
        "findings": [to_plain(finding) for result in results for finding in result.findings],
        "left_out": [],
        "notes": _notes(volume, results),
    }


def _notes(volume: Subject, results: Sequence[AnalysisResult]) -> list[str]:
    """What whoever opens the files must know."""
    if not isinstance(volume, Volume):
        return []
    if volume.geometry.is_even or not any(result.masks or result.heatmaps for result in results):
        return []
    off = _off_mm(volume.geometry)
    return [
        f"The slices are unevenly spaced and NIfTI knows even steps only: masks and heatmaps as .nii.gz lie up to "
        f"{off:.2f} mm off along the slices. seg.dcm and the findings lie right."
    ]


def _off_mm(grid: Geometry) -> float:
    """Largest distance in mm between a slice and its place at even steps."""
    even = replace(grid, slice_positions=None)
    return max(float(np.linalg.norm(grid.slice_origin(k) - even.slice_origin(k))) for k in range(grid.shape[0]))


def _version(result: AnalysisResult) -> str:
    return result.provenance.pack_version if result.provenance is not None else ""


def _write_arrays(
    folder: Path, document: dict[str, Any], stack: Stack, volume: Subject, results: Sequence[AnalysisResult]
) -> None:
    """Masks and heatmaps as files; their descriptions into the document. Signals and words have none."""
    if not isinstance(volume, Volume):
        return
    reverse = result_arrays.stored_reversed(stack, volume.geometry)
    for entry, result in zip(document["packs"], results, strict=True):
        tag = _file_tag(document, entry)
        for n, mask in enumerate(result.masks):
            name = _numbered(f"mask-{tag}", n)
            labels = _small(mask.labels)
            result_arrays.save(folder / name, labels, mask.geometry, reverse=reverse)
            band = None
            if mask.band is not None:
                band = _numbered(f"band-{tag}", n)
                result_arrays.save(folder / band, mask.band, mask.geometry, reverse=reverse)
            told = {"sha256": result_arrays.digest(labels)}
            if mask.band is not None:
                told["band_sha256"] = result_arrays.digest(mask.band)
            entry["masks"].append(result_json.mask_out(mask, name, band) | told)
        for n, mask in enumerate(result.phase_masks, start=1):
            name = f"mask-{tag}-phase-{n}.nii.gz"
            labels = _small(mask.labels)
            result_arrays.save(folder / name, labels, mask.geometry, reverse=reverse)
            told = {"sha256": result_arrays.digest(labels)}
            entry["phase_masks"].append(result_json.mask_out(mask, name, None) | told)
        for n, heatmap in enumerate(result.heatmaps):
            name = _numbered(f"heatmap-{tag}", n)
            values = heatmap.values.astype(np.float32, copy=False)
            result_arrays.save(folder / name, values, heatmap.geometry, reverse=reverse)
            told = {"sha256": result_arrays.digest(values)}
            entry["heatmaps"].append(result_json.heatmap_out(heatmap, name) | told)


def _file_tag(document: dict[str, Any], entry: dict[str, Any]) -> str:
    """The pack's id; with a number where one pack ran more than once (two boxes)."""
    same = [other for other in document["packs"] if other["pack"] == entry["pack"]]
    return str(entry["pack"]) if len(same) == 1 else f"{entry['pack']}-{same.index(entry) + 1}"


def _numbered(stem: str, n: int) -> str:
    return f"{stem}.nii.gz" if n == 0 else f"{stem}-{n + 1}.nii.gz"


def _small(labels: Any) -> Any:
    return labels.astype(np.uint8) if labels.max(initial=0) < 256 else labels.astype(np.uint16)


def _result(folder: Path, entry: dict[str, Any], findings: tuple[Finding, ...], arrays: bool) -> AnalysisResult:
    own = tuple(f for f in findings if f.result_id == entry["request_id"] and f.pack == entry["pack"])
    bare = result_json.result_in(entry, own)
    if not arrays:
        return bare
    masks = tuple(_mask(folder, data) for data in entry.get("masks", ()))
    phases = tuple(_mask(folder, data) for data in entry.get("phase_masks", ()))
    heatmaps = tuple(_heatmap(folder, data) for data in entry.get("heatmaps", ()))
    return replace(bare, masks=masks, phase_masks=phases, heatmaps=heatmaps)


def _mask(folder: Path, data: dict[str, Any]) -> Mask:
    labels, band = _array(folder, data, "file"), None
    if data.get("band_file") is not None:
        band = _array(folder, data, "band_file")
    return result_json.mask_in(data, labels, band)


def _heatmap(folder: Path, data: dict[str, Any]) -> Heatmap:
    return result_json.heatmap_in(data, _array(folder, data, "file").astype(np.float32))


def _array(folder: Path, data: dict[str, Any], key: str) -> Any:
    path = folder / result_json.plain_name(data[key])
    return result_arrays.load(path, result_json.geometry_in(data["geometry"]))


def _read_back(folder: Path, results: Sequence[AnalysisResult]) -> None:
    """Read the folder again and compare before anybody relies on it."""
    found = load(folder)
    same = len(found.results) == len(results) and all(
        mine.findings == theirs.findings and mine.outcome == theirs.outcome and _same_arrays(mine, theirs)
        for mine, theirs in zip(results, found.results, strict=True)
    )
    if not same:
        raise OutputError(
            "The results read back from the disk differ from what was written.", "Check the disk and run it again."
        )


def _same_arrays(mine: AnalysisResult, theirs: AnalysisResult) -> bool:
    masks = zip((*mine.masks, *mine.phase_masks), (*theirs.masks, *theirs.phase_masks), strict=True)
    heatmaps = zip(mine.heatmaps, theirs.heatmaps, strict=True)
    return all(np.array_equal(a.labels, b.labels) and a.geometry.same_grid(b.geometry) for a, b in masks) and all(
        np.array_equal(a.values, b.values) for a, b in heatmaps
    )


def _put_in_place(part: Path, out: Path) -> None:
    """Rename the finished folder; over an earlier one its files are put in one change."""
    if not out.exists():
        part.rename(out)
        sync(out.parent)
        return
    names = {path.name for path in part.iterdir()}
    with changing(out) as one:
        for name in names:
            (part / name).rename(one.files / name)
        one.gone += [name for name in files_of(out)[0] if name not in names]
