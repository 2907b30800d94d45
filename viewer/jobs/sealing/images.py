"""The pictures an analysis was made on, so that they are known again: voxels, person, series and place."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from viewer.analysis.provenance import input_hash
from viewer.core.analysis import Subject
from viewer.core.study import Instance, Stack, Study
from viewer.core.volume import Volume
from viewer.jobs.sealing.seal import canonical

#: Positions are compared as written to this many decimals of a millimetre.
_DECIMALS = 3
#: What a film's header says of sides.
_ORIENTING = ("PatientOrientation", "ViewPosition", "ImageLaterality", "Laterality", "PatientPosition")


class Aspect(StrEnum):
    """What of a picture is compared."""

    VOXELS = "voxels"
    PATIENT = "patient"
    SERIES = "series"
    PLACE = "place"


_WORDS = {
    Aspect.VOXELS: "holds other voxels",
    Aspect.PATIENT: "names another patient (name, ID, birth date or sex)",
    Aspect.SERIES: "belongs to another study or series",
    Aspect.PLACE: "lies elsewhere or is turned otherwise",
}


@dataclass(frozen=True, slots=True)
class SourceImage:
    """One picture as it was analysed; hashes are SHA-256.

    Attributes:
        image: number in its stack, counted from 1.
        file: its file's name, for people.
        uid: SOP Instance UID, "" outside DICOM; `frame` counts from 0 in a file of several.
        voxels: stored values with their rescale and type.
        patient: name, ID, birth date and sex; `series`: Study, Series and SOP Instance UID.
        place: position, orientation, spacing and frame of reference.
    """

    image: int
    file: str
    uid: str
    frame: int | None
    voxels: str
    patient: str
    series: str
    place: str

    @property
    def words(self) -> str:
        """The picture in words: number, file and UID."""
        uid = f", SOP Instance UID {self.uid}" if self.uid else ""
        return f"image {self.image} ({self.file}{uid})"


@dataclass(frozen=True, slots=True)
class Difference:
    """A picture that is not what was analysed; `aspect` is None where it is not there at all."""

    image: SourceImage
    aspect: Aspect | None

    @property
    def words(self) -> str:
        """One clause: which picture, and what of it."""
        return f"{self.image.words} {_WORDS[self.aspect] if self.aspect else 'is missing'}"


def describe(study: Study, stack: Stack, volume: Subject) -> tuple[SourceImage, ...]:
    """Every picture of a stack, in order.

    Args:
        study: whose header the pictures carry now.
        stack: where they lie.
        volume: their voxels; as many slices as pictures, else each picture stands for the whole volume.
    """
    patient = _hash(asdict(study.patient))
    instances = list(stack.instances)
    if not isinstance(volume, Volume):
        return tuple(_read(stack, one, n, patient, volume) for n, one in enumerate(instances, start=1))
    by_slice = len(instances) == volume.shape[0]
    whole = "" if by_slice else _voxels(volume, range(volume.shape[0]))
    return tuple(
        SourceImage(
            k + 1,
            one.path.name,
            one.sop_instance_uid,
            one.frame,
            _voxels(volume, (k,)) if by_slice else whole,
            patient,
            _hash({"study": study.uid, "series": stack.series_uid, "image": one.sop_instance_uid}),
            _hash(_place(stack, volume, k if by_slice else 0)),
        )
        for k, one in enumerate(instances)
    )


def _read(stack: Stack, one: Instance, number: int, patient: str, read: Subject) -> SourceImage:
    """A recording or a document: what was read of it stands in the place of voxels."""
    series = _hash({"series": stack.series_uid, "image": one.sop_instance_uid})
    told = input_hash({"read": read})
    return SourceImage(number, one.path.name, one.sop_instance_uid, one.frame, told, patient, series, "")


def compare(kept: Sequence[SourceImage], now: Sequence[SourceImage]) -> tuple[Difference, ...]:
    """What differs between the pictures that were analysed and those that are there now, picture by picture."""
    there = {_key(image): image for image in now}
    found: list[Difference] = []
    for image in kept:
        other = there.get(_key(image))
        if other is None:
            found.append(Difference(image, None))
            continue
        found += [Difference(image, a) for a in Aspect if getattr(image, a.value) != getattr(other, a.value)]
    return tuple(found)


def missing(kept: Sequence[SourceImage], instances: Sequence[Instance]) -> tuple[Difference, ...]:
    """Pictures that were analysed and are not among the files at hand."""
    there: set[object] = {(one.sop_instance_uid, one.frame) for one in instances if one.sop_instance_uid}
    there |= {n for n, one in enumerate(instances, start=1) if not one.sop_instance_uid}
    return tuple(Difference(image, None) for image in kept if _key(image) not in there)


def to_json(images: Sequence[SourceImage]) -> list[dict[str, Any]]:
    """As result.json and the seal keep them."""
    return [asdict(image) for image in images]


def from_json(data: object) -> tuple[SourceImage, ...]:
    """From result.json.

    Raises:
        TypeError, ValueError, KeyError: it is none.
    """
    if not isinstance(data, list):
        raise TypeError("a list of pictures is needed")
    return tuple(_image(entry) for entry in data)


def _image(entry: Any) -> SourceImage:
    texts = {key: str(entry[key]) for key in ("file", "uid", "voxels", "patient", "series", "place")}
    frame = entry["frame"]
    return SourceImage(image=int(entry["image"]), frame=None if frame is None else int(frame), **texts)


def _key(image: SourceImage) -> tuple[str, int | None] | int:
    """A picture's own name; its number where it has none."""
    return (image.uid, image.frame) if image.uid else image.image


def _voxels(volume: Volume, slices: Sequence[int]) -> str:
    """Hash of stored values [J, I] (little-endian), their type and what makes values of them."""
    digest = hashlib.sha256()
    for k in slices:
        plane = volume.stored[k]
        slope, intercept = volume.slice_rescale(k)
        told = (
            f"{plane.dtype.kind}{plane.dtype.itemsize}{plane.shape}{slope!r}{intercept!r}{volume.inverted}{volume.unit}"
        )
        digest.update(told.encode())
        little = plane.astype(plane.dtype.newbyteorder("<"), copy=False)
        digest.update(np.ascontiguousarray(little).data)
    if volume.lut is not None:
        digest.update(str(volume.lut.first).encode() + np.ascontiguousarray(volume.lut.table, dtype="<f4").tobytes())
    return digest.hexdigest()


def _place(stack: Stack, volume: Volume, k: int) -> dict[str, Any]:
    grid = volume.geometry
    steps = [[f"{x:.{_DECIMALS}f}" for x in grid.affine[:3, n]] for n in (1, 2)]
    return {
        "origin": [f"{x:.{_DECIMALS}f}" for x in grid.slice_origin(k)],
        "steps": steps,
        "frame": grid.frame_of_reference_uid or "",
        "spacing": grid.spacing_kind.value,
        "oriented": grid.oriented,
        "header": {key: stack.header.get(key, "") for key in _ORIENTING},
    }


def _hash(data: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(data)).hexdigest()
