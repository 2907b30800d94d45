"""What is there, as the document of `info --json`."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any

import numpy as np

from viewer.core.errors import ViewerError
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.study import Refusal, Stack, Study
from viewer.core.task import CancelToken, OnProgress, Progress, ignore_progress
from viewer.core.volume import Volume
from viewer.reading import is_picture, load_volume, scan
from viewer.reading.objects.object_types import describe as describe_object

Document = dict[str, Any]


def describe(
    paths: Iterable[str | PathLike[str]],
    *,
    on_progress: OnProgress = ignore_progress,
    cancel: CancelToken | None = None,
) -> Document:
    """Studies, series, geometry, values, warnings, and every refused file with its reason.

    Every picture is read once for its value range. A stack that cannot be read is moved to
    `refused` with the file it lies in.

    Raises:
        Cancelled: the reader asked to stop.
    """
    found = scan(paths, None, on_progress, cancel)
    refused = list(found.refused)
    total, done = sum(len(study.stacks) for study in found.studies), 0
    studies: list[Document] = []
    for study in found.studies:
        series = []
        for stack in study.stacks:
            done += 1
            on_progress(Progress("Reading series", done / total))
            told = _series(stack, refused, cancel)
            if told is not None:
                series.append(told)
        if series:
            studies.append({**_study(study), "series": series})
    return {"studies": studies, "refused": [_refusal(one) for one in refused]}


def _study(study: Study) -> Document:
    patient = study.patient
    return {
        "study_uid": study.uid,
        "patient": {"id": patient.id, "name": patient.name},
        "date": study.date,
        "description": study.description,
    }


def _refusal(refusal: Refusal) -> Document:
    return {"path": refusal.path, "code": refusal.code, "text": refusal.text}


def _series(stack: Stack, refused: list[Refusal], cancel: CancelToken | None) -> Document | None:
    """One stack; None (and a refusal) where its pixels or contents cannot be read."""
    told = _facts(stack)
    try:
        if is_picture(stack):
            volume = load_volume(stack, cancel=cancel)
            told |= _geometry(volume.geometry, stack) | _values(volume) | {"unit": volume.unit}
        else:
            told |= describe_object(stack)
    except ViewerError as error:
        refused.append(Refusal(str(stack.instances[0].path), error.code, error.text))
        return None
    return told


def _facts(stack: Stack) -> Document:
    told: Document = {
        "series_uid": stack.series_uid,
        "modality": stack.modality,
        "description": stack.description,
        "kind": stack.kind.value,
        "files": stack.files,
        "frames": stack.frames,
        "warnings": [{"code": one.code, "text": one.text} for one in stack.warnings],
    }
    if stack.number is not None:
        told["stack"] = stack.number
    if stack.transfer_syntax:
        told["transfer_syntax"] = stack.transfer_syntax
    if stack.geometry is not None:
        told |= {"samples": stack.samples, "photometric": stack.photometric, "lossy": stack.lossy, "unit": stack.unit}
        told["verdict"] = {"safety": stack.verdict.safety.value, "text": stack.verdict.text}
    return told


def _geometry(geometry: Geometry, stack: Stack) -> Document:
    told: Document = {
        "shape": list(geometry.shape),
        "spacing_kind": geometry.spacing_kind.value,
        "spacing_mm": [round(mm, 9) for mm in geometry.spacing],
    }
    if geometry.oriented:
        told["affine_lps"] = geometry.affine.tolist()
    if geometry.spacing_kind is SpacingKind.UNKNOWN and not geometry.oriented:
        told["spacing_mm"] = [1.0, *told["spacing_mm"][1:]]
    return told


def _values(volume: Volume) -> Document:
    """Lowest and highest value after the modality LUT, or the mean colour."""
    if volume.is_colour:
        mean = volume.stored.reshape(-1, 3).mean(axis=0, dtype=np.float64)
        return {"rgb_mean": [round(float(x), 4) for x in mean]}
    told: Document = {"suv_factor": float(volume.tags["SUVFactor"])} if "SUVFactor" in volume.tags else {}
    if told:
        told["suv_from"] = volume.tags["SUVFactorFrom"]
    lows, highs = zip(*(_range(volume, k) for k in range(volume.shape[0])), strict=True)
    return {"value_min": min(lows), "value_max": max(highs)} | told


def _range(volume: Volume, k: int) -> tuple[float, float]:
    values = volume.values(k)
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
        if not values.size:
            return 0.0, 0.0
    return float(values.min()), float(values.max())


def as_text(document: Document) -> str:
    """The document as lines for a person."""
    lines: list[str] = []
    for study in document["studies"]:
        patient = study["patient"]
        lines.append(f"Study {study['date']} {study['description']} (patient {patient['id']} {patient['name']})")
        for series in study["series"]:
            lines += _series_lines(series)
    lines += [f"Refused {one['path']}: {one['text']}" for one in document["refused"]]
    return "\n".join(lines)


def _series_lines(series: Document) -> list[str]:
    number = f" stack {series['stack']}" if "stack" in series else ""
    shape = " x ".join(map(str, series["shape"])) if "shape" in series else f"{series['files']} file(s)"
    line = f"  {series['modality']} {series['kind']}{number}: {series['description']}, {shape}"
    if "spacing_mm" in series and series.get("spacing_kind") != "unknown":
        line += ", spacing " + " x ".join(f"{mm:.4g}" for mm in series["spacing_mm"]) + " mm"
    if "value_min" in series:
        unit = "" if series["unit"] == "1" else " " + series["unit"]
        line += f", values {series['value_min']:g} to {series['value_max']:g}{unit}"
    if "suv_factor" in series:
        line += f", SUVbw = value x {series['suv_factor']:.4g} ({series['suv_from']})"
    return [line, *(f"    ! {warning['text']}" for warning in series["warnings"])]
