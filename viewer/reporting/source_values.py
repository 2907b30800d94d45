"""What our objects take over from a source image: its patient and study, as far as DICOM can say them.

Scanners and gateways write values that the standard does not know ("0000" for the sex, the 30th of February, empty
sequences). Copied on, they would make our object invalid or keep it from being made; so a value that its type
cannot hold is emptied (type 2, PS3.5 7.4) or left out, and told. What names the patient, the study and the picture
stays as it is.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime

from pydicom import config
from pydicom.charset import python_encoding
from pydicom.datadict import dictionary_description, dictionary_VM, dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import validate_value

from viewer.reporting.planes import IDENTITY, TYPE_2

#: Groups of patient, trial and visit, and what else objects take over (PS3.3 C.7.2.1, C.7.4.1, C.7.6.1).
_GROUPS = frozenset({0x0010, 0x0012, 0x0038})
_BESIDES = frozenset({
    "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyDescription", "StudyID",
    "ReferringPhysicianIdentificationSequence", "PhysiciansOfRecord", "PhysiciansOfRecordIdentificationSequence",
    "NameOfPhysiciansReadingStudy", "PhysiciansReadingStudyIdentificationSequence", "ConsultingPhysicianName",
    "ConsultingPhysicianIdentificationSequence", "IssuerOfAccessionNumberSequence", "ReferencedStudySequence",
    "ProcedureCodeSequence", "RequestingService", "RequestingServiceCodeSequence",
    "ReasonForPerformedProcedureCodeSequence", "AdmittingDiagnosesDescription", "AdmittingDiagnosesCodeSequence",
    "PositionReferenceIndicator", "SliceThickness", "LossyImageCompression", "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
})  # fmt: skip
#: Values that are named word by word (PS3.3 C.7.1.1, C.7.6.1.1.5).
_WORDS = {"PatientSex": {"M", "F", "O"}, "LossyImageCompression": {"00", "01"}}
#: What an item must hold (PS3.3 tables 8.8-1, 10-11, C.7-1).
_CODE, _CODE_VALUES = ("CodingSchemeDesignator", "CodeMeaning"), ("CodeValue", "LongCodeValue", "URNCodeValue")
_ITEM_HOLDS = {
    "ReferencedStudySequence": ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID"),
    "ReferencedPatientSequence": ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID"),
    "OtherPatientIDsSequence": ("PatientID", "TypeOfPatientID"),
}
_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
#: Forms of the standard's forerunner that readers still know (PS3.5 6.2): their digits are today's.
_OLD_FORMS = {"DA": re.compile(r"(\d{4})\.(\d{2})\.(\d{2})"), "TM": re.compile(r"(\d{2}):(\d{2}):(\d{2})(\.\d+)?")}


def mend(header: Dataset) -> tuple[str, ...]:
    """Empty or leave out what cannot be taken over; names of what was, in the order of the header.

    Args:
        header: of a source image; changed in place.
    """
    if not _knows_charset(header):
        del header.SpecificCharacterSet
    gone: list[str] = []
    for element in _taken_over(header):
        _as_today(element)
        if not _can_stand(element):
            gone.append(dictionary_description(element.tag))
            _leave_out(header, element)
    return tuple(gone)


def _knows_charset(header: Dataset) -> bool:
    value = header.get("SpecificCharacterSet") or ()
    return all(word in python_encoding for word in ([value] if isinstance(value, str) else value) if word)


def _taken_over(header: Dataset) -> list[DataElement]:
    """Elements that objects of the same patient and study copy, the names of things excepted."""
    found = []
    for tag in list(header.keys()):
        keyword = keyword_for_tag(tag)
        if keyword in (*IDENTITY, "PatientID") or not (keyword and (tag.group in _GROUPS or keyword in _BESIDES)):
            continue
        try:
            found.append(header[tag])
        except (ValueError, TypeError, AttributeError, NotImplementedError):  # what pydicom says of other values
            found.append(DataElement(tag, "UN", b"?"))
    return found


def _as_today(element: DataElement) -> None:
    """A date or time in the old form, a letter in small print: said as today."""
    old = _OLD_FORMS.get(element.VR)
    if old is not None and (found := old.fullmatch(str(element.value or "").strip())):
        element.value = "".join(part or "" for part in found.groups())
    if element.keyword in _WORDS and isinstance(element.value, str):
        element.value = element.value.strip().upper()


def _leave_out(header: Dataset, element: DataElement) -> None:
    del header[element.tag]
    if element.keyword in TYPE_2:
        name = _shown(element) if element.keyword == "PatientName" else None
        header.add(DataElement(element.tag, dictionary_VR(element.tag), name))


def _shown(element: DataElement) -> str:
    """A name that no PN can hold, as far as one can: the first one, without control characters, each group cut."""
    many = element.value if element.VM > 1 else [element.value]
    plain = "".join(letter for letter in str(many[0]) if letter.isprintable())
    return "=".join(group[:64] for group in plain.split("=")[:3])


def _can_stand(element: DataElement) -> bool:
    """Whether an element is what the standard's dictionary says of it."""
    if element.VR not in dictionary_VR(element.tag):
        return False
    if element.is_empty:
        return element.VR != "SQ" or element.keyword in TYPE_2
    if element.VR == "SQ":
        return all(_whole(element.keyword, item) for item in element.value)
    many = element.value if element.VM > 1 else [element.value]
    if element.VM > 1 and dictionary_VM(element.tag) == "1":
        return False
    return all(_value_stands(element, one) for one in many)


def _whole(keyword: str, item: Dataset) -> bool:
    """Whether an item of a sequence holds what it must, and nothing that cannot stand."""
    needed = _ITEM_HOLDS.get(keyword, _CODE if keyword.endswith("CodeSequence") else ())
    known = [element for element in item if element.keyword]
    return (
        bool(known)
        and all(item.get(name) for name in needed)
        and (needed is not _CODE or any(item.get(name) for name in _CODE_VALUES))
        and all(_can_stand(element) or element.is_empty for element in known)
    )


def _value_stands(element: DataElement, value: object) -> bool:
    text = str(value)
    if element.keyword in _WORDS:
        return text in _WORDS[element.keyword]
    if element.VR in _FORMS:
        return _FORMS[element.VR](text)
    if element.keyword == "SliceThickness" and not _is_number(text):
        return False
    try:
        validate_value(element.VR, text, config.RAISE)
    except (ValueError, TypeError):
        return False
    return element.VR in ("LT", "ST", "UT") or text.isprintable()


def _is_date(text: str) -> bool:
    with suppress(ValueError):
        return bool(re.fullmatch(r"\d{8}", text)) and datetime.strptime(text, "%Y%m%d").year > 0  # noqa: DTZ007
    return False


def _is_time(text: str) -> bool:
    """HH, HHMM, HHMMSS or with a fraction; 60 seconds are a leap second (PS3.5 6.2)."""
    return bool(re.fullmatch(r"([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?", text.strip()))


def _is_number(text: str) -> bool:
    with suppress(ValueError):
        return float(text) > 0
    return False


def _is_uid(text: str) -> bool:
    return bool(_UID.fullmatch(text)) and len(text) <= 64


#: Type of a value -> whether a text is one.
_FORMS = {"UI": _is_uid, "DA": _is_date, "TM": _is_time}


def as_written(keyword: str, text: str) -> str:
    """How our objects say a value of the source: "" where they leave it out."""
    header, tag = Dataset(), tag_for_keyword(keyword)
    assert tag is not None
    with config.disable_value_validation():
        header.add(DataElement(tag, dictionary_VR(tag), text))
        mend(header)
    return str(header.get(keyword) or "")
