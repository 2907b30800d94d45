"""What a structured report draws on pictures: its spatial coordinates as a layer of marks (TID 1410, 1411, 1500)."""

from __future__ import annotations

from collections.abc import Iterator

from viewer.core.graphic import Graphic, Layer
from viewer.core.study import Kind, Stack
from viewer.reading.objects.dataset import opened, text
from viewer.reading.objects.structured import Item, context_of, number_words, place_of, report_of, resolved

#: Marks of one report that are kept.
MAX_MARKS = 20_000
#: Measurements that are written beside one mark.
_MOST_NUMBERS = 3
#: Algorithm Name; observer type Device.
_ALGORITHM, _OBSERVER, _DEVICE = ("DCM", "111001"), ("DCM", "121005"), ("DCM", "121007")


def may_mark(stack: Stack) -> bool:
    """True for reports, which may hold marks."""
    return stack.kind is Kind.REPORT


def read_marks(stack: Stack) -> tuple[Layer, ...]:
    """One layer a report that marks pictures; empty where it only speaks.

    A report that names an algorithm and that nobody verified is a machine's draft.

    Raises:
        ReadError: a file is broken or truncated.
    """
    layers = []
    for instance in stack.instances:
        with opened(instance.path) as dataset:
            root, verified = report_of(dataset), text(dataset, "VerificationFlag") == "VERIFIED"
        marks = tuple(graphic for _, graphic in zip(range(MAX_MARKS), _marks(root, root, ""), strict=False))
        if marks:
            layers.append(Layer(root.name, marks, automatic=not verified and _by_machine(root)))
    return tuple(layers)


def _marks(item: Item, root: Item, words: str) -> Iterator[Graphic]:
    """Marks below an item, each with what its group or its measurement says."""
    own = context_of(item)
    numbers = [f"{c.name} {number_words(c)}" for c in item.children if c.kind == "NUM" and c.number is not None]
    words = "\n".join(part for part in (own, *numbers[:_MOST_NUMBERS]) if part) if own else words
    for child in item.children:
        said = words
        if child.kind == "NUM" and child.number is not None:
            said = f"{child.name} {number_words(child)}"
        target = resolved(child, root) if item.kind == "NUM" else child
        place = place_of(target, root, said)
        if isinstance(place, Graphic):
            yield place
        if target is child:
            yield from _marks(child, root, said)


def _by_machine(root: Item) -> bool:
    for item in root.walk():
        name = (item.concept.scheme, item.concept.value) if item.concept else ("", "")
        if name == _ALGORITHM:
            return True
        if name == _OBSERVER and item.chosen and (item.chosen.scheme, item.chosen.value) == _DEVICE:
            return True
    return False
