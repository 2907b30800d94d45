"""SEG and SR of a result folder: written, parsed by the independent readers, compared, kept or thrown away."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.core.analysis import AnalysisResult
from viewer.core.errors import OutputError
from viewer.core.study import Instance, Stack, Study
from viewer.jobs.files import ResultFile
from viewer.reporting.saying import Saying

if TYPE_CHECKING:
    from viewer.reporting import seg, sr

_log = logging.getLogger(__name__)

#: Why a picture outside DICOM has no DICOM objects.
NOT_DICOM = "The input is no DICOM, and DICOM results must name the DICOM images they were made on."
_ODD = "'{name}' of the source is no value that DICOM knows: the DICOM objects leave it out or say what they can of it."
#: Reasons that leave one object out; any other failure stops the job.
_LEFT_OUT = frozenset(
    {"not_representable", "no_frame_of_reference", "off_grid", "source_gone", "no_source", "no_series", "not_a_number"}
)


@dataclass(frozen=True, slots=True)
class Written:
    """Names of the files made, {"file", "reason"} of those left out, and what they say less than the source."""

    files: tuple[str, ...]
    left_out: tuple[dict[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def is_dicom(stack: Stack) -> bool:
    """True when every picture has a SOP Instance UID to refer to."""
    return bool(stack.instances) and all(instance.sop_instance_uid for instance in stack.instances)


def write_objects(
    folder: Path,
    study: Study,
    stack: Stack,
    results: Sequence[AnalysisResult],
    saying: Saying = Saying(),  # noqa: B008 - frozen
) -> Written:
    """Write segmentation and structured report into a folder and read both back.

    Args:
        folder: temporary; the caller renames it once all is well.
        results: every result on `stack`, refused and failed ones too.

    Raises:
        OutputError: the disk does not take them, or a read-back found anything.
    """
    segs, left_out = write_segs(folder, study, stack, results, reviewed=saying.reviewed)
    left_out += write_sr(folder, study, stack, results, saying, segs=segs)
    said = {entry["file"] for entry in left_out}
    files = (*(seg.path.name for seg in segs), *(() if ResultFile.SR in said else (ResultFile.SR,)))
    return Written(files, tuple(left_out), _notes(stack) if files else ())


def _notes(stack: Stack) -> tuple[str, ...]:
    """What of the source's patient and study the objects do not say, in words."""
    from viewer.reporting.origin import left_out_of

    odd = left_out_of(stack.instances) if is_dicom(stack) else ()
    return tuple(_ODD.format(name=name) for name in odd)


def write_segs(
    folder: Path, study: Study, stack: Stack, results: Sequence[AnalysisResult], *, reviewed: bool
) -> tuple[list[seg.SegReceipt], list[dict[str, str]]]:
    """Write the masks and read them back.

    Args:
        reviewed: a person accepted what is in them.

    Returns:
        What was written, and {"file", "reason"} where it could not be.

    Raises:
        OutputError: the disk does not take them, or a read-back found anything.
    """
    if not is_dicom(stack):
        return [], [{"file": ResultFile.SEG, "reason": NOT_DICOM}]
    try:
        receipts = _segs(folder, stack, results, reviewed)
    except OutputError as error:
        return [], [_left_out(ResultFile.SEG, error)]
    for receipt in receipts:
        _read_back_seg(receipt, study)
    return receipts, []


def write_sr(
    folder: Path,
    study: Study,
    stack: Stack,
    results: Sequence[AnalysisResult],
    saying: Saying,
    *,
    segs: Sequence[seg.SegReceipt],
) -> list[dict[str, str]]:
    """Write findings and measurements as a structured report and read it back.

    Args:
        segs: what it refers to.

    Returns:
        {"file", "reason"} where it could not be written.

    Raises:
        OutputError: the disk does not take it, or a read-back found anything.
    """
    from viewer.reporting import sr

    if not is_dicom(stack):
        return [{"file": ResultFile.SR, "reason": NOT_DICOM}]
    try:
        receipt = sr.write_sr(results, {stack.series_uid: stack}, folder / ResultFile.SR, saying, segs=segs)
    except OutputError as error:
        return [_left_out(ResultFile.SR, error)]
    _read_back_sr(receipt, study)
    return []


def write_keys(folder: Path, study: Study, instances: Sequence[Instance]) -> list[dict[str, str]]:
    """Write the reader's key images as a list and read it back.

    Args:
        instances: the stored pictures among the key images, at least one.

    Returns:
        {"file", "reason"} where it could not be written.

    Raises:
        OutputError: the disk does not take it, or the read-back found anything.
    """
    from viewer.reading.objects.references import key_pictures
    from viewer.reporting import keys
    from viewer.reporting.readback import stop_on

    place = folder / ResultFile.KEYS
    try:
        named = keys.write_keys(instances, place, "Chosen by the reader for the report")
    except OutputError as error:
        return [_left_out(ResultFile.KEYS, error)]
    found, stack = _scanned(place, "The list of key images")
    missing = sorted(named - key_pictures(stack))
    stop_on([*_same_patient(study, found), *(f"picture {uid} is missing" for uid in missing)], "The list of key images")
    return []


def _segs(folder: Path, stack: Stack, results: Sequence[AnalysisResult], reviewed: bool) -> list[seg.SegReceipt]:
    """One object for all masks of the series; one for each result where their grids differ."""
    from viewer.reporting import seg

    masked = [result for result in results if any(mask.segments for mask in result.masks)]
    try:
        whole = seg.write_seg(masked, stack, folder / ResultFile.SEG, reviewed=reviewed)
        return [whole] if whole is not None else []
    except OutputError as error:
        if error.code != "grids_differ":
            raise
    names = [str(ResultFile.SEG), *(f"seg-{n}.dcm" for n in range(2, len(masked) + 1))]
    made = [
        seg.write_seg([result], stack, folder / name, reviewed=reviewed)
        for name, result in zip(names, masked, strict=True)
    ]
    return [receipt for receipt in made if receipt is not None]


def _left_out(name: str, error: OutputError) -> dict[str, str]:
    """The reason as an entry of result.json; a failure that is none goes on as an error."""
    if error.code not in _LEFT_OUT:
        raise error
    _log.warning("%s is left out: %s", name, error.what)
    return {"file": name, "reason": error.text}


def _read_back_seg(receipt: seg.SegReceipt, study: Study) -> None:
    from viewer.reading.objects.segmentation import read_segmentation
    from viewer.reporting.readback import compare_seg, stop_on

    found, stack = _scanned(receipt.path, "The segmentation")
    said = [*_same_patient(study, found), *compare_seg(receipt, read_segmentation(stack))]
    stop_on(said, "The segmentation")


def _read_back_sr(receipt: sr.SrReceipt, study: Study) -> None:
    from viewer.reading.objects.structured import read_items
    from viewer.reporting.readback import compare_sr, stop_on

    found, stack = _scanned(receipt.path, "The structured report")
    said = [*_same_patient(study, found), *compare_sr(receipt, read_items(stack))]
    stop_on(said, "The structured report")


def _same_patient(study: Study, found: Study) -> list[str]:
    from viewer.reporting.readback import compare_patient

    return compare_patient(study.uid, study.patient.id, found.uid, found.patient.id)


def _scanned(path: Path, what: str) -> tuple[Study, Stack]:
    """The object as a scan of the disk finds it."""
    from viewer.reading import scan
    from viewer.reporting.readback import stop_on

    result = scan([path])
    stacks = [(study, stack) for study in result.studies for stack in study.stacks]
    if len(stacks) != 1:
        stop_on([result.refused[0].text if result.refused else "nothing was found in the file"], what)
    return stacks[0]
