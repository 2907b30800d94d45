"""What a run is asked with: the same for the command line and the window."""

from __future__ import annotations

import uuid
from dataclasses import replace

from viewer.analysis import headers
from viewer.core.analysis import AnalysisRequest, Box, RunOptions
from viewer.core.study import Kind, Stack, Study
from viewer.core.volume import Volume


def request_for(
    pack_id: str,
    stack: Stack,
    volume: Volume,
    roi: Box | None = None,
    *,
    device: str = "auto",
    precision: str = "auto",
    options: RunOptions | None = None,
) -> AnalysisRequest:
    """A complete request for one pack on one stack."""
    asked = options or RunOptions()
    if not in_space(stack):
        asked = replace(asked, volumes=False)
    inputs, uids = {"image": volume}, uids_of(stack)
    return AnalysisRequest(uuid.uuid4().hex, pack_id, inputs, roi, device, precision, uids, asked)


def in_space(stack: Stack) -> bool:
    """True where the slices lie beside each other; pictures of one place at several times hold no volume."""
    return stack.kind in (Kind.VOLUME, Kind.IMAGE)


def uids_of(stack: Stack) -> tuple[str, ...]:
    """SOP Instance UIDs of a stack, each once."""
    return tuple(dict.fromkeys(i.sop_instance_uid for i in stack.instances if i.sop_instance_uid))


def with_age(volume: Volume, study: Study) -> Volume:
    """The volume with a Patient's Age from birth and study date where the file has none."""
    if volume.tags.get("PatientAge", "").strip():
        return volume
    age = headers.age_string(study.patient.birth_date, study.date)
    return replace(volume, tags={**volume.tags, "PatientAge": age}) if age else volume
