"""What a run is asked with: the same for the command line and the window."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace

from viewer.analysis import headers
from viewer.core.analysis import AnalysisRequest, Box, Input, PackInfo, RunOptions, Subject, Table
from viewer.core.inference import InputKind
from viewer.core.study import Kind, Stack, Study
from viewer.core.volume import Volume


def request_for(
    pack_id: str,
    stack: Stack,
    inputs: Mapping[str, Input],
    roi: Box | None = None,
    *,
    device: str = "auto",
    precision: str = "auto",
    options: RunOptions | None = None,
) -> AnalysisRequest:
    """A complete request for one pack on one stack; its inputs as `inputs_for` names them."""
    asked = options or RunOptions()
    if not in_space(stack):
        asked = replace(asked, volumes=False)
    uids = uids_of(stack)
    series = stack.series_uid if uids else None
    return AnalysisRequest(uuid.uuid4().hex, pack_id, inputs, roi, device, precision, uids, asked, series)


def inputs_for(pack: PackInfo, subject: Subject, person: Table | None) -> dict[str, Input]:
    """What a pack is given of a subject, by the names it has for its inputs; `person`: age and sex."""
    if isinstance(subject, Volume):
        return {"image": subject}
    kind = InputKind.TEXT if isinstance(subject, str) else InputKind.SIGNAL
    name = next((name for name, wanted in pack.inference.inputs.items() if wanted is kind), str(kind))
    tables = [name for name, wanted in pack.inference.inputs.items() if wanted is InputKind.TABLE]
    return {name: subject, **({tables[0]: person} if tables and person else {})}


def person_of(study: Study, stack: Stack) -> Table:
    """Age in years and sex ("M", "F"), as far as the headers tell them."""
    age = stack.header.get("PatientAge", "") or headers.age_string(study.patient.birth_date, study.date)
    years, sex = headers.age_years(age), study.patient.sex.strip().upper()[:1]
    told: dict[str, float | str] = {} if years is None else {"age": float(years)}
    return told | ({"sex": sex} if sex in ("M", "F") else {})


def in_space(stack: Stack) -> bool:
    """True where the slices lie beside each other; pictures of one place at several times hold no volume."""
    return stack.kind in (Kind.VOLUME, Kind.IMAGE)


def uids_of(stack: Stack) -> tuple[str, ...]:
    """SOP Instance UIDs of a stack, each once."""
    return tuple(dict.fromkeys(i.sop_instance_uid for i in stack.instances if i.sop_instance_uid))


def aged(subject: Subject, study: Study) -> Subject:
    """As `with_age`; signals and texts stay as they are."""
    return with_age(subject, study) if isinstance(subject, Volume) else subject


def with_age(volume: Volume, study: Study) -> Volume:
    """The volume with a Patient's Age from birth and study date where the file has none."""
    if volume.tags.get("PatientAge", "").strip():
        return volume
    age = headers.age_string(study.patient.birth_date, study.date)
    return replace(volume, tags={**volume.tags, "PatientAge": age}) if age else volume
