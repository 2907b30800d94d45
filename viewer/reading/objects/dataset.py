"""Opens DICOM objects so that hostile or broken files end as words, not as crashes.

Every value is fetched through the helpers here: they bound what a value or a sequence may
expand to before pydicom converts it, and they take bad values as "not there".
"""

from __future__ import annotations

import io
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ReadError
from viewer.core.finding import Code
from viewer.reading.header.lenient import PYDICOM_FAULTS, pydicom_lenient
from viewer.reading.header.text import decode_text
from viewer.reading.objects.budget import Limits, Start, check_budget, start_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

#: Trees of values: reports, presentation states.
TREE = Limits(32 << 20, 400_000)
#: Contours; a real structure set holds up to some 100,000.
CONTOURS = Limits(256 << 20, 3_000_000)
#: Bulk data: masks, maps, signals, documents.
BULK = Limits(1 << 30, 1_500_000)
#: Longest value taken as text, bytes.
MAX_TEXT = 1 << 20

#: Bytes of an element's tag and length.
_HEADER = 8
_UNDEFINED = 0xFFFFFFFF
_DEFLATED, _PLAIN = b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.1"


class _WatchedFile(io.BytesIO):
    """File bytes that notice values which end before their length."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.short = False

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        # A few zero bytes at the end are padding that some writers leave, not a cut value.
        if size is not None and 0 < len(data) < size and (size > _HEADER or any(data)):
            self.short = True
        return data


@contextmanager
def opened(path: Path, limits: Limits = TREE) -> Iterator[Dataset]:
    """Yield the dataset of a DICOM object; whatever goes wrong inside becomes a `ReadError`.

    Args:
        path: the file, with or without preamble and file meta.
        limits: what the file (and deflated content) may hold.

    Raises:
        ReadError: not_dicom, truncated, too_large or corrupt.
    """
    try:
        yield _parse(_bytes_of(path, limits.size), limits)
    except RecursionError as error:
        raise ReadError("The file nests its values deeper than any real object.", _REPLACE, "corrupt") from error
    except MemoryError as error:
        raise _too_large("it does not fit into memory") from error
    except EOFError as error:
        raise truncated() from error
    except OSError as error:
        # pydicom raises OSError without a number where items end too early.
        if error.errno is None:
            raise truncated() from error
        raise ReadError(f"The file cannot be read ({error.strerror}).", "Check the disk and permissions.") from error
    except (*PYDICOM_FAULTS, zlib.error) as error:
        raise ReadError("The file is damaged: its values contradict each other.", _REPLACE, "corrupt") from error


_REPLACE = "Ask the sender for a new copy."


def _too_large(why: str) -> ReadError:
    return ReadError(f"The file is refused: {why}.", "Check where it comes from.", "too_large")


def truncated() -> ReadError:
    """The error for a file that ends too early."""
    return ReadError("The file ends too early: part of it is missing.", "Copy or export it again.", "truncated")


def _bytes_of(path: Path, most: int) -> bytes:
    size = path.stat().st_size
    if size > most:
        raise _too_large(f"{size >> 20} MB is too large for this kind of object")
    return path.read_bytes()


def _parse(data: bytes, limits: Limits) -> Dataset:
    start = start_of(data)
    if start.syntax.encode() == _DEFLATED:
        data = _inflated(data, start, limits.size)
        start = start_of(data)
    check_budget(data, start, limits.cost)
    file = _WatchedFile(data)
    dataset: Dataset = pydicom_lenient().dcmread(file, force=True)
    if not dataset or ("SOPClassUID" not in dataset and not file.short):
        raise ReadError("The file holds no DICOM data.", "Open the original file.", "not_dicom")
    if file.short or _cut_short(dataset):
        raise truncated()
    return dataset


def _inflated(data: bytes, start: Start, most: int) -> bytes:
    """The same file with its deflated dataset inflated, at most to `most` bytes (PS3.5 A.5)."""
    packer = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = packer.decompress(data[start.offset :], most)
    if packer.unconsumed_tail:
        raise _too_large("its compressed content expands without end")
    named = _PLAIN.ljust(len(_DEFLATED), b"\0")
    return data[: start.offset].replace(_DEFLATED, named) + plain


def _cut_short(dataset: Dataset) -> bool:
    """True when the last value is shorter than its length says."""
    for tag in reversed(dataset.keys()):
        element: Any = dataset.get_item(tag)
        value = getattr(element, "value", None)
        length = getattr(element, "length", _UNDEFINED)
        return isinstance(value, bytes) and length != _UNDEFINED and len(value) < length
    return False


def raw_bytes(dataset: Dataset, keyword: str) -> bytes | None:
    """The undecoded value of an element as it stands in the file; None where there is none."""
    from pydicom.charset import encode_string
    from pydicom.valuerep import PersonName

    if keyword not in dataset:
        return None
    value = getattr(dataset.get_item(keyword), "value", None)
    if isinstance(value, PersonName):
        return bytes(value.original_string) if value.original_string else str(value).encode()
    if isinstance(value, str):
        return bytes(encode_string(value, ["utf_8"]))
    return value if isinstance(value, bytes) else None


def charsets_of(dataset: Dataset) -> tuple[str, ...]:
    """Values of Specific Character Set, from the item or the dataset around it."""
    raw = raw_bytes(dataset, "SpecificCharacterSet")
    if raw is not None:
        return tuple(part.strip() for part in raw.decode("ascii", "replace").split("\\"))
    value = dataset.get("SpecificCharacterSet")
    if value is None:
        parent = getattr(dataset, "parent_seq", None)
        owner = getattr(parent, "parent_dataset", None)
        return charsets_of(owner) if owner is not None else ()
    return (value,) if isinstance(value, str) else tuple(str(part) for part in value)


def text(dataset: Dataset, keyword: str) -> str:
    """A value as one line of text ("\\\\" between several); empty where there is none or too much."""
    if keyword not in dataset:
        return ""
    raw = raw_bytes(dataset, keyword)
    if raw is not None:
        return decode_text(raw, charsets_of(dataset)).strip() if len(raw) <= MAX_TEXT else ""
    value = dataset.get(keyword)
    if value is None or isinstance(value, bytes):
        return ""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return str(value).strip()
    return "\\".join(str(part) for part in value)


def items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """Items of a sequence; empty where it is missing or not a sequence."""
    if keyword not in dataset:
        return []
    value = dataset.get(keyword)
    return _as_items(value)


def _as_items(value: Any) -> list[Dataset]:
    from pydicom.sequence import Sequence

    return list(value) if isinstance(value, Sequence) else []


def first(dataset: Dataset, keyword: str) -> Dataset | None:
    """First item of a sequence, or None."""
    found = items(dataset, keyword)
    return found[0] if found else None


def numbers(dataset: Dataset, keyword: str) -> npt.NDArray[np.float64]:
    """All numbers of a value as float64 [n]; empty where missing or not numbers.

    Decimal strings are parsed in one go, so that long contours cost no Python object per number.
    """
    if keyword not in dataset:
        return np.empty(0)
    element: Any = dataset.get_item(keyword)
    value = getattr(element, "value", None)
    if isinstance(value, bytes) and _is_decimal(keyword):
        return _decimals(value)
    value = dataset.get(keyword)
    if value is None or isinstance(value, (str, bytes)):
        return np.empty(0)
    found: npt.NDArray[np.float64] = np.atleast_1d(np.asarray(value, dtype=np.float64))
    return found


def _is_decimal(keyword: str) -> bool:
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    tag = tag_for_keyword(keyword)
    return tag is not None and dictionary_VR(tag) in {"DS", "IS"}


def _decimals(raw: bytes) -> npt.NDArray[np.float64]:
    raw = raw.strip(b" \x00")
    if not raw:
        return np.empty(0)
    return np.array(raw.split(b"\\"), dtype=np.float64)


def number(dataset: Dataset, keyword: str) -> float | None:
    """One finite number, or None."""
    try:
        found = numbers(dataset, keyword)
    except ValueError:
        return None
    return float(found[0]) if len(found) and math.isfinite(found[0]) else None


def whole(dataset: Dataset, keyword: str, default: int = 0) -> int:
    """One whole number, or the default."""
    value = number(dataset, keyword)
    return default if value is None else int(value)


def code(dataset: Dataset, keyword: str) -> Code | None:
    """First code of a code sequence (PS3.3 8.8), or None."""
    item = first(dataset, keyword)
    if item is None:
        return None
    value = text(item, "CodeValue") or text(item, "LongCodeValue") or text(item, "URNCodeValue")
    return Code(value, text(item, "CodingSchemeDesignator"), text(item, "CodeMeaning"))
