"""Rules of judging and signing: the same for window, script and command line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from viewer.core.errors import UsageError
from viewer.core.finding import Finding
from viewer.core.measurement import ReaderMeasurement
from viewer.core.report import Signature
from viewer.core.study import Patient

#: A name of more characters does not fit a DICOM object whole (PS3.5 6.2, VR PN and LO).
LONGEST_NAME = 64
#: Two computers' clocks may differ by this much.
CLOCK = timedelta(minutes=5)


def reader_name(name: str) -> str:
    """The name a verdict carries, single spaces between its parts.

    Raises:
        UsageError: it is empty or longer than DICOM can carry.
    """
    plain = _plain(name)
    if not plain:
        raise UsageError("A verdict needs the reader's name.", "Give it, then judge again.")
    _check_length(plain)
    return plain


def finding_label(label: str) -> str:
    """The reader's own name of a finding.

    Raises:
        UsageError: it is empty.
    """
    plain = label.strip()
    if not plain:
        raise UsageError("A finding needs a name.", "Type what you see.")
    return plain


def signature(name: str, organization: str, when: str) -> Signature:
    """A signature.

    Args:
        when: ISO 8601 with offset.

    Raises:
        UsageError: a part is empty or longer than DICOM can carry.
    """
    who, place = _plain(name), _plain(organization)
    if not (who and place):
        raise UsageError("Signing needs a name and an organisation.", "Give both, or set them in the settings.")
    _check_length(who)
    _check_length(place)
    return Signature(who, place, when)


def check_unsigned(signed: object) -> None:
    """Refuse to change findings, text or pictures once somebody signed.

    Args:
        signed: the signature, or nothing.

    Raises:
        UsageError: there is one.
    """
    if signed:
        raise UsageError("The report is signed; its findings and text are locked.", "Analyse again to begin anew.")


def check_settled(findings: Iterable[Finding]) -> None:
    """Refuse to sign while a proposal waits for a verdict; outlined anatomy waits for none.

    Raises:
        UsageError: one does; all that do are named.
    """
    waiting = [finding.id for finding in findings if finding.is_open]
    if waiting:
        raise UsageError(
            f"Nothing can be signed while findings are open: {', '.join(waiting)}.",
            "Accept, reject or mark each not sure, then sign.",
        )


def check_patient(patient: Patient) -> None:
    """Refuse to sign a report of nobody.

    Raises:
        UsageError: there is neither name nor ID.
    """
    if not (patient.name.replace("^", "").strip() or patient.id.strip()):
        raise UsageError(
            "The pictures carry neither a patient's name nor an ID, so nothing can be signed.",
            "Ask where they come from for pictures that do.",
        )


def check_clock(when: str, made: Iterable[str]) -> None:
    """Refuse a signature that lies before what is signed.

    Args:
        when: moment of signing; `made`: moments of analysis and verdicts, ISO 8601 with offset.

    Raises:
        UsageError: it does, by more than clocks differ.
    """
    signed = _moment(when)
    later = [moment for text in made if (moment := _moment(text)) is not None]
    if signed is None or any(moment - signed > CLOCK for moment in later):
        raise UsageError(
            "The clock of this computer says a time before the analysis or the verdicts.", "Set the clock, then sign."
        )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def is_signed_with(measured: ReaderMeasurement, signature: Signature | None) -> bool:
    """True for a measurement that a signature covers: taken before it, to the second."""
    if signature is None:
        return False
    return not measured.when or datetime.fromisoformat(measured.when) <= datetime.fromisoformat(signature.when)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _check_length(name: str) -> None:
    if len(name) > LONGEST_NAME:
        raise UsageError(f"A name or organisation can have at most {LONGEST_NAME} characters.", "Shorten it.")
