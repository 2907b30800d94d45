"""The AI statement: which pack proposed what, what became of it, and what a score is not."""

from __future__ import annotations

from viewer.core.report import PackRun, Report
from viewer.words.language import Words


def ai_statement(report: Report, words: Words) -> list[str]:
    """Sentences for the ruled box, in order."""
    said = [sentence for run in report.runs for sentence in _run(run, report, words)]
    if not said:
        said = [words("ai", "no_pack")]
    if any(finding.score is not None for finding in report.findings):
        said.append(words("ai", "score"))
    said.append(words("ai", "use"))
    if report.synthetic:
        said.append(words("ai", "synthetic"))
    return said


def short_hash(digest: str) -> str:
    """Both ends of a hash, enough to compare by eye; the whole one stands in the passport."""
    return f"{digest[:4]}…{digest[-4:]}" if len(digest) > 12 else digest or "–"


def pack_words(run: PackRun, words: Words) -> str:
    """Name, version, weights, device and date of a run."""
    passport = run.provenance
    if passport is None:
        return words.name(run.name)
    return words(
        "ai",
        "pack",
        name=words.name(run.name),
        version=passport.pack_version,
        weights=short_hash(passport.weights_sha256),
        device=passport.device,
        when=words.moment(passport.finished or passport.started),
    )


def _run(run: PackRun, report: Report, words: Words) -> list[str]:
    if run.outcome in ("refused", "failed"):
        return [words("ai", run.outcome, name=words.name(run.name), words=run.brief or run.words).strip()]
    said = [_accepted(run, report, words)]
    if run.words:
        said.append(words("ai", "warned", words=run.words))
    if run.proposed > run.accepted:
        counts = {"accepted": run.accepted, "rejected": run.rejected, "unsure": run.unsure, "waiting": run.waiting}
        parts = words("ai", "comma").join(words("ai", key, n=n) for key, n in counts.items() if n)
        said.append(words("ai", "rest", proposed=run.proposed, parts=parts))
    if run.proposed and run.outlined:
        said.append(words("ai", "outlined_too", n=run.outlined))
    if run.below_threshold:
        said.append(words("ai", "below", n=run.below_threshold))
    return said


def _accepted(run: PackRun, report: Report, words: Words) -> str:
    pack = pack_words(run, words)
    if not run.proposed:
        return words("ai", "outlined" if run.outlined else "nothing", pack=pack, n=run.outlined)
    numbers = [n for n, finding in enumerate(report.findings, start=1) if finding.pack == run.pack_id]
    if not numbers:
        return words("ai", "nothing_accepted", pack=pack)
    how = words("ai", "some_edited", n=run.edited) if run.edited else words("ai", "unchanged")
    joined = ", ".join(str(n) for n in numbers)
    return words("ai", "one" if len(numbers) == 1 else "many", numbers=joined, pack=pack, how=how)
