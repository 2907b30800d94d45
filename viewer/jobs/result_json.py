"""result.json: nouns of a result folder as JSON and back. Hostile JSON ends in words."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import viewer
from viewer.core.analysis import AnalysisResult, GateReason, Suitability
from viewer.core.cine import CineFunction
from viewer.core.errors import ReadError
from viewer.core.finding import Finding
from viewer.core.geometry import Geometry, SpacingKind
from viewer.core.plain import from_plain, to_plain
from viewer.core.study import Stack, Study
from viewer.core.volume import Heatmap, HeatmapMeaning, Mask, Segment
from viewer.jobs.files import ResultFile

SCHEMA = 1
#: A result.json is text of a few hundred KB at most; larger ones are not ours (bytes).
_MAX_BYTES = 64 * 2**20
#: Voxels of a grid that a result folder may claim.
_MAX_VOXELS = 2**31
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")


def geometry_out(geometry: Geometry) -> dict[str, Any]:
    """A grid as JSON."""
    return {
        "shape": list(geometry.shape),
        "affine_lps": [[float(x) for x in row] for row in geometry.affine],
        "slice_positions": None if geometry.slice_positions is None else list(geometry.slice_positions),
        "frame_of_reference_uid": geometry.frame_of_reference_uid,
        "spacing_kind": geometry.spacing_kind.value,
        "oriented": geometry.oriented,
    }


def geometry_in(data: dict[str, Any]) -> Geometry:
    """A grid from JSON.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    k, j, i = (int(n) for n in data["shape"])
    if min(k, j, i) < 1 or math.prod((k, j, i)) > _MAX_VOXELS:
        raise ValueError("a grid of impossible size")
    positions = data.get("slice_positions")
    if positions is not None and len(positions) != k:
        raise ValueError("as many slice positions as slices are needed")
    return Geometry(
        (k, j, i),
        np.array(data["affine_lps"], dtype=np.float64),
        None if positions is None else tuple(float(p) for p in positions),
        data.get("frame_of_reference_uid"),
        SpacingKind(data.get("spacing_kind", "patient")),
        bool(data.get("oriented", True)),
    )


def study_out(study: Study) -> dict[str, Any]:
    """A study's header, without its series."""
    plain: dict[str, Any] = to_plain(replace(study, series=()))
    return plain


def stack_out(stack: Stack) -> dict[str, Any]:
    """A stack with its instances and grid."""
    plain: dict[str, Any] = to_plain(replace(stack, geometry=None))
    plain["geometry"] = None if stack.geometry is None else geometry_out(stack.geometry)
    return plain


def stack_in(data: dict[str, Any]) -> Stack:
    """A stack from JSON."""
    grid = data.get("geometry")
    stack = from_plain(Stack, {**data, "geometry": None})
    return stack if grid is None else replace(stack, geometry=geometry_in(grid))


def result_out(result: AnalysisResult, version: str) -> dict[str, Any]:
    """One pack's outcome; its findings stand beside it, under `findings`."""
    reasons = result.gate.reasons if result.gate is not None else ()
    return {
        "pack": result.pack_id,
        "version": version,
        "outcome": result.outcome,
        "message": result.message,
        "verdict": result.gate.verdict.value if result.gate is not None else None,
        "reasons": [to_plain(reason) for reason in reasons],
        "scores": {name: float(score) for name, score in result.scores.items()},
        "findings": len(result.findings),
        "below_threshold": result.below_threshold,
        "request_id": result.request_id,
        "series_uid": result.series_uid,
        "seconds": dict(result.seconds),
        "provenance": None if result.provenance is None else to_plain(result.provenance),
        "stack_key": result.stack_key,
        "cine": cine_out(result.cine),
        **({"denied": [to_plain(one) for one in result.denied]} if result.denied else {}),
        **({"text": result.text} if result.text else {}),
        "masks": [],
        "phase_masks": [],
        "heatmaps": [],
    }


def result_in(data: dict[str, Any], findings: tuple[Finding, ...]) -> AnalysisResult:
    """One pack's outcome from JSON, without arrays."""
    verdict = data.get("verdict")
    reasons = tuple(from_plain(GateReason, reason) for reason in data.get("reasons", ()))
    gate = None if verdict is None else {"verdict": Suitability(verdict).value, "reasons": to_plain(reasons)}
    return from_plain(
        AnalysisResult,
        {
            "request_id": str(data["request_id"]),
            "pack_id": str(data["pack"]),
            "outcome": data["outcome"],
            "series_uid": data.get("series_uid"),
            "gate": gate,
            "message": str(data.get("message", "")),
            "scores": data.get("scores", {}),
            "findings": [to_plain(f) for f in findings],
            "below_threshold": int(data.get("below_threshold", 0)),
            "provenance": data.get("provenance"),
            "seconds": data.get("seconds", {}),
            "stack_key": str(data.get("stack_key", "")),
            "cine": data.get("cine"),
            "denied": data.get("denied", []),
            "text": str(data.get("text", "")),
        },
    )


def cine_out(cine: CineFunction | None) -> dict[str, Any] | None:
    """The beat's volumes, and what follows from them for other programs; reading takes the phases alone."""
    if cine is None:
        return None
    plain: dict[str, Any] = to_plain(cine)
    return plain | {
        "end_diastolic_volume_ml": round(cine.largest_ml, 1),
        "end_systolic_volume_ml": round(cine.smallest_ml, 1),
        "stroke_volume_ml": round(cine.stroke_ml, 1),
        "ejection_fraction_percent": round(cine.ejection_percent, 1),
        "validated": False,
    }


def mask_out(mask: Mask, file: str, band: str | None) -> dict[str, Any]:
    """A mask's description; its labels lie in `file`."""
    return {
        "file": file,
        "band_file": band,
        "name": mask.name,
        "segments": [to_plain(segment) for segment in mask.segments],
        "geometry": geometry_out(mask.geometry),
        "stack_key": mask.stack_key,
    }


def mask_in(data: dict[str, Any], labels: Any, band: Any) -> Mask:
    """A mask from its description and arrays."""
    segments = tuple(from_plain(Segment, segment) for segment in data["segments"])
    name, key = str(data.get("name", "")), str(data.get("stack_key", ""))
    return Mask(labels, segments, geometry_in(data["geometry"]), name, band, key)


def heatmap_out(heatmap: Heatmap, file: str) -> dict[str, Any]:
    """A heatmap's description; its values lie in `file`."""
    return {
        "file": file,
        "label": heatmap.label,
        "meaning": heatmap.meaning,
        "honest": heatmap.honest,
        "honesty": heatmap.honesty,
        "geometry": geometry_out(heatmap.geometry),
    }


def heatmap_in(data: dict[str, Any], values: Any) -> Heatmap:
    """A heatmap from its description and values."""
    return Heatmap(
        values,
        geometry_in(data["geometry"]),
        str(data["label"]),
        HeatmapMeaning(data.get("meaning", "saliency")),
        data.get("honest"),
        str(data.get("honesty", "")),
    )


def head() -> dict[str, Any]:
    """How every result.json begins."""
    return {"schema": SCHEMA, "program": f"SecondRead {viewer.__version__}"}


def load(folder: Path) -> dict[str, Any]:
    """The document of a result folder.

    Raises:
        ReadError: there is none, it is no JSON, or it is from a newer program.
    """
    path = folder / ResultFile.RESULT
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise damaged(folder, "result.json is far too large")
        document = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant, parse_float=_finite)
    except FileNotFoundError as error:
        raise ReadError(
            f"'{folder.name}' is no result folder: it holds no result.json.", "Name a folder that `analyze` wrote."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(folder, "result.json cannot be read") from error
    if not isinstance(document, dict) or not isinstance(document.get("packs"), list):
        raise damaged(folder, "result.json does not hold what it should")
    if not isinstance(document.get("report"), (dict, type(None))):
        raise damaged(folder, "its report entry does not hold what it should")
    if not isinstance(document.get("schema"), int) or document["schema"] > SCHEMA:
        raise ReadError(
            f"The result folder '{folder.name}' was written by a newer program.", "Open it with that version."
        )
    return document


def dump(document: dict[str, Any]) -> str:
    """The document as text; bytes of a path that are no text become JSON escapes."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def plain_name(name: Any) -> str:
    """A file name that stays in its folder.

    Raises:
        ValueError: it is no plain name.
    """
    if not isinstance(name, str) or not _PLAIN_NAME.fullmatch(name):
        raise ValueError("a file name that is no plain name")
    return name


def damaged(folder: Path, why: str) -> ReadError:
    """The words for a result folder that cannot be used."""
    return ReadError(f"The result folder '{folder.name}' is damaged: {why}.", "Run the analysis again.")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    """A number that fits: 1e999 would read as infinity, which could not be written back."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number beyond all bounds")
    return number
