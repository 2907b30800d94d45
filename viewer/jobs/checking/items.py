"""Items of a report object: what they are called, what they hold, and words for what is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from viewer.core.finding import Code
from viewer.jobs.checking.mismatch import Mismatch, What
from viewer.jobs.checking.stated import Stated
from viewer.reading.objects.structured import Item

FILE = "sr.dcm"
TRACKING_ID, TRACKING_UID, FINDING, COMMENT, PARAMETERS = "112039", "112040", "121071", "121106", "111002"
REGIONS = frozenset({"111030", "121191", "121231", "121232", "121233", "121214", "121112", "260753009"})


def code_of(item: Item) -> str:
    """Value of an item's concept, "" without one."""
    return item.concept.value if item.concept is not None else ""


def wrong(what: What, text: str) -> Mismatch:
    """A disagreement between the report object and result.json."""
    return Mismatch(FILE, what, text)


def said(group: Item, code: str) -> str:
    """The text under a concept, "" where there is none."""
    return next((child.said for child in group.children if code_of(child) == code), "")


def chosen(group: Item, code: str) -> Code | None:
    """The value of a coded item, None where there is none."""
    return next((child.chosen for child in group.children if code_of(child) == code), None)


def once(group: Item, allowed: frozenset[str], who: str) -> Iterator[Mismatch]:
    """Each item once; regions, parameters and numbers as often as there are."""
    many = (REGIONS - {"111030", "121191", "121112"}) | {PARAMETERS}
    seen = Counter(code_of(child) for child in group.children if child.kind != "NUM")
    if any(count > 1 and code not in many for code, count in seen.items()):
        yield wrong(What.COUNT, f"An item of {who} is there twice.")
    if not set(seen) <= allowed:
        yield wrong(What.COUNT, f"{who.capitalize()} holds an item that this program never writes.")


def numbers_of(group: Item) -> list[Item]:
    """The numbers of a group, in their order."""
    return [child for child in group.children if child.kind == "NUM"]


def compare_number(name: Code, unit: Code, item: Item, who: str) -> Iterator[Mismatch]:
    """What a number is called, and its unit."""
    if not is_code(item.concept, name):
        yield wrong(What.CODE, f"A number of {who} is called otherwise than in result.json.")
    if not is_code(item.unit, unit):
        yield wrong(What.UNIT, f"A number of {who} has another unit than in result.json.")


def is_code(found: Code | None, due: Code | None) -> bool:
    """True for the same code with the same words."""
    if found is None or due is None:
        return found is due
    return (found.value, found.scheme, plain(found.meaning)) == (due.value, due.scheme, plain(due.meaning))


def on_picture(stated: Stated, item: Item, uid: str, who: str) -> Iterator[Mismatch]:
    """A region on a film lies on the picture it was seen on; one in space in the frame of the series."""
    grid = stated.stack.geometry
    frame = grid.frame_of_reference_uid if grid is not None else None
    if item.kind == "SCOORD3D" and frame and item.frame_of_reference_uid != frame:
        yield wrong(What.POSITION, f"{who.capitalize()} lies in another frame of reference than its pictures.")
    if item.kind == "SCOORD":
        named = [reference.sop_instance_uid for child in item.children for reference in child.references]
        if uid and named != [uid]:
            yield wrong(What.REFERENCE, f"{who.capitalize()} lies on another picture than result.json says.")
    named = [reference.sop_instance_uid for reference in item.references]
    if item.kind == "IMAGE" and code_of(item) == "121112" and uid and named != [uid]:
        yield wrong(What.REFERENCE, f"{who.capitalize()} lies on another picture than result.json says.")


def plain(text: str) -> str:
    """Words without their spacing: DICOM trims text."""
    return " ".join(text.split())
