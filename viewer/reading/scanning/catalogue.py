"""Collect headers while a scan runs and turn them into studies, series and stacks.

Only series that changed since the last look are sorted again, so a look costs little.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from viewer.core.errors import ReadError
from viewer.core.study import Instance, Kind, Patient, Refusal, ScanResult, Series, Stack, Study
from viewer.core.verdict import Caution, judge
from viewer.reading.header import tags as t
from viewer.reading.header.describe import header_of
from viewer.reading.header.head import UNDEFINED, Head, text_of
from viewer.reading.header.identity import made_up_uid
from viewer.reading.header.sop_classes import kind_of, name_of
from viewer.reading.pixels.codecs import NATIVE
from viewer.reading.pixels.encapsulated import has_end_mark
from viewer.reading.stacking.frame import Frame, PixelSpec, frame_of, slice_of, spec_of
from viewer.reading.stacking.multiframe import frames_of
from viewer.reading.stacking.stacks import build_stacks, number_stacks

_PIXEL_KEYS = (
    t.ROWS, t.COLUMNS, t.SAMPLES, t.ALLOCATED, t.STORED, t.HIGH_BIT, t.SIGNED, t.PHOTOMETRIC, t.PLANAR, t.FRAMES,
)  # fmt: skip
#: Numbers whose loss must be told.
_NUMBERS = (
    (t.FRAMES, "Number of Frames"),
    (t.POSITION, "Image Position"),
    (t.ORIENTATION, "Image Orientation"),
    (t.PIXEL_SPACING, "Pixel Spacing"),
    (t.SLOPE, "Rescale Slope"),
    (t.INTERCEPT, "Rescale Intercept"),
)


#: Elements of files that may hold several pictures.
_SEVERAL = (t.SHARED_GROUPS, t.CSA_IMAGE)
_CONTENT_KEYS = frozenset({t.SOP_CLASS, *_PIXEL_KEYS, *_SEVERAL})


@dataclass(frozen=True, slots=True)
class _Content:
    """What a file holds: an object, pictures (`single`: surely one), or neither."""

    kind: Kind | None
    spec: PixelSpec | None
    single: bool


@dataclass(slots=True)
class _Entry:
    """A series while it grows."""

    first: Head
    seen: dict[bytes, tuple[object, ...]] = field(default_factory=dict)
    copies: int = 0
    frames: list[Frame] = field(default_factory=list)
    others: list[Stack] = field(default_factory=list)
    studies: set[str] = field(default_factory=set)
    built: Series | None = None

    def is_copy(self, head: Head) -> bool:
        """True for a file that holds an instance seen before, in the same place and of the same size.

        Some software gives many slices one UID: those differ in place, number or size and are kept.
        """
        value = head.raw.get
        instance = value(t.SOP_INSTANCE)
        if not instance:
            return False
        facts = (head.size, value(t.POSITION), value(t.INSTANCE_NUMBER), value(t.TRANSFER_SYNTAX))
        copy = self.seen.setdefault(instance, facts) is not facts and self.seen[instance] == facts
        self.copies += copy
        return copy


class Catalogue:
    """What a scan has found so far."""

    def __init__(self) -> None:
        self.files = 0
        self._series: dict[str, _Entry] = {}
        self._foreign: dict[str, list[Series]] = {}
        self._folders: dict[str, str] = {}
        self._refused: list[Refusal] = []
        self._specs: dict[tuple[bytes | None | str | int, ...], PixelSpec] = {}

    def refuse(self, path: str, error: ReadError) -> None:
        """Note a file that cannot be opened."""
        self._refused.append(Refusal(path, error.code, error.text))

    def add_foreign(self, folder: str, name: str, series: Series) -> None:
        """Add pictures of another format; files of one folder stand in one study."""
        self._foreign.setdefault(folder, []).append(series)
        self._folders[folder] = name

    def add(self, head: Head) -> None:
        """Add one DICOM file.

        Raises:
            ReadError: the file holds nothing that can be shown or listed.
        """
        uid = text_of(head.raw.get(t.SERIES_UID, b"")) or made_up_uid(head.path)
        content = self._content(head)
        if content.kind is None and not head.pixel_tag and not _named(head):
            raise ReadError("The file holds no picture and names no patient or series.", "", "no_pixels")
        entry = self._series.get(uid)
        if entry is None:
            entry = self._series[uid] = _Entry(head)
        entry.built = None
        if entry.is_copy(head):
            return
        if content.kind is not None:
            entry.others.append(_object_stack(uid, head, content.kind))
        elif content.spec is None:
            entry.others.append(_no_pixels(uid, head))
        else:
            entry.frames += _frames(head, content.spec, content.single)
        study = text_of(head.raw.get(t.STUDY_UID, b""))
        if study:
            entry.studies.add(study)

    def _content(self, head: Head) -> _Content:
        """What the file holds, worked out once for headers that agree in it."""
        common = head.common
        known: _Content | None = None if common is None else common.facts.get("content")
        if known is not None:
            return known
        spec = self._spec(head) if head.pixel_tag else None
        content = _Content(
            object_kind(head),
            spec if spec is not None and spec.rows and spec.columns else None,
            not any(tag in head.raw for tag in _SEVERAL) and spec is not None and spec.frames == 1,
        )
        if common is not None and common.varying.isdisjoint(_CONTENT_KEYS) and not _is_subsampled(spec):
            common.facts["content"] = content
        return content

    def _spec(self, head: Head) -> PixelSpec:
        """Pixel description, one object for all files that agree in it."""
        value = head.raw.get
        key = (head.syntax, head.pixel_tag, *[value(tag) for tag in _PIXEL_KEYS])
        spec = self._specs.get(key)
        if spec is None:
            spec = self._specs[key] = spec_of(head)
        if _is_subsampled(spec) and _holds_full_chroma(head, spec):
            return replace(spec, photometric="YBR_FULL")
        return spec

    def snapshot(self) -> ScanResult:
        """Studies found so far, in the order they were met."""
        studies: dict[tuple[str, str], list[_Entry]] = {}
        for uid, entry in self._series.items():
            if not entry.frames and not entry.others:
                continue
            if entry.built is None:
                entry.built = self._build(uid, entry)
            first = entry.first
            study = first.text(t.STUDY_UID) or made_up_uid(first.path)
            studies.setdefault((study, first.text(t.PATIENT_ID)), []).append(entry)
        found = [_study(key[0], entries) for key, entries in studies.items()]
        found += [_folder_study(folder, self._folders[folder], series) for folder, series in self._foreign.items()]
        return ScanResult(tuple(found), tuple(self._refused), self.files)

    def _build(self, uid: str, entry: _Entry) -> Series:
        stacks = build_stacks(uid, entry.frames) if entry.frames else []
        stacks += entry.others
        if entry.copies:
            text = f"{entry.copies} file(s) are copies of others in this series and were left out."
            stacks = [_with(stack, Caution("duplicate_files", text)) for stack in stacks]
        if len(entry.studies) > 1:
            text = f"Files of this series name {len(entry.studies)} different studies; it is listed under the first."
            caution = Caution("mixed_studies", text, "Mixed studies")
            stacks = [_with(stack, caution) for stack in stacks]
        return Series(uid, number_stacks(stacks))


def _frames(head: Head, spec: PixelSpec, single: bool) -> list[Frame]:
    if head.pixel_length != UNDEFINED:
        _note_short(head, spec)
    elif not has_end_mark(head.path, head.pixel_offset):
        text = "The compressed pictures lack their end mark: the file may have been cut short."
        head.notes += (Caution("truncated", text, "Truncated"),)
    if single:
        frame = frame_of(head, spec)
        if frame.complete and t.FRAMES not in head.raw:
            return [frame]
    _note_bad_numbers(head)
    return frames_of(head, spec)


def object_kind(head: Head) -> Kind | None:
    """Kind of an object that can be shown; None for pictures (a parametric map is one) and all others."""
    kind = kind_of(text_of(head.raw.get(t.SOP_CLASS, b"")))
    return None if kind in {Kind.VOLUME, Kind.OTHER} else kind


def _named(head: Head) -> bool:
    return any(head.raw.get(tag) for tag in (t.PATIENT_ID, t.PATIENT_NAME, t.SERIES_UID))


def _is_subsampled(spec: PixelSpec | None) -> bool:
    return spec is not None and spec.photometric == "YBR_FULL_422"


def _holds_full_chroma(head: Head, spec: PixelSpec) -> bool:
    """Some writers say YBR_FULL_422 and store every sample uncompressed."""
    full = spec.rows * spec.columns * spec.frames * 3 * spec.allocated // 8
    return spec.syntax in NATIVE and spec.samples == 3 and full <= head.pixel_length < UNDEFINED


def _note_short(head: Head, spec: PixelSpec) -> None:
    """Say where uncompressed pixels are fewer than rows, columns and frames need, or more by a picture."""
    needed = (spec.frame_bits * spec.frames + 7) // 8
    if 0 <= head.pixel_length - needed < 2:
        return
    if spec.syntax not in NATIVE or any(n.code == "truncated" for n in head.notes):
        return
    if head.pixel_length < needed:
        share = 100 * (1 - head.pixel_length / needed)
        text = f"The file holds fewer pixels than its header claims: {share:.1f} % are missing."
        head.notes += (Caution("truncated", text, "Truncated"),)
    elif head.pixel_length >= needed + max(spec.frame_bytes, 2):
        text = "The file holds more pictures than its header claims: the others are not shown."
        head.notes += (Caution("more_pixels", text, "More pixels"),)


def _note_bad_numbers(head: Head) -> None:
    """Say where a number that places the picture is written but is no number."""
    raw = head.raw
    bad = [name for tag, name in _NUMBERS if raw.get(tag, b"").strip(b"\0 ") and not head.floats(tag)]
    if bad:
        text = f"The header holds bad values for {', '.join(bad)}: they were ignored."
        head.notes += (Caution("bad_values", text, "Bad values"),)


def _with(stack: Stack, caution: Caution) -> Stack:
    return replace(stack, warnings=(*stack.warnings, caution))


def _object_stack(uid: str, head: Head, kind: Kind, notes: tuple[Caution, ...] = ()) -> Stack:
    header = header_of(head)
    warnings = notes + head.notes
    return Stack(
        series_uid=uid,
        kind=kind,
        modality=head.text(t.MODALITY) or "OT",
        instances=(_object_instance(head),),
        description=header.get("SeriesDescription", ""),
        series_number=head.integer(t.SERIES_NUMBER),
        verdict=judge(None, warnings),
        warnings=warnings,
        transfer_syntax=head.declared,
        frames=head.frames if head.pixel_tag else 0,
        header=header,
    )


def _object_instance(head: Head) -> Instance:
    return slice_of(frame_of(head, spec_of(head)))


def _no_pixels(uid: str, head: Head) -> Stack:
    if head.pixel_tag:
        text = "The file does not say how many rows and columns its picture has."
    else:
        name = name_of(head.text(t.SOP_CLASS))
        what = f"This file ({name}) holds no picture" if name else "The file holds no picture"
        text = f"{what}: only its header could be read."
    return _object_stack(uid, head, Kind.OTHER, (Caution("no_pixels", text, "No pixels"),))


def _study(uid: str, entries: list[_Entry]) -> Study:
    first = entries[0].first
    patient = Patient(
        id=first.decoded(t.PATIENT_ID),
        name=first.decoded(t.PATIENT_NAME),
        birth_date=first.text(t.BIRTH_DATE),
        sex=first.text(t.PATIENT_SEX),
    )
    series = sorted(
        (entry.built for entry in entries if entry.built is not None),
        key=lambda s: (s.stacks[0].series_number is None, s.stacks[0].series_number or 0),
    )
    return Study(
        uid=uid,
        patient=patient,
        series=tuple(series),
        date=first.text(t.STUDY_DATE),
        time=first.text(t.STUDY_TIME),
        description=first.decoded(t.STUDY_DESCRIPTION),
        accession=first.decoded(t.ACCESSION),
    )


def _folder_study(folder: str, name: str, series: list[Series]) -> Study:
    return Study(uid=made_up_uid(folder), patient=Patient(), series=tuple(series), description=name)
