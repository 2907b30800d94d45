"""What `analyze` adds to a result folder: key pictures, and SEG and SR for DICOM input."""

from __future__ import annotations

import errno
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from viewer.core.analysis import AnalysisResult
from viewer.core.errors import GeometryError, OutputError
from viewer.core.finding import Finding
from viewer.core.report import KeyImage
from viewer.core.study import Stack, Study
from viewer.core.volume import Volume
from viewer.jobs.result_folder import Extra

_log = logging.getLogger(__name__)

#: Why a picture outside DICOM has no DICOM objects.
NOT_DICOM = "The input is no DICOM, and DICOM results must name the DICOM images they were made on."


def extras_for(study: Study, stack: Stack, volume: Volume, results: Sequence[AnalysisResult]) -> tuple[Extra, ...]:
    """The writers that `result_folder.write` calls before it renames the folder."""

    def keys(folder: Path, document: dict[str, Any]) -> None:
        for image in key_images(stack, volume, results):
            _save_png(folder / f"key-{image.finding_id}.png", image)
            entry = {"file": f"key-{image.finding_id}.png", "finding": image.finding_id, "caption": image.caption}
            document.setdefault("key_images", []).append(entry)

    def dicom(folder: Path, document: dict[str, Any]) -> None:
        if not _is_dicom(stack):
            for name in ("seg.dcm", "sr.dcm"):
                document["left_out"].append({"file": name, "reason": NOT_DICOM})
            return
        _write_dicom(folder, document, stack, [r for r in results if r.outcome == "ran"], list(results))

    return keys, dicom


def key_images(stack: Stack, volume: Volume, results: Sequence[AnalysisResult]) -> list[KeyImage]:
    """One picture a finding: its slice with what the pack drew there, as the viewport shows it."""
    from viewer.display.framing import Frame
    from viewer.display.overlay import overlays_of
    from viewer.display.render import render
    from viewer.display.slicing import Plane

    images = []
    for result in results:
        overlays = overlays_of([result], result.findings)
        for number, finding in enumerate(result.findings, start=1):
            k = finding.location.slice_index
            try:
                pixels = render(volume, Plane.NATIVE, k, overlays=overlays, frame=Frame(stack=stack))
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


def _is_dicom(stack: Stack) -> bool:
    return bool(stack.instances) and all(instance.sop_instance_uid for instance in stack.instances)


def _write_dicom(
    folder: Path, document: dict[str, Any], stack: Stack, ran: list[AnalysisResult], results: list[AnalysisResult]
) -> None:
    """SEG of all masks and SR of all findings; one that cannot be made is left out with its reason."""
    from viewer.reporting import seg, sr

    receipts = []
    for number, result in enumerate([r for r in ran if r.masks], start=1):
        name = "seg.dcm" if number == 1 else f"seg-{number}.dcm"
        try:
            receipt = seg.write_seg([result], stack, folder / name)
        except OutputError as error:
            _leave_out(document, name, error)
            continue
        if receipt is not None:
            receipts.append(receipt)
    try:
        sr.write_sr(results, {stack.series_uid: stack}, folder / "sr.dcm", segs=receipts)
    except OutputError as error:
        _leave_out(document, "sr.dcm", error)


def _leave_out(document: dict[str, Any], name: str, error: OutputError) -> None:
    """Keep the reason; a full disk is no reason to leave a file out but to stop."""
    cause = error.__cause__
    if isinstance(cause, OSError) and cause.errno == errno.ENOSPC:
        raise error
    _log.warning("%s is left out: %s", name, error.what)
    document["left_out"].append({"file": name, "reason": error.text})
