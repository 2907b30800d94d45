"""A DICOM object as plain values, for checks that must see every element of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from viewer.core.finding import Code
from viewer.core.study import Stack
from viewer.reading.objects.dataset import BULK, items, numbers, opened, text

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_BULK = frozenset({"AT", "OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_BINARY = frozenset({"FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"})


@dataclass(frozen=True, slots=True)
class Plain:
    """A dataset: values as one line of text, sequences as items; bulk and private elements are left out.

    Attributes:
        values: keyword -> text ("\\\\" between several values).
        sequences: keyword -> items.
    """

    values: dict[str, str] = field(default_factory=dict)
    sequences: dict[str, tuple[Plain, ...]] = field(default_factory=dict)

    def value(self, keyword: str) -> str:
        """A value, "" where there is none."""
        return self.values.get(keyword, "")

    def items(self, *path: str) -> tuple[Plain, ...]:
        """Items of a sequence; of sequences in all items of the sequences before it."""
        found: tuple[Plain, ...] = (self,)
        for keyword in path:
            found = tuple(item for one in found for item in one.sequences.get(keyword, ()))
        return found

    def codes(self, *path: str) -> tuple[Code, ...]:
        """Codes of a code sequence."""
        return tuple(
            Code(one.value("CodeValue"), one.value("CodingSchemeDesignator"), one.value("CodeMeaning"))
            for one in self.items(*path)
        )


def plain_of(stack: Stack) -> Plain:
    """Every element of an object.

    Raises:
        ReadError: the object cannot be read.
    """
    with opened(stack.instances[0].path, BULK) as dataset:
        return _plain(dataset)


def _plain(dataset: Dataset) -> Plain:
    from pydicom.datadict import keyword_for_tag

    made = Plain()
    for tag in list(dataset.keys()):
        keyword, kind = keyword_for_tag(tag), dataset.get_item(tag).VR
        if not keyword or kind in _BULK:
            continue
        if kind == "SQ":
            made.sequences[keyword] = tuple(_plain(item) for item in items(dataset, keyword))
        elif kind in _BINARY:
            made.values[keyword] = "\\".join(f"{one:.15g}" for one in numbers(dataset, keyword))
        else:
            made.values[keyword] = text(dataset, keyword)
    return made
