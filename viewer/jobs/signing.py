"""Who may sign what, and when: asked by a report from a folder and by one from a sitting."""

from __future__ import annotations

from collections.abc import Sequence

from viewer.core import judging
from viewer.core.analysis import AnalysisResult
from viewer.core.clock import now
from viewer.core.finding import Finding
from viewer.core.report import Signature
from viewer.core.study import Study

#: (name, organisation) to sign now, a signature that was given, or none.
Signing = tuple[str, str] | Signature | None


def signed(
    study: Study, results: Sequence[AnalysisResult], findings: Sequence[Finding], sign: Signing
) -> Signature | None:
    """The signature given now.

    Raises:
        UsageError: it lacks a part, a finding is open, it lies before what is signed, or nobody is named.
    """
    if sign is None:
        return None
    given = sign if isinstance(sign, Signature) else Signature(*sign, now())
    signature = judging.signature(given.name, given.organization, given.when)
    judging.check_settled(findings)
    judging.check_patient(study.patient)
    passports = [result.provenance for result in results if result.provenance is not None]
    made = [*(passport.finished for passport in passports), *(finding.when for finding in findings)]
    judging.check_clock(signature.when, made)
    return signature
