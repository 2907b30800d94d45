"""`secondread check`: a result folder held against itself, its seal and its pictures.

Readers of its own: the SEG, SR and KO readers that open anybody's files, pdfium for the paper, Pillow
for pictures, a NIfTI reader written for this. Nothing that wrote a file is asked what it wrote.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from viewer.analysis.provenance import pixel_hash
from viewer.core.analysis import Subject
from viewer.core.errors import OutputError, ReadError, ViewerError
from viewer.core.study import Stack, Study
from viewer.core.task import CancelToken
from viewer.core.volume import Volume
from viewer.jobs import result_json
from viewer.jobs.checking import at_hand, headers, inside, listed, paper, rows, segmentations, sides, structured
from viewer.jobs.checking.at_hand import AtHand
from viewer.jobs.checking.mismatch import RESULT, Mismatch, What
from viewer.jobs.checking.stated import Stated, stated
from viewer.jobs.sealing import hashes
from viewer.jobs.sealing.images import Aspect, missing
from viewer.jobs.sealing.seal import SEAL, Alteration, Altered, SealState, Verdict, before_seals, verify
from viewer.reading import scan
from viewer.reading.objects.plain import plain_of
from viewer.reading.objects.references import links_of
from viewer.reading.objects.structured import verification_of
from viewer.reporting.source_values import as_written

_log = logging.getLogger(__name__)

_ASPECTS = {
    Aspect.VOXELS: What.VOXELS,
    Aspect.PATIENT: What.TEXT,
    Aspect.SERIES: What.REFERENCE,
    Aspect.PLACE: What.POSITION,
}
#: Mismatches that are told in an error; all of them stand in `secondread check`.
_TOLD = 3


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a check found.

    Attributes:
        checked: names of the files that were read.
        not_at_hand: pictures that could not be compared, in words.
        found: the pictures that were compared; None where none are at hand.
    """

    checked: tuple[str, ...]
    mismatches: tuple[Mismatch, ...]
    seal: Verdict
    not_at_hand: tuple[str, ...] = ()
    found: AtHand | None = None

    @property
    def is_sound(self) -> bool:
        """True where nothing disagrees and nothing signed was changed."""
        return not self.mismatches and self.seal.state is not SealState.CHANGED

    def as_json(self) -> dict[str, Any]:
        """The document of `check --json`."""
        return {
            "checked": list(self.checked),
            "mismatches": [{"file": m.file, "what": m.what.value, "text": m.text} for m in self.mismatches],
            "signature": self.seal.state.value,
            "signature_text": self.seal.words,
            "signer": self.seal.signer,
            "organization": self.seal.organization,
            "signed": self.seal.when,
            "fingerprint": self.seal.fingerprint,
            "not_at_hand": list(self.not_at_hand),
        }

    def as_text(self) -> str:
        """The same as lines for a person."""
        lines = [f"{m.file}: {m.what.value}. {m.text}" for m in self.mismatches]
        lines += [f"Not at hand, so not compared: {words}." for words in self.not_at_hand[:_TOLD]]
        if len(self.not_at_hand) > _TOLD:
            lines.append(f"{len(self.not_at_hand) - _TOLD} more pictures are not at hand.")
        count = len(self.mismatches)
        lines.append(f"{len(self.checked)} files checked, {count} mismatch{'es' if count != 1 else ''}.")
        return "\n".join([*lines, self.seal.words])


def check(folder: Path, *, sources: bool = True, cancel: CancelToken | None = None) -> Outcome:
    """Hold everything in a result folder against everything else.

    Args:
        folder: a result folder; it is left as it is.
        sources: compare the pictures too, where they are at hand.

    Raises:
        ReadError: it is no result folder, or its result.json cannot be read and nothing was signed.
        Cancelled: the reader asked to stop.
    """
    try:
        document = result_json.load(folder)
        claims = stated(folder, document)
    except ReadError:
        seal = verify(folder)
        if seal.state is SealState.NONE:
            raise
        return Outcome((RESULT,), tuple(_altered(seal.alterations)), seal)
    return _Check(claims, sources, cancel).run()


def signature_words(folder: Path) -> str:
    """What the seal of a folder says, as one sentence."""
    try:
        document = result_json.load(folder)
    except ReadError:
        document = None
    return verify(folder, document).words


def stop_unless_sound(outcome: Outcome, doing: str) -> None:
    """End a job before it writes or prints what cannot be true.

    Args:
        doing: what was about to be done ("Nothing was written").

    Raises:
        OutputError: with the first mismatches in words, code "mismatch" or "changed".
    """
    if outcome.is_sound:
        return
    told = " ".join(f"{m.file}: {m.text}" for m in outcome.mismatches[:_TOLD])
    if outcome.seal.state is SealState.CHANGED:
        raise OutputError(
            f"What was signed was changed afterwards. {told}",
            f"{doing}. Take the folder from a backup, or analyse again.",
            "changed",
        )
    raise OutputError(
        f"The results contradict each other. {told}",
        f"{doing}. `secondread check` names everything; analyse again.",
        "mismatch",
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Check:
    """One check under way."""

    stated: Stated
    sources: bool
    cancel: CancelToken | None

    def run(self) -> Outcome:
        folder, document = self.stated.folder, self.stated.document
        objects = dict(self._objects())
        seal = self._seal(verify(folder, document), objects)
        kept = list(hashes.altered(folder, document)) if seal.state is SealState.NONE else []
        altered = list(_altered((*seal.alterations, *kept)))
        found = self._found()
        said = [*altered, *self._compared(objects), *self._pictures(found)]
        files = frozenset(m.file for m in altered)
        mismatches = tuple(dict.fromkeys(_blamed(m, files) for m in said))
        return Outcome(self._checked(objects), mismatches, seal, tuple(self._absent(found)), found)

    def _objects(self) -> Iterator[tuple[str, tuple[Study, Stack] | str]]:
        """The DICOM objects of the folder as a scan finds them; words where one cannot be opened."""
        for path in sorted(self.stated.folder.glob("*.dcm")):
            result = scan([path])
            stacks = [(study, stack) for study in result.studies for stack in study.stacks]
            words = result.refused[0].text if result.refused else "Nothing was found in it."
            yield path.name, stacks[0] if len(stacks) == 1 else words

    def _checked(self, objects: Mapping[str, object]) -> tuple[str, ...]:
        names = {RESULT, *objects, *(m.file for m in (*self.stated.masks, *self.stated.beat))}
        names |= {name for name in (paper.PAPER, SEAL) if (self.stated.folder / name).is_file()}
        names |= {path.name for path in self.stated.folder.glob("*.png")}
        return tuple(sorted(names))

    def _seal(self, seal: Verdict, objects: Mapping[str, tuple[Study, Stack] | str]) -> Verdict:
        """The verdict on the seal; a paper or an object that says it is signed needs one."""
        if seal.state is not SealState.NONE:
            return seal
        signed = [name for name in (paper.PAPER, structured.FILE) if self._says_signed(name, objects.get(name))]
        if not signed:
            return seal
        gone = tuple(Alteration(n, Altered.HASH, f"{n} says that it is signed; the folder does not.") for n in signed)
        return replace(seal, state=SealState.CHANGED, alterations=gone)

    def _says_signed(self, name: str, found: tuple[Study, Stack] | str | None) -> bool:
        path = self.stated.folder / name
        try:
            if name == paper.PAPER:
                return path.is_file() and paper.is_signed_paper(path.read_bytes())
            return isinstance(found, tuple) and verification_of(found[1]).verified
        except (OSError, ViewerError):
            return False

    def _compared(self, objects: Mapping[str, tuple[Study, Stack] | str]) -> Iterator[Mismatch]:
        yield from inside.compare(self.stated)
        if not before_seals(self.stated.document):
            yield from listed.compare(self.stated)
            yield from rows.compare(self.stated)
        yield from self._guarded(self._dicom(objects), structured.FILE)
        yield from paper.pictures(self.stated)
        path = self.stated.folder / paper.PAPER
        if path.is_file() and self.stated.is_reported:
            yield from self._guarded(paper.compare(self.stated, path.read_bytes()), paper.PAPER)
        elif self.stated.is_reported:
            yield Mismatch(paper.PAPER, What.MISSING, "The report is gone.")
        for name in self.stated.document.get("files") or ():
            if not (self.stated.folder / Path(str(name)).name).is_file():
                yield Mismatch(str(name), What.MISSING, f"{name} is named in result.json and is not there.")

    def _guarded(self, mismatches: Iterator[Mismatch], file: str) -> Iterator[Mismatch]:
        """Mismatches of a file; that it cannot be read is one too."""
        try:
            yield from mismatches
        except ViewerError as error:
            yield Mismatch(file, What.VALUE, f"{file} cannot be read. {error.what}")

    def _dicom(self, objects: Mapping[str, tuple[Study, Stack] | str]) -> Iterator[Mismatch]:
        opened = {name: found for name, found in objects.items() if isinstance(found, tuple)}
        for name, found in objects.items():
            if isinstance(found, str):
                yield Mismatch(name, What.VALUE, f"{name} cannot be read. {found}")
            else:
                yield from _whose(self.stated, name, *found)
        uids = {stack.instances[0].sop_instance_uid: name for name, (_, stack) in opened.items()}
        for name, (_, stack) in opened.items():
            yield from self._guarded(_references(self.stated, name, stack, uids, opened), name)
        if not before_seals(self.stated.document):
            yield from self._headers({name: stack for name, (_, stack) in opened.items()})
        segs = [(name, stack) for name, (_, stack) in opened.items() if name.startswith("seg")]
        if segs:
            yield from self._guarded(segmentations.compare(self.stated, segs), segs[0][0])
        if structured.FILE in opened:
            stack = opened[structured.FILE][1]
            yield from structured.compare(self.stated, stack, dict(_tracking(segs)))
            yield from _verified(self.stated, stack)
        key_list = opened.get(paper.KEYS)
        yield from self._guarded(paper.keys(self.stated, key_list[1] if key_list else None), paper.KEYS)

    def _headers(self, stacks: Mapping[str, Stack]) -> Iterator[Mismatch]:
        plain = {}
        for name, stack in stacks.items():
            try:
                plain[name] = plain_of(stack)
            except ReadError as error:
                yield Mismatch(name, What.VALUE, f"{name} cannot be read. {error.what}")
        for name, one in plain.items():
            yield from self._guarded(headers.compare(self.stated, name, one, tuple(plain.values())), name)

    def _found(self) -> AtHand | None:
        if not self.sources:
            return None
        asked = (self.stated.document.get("request") or {}).get("path")
        return at_hand.find(self.stated.stack, asked, self.cancel)

    def _pictures(self, found: AtHand | None) -> Iterator[Mismatch]:
        """The pictures at hand against those that were analysed."""
        if found is None or found.volume is None:
            return
        try:
            kept = at_hand.differences(self.stated.document.get("sources"), found)
        except (TypeError, ValueError, KeyError):
            yield Mismatch(RESULT, What.VALUE, "What result.json says of its pictures cannot be read.", "")
            return
        differences = [(one, one.aspect) for one in kept if one.aspect is not None]
        for one, aspect in differences:
            yield Mismatch(one.image.file, _ASPECTS[aspect], f"{one.words[:1].upper()}{one.words[1:]}.")
        if not differences:
            yield from self._whole(found, found.volume, all_there=not kept)

    def _whole(self, found: AtHand, volume: Subject, *, all_there: bool) -> Iterator[Mismatch]:
        """What older folders keep of their pictures too: whose they are, and one hash over all voxels."""
        yield from _whose(self.stated, found.stack.instances[0].path.name, found.study, found.stack)
        if not all_there or not isinstance(volume, Volume):
            return
        if not before_seals(self.stated.document):
            yield from listed.at_hand(self.stated, found.study, found.stack)
        now = pixel_hash(volume)
        for entry in self.stated.document["packs"]:
            passport = entry.get("provenance") or {}
            if entry.get("text"):  # words that were typed: the pictures beside them were not read
                continue
            elsewhere = entry.get("cine") or entry.get("stack_key") not in (None, "", self.stated.stack.key)
            if passport.get("pixel_hash") not in (None, "", now) and not elsewhere:
                yield Mismatch(RESULT, What.VOXELS, f"{entry.get('pack')} was run on other voxels than those at hand.")
        yield from sides.compare(self.stated, volume)

    def _absent(self, found: AtHand | None) -> Iterator[str]:
        """Pictures that are not there, each with number, file and UID."""
        if not self.sources:
            return
        images = at_hand.images_of(self.stated.document.get("sources"))
        if found is not None and found.volume is not None:
            yield from (one.image.words for one in missing(images, found.stack.instances))
        elif images:
            yield from (image.words for image in images)
        else:
            yield from (one.path.name for one in self.stated.stack.instances)


def _tracking(segs: Sequence[tuple[str, Stack]]) -> Iterator[tuple[str, dict[int, str]]]:
    """SOP Instance UID and the tracking UIDs of each segmentation; none of one that cannot be read."""
    for _, stack in segs:
        try:
            yield stack.instances[0].sop_instance_uid, segmentations.tracking_uids(plain_of(stack))
        except ViewerError as error:
            _log.info("a segmentation has no tracking UIDs: %s", error.what)


def _blamed(mismatch: Mismatch, altered: frozenset[str]) -> Mismatch:
    """The mismatch on the file that was changed, where the hashes tell it."""
    if mismatch.file not in altered and mismatch.against in altered:
        return replace(mismatch, file=mismatch.against, against=mismatch.file)
    return mismatch


def _altered(alterations: Sequence[Alteration]) -> Iterator[Mismatch]:
    for one in alterations:
        yield Mismatch(one.file, What(one.what.value), one.text, "")


#: What names a patient, and as DICOM calls it.
_PATIENT = {"name": "PatientName", "id": "PatientID", "birth_date": "PatientBirthDate", "sex": "PatientSex"}


def _whose(stated: Stated, name: str, study: Study, _stack: Stack) -> Iterator[Mismatch]:
    """Patient and study of an object, without naming anybody."""
    if study.uid != stated.study.uid:
        yield Mismatch(name, What.REFERENCE, f"{name} belongs to another study.")
    mine, theirs = stated.study.patient, study.patient
    for what, keyword in _PATIENT.items():
        own, said = getattr(mine, what), _trimmed(getattr(theirs, what))
        if said != _trimmed(own) and said != _trimmed(as_written(keyword, own)):
            yield Mismatch(name, What.TEXT, f"{name} states another {what.replace('_', ' ')} of the patient.")


def _trimmed(text: str) -> str:
    return " ".join(text.replace("^", " ").split())


def _references(
    stated: Stated, name: str, stack: Stack, own: Mapping[str, str], opened: Mapping[str, tuple[Study, Stack]]
) -> Iterator[Mismatch]:
    """An object refers to the analysed pictures, and to objects of its own folder."""
    links = links_of(stack)
    pictures = {one.sop_instance_uid for one in stated.stack.instances}
    series = {stated.stack.series_uid, *(other.series_uid for _, other in opened.values())}
    if not links.sop_uids <= pictures | own.keys() and name != paper.KEYS:
        yield Mismatch(name, What.REFERENCE, f"{name} refers to pictures that were not analysed.")
    if not links.series_uids <= series and name != paper.KEYS:
        yield Mismatch(name, What.REFERENCE, f"{name} refers to a series that was not analysed.")


def _verified(stated: Stated, stack: Stack) -> Iterator[Mismatch]:
    """The SR is verified by the signer of the report, and only then."""
    found = verification_of(stack)
    signature = stated.report.get("signature") if stated.is_reported else None
    if found.verified != bool(signature):
        yield Mismatch(structured.FILE, What.VALUE, "The report object and result.json do not agree on the signature.")
    if isinstance(signature, Mapping) and found.verified:
        names = {_trimmed(who) for who in found.observers}
        if _trimmed(str(signature.get("name", "")))[:63] not in {name[:63] for name in names}:
            yield Mismatch(structured.FILE, What.TEXT, "The report object is verified by another name.")
