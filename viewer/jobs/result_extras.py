"""What `analyze` adds to a result folder: key pictures, and SEG and SR for DICOM input."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from viewer.core.analysis import AnalysisResult, Subject
from viewer.core.errors import GeometryError
from viewer.core.finding import Finding
from viewer.core.report import KeyImage
from viewer.core.study import Stack, Study
from viewer.core.volume import Volume
from viewer.jobs.dicom_objects import write_objects
from viewer.jobs.files import Format
from viewer.jobs.report_content import picture_hash
from viewer.jobs.report_images import alone
from viewer.jobs.result_folder import Extra

_log = logging.getLogger(__name__)


def extras_for(study: Study, stack: Stack, volume: Subject, results: Sequence[AnalysisResult]) -> tuple[Extra, ...]:
    """The writers that `result_folder.write` calls before it renames the folder."""

    def dicom(folder: Path, document: dict[str, Any]) -> None:
        written = write_objects(folder, study, stack, results)
        document["left_out"] += written.left_out
        document["formats"] = [Format.SEG, Format.SR]
        if written.notes:
            document["notes"] = list(written.notes)

    return (key_pictures(stack, volume, results), dicom) if isinstance(volume, Volume) else (dicom,)


def key_pictures(stack: Stack, volume: Volume, results: Sequence[AnalysisResult]) -> Extra:
    """Writes one picture a proposal, with what the pack drew."""

    def write(folder: Path, document: dict[str, Any]) -> None:
        for image in key_images(stack, volume, results):
            _save_png(folder / f"key-{image.finding_id}.png", image)
            entry = {
                "file": f"key-{image.finding_id}.png",
                "finding": image.finding_id,
                "caption": image.caption,
                "sha256": picture_hash(image.pixels),
            }
            document.setdefault("key_images", []).append(entry)

    return write


def key_images(stack: Stack, volume: Volume, results: Sequence[AnalysisResult]) -> list[KeyImage]:
    """One picture a finding: its slice with what the pack drew there, as the viewport shows it."""
    from viewer.display.framing import Frame
    from viewer.display.overlay import overlays_of
    from viewer.display.render import render
    from viewer.display.slicing import upright_plane

    images = []
    for result in results:
        for number, finding in enumerate(result.findings, start=1):
            if finding.evidence:  # of words or signals: no place on the picture
                continue
            overlays = overlays_of([alone(result, finding)], [finding])
            k = finding.location.slice_index
            try:
                pixels = render(volume, upright_plane(volume.geometry), k, overlays=overlays, frame=Frame(stack=stack))
            except GeometryError as error:
                _log.warning("no key picture for %s: %s", finding.id, error.what)
                continue
            images.append(KeyImage(pixels, _caption(number, finding, volume), finding.id))
    return images


def _caption(number: int, finding: Finding, volume: Volume) -> str:
    where = f", {finding.location.text}" if finding.location.text else ""
    k = finding.location.slice_index
    image = f", image {k + 1}/{volume.shape[0]}" if k is not None and volume.shape[0] > 1 else ""
    return f"{number} {finding.label}{where}{image}"


def _save_png(path: Path, image: KeyImage) -> None:
    from PIL import Image

    Image.fromarray(image.pixels).save(path, format="PNG")
