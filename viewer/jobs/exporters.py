"""What a report is written as: one row a file, in the order in which they are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer.core.analysis import AnalysisResult
from viewer.core.report import Report
from viewer.core.task import CancelToken, OnProgress, Progress
from viewer.jobs import dicom_objects, key_marks, measurement_table
from viewer.jobs.files import CHOSEN, Format, ResultFile
from viewer.jobs.report_content import ReportInput
from viewer.jobs.review import with_findings
from viewer.reporting.saying import Saying

if TYPE_CHECKING:
    from viewer.reporting.seg import SegReceipt


@dataclass(slots=True, eq=False)
class Export:
    """A report while its files are written.

    Attributes:
        folder: takes the files; the caller puts them where they belong.
        formats: what was asked for.
        predecessor: the structured report that the new one replaces.
        segs: what was written as segmentation, for the report to refer to.
        files: names written so far; left_out: {"file", "reason"} of those that could not be.
        pictures: the reader's pictures, as result.json tells of them.
    """

    folder: Path
    given: ReportInput
    report: Report
    formats: tuple[Format, ...] = tuple(Format)
    predecessor: Path | None = None
    segs: tuple[SegReceipt, ...] = ()
    files: list[str] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)
    pictures: list[dict[str, Any]] = field(default_factory=list)

    def results(self) -> tuple[AnalysisResult, ...]:
        """The results with accepted findings and their segments alone."""
        return tuple(_accepted_only(one) for one in with_findings(self.given.results, self.report.findings))

    def saying(self) -> Saying:
        """What people add to the DICOM objects."""
        return Saying(
            sections=self.report.sections,
            reader=self.report.author,
            signature=self.report.signature,
            predecessor=self.predecessor,
            language=self.report.language,
            reviewed=True,
            proposals=sum(1 for finding in self.given.findings if finding.pack),
            measured=self.report.measured,
            others=self.given.others,
        )


@dataclass(frozen=True, slots=True)
class Exporter:
    """One way to write a report.

    Attributes:
        file: what it is called, or how its names begin.
        write: writes into the export's folder and reads back, or notes why it was left out.
        stage: what the reader is told meanwhile.
    """

    format: Format
    file: str
    write: Callable[[Export], None]
    stage: str = "Writing and reading back"


def write_files(export: Export, on_progress: OnProgress, cancel: CancelToken) -> None:
    """Write a report in the formats asked for.

    Raises:
        OutputError: something read back wrong. OSError: the disk refused. Cancelled: the reader asked to stop.
    """
    asked = [exporter for exporter in EXPORTERS if exporter.format in export.formats]
    for n, exporter in enumerate(asked):
        on_progress(Progress(exporter.stage, n / len(asked)))
        exporter.write(export)
        cancel.check()


def printed(report: Report) -> bytes:
    """The PDF, held against the report before anybody sees it."""
    from viewer.reporting.paper import paper_of, pixels_of
    from viewer.reporting.readback import compare_pdf, stop_on
    from viewer.reporting.typeset import typeset

    paper = typeset(paper_of(report), pixels_of(report))
    stop_on(compare_pdf(report, paper), "The report")
    return paper.pdf


def _write_pdf(export: Export) -> None:
    (export.folder / ResultFile.REPORT).write_bytes(printed(export.report))
    export.files.append(ResultFile.REPORT)


def _write_segs(export: Export) -> None:
    given = export.given
    segs, left_out = dicom_objects.write_segs(export.folder, given.study, given.stack, export.results(), reviewed=True)
    export.segs = tuple(segs)
    export.files += [seg.path.name for seg in segs]
    export.left_out += left_out


def _write_sr(export: Export) -> None:
    given = export.given
    left_out = dicom_objects.write_sr(
        export.folder, given.study, given.stack, export.results(), export.saying(), segs=export.segs
    )
    export.left_out += left_out
    export.files += [] if left_out else [ResultFile.SR]


def _write_keys(export: Export) -> None:
    instances = [image.instance for image in export.given.chosen if image.instance is not None]
    if instances:
        left_out = dicom_objects.write_keys(export.folder, export.given.study, instances)
        export.left_out += left_out
        export.files += [] if left_out else [ResultFile.KEYS]


def _write_pictures(export: Export) -> None:
    export.pictures = key_marks.keep(export.folder, export.given.chosen)
    export.files += [str(picture["file"]) for picture in export.pictures]


def _write_measurements(export: Export) -> None:
    if export.report.measured or any(finding.measurements for finding in export.report.findings):
        measurement_table.write(export.report, export.folder / ResultFile.MEASUREMENTS)
        export.files.append(ResultFile.MEASUREMENTS)


def _accepted_only(result: AnalysisResult) -> AnalysisResult:
    """Masks with the segments of the findings that are left."""
    numbers = {finding.location.segment for finding in result.findings}
    masks = [replace(mask, segments=tuple(s for s in mask.segments if s.number in numbers)) for mask in result.masks]
    return replace(result, masks=tuple(mask for mask in masks if mask.segments))


EXPORTERS: tuple[Exporter, ...] = (
    Exporter(Format.PDF, ResultFile.REPORT, _write_pdf, "Laying out pages"),
    Exporter(Format.SEG, ResultFile.SEG, _write_segs),
    Exporter(Format.SR, ResultFile.SR, _write_sr),
    Exporter(Format.KEYS, ResultFile.KEYS, _write_keys),
    Exporter(Format.PICTURES, CHOSEN, _write_pictures),
    Exporter(Format.MEASUREMENTS, ResultFile.MEASUREMENTS, _write_measurements),
)
