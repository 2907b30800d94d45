"""Steps on the list of studies: which there are, and the priors of a series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from viewer.room.script import params
from viewer.room.script.sitting import Sitting
from viewer.session.progress import Progress, progress_of

Result = Mapping[str, Any]


def studies(sitting: Sitting, p: params.ListStudies) -> Result:
    """`studies`: those that words, days and how far they were read find."""
    browsing = sitting.room.browsing
    progress = None if p.progress is None else Progress(p.progress)
    browsing.look_for(words=p.words, since=p.since, until=p.until, progress=progress)
    session = sitting.session
    told = [
        {
            "study_uid": study.uid,
            "date": study.date,
            "description": study.description,
            "progress": progress_of(session, study.uid).value,
        }
        for study in session.library.studies
        if browsing.shows(study)
    ]
    return {"studies": told, "counts": {one.value: count for one, count in browsing.counts().items()}}


def priors(sitting: Sitting, p: params.Priors) -> Result:
    """`priors`: of each earlier study of the person and body part the series to compare with, the newest first."""
    stack = sitting.stack(p.series_uid, p.stack)
    found = sitting.room.hanging.planner.priors.like(stack)
    return {
        "priors": [
            {"series_uid": s.series_uid, "stack": s.number, "study_uid": prior.study.uid, "days": prior.days}
            for prior, s in found
        ]
    }
