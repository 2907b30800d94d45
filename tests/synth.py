"""Writes tiny valid DICOM with known truth, for tests.

Everything a test needs to compare with stands on the returned `Written`: voxels after the
modality LUT, the affine (k, j, i, 1) -> LPS mm, the UIDs and the files.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

Array = npt.NDArray[Any]
Cosines = tuple[float, float, float, float, float, float]

#: Row cosines, then column cosines (PS3.3 C.7.6.2.1.1).
AXIAL: Cosines = (1, 0, 0, 0, 1, 0)
CORONAL: Cosines = (1, 0, 0, 0, 0, -1)
SAGITTAL: Cosines = (0, 1, 0, 0, 0, -1)
#: Head first, but lying on the belly: both axes run the other way.
PRONE: Cosines = (-1, 0, 0, 0, -1, 0)


def oblique(degrees: float) -> Cosines:
    """Axial turned about the patient's x axis by `degrees`."""
    a = math.radians(degrees)
    return (1, 0, 0, 0, math.cos(a), math.sin(a))


SOP_CLASS = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "PT": "1.2.840.10008.5.1.4.1.1.128",
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "OT": "1.2.840.10008.5.1.4.1.1.7",
}


@dataclass(frozen=True)
class Written:
    """What was written and the truth about it.

    Attributes:
        folder, files: files[k] holds slice k (ascending along the normal), whatever it is called.
        values: voxels after the modality LUT [K, J, I] (colour [K, J, I, 3]).
        stored: voxels as stored.
        affine: (k, j, i, 1) -> LPS mm, None where the files carry no geometry.
    """

    folder: Path
    files: tuple[Path, ...]
    values: Array
    stored: Array
    affine: npt.NDArray[np.float64] | None
    series_uid: str
    study_uid: str
    patient_id: str
    patient_name: str
    sop_uids: tuple[str, ...] = field(default=())


def phantom(shape: tuple[int, int, int], low: int = 0, high: int = 1200) -> npt.NDArray[np.int16]:
    """An int16 block in which no flip, swap or shift of an axis goes unseen.

    A ramp along every axis (slope i < j < k) and a bright box near the (0, 0, 0) corner.
    """
    k, j, i = np.ogrid[: shape[0], : shape[1], : shape[2]]
    ramp = 4.0 * k / shape[0] + 2.0 * j / shape[1] + 1.0 * i / shape[2]
    block = low + (high - low) * 0.6 * ramp / 7.0
    corner = [max(1, n // 4) for n in shape]
    block[: corner[0], : corner[1], : corner[2]] = high
    return np.round(block).astype(np.int16)


def affine_of(
    orientation: Cosines, spacing: tuple[float, float, float], origin: Sequence[float], tilt_degrees: float = 0.0
) -> npt.NDArray[np.float64]:
    """(k, j, i, 1) -> LPS mm for spacing (between slices along the normal, rows, columns).

    A tilt leans the stack axis from the normal towards the column direction.
    """
    row, column = np.array(orientation[:3], float), np.array(orientation[3:], float)
    affine = np.eye(4)
    affine[:3, 0] = (np.cross(row, column) + math.tan(math.radians(tilt_degrees)) * column) * spacing[0]
    affine[:3, 1] = column * spacing[1]
    affine[:3, 2] = row * spacing[2]
    affine[:3, 3] = origin
    return affine


def write_series(
    folder: Path,
    *,
    modality: str = "CT",
    shape: tuple[int, int, int] = (6, 24, 20),
    spacing: tuple[float, float, float] = (5.0, 0.8, 0.7),
    orientation: Cosines = AXIAL,
    origin: Sequence[float] = (-30.0, -40.0, 100.0),
    tilt_degrees: float = 0.0,
    positions: Sequence[float] | None = None,
    stored: Array | None = None,
    rescale: tuple[float, float] | Sequence[tuple[float, float]] | None = None,
    transfer_syntax: str = ExplicitVRLittleEndian,
    patient_id: str = "SYN-TEST",
    patient_name: str = "SYNTHETIC^TEST",
    study_uid: str | None = None,
    series_uid: str | None = None,
    extra: dict[str, Any] | None = None,
    edit: Callable[[int, Dataset], None] | None = None,
    seed: int = 0,
) -> Written:
    """Write one single-frame cross-sectional series, file names in no useful order.

    Args:
        folder: made if missing.
        spacing: mm between slices along the normal, between rows, between columns.
        positions: distances of the slices along the normal in units of mm; replaces the even step.
        stored: [K, J, I] integers (uint16, int16, uint8); a `phantom` by default.
        rescale: (slope, intercept), or one a slice; CT defaults to (1, -1024).
        extra: keyword -> value put on every file; None as value removes the element.
        edit: called as edit(k, dataset) last, before pixels are compressed and saved.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pixels = phantom(shape) if stored is None else stored
    affine = affine_of(orientation, spacing, origin, tilt_degrees)
    steps = np.arange(len(pixels)) if positions is None else np.array(positions, float) / spacing[0]
    lines = _rescale_lines(rescale, modality, len(pixels))
    study, series = study_uid or generate_uid(), series_uid or generate_uid()
    frame_of_reference = generate_uid()
    names = np.random.default_rng(seed).permutation(len(pixels))
    files, uids = [], []
    for k, plane in enumerate(pixels):
        ds = _base(modality, study, series, patient_id, patient_name)
        ds.InstanceNumber = k + 1
        ds.FrameOfReferenceUID = frame_of_reference
        ds.ImageOrientationPatient = [float(c) for c in orientation]
        ds.ImagePositionPatient = [_ds(v) for v in affine[:3, 3] + affine[:3, 0] * steps[k]]
        ds.PixelSpacing = [spacing[1], spacing[2]]
        ds.SliceThickness = spacing[0]
        if lines is not None:
            ds.RescaleSlope, ds.RescaleIntercept = _ds(lines[k][0]), _ds(lines[k][1])
        if modality == "CT":
            ds.RescaleType = "HU"
        _put_pixels(ds, plane)
        _put_extra(ds, extra)
        if edit is not None:
            edit(k, ds)
        path = folder / f"IM{names[k]:04d}"
        save(ds, path, transfer_syntax)
        files.append(path)
        uids.append(str(ds.SOPInstanceUID))
    even = affine if positions is None else _mean_affine(affine, steps)
    return Written(
        folder, tuple(files), _values(pixels, lines), pixels, even, series, study, patient_id, patient_name, tuple(uids)
    )


def write_xray(
    folder: Path,
    *,
    modality: str = "DX",
    stored: Array | None = None,
    imager_spacing: tuple[float, float] | None = (0.2, 0.2),
    pixel_spacing: tuple[float, float] | None = None,
    photometric: str = "MONOCHROME2",
    transfer_syntax: str = ExplicitVRLittleEndian,
    patient_id: str = "SYN-XR",
    patient_name: str = "SYNTHETIC^CHILD",
    age: str = "004Y",
    study_uid: str | None = None,
    series_uid: str | None = None,
    extra: dict[str, Any] | None = None,
    name: str = "XR0001",
) -> Written:
    """Write one projection image (no patient geometry; spacing at the detector).

    Args:
        stored: [J, I] uint8 or uint16; a 12-bit `phantom` slice by default.
        imager_spacing: mm between rows, columns at the detector; None leaves it out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plane = phantom((1, 48, 40), 0, 4000)[0].astype(np.uint16) if stored is None else stored
    study, series = study_uid or generate_uid(), series_uid or generate_uid()
    ds = _base(modality, study, series, patient_id, patient_name)
    ds.PatientAge = age
    ds.InstanceNumber = 1
    ds.BodyPartExamined = "CHEST"
    ds.ViewPosition = "PA"
    ds.PatientOrientation = ["L", "F"]
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    if modality == "DX":
        ds.PresentationIntentType = "FOR PRESENTATION"
        ds.PresentationLUTShape = "INVERSE" if photometric == "MONOCHROME1" else "IDENTITY"
    if imager_spacing is not None:
        ds.ImagerPixelSpacing = list(imager_spacing)
    if pixel_spacing is not None:
        ds.PixelSpacing = list(pixel_spacing)
    _put_pixels(ds, plane, photometric)
    _put_extra(ds, extra)
    path = folder / name
    save(ds, path, transfer_syntax)
    stack = plane[None]
    return Written(
        folder, (path,), stack, stack, None, series, study, patient_id, patient_name, (str(ds.SOPInstanceUID),)
    )


def save(ds: Dataset, path: Path, transfer_syntax: str = ExplicitVRLittleEndian) -> Path:
    """Save a dataset that holds native pixels in any transfer syntax, as a Part 10 file."""
    syntax = UID(transfer_syntax)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian and "PixelData" in ds and ds.BitsAllocated == 16:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
    if syntax.is_compressed and syntax != DeflatedExplicitVRLittleEndian:
        _compress(ds, syntax)
    native = {ImplicitVRLittleEndian: (True, True), ExplicitVRBigEndian: (False, False)}
    if syntax in native:
        implicit, little = native[syntax]
        ds.save_as(path, enforce_file_format=True, implicit_vr=implicit, little_endian=little)
    else:
        ds.save_as(path, enforce_file_format=True)
    return path


def _compress(ds: Dataset, syntax: UID) -> None:
    import imagecodecs  # noqa: PLC0415 - only these tests pay for it

    if syntax == RLELossless:
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.compress(RLELossless, generate_instance_uid=False)
        return
    pixels = ds_pixels(ds)
    encoders: dict[str, Callable[[Array], bytes]] = {
        JPEGBaseline8Bit: lambda a: imagecodecs.jpeg8_encode(a, level=95),
        JPEGLosslessSV1: imagecodecs.ljpeg_encode,
        JPEGLSLossless: imagecodecs.jpegls_encode,
        JPEG2000Lossless: lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", reversible=True, level=0),
        JPEG2000: lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", level=50),
        HTJ2KLossless: lambda a: imagecodecs.htj2k_encode(a, reversible=True),
        HTJ2K: lambda a: imagecodecs.htj2k_encode(a, reversible=True),
    }
    frames = pixels if int(ds.get("NumberOfFrames", 1)) > 1 else [pixels]
    ds.PixelData = encapsulate([encoders[syntax](np.ascontiguousarray(frame)) for frame in frames])
    ds["PixelData"].VR = "OB"
    if syntax in (JPEGBaseline8Bit, JPEG2000):
        ds.LossyImageCompression = "01"


def ds_pixels(ds: Dataset) -> Array:
    """Native pixels of a dataset made here, [J, I], [J, I, 3] or with frames first."""
    kind = np.dtype(f"<{'i' if ds.PixelRepresentation else 'u'}{ds.BitsAllocated // 8}")
    shape: tuple[int, ...] = (ds.Rows, ds.Columns)
    if ds.SamplesPerPixel > 1:
        shape = (*shape, ds.SamplesPerPixel)
    if int(ds.get("NumberOfFrames", 1)) > 1:
        shape = (int(ds.NumberOfFrames), *shape)
    return np.frombuffer(ds.PixelData, kind)[: math.prod(shape)].reshape(shape)


def _base(modality: str, study: str, series: str, patient_id: str, patient_name: str) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID = SOP_CLASS[modality]
    ds.SOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study, series
    ds.PatientID, ds.PatientName = patient_id, patient_name
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = "", "O", "047Y"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber = "20260302", "101400", "1", ""
    ds.ReferringPhysicianName = ""
    ds.StudyDescription, ds.SeriesDescription = "Synthetic study", f"{modality} synthetic"
    ds.Modality, ds.SeriesNumber, ds.Manufacturer = modality, 1, "SYNTHETIC"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    return ds


def _put_pixels(ds: Dataset, plane: Array, photometric: str = "MONOCHROME2") -> None:
    colour = plane.ndim == 3
    ds.Rows, ds.Columns = plane.shape[:2]
    ds.SamplesPerPixel = 3 if colour else 1
    ds.PhotometricInterpretation = "RGB" if colour else photometric
    if colour:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = ds.BitsStored = plane.dtype.itemsize * 8
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(plane.dtype.kind == "i")
    data = plane.astype(plane.dtype.newbyteorder("<")).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OW" if ds.BitsAllocated == 16 else "OB"


def _put_extra(ds: Dataset, extra: dict[str, Any] | None) -> None:
    for keyword, value in (extra or {}).items():
        if value is not None:
            setattr(ds, keyword, value)
        elif keyword in ds:
            delattr(ds, keyword)


def _rescale_lines(
    rescale: tuple[float, float] | Sequence[tuple[float, float]] | None, modality: str, count: int
) -> list[tuple[float, float]] | None:
    if rescale is None:
        return [(1.0, -1024.0)] * count if modality == "CT" else None
    if isinstance(rescale[0], (int, float)):
        return [(float(rescale[0]), float(rescale[1]))] * count  # type: ignore[arg-type]
    return [(float(s), float(t)) for s, t in rescale]  # type: ignore[misc]


def _values(stored: Array, lines: list[tuple[float, float]] | None) -> Array:
    if lines is None:
        return stored
    return np.stack([plane * slope + intercept for plane, (slope, intercept) in zip(stored, lines, strict=True)])


def _mean_affine(affine: npt.NDArray[np.float64], steps: Array) -> npt.NDArray[np.float64]:
    """Column k of an uneven stack = (last - first position) / (n - 1); origin at the first slice."""
    out = affine.copy()
    out[:3, 3] = affine[:3, 3] + affine[:3, 0] * steps[0]
    out[:3, 0] = affine[:3, 0] * (steps[-1] - steps[0]) / max(1, len(steps) - 1)
    return out


def _ds(value: float) -> float:
    """A number that fits a DS value (16 characters)."""
    return float(f"{float(value):.9g}")
