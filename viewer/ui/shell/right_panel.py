"""The right panel: patient, Analysis, Overlay or Segments, Findings, Measurements, Report.

A section is one row of `SECTIONS`, a file in `room.panels` that says what it shows and after
which events, and a file in `ui.panels` that shows it and tells what the reader asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from viewer.room.panels import analysis, changes, findings, measurements, overlays, patient, priors, report
from viewer.room.panels.patient import PatientView
from viewer.room.room import Room
from viewer.session import Event, Session
from viewer.ui.kit.basic import ElidedLabel, column, frame, label
from viewer.ui.kit.refresh import Part
from viewer.ui.kit.section import Section
from viewer.ui.panels.analysis_panel import AnalysisPanel
from viewer.ui.panels.changes_panel import ChangesPanel
from viewer.ui.panels.findings_panel import FindingsPanel
from viewer.ui.panels.measurements_panel import MeasurementsPanel
from viewer.ui.panels.priors_panel import PriorsPanel
from viewer.ui.panels.report_panel import ReportSection
from viewer.ui.panels.segments_panel import SegmentsPanel
from viewer.words.i18n import tr

WIDTH, MIN_WIDTH, MAX_WIDTH = 360, 320, 480

_View = TypeVar("_View")
_Shown_contra = TypeVar("_Shown_contra", contravariant=True)
#: What actions do, by their id.
Acts = Mapping[str, Callable[..., object]]


class Shows(Protocol[_Shown_contra]):
    """A widget that shows a state."""

    def show_view(self, view: _Shown_contra) -> None:
        """Show a state anew."""


def part_of(
    room: Room,
    widget: Shows[_View],
    state: Callable[[Session, Room], _View],
    hears: tuple[type[Event], ...],
) -> Part:
    """A widget as a part of the window: it shows what `state` says after the events it hears."""
    return Part(lambda: widget.show_view(state(room.context.session, room)), hears)


def _analysis(room: Room, _acts: Acts) -> AnalysisPanel:
    made, analyses, lane = AnalysisPanel(), room.analyses, room.context.lane
    made.analyse_asked.connect(analyses.run)
    made.all_asked.connect(analyses.run_all)
    made.on_cpu_asked.connect(lambda pack_id: analyses.run(pack_id, "cpu"))
    made.cancel_asked.connect(lane.cancel)
    made.dismiss_asked.connect(lane.dismiss)
    made.box_asked.connect(analyses.want_box)
    return made


def _priors(room: Room, _acts: Acts) -> PriorsPanel:
    made = PriorsPanel(room.opening.thumbnail)
    made.compared.connect(room.comparing.compare)
    return made


def _changes(room: Room, _acts: Acts) -> ChangesPanel:
    made = ChangesPanel()
    made.paired.connect(room.changes.pair_up)
    made.parted.connect(room.changes.part)
    return made


def _overlays(room: Room, _acts: Acts) -> SegmentsPanel:
    made = SegmentsPanel()
    made.chosen.connect(room.overlays.choose)
    return made


def findings_panel(room: Room, _acts: Acts) -> FindingsPanel:
    """A list of findings that judges and edits them."""
    made = FindingsPanel()
    made.selected.connect(room.reviewing.select)
    made.judged.connect(room.reviewing.judge)
    made.edited.connect(room.reviewing.edit)
    return made


def _measurements(room: Room, acts: Acts) -> MeasurementsPanel:
    made = MeasurementsPanel()
    made.shown.connect(acts["measurement.show"])
    made.removed.connect(room.annotations.remove)
    made.renamed.connect(room.annotations.rename)
    made.table_asked.connect(acts["measure.table"])
    return made


def _report(_room: Room, acts: Acts) -> ReportSection:
    made = ReportSection()
    made.write_asked.connect(acts["report.write"])
    made.export_asked.connect(acts["report.export"])
    return made


@dataclass(frozen=True, slots=True)
class SectionRow(Generic[_View]):
    """One section of the panel.

    Attributes:
        make: its widget, with what the reader asks for handed on to the room.
        state, hears: what it shows, and the events after which that is to be built anew.
        at_foot: it stands below the others and never scrolls away.
    """

    name: str
    make: Callable[[Room, Acts], Shows[_View]]
    state: Callable[[Session, Room], _View]
    hears: tuple[type[Event], ...]
    at_foot: bool = False


SECTIONS: tuple[SectionRow[Any], ...] = (
    SectionRow("priors", _priors, priors.state, priors.HEARS),
    SectionRow("analysis", _analysis, analysis.state, analysis.HEARS),
    SectionRow("overlays", _overlays, overlays.state, overlays.HEARS),
    SectionRow("findings", findings_panel, findings.state, findings.HEARS),
    SectionRow("measurements", _measurements, measurements.state, measurements.HEARS),
    SectionRow("changes", _changes, changes.state, changes.HEARS),
    SectionRow("report", _report, report.state, report.HEARS, at_foot=True),
)


class PatientBlock(QFrame):
    """Name, sex and age and ID, study: readable without a click at every moment."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "block")
        inside = column(self, 12, 1)
        self._for = label("", "caption")
        self._name = ElidedLabel(role="title")
        self._who = ElidedLabel(role="caption2")
        self._study = ElidedLabel(role="caption2")
        for widget in (self._for, self._name, self._who, self._study):
            inside.addWidget(widget)
        self.hide()

    def show_view(self, view: PatientView) -> None:
        """Show whose pictures are active; nothing while none are."""
        self.setVisible(bool(view.name))
        words = tr("Active view: patient {letter}", letter=view.letter) if view.letter else tr("For patient")
        self._for.setText(words)
        self._name.set_whole(view.name)
        self._who.set_whole(view.who)
        self._study.set_whole(view.study)


class RightPanel(QFrame):
    """Patient on top, sections below that scroll, the report's state fixed at the bottom.

    Attributes:
        sections: the widgets of `SECTIONS` by name; parts: everything in the panel that follows the room.
    """

    def __init__(self, room: Room, acts: Acts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        made = [(row, row.make(room, acts)) for row in SECTIONS]
        self.sections: dict[str, Section] = {row.name: _section(widget) for row, widget in made}
        block = PatientBlock()
        self.parts: tuple[Part, ...] = (
            part_of(room, block, patient.state, patient.HEARS),
            *(part_of(room, widget, row.state, row.hears) for row, widget in made),
        )
        whole = column(self)
        whole.addWidget(block)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = frame("panel")
        inside = column(page)
        self._foot = [self.sections[row.name] for row in SECTIONS if row.at_foot]
        for section in self.sections.values():
            if section not in self._foot:
                inside.addWidget(section)
                section.sight_wanted.connect(self.show_section)
        inside.addStretch(1)
        self._scroll.setWidget(page)
        whole.addWidget(self._scroll, 1)
        for section in self._foot:
            whole.addWidget(section)

    def fold_foot(self, folded: bool) -> None:
        """Fold what stands at the bottom, or unfold it."""
        for section in self._foot:
            section.set_open(not folded)

    def show_section(self, section: QWidget) -> None:
        """Scroll a section, or a part of one, into sight."""
        self._scroll.ensureWidgetVisible(section, 0, 12)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """360 wide."""
        return QSize(WIDTH, 700)


def _section(widget: object) -> Section:
    assert isinstance(widget, Section)
    return widget
