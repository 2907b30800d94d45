"""The run passport page: enough to repeat each run and compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from viewer.core.analysis import Provenance
from viewer.core.report import PackRun, Report
from viewer.words.language import Words

#: A name longer than DICOM allows (PS3.5 6.2: 64 characters) is shortened on paper.
NAME_LETTERS = 64


@dataclass(frozen=True, slots=True)
class Passport:
    """One table of the page: its title and rows of (label, value)."""

    title: str
    rows: tuple[tuple[str, str], ...]


def passports(report: Report, words: Words) -> tuple[Passport, ...]:
    """One table for each pack that was asked for."""
    return tuple(_passport(run, words) for run in report.runs)


def judgements(report: Report, words: Words) -> tuple[str, ...]:
    """Who accepted what, when and why."""
    lines = []
    for n, finding in enumerate(report.findings, start=1):
        how = "own" if not finding.pack else "edited" if finding.edited else "accepted"
        line = words(
            "judged",
            "by",
            n=n,
            label=words.name(finding.label),
            state=words("table", how),
            reader=short_name(finding.reader) or words("table", "reader_unknown"),
            when=words.moment(finding.when),
        )
        lines.append(f"{line} {words('judged', 'reason', reason=finding.reason)}" if finding.reason else line)
    return tuple(lines)


def short_name(name: str) -> str:
    """A person's name, cut where it is longer than any name."""
    return name if len(name) <= NAME_LETTERS else f"{name[: NAME_LETTERS - 1]}…"


def _passport(run: PackRun, words: Words) -> Passport:
    outcome = words("passport", run.outcome) + (f". {run.words}" if run.words else "")
    version = run.provenance.pack_version if run.provenance else ""
    pack = f"{run.pack_id} {version}".strip()
    rows = [(words("passport", "pack"), pack), (words("passport", "outcome"), outcome)]
    if run.provenance is not None:
        rows += _provenance(run.provenance, run.seconds, words)
    return Passport(words.name(run.name), tuple(row for row in rows if row[1]))


def _provenance(passport: Provenance, seconds: float, words: Words) -> list[tuple[str, str]]:
    times = f"{words.moment(passport.started)} – {words.moment(passport.finished)}"
    if seconds:
        times += f", {words('passport', 'seconds', n=f'{seconds:.1f}')}"
    values = {
        "weights": passport.weights_sha256,
        "device": ", ".join(part for part in (passport.device, passport.backend) if part) or str(words.table["none"]),
        "fallbacks": "; ".join(passport.fallbacks) or str(words.table["none"]),
        "inputs": _inputs(passport, words),
        "settings": _pairs(passport.settings),
        "seeds": _pairs(passport.seeds),
        "software": _pairs(passport.software),
        "times": times,
    }
    return [(words("passport", key), value) for key, value in values.items()]


def _inputs(passport: Provenance, words: Words) -> str:
    images = words("passport", "images", n=len(passport.input_uids), hash=passport.pixel_hash or words.unknown)
    if not passport.input_uids:
        return images
    return f"{images}; {words('passport', 'first_uid', uid=passport.input_uids[0])}"


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in sorted(values.items()))
