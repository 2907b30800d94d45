"""What result.json states: findings, packs, masks and their grids, as far as it can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ReadError
from viewer.core.finding import Finding, FindingState
from viewer.core.geometry import Geometry
from viewer.core.plain import from_plain
from viewer.core.study import Stack, Study
from viewer.core.volume import Segment
from viewer.jobs import result_arrays, result_json
from viewer.jobs.checking import nifti
from viewer.jobs.checking.mismatch import RESULT, Mismatch, What

#: Grids of one array, in the file and in result.json, differ by no more than this (mm; the file holds float32).
GRID_MM = 0.02
_BROKEN = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A mask as its file has it, on the grid that result.json states.

    Attributes:
        request_id: the result it belongs to.
        labels: [K, J, I].
    """

    file: str
    pack: str
    request_id: str
    segments: tuple[Segment, ...]
    labels: npt.NDArray[Any]
    grid: Geometry
    stack_key: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Stated:
    """A result folder as its result.json states it, with its masks read from their files.

    Attributes:
        told: what could not be read, or does not fit its own file.
        beat: masks of a heart's other phases, which no DICOM object holds.
    """

    folder: Path
    document: Mapping[str, Any]
    study: Study
    stack: Stack
    findings: tuple[Finding, ...]
    masks: tuple[Labelled, ...]
    beat: tuple[Labelled, ...] = ()
    told: list[Mismatch] = field(default_factory=list)

    @property
    def report(self) -> Mapping[str, Any]:
        """The report's entry, {} without one."""
        return self.document.get("report") or {}

    @property
    def is_reported(self) -> bool:
        """True where a report of these verdicts stands: SEG and SR then hold accepted findings alone."""
        return self.report.get("file") is not None

    @property
    def spoken(self) -> tuple[Finding, ...]:
        """The findings that SEG and SR speak of."""
        if not self.is_reported:
            return self.findings
        return tuple(finding for finding in self.findings if finding.state is FindingState.ACCEPTED)

    @property
    def drafted(self) -> frozenset[str]:
        """Sections of the report whose words are the program's; they are printed and not kept."""
        told = self.report.get("drafted")
        if isinstance(told, list):
            return frozenset(str(key) for key in told)
        return frozenset() if self.report.get("signature") else frozenset({"technique", "impression"})

    def left_out(self, name: str) -> bool:
        """True where result.json says why a file is not there."""
        entries = self.document.get("left_out") or ()
        return any(isinstance(entry, Mapping) and entry.get("file") == name for entry in entries)


def stated(folder: Path, document: Mapping[str, Any]) -> Stated:
    """What a document states.

    Raises:
        ReadError: its study, stack, packs or findings do not hold what they should.
    """
    try:
        study = from_plain(Study, {**document["study"], "series": ()})
        stack = result_json.stack_in(document["stack"])
        findings = tuple(from_plain(Finding, entry) for entry in document["findings"])
        packs = [dict(entry) for entry in document["packs"]]
    except _BROKEN as error:
        raise result_json.damaged(folder, "result.json does not hold what it should") from error
    made = Stated(folder, document, study, stack, findings, (), ())
    masks = tuple(_masks(made, packs, "masks"))
    beat = tuple(_masks(made, packs, "phase_masks"))
    _heat(made, packs)
    return Stated(folder, document, study, stack, findings, masks, beat, made.told)


def _masks(made: Stated, packs: list[dict[str, Any]], key: str) -> Iterator[Labelled]:
    for entry in packs:
        for data in entry.get(key) or ():
            found = _labelled(made, entry, data)
            if found is not None:
                yield found


def _labelled(made: Stated, entry: Mapping[str, Any], data: Any) -> Labelled | None:
    try:
        name = result_json.plain_name(data["file"])
        grid = result_json.geometry_in(data["geometry"])
        segments = tuple(from_plain(Segment, segment) for segment in data["segments"])
        owner, key = (str(entry["pack"]), str(entry["request_id"])), str(data.get("stack_key", ""))
    except _BROKEN:
        made.told.append(Mismatch(RESULT, What.VALUE, "A mask is described in a way that cannot be read.", ""))
        return None
    labels = _on_grid(made, name, grid)
    if labels is not None:
        _same_values(made, name, labels, data.get("sha256"))
    _beside(made, data, grid)
    return None if labels is None else Labelled(name, *owner, segments, labels, grid, key)


def _beside(made: Stated, data: Mapping[str, Any], grid: Geometry) -> None:
    """The boundary band that belongs to a mask."""
    try:
        name = result_json.plain_name(data["band_file"]) if data.get("band_file") is not None else ""
    except _BROKEN:
        made.told.append(Mismatch(RESULT, What.VALUE, "A mask is described in a way that cannot be read.", ""))
        return
    band = _on_grid(made, name, grid) if name else None
    if band is not None:
        _same_values(made, name, band, data.get("band_sha256"))


def _heat(made: Stated, packs: list[dict[str, Any]]) -> None:
    """Heatmaps: on their grid, with the values that were written."""
    for data in (data for entry in packs for data in entry.get("heatmaps") or ()):
        try:
            name, grid = result_json.plain_name(data["file"]), result_json.geometry_in(data["geometry"])
        except _BROKEN:
            made.told.append(Mismatch(RESULT, What.VALUE, "A heatmap is described in a way that cannot be read.", ""))
            continue
        values = _on_grid(made, name, grid)
        if values is not None:
            _same_values(made, name, values, data.get("sha256"))


def _same_values(made: Stated, name: str, array: npt.NDArray[Any], due: object) -> None:
    """Folders of a program that kept no such hash tell nothing."""
    if due is not None and result_arrays.digest(array) != due:
        made.told.append(Mismatch(name, What.VOXELS, f"{name} holds other values than result.json states."))


def _on_grid(made: Stated, name: str, grid: Geometry) -> npt.NDArray[Any] | None:
    """[K, J, I] of a file on the grid that result.json states; None, and why, where it is on another one."""
    if not (made.folder / name).is_file():
        made.told.append(Mismatch(name, What.MISSING, f"{name} is named in result.json and is not there.", ""))
        return None
    try:
        stored = nifti.read(made.folder / name)
    except ReadError as error:
        made.told.append(Mismatch(name, What.VOXELS, error.what, ""))
        return None
    array = stored.array.transpose(2, 1, 0)
    if array.shape != grid.shape or stored.scaled:
        made.told.append(Mismatch(name, What.VOXELS, f"{name} has another shape or scale than result.json states."))
        return None
    if not stored.sound:
        made.told.append(Mismatch(name, What.POSITION, f"{name} states its place in two ways that differ.", ""))
    for turned in (False, True):
        if _fits(stored.affine_lps, grid, turned):
            return array[::-1] if turned else array
    turned_axes = not _parallel(stored.affine_lps, grid)
    what = What.ORIENTATION if turned_axes else What.POSITION
    made.told.append(Mismatch(name, what, f"{name} lies elsewhere in the patient than result.json states."))
    return array


def _fits(affine_lps: npt.NDArray[np.float64], grid: Geometry, turned: bool) -> bool:
    """True where the corners of both grids lie together; `turned`: the file's last slice comes first."""
    k, j, i = (n - 1 for n in grid.shape)
    corners = np.array([(a, b, c) for a in (0, k) for b in (0, j) for c in (0, i)], dtype=np.float64)
    meant = corners @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    there = corners.copy()
    if turned:
        there[:, 0] = k - there[:, 0]
    found = there[:, ::-1] @ affine_lps[:3, :3].T + affine_lps[:3, 3]
    return bool(np.abs(found - meant).max() <= GRID_MM + 1e-6 * np.abs(meant).max())


def _parallel(affine_lps: npt.NDArray[np.float64], grid: Geometry) -> bool:
    """True where the axes of both grids run the same way."""
    return bool(np.allclose(affine_lps[:3, [2, 1, 0]], grid.affine[:3, :3], atol=1e-3))
