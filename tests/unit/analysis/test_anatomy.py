"""A pack's labels say what its findings are."""

from __future__ import annotations

import msgspec

from tests import tiny_packs
from viewer.analysis.findings import Place, proposal
from viewer.core.analysis import AnalysisRequest
from viewer.core.finding import FindingKind
from viewer.core.pack import CodedTerm, Label


def test_a_label_of_anatomy_makes_no_finding_to_be_judged() -> None:
    pack = tiny_packs.info("pack", modality=["MR"])
    code = CodedTerm("99SECONDREAD", "T", "Thing")
    labels = {"lv": Label(code=code, kind=FindingKind.ANATOMY), "mass": Label(code=code)}
    object.__setattr__(pack, "viewer", msgspec.structs.replace(pack.viewer, labels=labels))
    request = AnalysisRequest("r", "pack", {})
    structure, finding = (proposal(pack, request, name, 0, Place()) for name in ("lv", "mass"))
    assert (structure.kind, structure.is_open) == (FindingKind.ANATOMY, False)
    assert (finding.kind, finding.is_open) == (FindingKind.FINDING, True)
    assert pack.viewer.answers
