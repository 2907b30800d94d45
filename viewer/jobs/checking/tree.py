"""The report object item by item: nothing twice, nothing gone, nothing that result.json does not know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from viewer.core.finding import Code, Finding
from viewer.core.measurement import ReaderMeasurement
from viewer.core.plain import from_plain
from viewer.jobs.checking import own as own_measurements
from viewer.jobs.checking.items import (
    COMMENT,
    FINDING,
    PARAMETERS,
    REGIONS,
    TRACKING_ID,
    TRACKING_UID,
    chosen,
    code_of,
    compare_number,
    is_code,
    numbers_of,
    on_picture,
    once,
    plain,
    said,
    wrong,
)
from viewer.jobs.checking.mismatch import Mismatch, What
from viewer.jobs.checking.stated import Stated
from viewer.reading.objects.structured import Item
from viewer.reporting.codes import finding_code, finding_site, measurement_code, table, unit_code

#: Points told and found lie together (mm; on films pixels).
PLACE = 0.1
_GROUP, _SITE, _SIDE, _ALGORITHM, _VERSION = "125007", "363698007", "272741003", "111001", "111003"
_WORDS = frozenset({"LABEL", "PLACE", "VERDICT", "VERDICT_BY", "VERDICT_REASON", "PROGRAM_NOTE", "NOT_VALIDATED"})
_OF_FINDING = frozenset({TRACKING_ID, TRACKING_UID, FINDING, _SITE, _SIDE, _ALGORITHM, _VERSION, PARAMETERS, COMMENT})
#: Items below the root: observers and language first, then the containers, each at most once.
_CONTEXT = frozenset(
    {"121005", "121008", "121009", "121012", "121013", "121014", "121015", "121016", "121049", "121058"}
)
_CONTAINERS = frozenset({"126010", "C0034375", "121070", "121072", "121074"})
#: Meanings of what DICOM calls the parts of a report (PS3.16), beside those of the code table.
_STANDARD = {
    ("112039", "DCM"): "Tracking Identifier",
    ("112040", "DCM"): "Tracking Unique Identifier",
    ("121049", "DCM"): "Language of Content Item and Descendants",
    ("121058", "DCM"): "Procedure reported",
    ("125007", "DCM"): "Measurement Group",
    ("126010", "DCM"): "Imaging Measurements",
    ("126000", "DCM"): "Imaging Measurement Report",
    (_SITE, "SCT"): "Finding Site",
    (_SIDE, "SCT"): "Laterality",
    ("260753009", "SCT"): "Source",
    ("111030", "DCM"): "Image Region",
    ("111002", "DCM"): "Algorithm Parameters",
    ("121112", "DCM"): "Source of Measurement",
    ("121191", "DCM"): "Referenced Segment",
    ("121005", "DCM"): "Observer Type",
    ("121006", "DCM"): "Person",
    ("121007", "DCM"): "Device",
    ("121008", "DCM"): "Person Observer Name",
    ("121009", "DCM"): "Person Observer's Organization Name",
    ("121012", "DCM"): "Device Observer UID",
    ("121013", "DCM"): "Device Observer Name",
    ("121014", "DCM"): "Device Observer Manufacturer",
    ("121015", "DCM"): "Device Observer Model Name",
    ("121016", "DCM"): "Device Observer Serial Number",
    ("121231", "DCM"): "Volume Surface",
    ("121232", "DCM"): "Source Series for Segmentation",
    ("121233", "DCM"): "Source Image for Segmentation",
    ("C0034375", "UMLS"): "Qualitative Evaluations",
    ("en", "RFC5646"): "English",
    ("zh", "RFC5646"): "Chinese",
}
#: The program as observer: name, manufacturer, serial number.
_MAKER = {"121013": "SecondRead", "121014": "SecondRead project", "121016": "0"}
_ROWS = {"findings": "121071", "impression": "121073", "recommendation": "121075"}


def compare(stated: Stated, root: Item) -> Iterator[Mismatch]:
    """Everything in a report object, held against what result.json knows."""
    yield from _meanings(stated, root)
    yield from _parts(stated, root)
    yield from _context(stated, root)
    groups = [item for item in root.walk() if code_of(item) == _GROUP]
    uids = Counter(said(group, TRACKING_UID) for group in groups)
    if any(count > 1 for count in uids.values()):
        yield wrong(What.REFERENCE, "Two findings of the report object carry one tracking UID.")
    spoken = {finding.id: finding for finding in stated.spoken}
    own = {one.id: one for one in _own(stated)}
    for number, group in enumerate(groups, start=1):
        who, name = f"finding {number} of the report object", said(group, TRACKING_ID)
        if name in spoken:
            yield from _finding(stated, spoken[name], group, who)
        elif name in own:
            yield from own_measurements.compare(stated, own[name], group, who)


def _own(stated: Stated) -> Iterator[ReaderMeasurement]:
    for entry in stated.document.get("measurements") or ():
        try:
            yield from_plain(ReaderMeasurement, entry)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue


# what words and codes mean


def _meanings(stated: Stated, root: Item) -> Iterator[Mismatch]:
    """A code whose words are those of another one: people read the words, programs the code."""
    known: dict[tuple[str, str], set[str]] = {}
    codes = [row.code for row in table().values()] + [Code(*key, meaning) for key, meaning in _STANDARD.items()]
    codes += [code for finding in stated.findings for code in _codes_of(finding)]
    codes += [code for one in _own(stated) for code in _codes_of_own(one)]
    for code in codes:
        known.setdefault((code.value, code.scheme), set()).add(plain(code.meaning))
    for found in (code for item in root.walk() for code in (item.concept, item.chosen, item.unit) if code is not None):
        words = known.get((found.value, found.scheme))
        if words is None:
            yield wrong(What.CODE, f"The code {found.value} is none that this report could use.")
        elif words is not None and plain(found.meaning) not in words:
            yield wrong(What.LABEL, f"The words beside the code {found.value} are not its own.")


def _codes_of(finding: Finding) -> Iterator[Code]:
    yield finding_code(finding)
    for one in finding.measurements:
        yield measurement_code(one)
        yield unit_code(one.unit)


def _codes_of_own(one: ReaderMeasurement) -> Iterator[Code]:
    if one.code is not None:
        yield one.code
    for value in one.values:
        yield measurement_code(value)
        yield unit_code(value.unit)


# the parts of the document


def _parts(stated: Stated, root: Item) -> Iterator[Mismatch]:
    """What stands below the root, and in its containers."""
    if code_of(root) != "126000":
        yield wrong(What.CODE, "The report object is no imaging measurement report.")
    found = Counter(code_of(child) for child in root.children)
    for code, count in found.items():
        if code not in _CONTEXT | _CONTAINERS:
            yield wrong(What.COUNT, "The report object has a part that this program never writes.")
        elif code in _CONTAINERS and count > 1:
            yield wrong(What.COUNT, "A part of the report object is there twice.")
    if (stated.spoken or stated.document.get("measurements")) and not found["126010"] and stated.is_reported:
        yield wrong(What.MISSING, "The findings of the report object are gone.")
    for box in root.children:
        due = {"126010": {_GROUP}, "C0034375": {"111017", "111065"}, "121070": {"121071"}, "121072": {"121073"}}
        allowed = {**due, "121074": {"121075"}}.get(code_of(box))
        if allowed is not None and not {code_of(child) for child in box.children} <= allowed:
            yield wrong(What.COUNT, "A part of the report object holds what does not belong there.")
        if code_of(box) in ("121070", "121072", "121074") and len(box.children) != 1:
            yield wrong(What.COUNT, "A section of the report object does not hold one text.")


def _context(stated: Stated, root: Item) -> Iterator[Mismatch]:
    """Language, observer, procedure, and how the algorithms did as a whole."""
    language = str(stated.report.get("language", "en")) if stated.is_reported else "en"
    if (code := chosen(root, "121049")) is None or code.value != language:
        yield wrong(What.CODE, "The report object is said to be in another language than result.json says.")
    author = plain(str(stated.report.get("author", ""))) if stated.is_reported else ""
    names = [plain(child.said.replace("^", " ")) for child in root.children if code_of(child) == "121008"]
    if author and names != [plain(author.replace("^", " ").replace("=", " ").replace("\\", " ")[:63])]:
        yield wrong(What.TEXT, "The report object names another observer than result.json.")
    made = {code_of(child): child.said for child in root.children if child.kind == "TEXT"}
    if any(made.get(code) != name for code, name in _MAKER.items()):
        yield wrong(What.TEXT, "The report object says that something else made it.")
    rows = table()
    due = (rows.get(("procedure", stated.stack.modality)) or rows["procedure", "any"]).code
    if (code := chosen(root, "121058")) is None or code.value != due.value:
        yield wrong(What.CODE, "The report object tells of another kind of examination than result.json.")
    if stated.document["packs"]:
        summary = next((i.chosen for i in root.walk() if code_of(i) == "111017"), None)
        if summary is None or summary.value != rows["status", _summary(stated)].code.value:
            yield wrong(What.CODE, "The summary of the report object is not what the packs came to.")


def _summary(stated: Stated) -> str:
    outcomes = [str(entry.get("outcome")) for entry in stated.document["packs"]]
    if "ran" not in outcomes:
        return "none"
    found = any(finding.pack for finding in stated.findings) or bool(stated.spoken)
    return f"{'all' if set(outcomes) == {'ran'} else 'some'} {'with' if found else 'without'} findings"


# a finding


def _finding(stated: Stated, finding: Finding, group: Item, who: str) -> Iterator[Mismatch]:
    yield from once(group, _OF_FINDING | _WORDS | REGIONS, who)
    yield from _named(stated, finding, group, who)
    yield from _said_of(stated, finding, group, who)
    for one, item in zip(_numbers_due(finding), numbers_of(group), strict=False):
        yield from compare_number(*one, item, who)
    yield from _region(stated, finding, group, who)


def _named(stated: Stated, finding: Finding, group: Item, who: str) -> Iterator[Mismatch]:
    """Tracking UID, the code of the finding in words, its site."""
    from viewer.reporting.origin import stable_uid

    uid = said(group, TRACKING_UID)
    segment = any(reference.segments for item in group.walk() for reference in item.references)
    if not uid or (not finding.tracking_uid and not segment and uid != stable_uid(finding.result_id, finding.id)):
        yield wrong(What.REFERENCE, f"{who.capitalize()} carries another tracking UID.")
    if not is_code(chosen(group, FINDING), finding_code(finding)):
        yield wrong(What.CODE, f"{who.capitalize()} carries another code than result.json.")
    if not is_code(chosen(group, _SITE), finding_site(finding)):
        yield wrong(What.CODE, f"{who.capitalize()} lies at another site than result.json says.")


def _said_of(stated: Stated, finding: Finding, group: Item, who: str) -> Iterator[Mismatch]:
    """Everything that must be said of a finding, and nothing else."""
    passport = _passport(stated, finding)
    point = finding.operating_point
    parameters = [f"weights sha256 {passport['weights_sha256']}"] if passport.get("weights_sha256") else []
    parameters += [f"threshold {point.threshold:g} ({point.name})"] if point is not None else []
    found = [child.said for child in group.children if code_of(child) == PARAMETERS]
    if finding.pack and sorted(map(plain, found)) != sorted(map(plain, parameters)):
        yield wrong(What.REFERENCE, f"{who.capitalize()} names other weights or another threshold than result.json.")
    version = str(passport.get("pack_version") or "unknown") if finding.pack else ""
    if said(group, _VERSION) != version:
        yield wrong(What.REFERENCE, f"{who.capitalize()} names another version of its pack than result.json.")
    label = finding.label if finding.label != finding_code(finding).meaning else ""
    unproved = ", ".join(one.name for one in finding.measurements if not one.validated)
    for code, text in (("LABEL", label), ("NOT_VALIDATED", unproved), ("PLACE", _place(finding))):
        if plain(said(group, code)) != plain(text):
            yield wrong(What.TEXT, f"The words on {who} are not those of result.json.")


def _place(finding: Finding) -> str:
    words = finding.location.text
    if not finding.side_edited:
        return words or finding.side.value
    return f"{finding.side.value or 'no side'}, by the reader; the AI had said: {words or 'no place'}"


def _passport(stated: Stated, finding: Finding) -> Mapping[str, Any]:
    for entry in stated.document["packs"]:
        if entry.get("request_id") == finding.result_id and entry.get("pack") == finding.pack:
            return entry.get("provenance") or {}
    return {}


def _numbers_due(finding: Finding) -> Iterator[tuple[Code, Code]]:
    """Name and unit of each number."""
    if finding.score is not None:
        yield table()["measurement", "score"].code, unit_code("1")
    yield from ((measurement_code(one), unit_code(one.unit)) for one in finding.measurements)


def _region(stated: Stated, finding: Finding, group: Item, who: str) -> Iterator[Mismatch]:
    """The region, its picture and its frame of reference."""
    place, shapes = finding.location, [item for item in group.walk() if item.kind in ("SCOORD", "SCOORD3D")]
    segments = any(reference.segments for item in group.walk() for reference in item.references)
    has_place = bool(place.points_lps) or place.box_kji is not None
    if not shapes and not segments and has_place:
        yield wrong(What.MISSING, f"{who.capitalize()} has lost its place.")
    if Counter(code_of(child) for child in group.children)["121232"] != int(segments):
        yield wrong(What.COUNT, f"{who.capitalize()} does not name the series of its segment once.")
    if segments and shapes or len({s.kind for s in shapes}) > 1 or (shapes and not has_place):
        yield wrong(What.POSITION, f"{who.capitalize()} has a place that result.json does not know.")
    pictures = {one.sop_instance_uid for one in stated.stack.instances}
    k = place.slice_index if len(place.points_lps) >= 3 or place.box_kji is None else place.box_kji[0][0]
    for item in group.walk():
        yield from on_picture(stated, item, _uid_at(stated, k), who)
        if item.kind == "UIDREF" and code_of(item) in ("121232", "121233") and item.said != stated.stack.series_uid:
            yield wrong(What.REFERENCE, f"{who.capitalize()} names another series than was analysed.")
        if any(r.sop_instance_uid not in pictures and not r.segments for r in item.references):
            yield wrong(What.REFERENCE, f"{who.capitalize()} refers to a picture that was not analysed.")
    yield from _outline(stated, finding, shapes, who)


def _uid_at(stated: Stated, k: int | None) -> str:
    at = 0 if k is None else k
    count = len(stated.stack.instances)
    return stated.stack.instances[at].sop_instance_uid if 0 <= at < count else ""


def _outline(stated: Stated, finding: Finding, shapes: Sequence[Item], who: str) -> Iterator[Mismatch]:
    """Corner by corner, in patient mm or pixels of a film, where the finding has an outline of its own."""
    points, grid = finding.location.points_lps, stated.stack.geometry
    if len(points) < 3 or not shapes or grid is None:
        return
    meant = np.array(points, dtype=np.float64)
    if shapes[0].kind == "SCOORD":
        meant = grid.world_to_index(meant)[:, [2, 1]] + 0.5
    found = np.array(_open(shapes[0].points), dtype=np.float64)
    if len(shapes) != 1 or found.shape != meant.shape or float(np.abs(found - meant).max()) > PLACE:
        yield wrong(What.POSITION, f"{who.capitalize()} lies elsewhere than in result.json.")
    if shapes[0].graphic not in ("POLYLINE", "POLYGON"):
        yield wrong(What.POSITION, f"The region of {who} has another shape than an outline.")


def _open(points: Sequence[tuple[float, ...]]) -> Sequence[tuple[float, ...]]:
    return points[:-1] if len(points) > 1 and points[0] == points[-1] else points


def sections(stated: Stated, root: Item) -> Iterator[Mismatch]:
    """No words in the object that result.json does not have; those that the program drafted are not kept there."""
    kept = stated.report.get("sections") or {}
    drafted = stated.drafted
    for key, code in _ROWS.items():
        said = [i.said for box in root.children for i in box.children if code_of(i) == code and i.kind == "TEXT"]
        if said and not str(kept.get(key, "")).strip() and key not in drafted and stated.is_reported:
            yield wrong(What.TEXT, f"The section {key} has words that result.json does not have.")
        if not said and str(kept.get(key, "")).strip() and stated.is_reported:
            yield wrong(What.TEXT, f"The section {key} is gone.")
