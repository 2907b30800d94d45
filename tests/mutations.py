"""Changes of meaning in one place of a result folder, drawn by chance: the classes that `check` must name.

Each kind edits one file as somebody with an editor or a script would, so that it still opens. What no other
file, and no sentence of the report, could contradict (how long a run took, which program wrote it, the UIDs an
object gives itself) carries no meaning here and is left alone.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pypdfium2
from PIL import Image
from pydicom.dataset import Dataset

from viewer.jobs import result_json
from viewer.jobs.sealing.hashes import with_hashes

#: What was done, in words for the table; None where the folder offers nothing of the kind.
Done = str | None
Kind = Callable[[Path, random.Random, Path], Done]

#: Places of result.json that nothing else speaks of.
_SILENT = re.compile(
    r"^(schema|program|created|request|hashes|checksum|notes|left_out|files"
    r"|stack\.(kind|warnings|verdict|files|frames|lossy|transfer_syntax|photometric|samples|unit|instances\.\d+\.path"
    r"|instances\.\d+\.(sop_class_uid|spec|tile|slope|intercept|offset|length|padding)|header|series_number|frame_time_ms|number)"
    r"|sources\.\d+\.file"
    r"|packs\.\d+\.(seconds|message|reasons|stack_key|verdict|below_threshold|provenance|masks\.\d+\.(name|stack_key|band_file)"
    r"|heatmaps)|key_images\.\d+\.caption"
    r"|measurements\.\d+\.(tool|text|pixels|code|shape|values\.\d+\.context)"
    r"|findings\.\d+\.(operating_point|original|measurements\.\d+\.context)"
    r"|report\.(version|sha256|key_images\.\d+\.(mark|instance\.(path|sop_class_uid))))"
)  # fmt: skip
#: Elements of a DICOM object that it alone decides, and what only describes its making.
_OWN = frozenset(
    [
        "SOPInstanceUID",
        "SeriesInstanceUID",
        "InstanceCreationDate",
        "InstanceCreationTime",
        "ContentDate",
        "ContentTime",
        "SeriesNumber",
        "InstanceNumber",
        "SeriesDate",
        "SeriesTime",
        "Manufacturer",
        "ManufacturerModelName",
        "SoftwareVersions",
        "DeviceSerialNumber",
        "SpecificCharacterSet",
        "ContentDescription",
        "ContentCreatorName",
        "DimensionOrganizationUID",
        "DimensionIndexPointer",
        "FunctionalGroupPointer",
        "DimensionDescriptionLabel",
        "DimensionIndexValues",
        "LossyImageCompression",
        "SeriesDescription",
        "ContentLabel",
        "RecommendedDisplayCIELabValue",
        "SegmentDescription",
        "TimezoneOffsetFromUTC",
        "ContentTemplateSequence",
        "ContinuityOfContent",
        "RelationshipType",
        "CodeMeaning",
        "CodingSchemeVersion",
        "MappingResource",
        "TemplateIdentifier",
        "PresentationState",
        "BurnedInAnnotation",
        "StudyDescription",
        "TrackingID",
        "SegmentAlgorithmName",
        "AlgorithmName",
        "AlgorithmVersion",
        "AlgorithmParameters",
        "AlgorithmFamilyCodeSequence",
        "PerformedProcedureCodeSequence",
        "ReferencedPerformedProcedureStepSequence",
        "CompletionFlag",
        "PreliminaryFlag",
        "ValueType",
        "FloatingPointValue",
        "RationalNumeratorValue",
        "RationalDenominatorValue",
        "SliceThickness",
        "SpacingBetweenSlices",
        "DimensionIndexSequence",
        "DimensionOrganizationSequence",
        "DimensionOrganizationType",
        "StudyID",
        "ReferringPhysicianName",
        "ReferencedSOPClassUID",
        "AccessionNumber",
        "StudyTime",
        "UID",
        "Modality",
        "SOPClassUID",
        "ImageType",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "PixelRepresentation",
        "SamplesPerPixel",
        "PhotometricInterpretation",
        "Rows",
        "Columns",
        "NumberOfFrames",
        "PatientAge",
        "PatientSize",
        "PatientWeight",
        "PredecessorDocumentsSequence",
        "PurposeOfReferenceCodeSequence",
        "DerivationCodeSequence",
        "SegmentationType",
        "PositionReferenceIndicator",
        "MaximumFractionalValue",
        "StackID",
        "InStackPositionNumber",
        "SegmentAlgorithmType",
        "ContributingEquipmentSequence",
        "SegmentsOverlap",
        "PatientSpeciesDescription",
        "InstitutionName",
        "StationName",
        "LongitudinalTemporalInformationModified",
    ]
)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any, Any, Any]]:
    """(path, holder, key, value) of every plain value of a document."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in list(pairs):
        here = f"{path}.{key}" if path else str(key)
        if isinstance(one, (dict, list)):
            yield from leaves(one, here)
        else:
            yield here, value, key, one


def other_value(value: Any, chance: random.Random) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice([-2, -1, 1, 3])
    if isinstance(value, float):
        return value * chance.choice([0.5, 1.1, 10]) if value and chance.random() < 0.7 else value + 7.0
    if isinstance(value, str):
        return other_text(value, chance)
    return "something"


def other_text(text: str, chance: random.Random) -> str:
    """Another text: its side turned where it names one, else a letter or digit changed, or all of it."""
    turned = re.sub(r"\b(left|right)\b", lambda m: _turned(m[0]), text, flags=re.IGNORECASE)
    if turned != text:
        return turned
    if not text or chance.random() < 0.3:
        return f"{text}1" if re.fullmatch(r"[\d.]*", text) else "Something else"
    at = chance.randrange(len(text))
    new = str((int(text[at]) + 1) % 10) if text[at].isdigit() else chance.choice("abcdefghxyz")
    changed = text[:at] + new + text[at + 1 :]
    return changed if changed.split() != text.split() else f"{text}x"


def _turned(word: str) -> str:
    new = "right" if word.casefold() == "left" else "left"
    return new.capitalize() if word[0].isupper() else new


def restate(folder: Path) -> None:
    """Make the hashes that result.json keeps fit again, so that only what is said counts."""
    path = folder / "result.json"
    document = json.loads(path.read_text())
    files = {name: folder / name for name in document["hashes"] if (folder / name).is_file()}
    path.write_text(result_json.dump(with_hashes(document, files)))


# ---------------------------------------------------------------- result.json


def _edited(folder: Path, change: Callable[[dict[str, Any]], Done]) -> Done:
    path = folder / "result.json"
    document = json.loads(path.read_text())
    before = copy.deepcopy(document)
    done = change(document)
    if done is None or document == before:
        return None
    path.write_text(json.dumps(document))
    return done


def json_value(folder: Path, chance: random.Random, _other: Path) -> Done:
    """Any value of result.json."""

    def change(document: dict[str, Any]) -> Done:
        places = [one for one in leaves(document) if not _SILENT.match(one[0])]
        path, holder, key, value = chance.choice(places)
        holder[key] = other_value(value, chance)
        return re.sub(r"\d+", "n", path)

    return _edited(folder, change)


def json_finding_value(folder: Path, chance: random.Random, _other: Path) -> Done:
    """A value of a finding."""

    def change(document: dict[str, Any]) -> Done:
        places = [one for one in leaves(document) if one[0].startswith("findings.") and not _SILENT.match(one[0])]
        if not places:
            return None
        path, holder, key, value = chance.choice(places)
        holder[key] = other_value(value, chance)
        return re.sub(r"\d+", "n", path)

    return _edited(folder, change)


def json_swap(folder: Path, chance: random.Random, _other: Path) -> Done:
    """The same key of two findings, packs, segments, sources or measurements swapped."""

    def change(document: dict[str, Any]) -> Done:
        lists = [("findings", document["findings"]), ("sources", document.get("sources") or [])]
        lists += [("measurements", document.get("measurements") or []), ("packs", document["packs"])]
        lists += [("segments", mask["segments"]) for pack in document["packs"] for mask in pack["masks"]]
        lists += [("report.key_images", (document.get("report") or {}).get("key_images") or [])]
        name, entries = chance.choice([one for one in lists if len(one[1]) > 1] or [("", [])])
        if not entries:
            return None
        one, two = chance.sample(entries, 2)
        keys = [
            k for k in one
            if one[k] != two.get(k) and not _SILENT.match(f"{name}.0.{k}") and k not in ("mark", "masks", "seconds")
        ]  # fmt: skip
        if not keys:
            return None
        key = chance.choice(keys)
        one[key], two[key] = two[key], one[key]
        return f"{name}.{key}"

    return _edited(folder, change)


def json_remove(folder: Path, chance: random.Random, _other: Path) -> Done:
    """An entry of a list gone, or there twice."""

    def change(document: dict[str, Any]) -> Done:
        lists = [("findings", document["findings"]), ("packs", document["packs"])]
        lists += [(f"{key}", document[key]) for key in ("measurements", "sources", "key_images") if document.get(key)]
        lists += [("stack.instances", document["stack"]["instances"])]
        lists += [("finding.measurements", f["measurements"]) for f in document["findings"]]
        lists += [("segments", mask["segments"]) for pack in document["packs"] for mask in pack["masks"]]
        report = document.get("report") or {}
        lists += [(f"report.{key}", report[key]) for key in ("findings", "key_images") if report.get(key)]
        name, entries = chance.choice([one for one in lists if one[1]])
        at = chance.randrange(len(entries))
        if chance.random() < 0.6:
            del entries[at]
            return f"{name} less"
        entries.insert(at, copy.deepcopy(entries[at]))
        return f"{name} twice"

    return _edited(folder, change)


def json_side_everywhere(folder: Path, chance: random.Random, _other: Path) -> Done:
    """The side of a finding turned in every word and value of its entry."""

    def change(document: dict[str, Any]) -> Done:
        sided = [f for f in document["findings"] if f["side"] in ("left", "right")]
        if not sided:
            return None
        finding = chance.choice(sided)
        for _, holder, key, value in leaves(finding):
            if isinstance(value, str):
                holder[key] = re.sub(r"\b(left|right)\b", lambda m: _turned(m[0]), value, flags=re.IGNORECASE)
        return "side everywhere"

    return _edited(folder, change)


def json_verdict(folder: Path, chance: random.Random, _other: Path) -> Done:
    """Another verdict, another reader, another time."""

    def change(document: dict[str, Any]) -> Done:
        if not document["findings"]:
            return None
        finding = chance.choice(document["findings"])
        key = chance.choice(["state", "reader", "when", "reason", "comment"])
        states = [s for s in ("proposed", "accepted", "rejected", "unsure") if s != finding["state"]]
        finding[key] = chance.choice(states) if key == "state" else other_text(finding[key] or "Dr. B", chance)
        return f"verdict {key}"

    return _edited(folder, change)


def json_section(folder: Path, chance: random.Random, _other: Path) -> Done:
    """A section of the report: a word, a side, a negation, or all of it."""

    def change(document: dict[str, Any]) -> Done:
        sections = (document.get("report") or {}).get("sections") or {}
        if not sections:
            return None
        key = chance.choice(list(sections))
        words = sections[key].split(" ")
        at = chance.randrange(len(words))
        way = chance.randrange(4)
        if way == 0:
            sections[key] = other_text(sections[key], chance)
        elif way == 1:
            words.insert(at, "no")
            sections[key] = " ".join(words)
        elif way == 2:
            del words[at]
            sections[key] = " ".join(words)
        else:
            sections[key] = ""
        return f"section {key} {way}"

    return _edited(folder, change)


# ---------------------------------------------------------------- DICOM


def _objects(folder: Path, *names: str) -> list[Path]:
    return [path for path in sorted(folder.glob("*.dcm")) if not names or path.name.startswith(names)]


def _redicom(folder: Path, chance: random.Random, names: tuple[str, ...], change: Callable[[Dataset], Done]) -> Done:
    paths = _objects(folder, *names)
    if not paths:
        return None
    path = chance.choice(paths)
    dataset = pydicom.dcmread(path)
    done = change(dataset)
    if done is None:
        return None
    dataset.save_as(path)
    return f"{path.stem}: {done}"


def elements(dataset: Dataset, path: str = "") -> Iterator[tuple[str, Dataset, Any]]:
    """(keywords down to it, holder, element) of every plain element that says something."""
    for element in dataset:
        here = f"{path}.{element.keyword}" if path else element.keyword
        if element.keyword in _OWN:
            continue
        if element.VR == "SQ":
            for item in element.value:
                yield from elements(item, here)
        elif element.VR not in ("OB", "OW", "OF", "OD", "UN"):
            yield here, dataset, element


def dicom_value(folder: Path, chance: random.Random, _other: Path) -> Done:
    """Any element of a DICOM object."""

    def change(dataset: Dataset) -> Done:
        path, _, element = chance.choice(list(elements(dataset)))
        before = element.value
        if element.VR == "UI":
            element.value = (
                f"{str(element.value)[:-1]}{(int(str(element.value)[-1]) + 1) % 10}" if element.value else "1.2.3"
            )
        elif element.VR in ("DS", "FD", "FL", "US", "UL", "SS", "SL", "IS"):
            many = element.VM > 1
            values = list(element.value) if many else [element.value]
            at = chance.randrange(len(values))
            number = float(values[at] or 0)
            values[at] = (
                type(values[at])(number + 1) if element.VR in ("US", "UL", "IS") else round(number * 1.5 + 3, 6)
            )
            element.value = values if many else values[0]
        elif element.VR in ("DA", "DT", "TM"):
            element.value = other_digits(str(element.value), chance)
        else:
            element.value = (
                other_text(str(element.value), chance).upper()[:16]
                if element.VR in ("CS", "SH")
                else other_text(str(element.value), chance)
            )
        return None if str(element.value) == str(before) else path

    return _redicom(folder, chance, (), change)


def other_digits(text: str, chance: random.Random) -> str:
    """A date that is still one: another year."""
    return f"{int(text[:4]) - chance.randrange(1, 5):04}{text[4:]}" if text[:4].isdigit() else "20010203"


def _walk(item: Dataset) -> Iterator[Dataset]:
    yield item
    for child in item.get("ContentSequence", []):
        yield from _walk(child)


def sr_item_removed(folder: Path, chance: random.Random, _other: Path) -> Done:
    """A content item of the SR taken out."""

    def change(dataset: Dataset) -> Done:
        holders = [item for item in _walk(dataset) if item.get("ContentSequence")]
        holder = chance.choice(holders)
        at = chance.randrange(len(holder.ContentSequence))
        gone = holder.ContentSequence[at]
        concept = gone.ConceptNameCodeSequence[0].CodeValue if "ConceptNameCodeSequence" in gone else gone.ValueType
        if concept in ("121049", "121058", "121012", "121013", "121014", "121015", "121016", "121005", "122142"):
            return None  # language, procedure and the program's own name: no result
        if concept in ("121011", "121010", "121006", "121009", "111017"):
            return None
        del holder.ContentSequence[at]
        return f"without {concept}"

    return _redicom(folder, chance, ("sr",), change)


def sr_item_twice(folder: Path, chance: random.Random, _other: Path) -> Done:
    """A content item of a measurement group there twice, or moved to another group."""

    def change(dataset: Dataset) -> Done:
        groups = [i for i in _walk(dataset) if _concept(i) == "125007"]
        if not groups:
            return None
        group = chance.choice(groups)
        at = chance.randrange(len(group.ContentSequence))
        moved = chance.random() < 0.5 and len(groups) > 1
        target = chance.choice([g for g in groups if g is not group]) if moved else group
        target.ContentSequence.append(copy.deepcopy(group.ContentSequence[at]))
        if moved:
            del group.ContentSequence[at]
        return f"{_concept(target.ContentSequence[-1])} {'moved' if moved else 'twice'}"

    return _redicom(folder, chance, ("sr",), change)


def _concept(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue) if "ConceptNameCodeSequence" in item else ""


def sr_swapped(folder: Path, chance: random.Random, _other: Path) -> Done:
    """The values of the same item swapped between two groups."""

    def change(dataset: Dataset) -> Done:
        groups = [i for i in _walk(dataset) if _concept(i) == "125007"]
        if len(groups) < 2:
            return None
        one, two = chance.sample(groups, 2)
        pairs = [
            (a, b) for a in one.ContentSequence for b in two.ContentSequence
            if _concept(a) == _concept(b) and a.ValueType == b.ValueType and a != b
        ]  # fmt: skip
        if not pairs:
            return None
        a, b = chance.choice(pairs)
        for key in (
            "TextValue",
            "UID",
            "ConceptCodeSequence",
            "MeasuredValueSequence",
            "ReferencedSOPSequence",
            "GraphicData",
        ):
            if key in a and key in b and a[key].value != b[key].value:
                a[key].value, b[key].value = copy.deepcopy(b[key].value), copy.deepcopy(a[key].value)
                return f"{_concept(a)} swapped"
        return None

    return _redicom(folder, chance, ("sr",), change)


def sr_side(folder: Path, chance: random.Random, _other: Path) -> Done:
    """A side of the SR turned: its code, its meaning or its word."""

    def change(dataset: Dataset) -> Done:
        items = list(_walk(dataset))
        codes = [
            code for i in items for s in ("ConceptCodeSequence",) for code in i.get(s, [])
            if code.get("CodeValue") in ("7771000", "24028007")
        ]  # fmt: skip
        texts = [i for i in items if re.search(r"\b(left|right)\b", str(i.get("TextValue", "")), re.IGNORECASE)]
        way = chance.randrange(3)
        if way < 2 and codes:
            code = chance.choice(codes)
            if way == 0:
                code.CodeValue = "24028007" if code.CodeValue == "7771000" else "7771000"
            code.CodeMeaning = _turned(code.CodeMeaning)
            return ("code and meaning", "meaning alone")[way]
        if way == 2 and texts:
            item = chance.choice(texts)
            item.TextValue = re.sub(r"\b(left|right)\b", lambda m: _turned(m[0]), item.TextValue, flags=re.IGNORECASE)
            return f"side in the words of {_concept(item)}"
        return None

    return _redicom(folder, chance, ("sr",), change)


def sr_meaning(folder: Path, chance: random.Random, _other: Path) -> Done:
    """The meaning of a code, which is what people read, changed beside its value."""

    def change(dataset: Dataset) -> Done:
        found = [
            code for i in _walk(dataset) if _concept(i) in ("121071", "363698007", "272741003", "VERDICT", "111065")
            for code in i.get("ConceptCodeSequence", [])
        ]  # fmt: skip
        found += [
            code for i in _walk(dataset) for value in i.get("MeasuredValueSequence", [])
            for code in value.get("MeasurementUnitsCodeSequence", [])
        ]  # fmt: skip
        found += [i.ConceptNameCodeSequence[0] for i in _walk(dataset) if i.get("ValueType") == "NUM"]
        if not found:
            return None
        code = chance.choice(found)
        code.CodeMeaning = other_text(str(code.CodeMeaning), chance)
        return "meaning"

    return _redicom(folder, chance, ("sr",), change)


def seg_segment(folder: Path, chance: random.Random, _other: Path) -> Done:
    """A description of a segment: label against type, region, side, number, tracking."""

    def change(dataset: Dataset) -> Done:
        items = list(dataset.SegmentSequence)
        item, way = chance.choice(items), chance.randrange(6)
        if way == 0:
            item.SegmentLabel = other_text(item.SegmentLabel, chance)
        elif way == 1:
            code = item.SegmentedPropertyTypeCodeSequence[0]
            code.CodeValue, code.CodeMeaning = "39607008", "Lung"
        elif way == 2:
            code = item.SegmentedPropertyTypeCodeSequence[0]
            code.CodeMeaning = other_text(code.CodeMeaning, chance)
        elif way == 3:
            modifier = Dataset()
            modifier.CodeValue, modifier.CodingSchemeDesignator, modifier.CodeMeaning = "24028007", "SCT", "Right"
            item.SegmentedPropertyTypeModifierCodeSequence = [modifier]
        elif way == 4 and len(items) > 1:
            other = chance.choice([one for one in items if one is not item])
            for key in ("SegmentLabel", "TrackingUID", "TrackingID", "SegmentedPropertyTypeCodeSequence"):
                item[key].value, other[key].value = other[key].value, item[key].value
        elif "AnatomicRegionSequence" in item:
            code = item.AnatomicRegionSequence[0]
            code.CodeValue, code.CodeMeaning = "39607008", "Lung"
        else:
            item.SegmentedPropertyCategoryCodeSequence[0].CodeValue = "49755003"
        return f"segment {way}"

    return _redicom(folder, chance, ("seg",), change)


def seg_frames(folder: Path, chance: random.Random, _other: Path) -> Done:
    """Frames of a SEG: moved, mirrored, exchanged, emptied, given to another segment, source turned."""

    def change(dataset: Dataset) -> Done:
        frames = dataset.PerFrameFunctionalGroupsSequence
        way, at = chance.randrange(7), chance.randrange(len(frames))
        placed = "PlanePositionSequence" in frames[at]
        if way == 0 and placed:
            position = frames[at].PlanePositionSequence[0]
            x, y, z = (float(v) for v in position.ImagePositionPatient)
            position.ImagePositionPatient = [round(v + chance.choice([-2.0, 0.0, 1.0]), 4) for v in (x, y, z + 0.5)]
        elif way == 1 and placed:
            for frame in frames:
                position = frame.PlanePositionSequence[0]
                x, y, z = (float(v) for v in position.ImagePositionPatient)
                position.ImagePositionPatient = [round(x + 2.0, 4), y, z]
        elif way == 2:
            numbers = sorted({f.SegmentIdentificationSequence[0].ReferencedSegmentNumber for f in frames})
            if len(numbers) < 2:
                return None
            one = frames[at].SegmentIdentificationSequence[0]
            one.ReferencedSegmentNumber = next(n for n in numbers if n != one.ReferencedSegmentNumber)
        elif way in (3, 4, 5):
            bits = np.unpackbits(np.frombuffer(dataset.PixelData, np.uint8), bitorder="little")
            size = dataset.Rows * dataset.Columns
            whole = bits[: size * len(frames)].reshape(len(frames), dataset.Rows, dataset.Columns).copy()
            before = whole.copy()
            if way == 3:
                whole[at] = whole[at][:, ::-1]
            elif way == 4:
                whole[at] = 0
            else:
                found = np.argwhere(whole)
                k, j, i = found[chance.randrange(len(found))]
                whole[k, j, i] = 0
            if (whole == before).all():
                return None
            packed = np.packbits(whole.ravel(), bitorder="little").tobytes()
            dataset.PixelData = packed + b"\0" * (len(dataset.PixelData) - len(packed))
        else:
            shared = dataset.SharedFunctionalGroupsSequence[0]
            if "PixelMeasuresSequence" not in shared:
                return None
            shared.PixelMeasuresSequence[0].PixelSpacing = [1.7, 1.7]
        return f"frames {way}"

    return _redicom(folder, chance, ("seg",), change)


def dicom_patient(folder: Path, chance: random.Random, _other: Path) -> Done:
    """Another patient or study in the header."""

    def change(dataset: Dataset) -> Done:
        key, value = chance.choice([
            ("PatientName", "OTHER^ONE"), ("PatientID", "X-7"), ("PatientBirthDate", "19010203"), ("PatientSex", "O"),
            ("StudyInstanceUID", "1.2.3.4"), ("StudyDate", "20010203"), ("AccessionNumber", "OTHER"),
            ("PatientID", ""), ("PatientName", ""), ("FrameOfReferenceUID", "1.2.3.9"),
        ])  # fmt: skip
        if str(dataset.get(key, "")) == value or key == "FrameOfReferenceUID" and key not in dataset:
            return None
        setattr(dataset, key, value)
        return key

    return _redicom(folder, chance, (), change)


def dicom_reference(folder: Path, chance: random.Random, _other: Path) -> Done:
    """An object that names another picture, series or segment, or one picture less."""

    def change(dataset: Dataset) -> Done:
        found = [
            (path, holder, element) for path, holder, element in elements(dataset)
            if element.keyword in (
                "ReferencedSOPInstanceUID", "ReferencedSegmentNumber", "ReferencedFrameOfReferenceUID",
                "ReferencedFrameNumber",
            )
        ]  # fmt: skip
        pictures = sorted({str(e.value) for _, _, e in found if e.keyword == "ReferencedSOPInstanceUID"})
        if not found:
            return None
        path, _, element = chance.choice(found)
        if element.keyword == "ReferencedSOPInstanceUID":
            others = [uid for uid in pictures if uid != str(element.value)]
            element.value = chance.choice(others) if others and chance.random() < 0.6 else "1.2.3.4.5"
        elif element.VR == "UI":
            element.value = "1.2.3.4.5"
        else:
            element.value = int(element.value) + 1
        return path

    return _redicom(folder, chance, (), change)


def dicom_of_another(folder: Path, chance: random.Random, other: Path) -> Done:
    """An object of another folder in its place."""
    names = [path.name for path in _objects(folder) if (other / path.name).is_file()]
    if not names:
        return None
    name = chance.choice(names)
    (folder / name).write_bytes((other / name).read_bytes())
    return f"{name} of another"


def file_gone(folder: Path, chance: random.Random, _other: Path) -> Done:
    """A file gone, named in result.json or not any more."""
    names = [p.name for p in sorted(folder.iterdir()) if p.name != "result.json"]
    name = chance.choice(names)
    (folder / name).unlink()
    if chance.random() < 0.5:
        path = folder / "result.json"
        document = json.loads(path.read_text())
        document["files"] = [one for one in document["files"] if one != name]
        document["hashes"].pop(name, None)
        path.write_text(json.dumps(document))
        return f"{re.sub(r'[0-9]+', 'n', name)} gone and unnamed"
    return f"{re.sub(r'[0-9]+', 'n', name)} gone"


# ---------------------------------------------------------------- masks and heatmaps


def _nifti(folder: Path, chance: random.Random, prefix: str) -> tuple[Path, Any] | None:
    paths = sorted(folder.glob(f"{prefix}*.nii.gz"))
    if not paths:
        return None
    path = chance.choice(paths)
    return path, nibabel.load(path)


def mask_voxels(folder: Path, chance: random.Random, _other: Path) -> Done:
    """A mask mirrored, moved, swapped, eroded, dilated, erased, turned, one voxel changed."""
    found = _nifti(folder, chance, "mask")
    if found is None:
        return None
    path, image = found
    labels = np.asarray(image.dataobj).copy()
    way = chance.randrange(10)
    axis = chance.randrange(3)
    if way == 0:
        new = np.flip(labels, axis)
    elif way == 1:
        new = np.roll(labels, chance.choice([-2, -1, 1, 2]), axis)
    elif way == 2:
        top = labels.max()
        new = np.where(labels > 0, top + 1 - labels, 0)
    elif way == 3:
        new = np.where((labels > 0) & (np.roll(labels, 1, axis) == 0), 0, labels)
    elif way == 4:
        new = np.where(labels == 0, np.roll(labels, 1, axis), labels)
    elif way == 5:
        new = np.where(labels == chance.choice(np.unique(labels[labels > 0])), 0, labels) if labels.any() else labels
    elif way == 6:
        new = labels[::-1, ::-1]
    elif way in (7, 8):
        new = labels.copy()
        inside = np.argwhere(labels > 0) if way == 7 else np.argwhere(labels == 0)
        new[tuple(inside[chance.randrange(len(inside))])] = 0 if way == 7 else 1
    else:
        new = np.where(labels == 1, labels.max() + 5, labels)
    if (new == labels).all():
        return None
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(new.astype(labels.dtype)), image.affine, image.header), path)
    return f"mask {way}"


def nifti_affine(folder: Path, chance: random.Random, _other: Path) -> Done:
    """The place of a mask or heatmap: moved, scaled, turned, mirrored; sform, qform, units."""
    found = _nifti(folder, chance, chance.choice(["mask", "heatmap", "band"]))
    if found is None:
        return None
    path, image = found
    affine, way = np.array(image.affine), chance.randrange(6)
    if way == 0:
        affine[chance.randrange(3), 3] += chance.choice([-1.5, 0.6, 30.0])
    elif way == 1:
        affine[:3, chance.randrange(3)] *= chance.choice([0.5, 1.1, -1])
    elif way == 2:
        affine[:3, [0, 1]] = affine[:3, [1, 0]]
    elif way == 3:
        affine[:3, :3] *= 10
    elif way == 4:
        image.header.set_xyzt_units("micron")
        nibabel.save(image, path)
        return "nifti units"
    else:
        moved = affine.copy()
        moved[0, 3] += 20
        image.set_qform(moved, 1)
        nibabel.save(image, path)
        return "nifti qform"
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj), affine), path)
    return f"nifti affine {way}"


def heatmap_values(folder: Path, chance: random.Random, _other: Path) -> Done:
    """A heatmap mirrored, moved, scaled or emptied."""
    found = _nifti(folder, chance, "heatmap")
    if found is None:
        return None
    path, image = found
    values = np.asarray(image.dataobj).copy()
    way = chance.randrange(4)
    new = [lambda: np.flip(values, 0), lambda: np.roll(values, 5, 1), lambda: values * 0.5, lambda: values * 0][way]()
    if (new == values).all():
        return None
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(new), image.affine, image.header), path)
    return f"heatmap {way}"


# ---------------------------------------------------------------- pictures, table, paper


def picture(folder: Path, chance: random.Random, other: Path) -> Done:
    """A picture exchanged, mirrored, drawn on, or another patient's."""
    names = sorted(p.name for p in folder.glob("*.png"))
    if not names:
        return None
    name, way = chance.choice(names), chance.randrange(4)
    kind = "key" if name.startswith("key-") else "chosen"
    with Image.open(folder / name) as image:
        pixels = np.asarray(image.convert("RGB")).copy()
    if way == 0 and len(names) > 1:
        two = chance.choice([n for n in names if n != name])
        a, b = (folder / name).read_bytes(), (folder / two).read_bytes()
        if a == b:
            return None
        (folder / name).write_bytes(b)
        (folder / two).write_bytes(a)
        return f"{kind} pictures exchanged"
    if way == 1:
        if (pixels == pixels[:, ::-1]).all():
            return None
        Image.fromarray(np.ascontiguousarray(pixels[:, ::-1])).save(folder / name)
        return f"{kind} picture mirrored"
    if way == 2:
        pixels[10:40, 10:40] = 255 - pixels[10:40, 10:40]
        Image.fromarray(pixels).save(folder / name)
        return f"{kind} picture drawn on"
    found = sorted(other.glob("*.png"))
    if not found:
        return None
    (folder / name).write_bytes(found[0].read_bytes())
    return f"{kind} picture of another"


def table(folder: Path, chance: random.Random, _other: Path) -> Done:
    """A cell of measurements.csv, a row less, two rows' values swapped."""
    path = folder / "measurements.csv"
    if not path.is_file():
        return None
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns, way = list(rows[0]), chance.randrange(4)
    if way == 0:
        row, column = chance.choice(rows), chance.choice(columns)
        new = other_text(row[column], chance)
        if new == row[column]:
            return None
        row[column] = new
        done = f"csv {column}"
    elif way == 1:
        del rows[chance.randrange(len(rows))]
        done = "csv row less"
    elif way == 2:
        rows.append(dict(chance.choice(rows)))
        done = "csv row twice"
    else:
        if len(rows) < 2:
            return None
        one, two = chance.sample(rows, 2)
        keys = [c for c in columns if one[c] != two[c]]
        key = chance.choice(keys)
        one[key], two[key] = two[key], one[key]
        done = f"csv {key} swapped"
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")
    return done


def paper_pages(folder: Path, chance: random.Random, other: Path) -> Done:
    """A page less, a page twice, a page or the whole paper of another patient."""
    path = folder / "report.pdf"
    if not path.is_file():
        return None
    way = chance.randrange(5)
    if way == 4:
        path.write_bytes((other / "report.pdf").read_bytes())
        return "paper of another"
    document = pypdfium2.PdfDocument(path.read_bytes())
    count = len(document)
    if way == 0 and count > 1:
        document.del_page(chance.randrange(count))
        done = "page less"
    elif way == 1:
        document.import_pages(document, [chance.randrange(count)])
        done = "page twice"
    else:
        foreign = pypdfium2.PdfDocument((other / "report.pdf").read_bytes())
        at = chance.randrange(count)
        document.import_pages(foreign, [chance.randrange(len(foreign))], at if way == 2 else None)
        done = "page of another put in"
        if way == 2:
            document.del_page(at + 1)
            done = "page of another instead"
    out = io.BytesIO()
    document.save(out)
    path.write_bytes(out.getvalue())
    return done


KINDS: tuple[Kind, ...] = (
    json_value, json_value, json_finding_value, json_finding_value, json_swap, json_remove, json_side_everywhere,
    json_verdict, json_section, dicom_value, dicom_value, sr_item_removed, sr_item_twice, sr_swapped, sr_side,
    sr_meaning, seg_segment, seg_frames, dicom_patient, dicom_reference, dicom_of_another, file_gone, mask_voxels,
    nifti_affine, heatmap_values, picture, table, paper_pages,
)  # fmt: skip
