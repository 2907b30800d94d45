"""Who writes our DICOM objects, and what they take over from the source."""

from __future__ import annotations

import logging
import os
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.sr.coding import Code as PydicomCode
from pydicom.uid import generate_uid

from viewer import __version__
from viewer.core.errors import OutputError
from viewer.core.finding import Code
from viewer.core.study import Instance
from viewer.reporting.source_values import mend

# It warns of files that share a SOP Instance UID; masks are placed by position, so that does no harm.
logging.getLogger("highdicom").setLevel(logging.ERROR)

Made = TypeVar("Made")

MANUFACTURER = "SecondRead project"
MODEL = "SecondRead"
#: Software has no serial number; the attribute is type 1 (PS3.3 C.7.5.2).
SERIAL = "0"
#: Objects are UTF-8 whatever the source uses: a comment may be Chinese on a Latin-1 film.
CHARACTER_SET = "ISO_IR 192"

EQUIPMENT: dict[str, str] = {
    "manufacturer": MANUFACTURER,
    "manufacturer_model_name": MODEL,
    "software_versions": __version__,
    "device_serial_number": SERIAL,
}


def coded(code: Code) -> PydicomCode:
    """Our noun as pydicom's."""
    return PydicomCode(code.value, code.scheme, code.meaning)


def stable_uid(*words: str) -> str:
    """A UID that the same words always give: tracking UIDs survive a rewrite."""
    return str(generate_uid(entropy_srcs=["SecondRead", *words]))


def new_uid() -> str:
    """A fresh UID under 2.25 (PS3.5 B.2)."""
    return str(generate_uid(prefix=None))


def person_name(name: str) -> str:
    """A name as typed, as a Person Name (PS3.5 6.2.1): all of it in the first component."""
    words = " ".join(name.replace("=", " ").replace("\\", " ").split())
    return words if "^" in words else f"{words[:63]}^"


def read_headers(instances: Sequence[Instance]) -> list[Dataset]:
    """Headers of the source files, one per file, in the order of the slices.

    Raises:
        OutputError: a source file has gone or is not DICOM.
    """
    headers: dict[Path, Dataset] = {}
    for instance in instances:
        if instance.path not in headers:
            headers[instance.path] = _read_header(instance)
    found = list(headers.values())
    for header in found[:1]:  # patient and study are taken over from the first
        mend(header)
    return found


def left_out_of(instances: Sequence[Instance]) -> tuple[str, ...]:
    """Names of what our objects cannot take over from the sources.

    Raises:
        OutputError: a source file has gone or is not DICOM.
    """
    return mend(_read_header(instances[0])) if instances else ()


def _read_header(instance: Instance) -> Dataset:
    gone = OutputError(
        "A source image is no longer where it was, or is another one now, so nothing can refer to it.",
        "Put the images back where they were when the study was opened, then write it again.",
        "source_gone",
    )
    try:
        header = pydicom.dcmread(instance.path, stop_before_pixels=True)
    except (OSError, InvalidDicomError) as error:
        raise gone from error
    if header.get("SOPInstanceUID", "") != instance.sop_instance_uid:
        raise gone
    return header


def use_utf8(dataset: Dataset) -> None:
    """Store all text as UTF-8, names included."""
    for element in dataset.iterall():
        if element.VR == "PN" and element.value is not None:
            _decode_name(element)
    dataset.SpecificCharacterSet = CHARACTER_SET


def _decode_name(element: pydicom.DataElement) -> None:
    many = element.VM > 1
    names = [str(name) for name in (element.value if many else [element.value])]
    element.value = names if many else names[0]


def save(dataset: Dataset, path: Path) -> None:
    """Write a DICOM file and flush it to disk; a file that could not be finished is removed.

    Raises:
        OutputError: the disk is full, the folder read-only or gone.
    """
    try:
        with path.open("wb") as file:
            dataset.save_as(file, enforce_file_format=True)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> OutputError:
    """Words for a failed write."""
    return OutputError(
        f"{path.name} could not be written: {error.strerror or type(error).__name__}.",
        "Free some space or choose a folder you may write to, then try again; nothing else was changed.",
    )


def attempt(what: str, make: Callable[[], Made]) -> Made:
    """Call a maker and turn what highdicom refuses into words; a fault of our own goes through.

    highdicom says ValueError or TypeError where the source cannot carry an object. Its words can
    hold header values, so none of them are repeated; its warnings about source files are not ours.

    Args:
        what: the object, as the beginning of a sentence.
        make: calls the constructors.

    Raises:
        OutputError: the source lacks something the object needs.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return make()
    except (TypeError, ValueError) as error:
        if not _said_by_highdicom(error):
            raise
        raise OutputError(
            f"{what} could not be made: this series holds something that such an object cannot carry.",
            "The masks as NIfTI, result.json and the PDF report hold the same findings.",
            "not_representable",
        ) from error


def _said_by_highdicom(error: Exception) -> bool:
    """True when the call that failed was inside the library, not in our code around it."""
    modules = [str(frame.f_globals.get("__name__", "")) for frame, _line in traceback.walk_tb(error.__traceback__)]
    return any(name.split(".")[0] == "highdicom" for name in modules)
