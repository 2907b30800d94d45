"""The Analysis section with many packs: what suits first, what is for other pictures in one row, all at once."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from tests import tiny_packs
from viewer.core.analysis import GateReason, GateVerdict, PackInfo, Suitability
from viewer.core.resources import models_dirs
from viewer.room.analyses import PackState
from viewer.room.panels.analysis import AnalysisView
from viewer.ui.kit.theme import apply_theme
from viewer.ui.panels.analysis_panel import AnalysisPanel
from viewer.ui.panels.refused_packs import RefusedFold
from viewer.words.i18n import named, set_language

RUN, WARN, REFUSE = Suitability.RUN, Suitability.WARN, Suitability.REFUSE


def pack(name: str, modality: str, *, needs_roi: bool = False) -> PackInfo:
    return tiny_packs.info(name, modality=[modality], needs_roi=needs_roi)


def state(name: str, verdict: Suitability, rule: str = "", text: str = "", modality: str = "DX") -> PackState:
    reasons = (GateReason(rule, verdict, text, "(0008,0060)"),) if rule else ()
    return PackState(pack(name, modality), GateVerdict(verdict, reasons))


def far(name: str, modality: str) -> PackState:
    return state(name, REFUSE, "modality", f"Needs {modality}; this is DX.", modality)


EIGHT = (
    far("Nodule", "CT"),
    far("Glioma", "MR"),
    far("Heart", "MR"),
    far("Hippocampus", "MR"),
    state("Tuberculosis", REFUSE, "age", "Made for 15 years and older; the patient is 4."),
    state("Bones", WARN, "age", "Made for 1 to 5 years; the file does not say the age."),
    state("Pneumonia", RUN),
    state("Lungs", RUN),
)


@pytest.fixture
def panel(qapp: QApplication, qtbot: QtBot) -> AnalysisPanel:
    apply_theme(qapp, "en")
    made = AnalysisPanel()
    qtbot.addWidget(made)
    made.resize(360, 900)
    made.show()
    return made


def words(panel: AnalysisPanel) -> list[str]:
    """What can be read, from the top."""
    QApplication.processEvents()
    all_of: list[QLabel | QPushButton] = [*panel.findChildren(QLabel), *panel.findChildren(QPushButton)]
    shown = [w for w in all_of if w.isVisible() and w.text()]
    return [w.text() for w in sorted(shown, key=lambda w: w.mapTo(panel, w.rect().topLeft()).y())]


def test_what_suits_stands_first_and_refusals_of_other_pictures_are_one_row(panel: AnalysisPanel) -> None:
    panel.show_view(AnalysisView(EIGHT, has_series=True))
    said = words(panel)
    order = [said.index(name) for name in ("Lungs", "Pneumonia", "Bones", "Tuberculosis")]
    assert order == sorted(order)
    assert "4 refused: for other pictures (MR, CT)" in said
    assert not {"Nodule", "Glioma", "Heart", "Hippocampus"} & set(said)
    assert panel.count == "1 warned, 5 refused", "folding hides no refusal from the count"


def test_the_row_opens_by_key_and_stays_open(panel: AnalysisPanel) -> None:
    panel.show_view(AnalysisView(EIGHT, has_series=True))
    fold = panel.findChild(RefusedFold)
    assert isinstance(fold, RefusedFold)
    QTest.keyClick(fold.button, Qt.Key.Key_Space)
    assert "Needs CT; this is DX. (0008,0060)" in words(panel)
    panel.show_view(AnalysisView(EIGHT, has_series=True))
    assert words(panel).count("Needs MR; this is DX. (0008,0060)") == 3


def test_a_switched_off_pack_says_what_helps_outside_the_row(panel: AnalysisPanel) -> None:
    reason = GateReason("research", REFUSE, "Research packs are switched off.", todo="Switch them on in the settings.")
    off = PackState(pack("Glioma", "DX"), GateVerdict(REFUSE, (reason,)))
    panel.show_view(AnalysisView((*EIGHT, off), has_series=True))
    assert "What helps: Switch them on in the settings." in words(panel)
    assert panel.count == "1 warned, 6 refused"


def test_a_single_refusal_is_no_row(panel: AnalysisPanel) -> None:
    panel.show_view(AnalysisView((EIGHT[0], EIGHT[6]), has_series=True))
    assert panel.findChild(RefusedFold) is None
    assert "Needs CT; this is DX. (0008,0060)" in words(panel)


def test_all_that_suit_is_one_button_and_leaves_warned_packs_alone(panel: AnalysisPanel, qtbot: QtBot) -> None:
    view = AnalysisView(EIGHT, has_series=True)
    assert [s.pack.id for s in view.suiting] == ["Pneumonia", "Lungs"]
    panel.show_view(view)
    button = next(b for b in panel.findChildren(QPushButton) if "all 2" in b.text())
    with qtbot.waitSignal(panel.all_asked):
        button.click()
    primary = [b.text() for b in panel.findChildren(QPushButton) if b.property("primary")]
    assert primary == [button.text()], "one primary button a section"


def test_long_names_are_whole_in_both_languages(panel: AnalysisPanel) -> None:
    name = "Pneumonia pattern in a young child's chest film"
    for language in ("en", "zh"):
        set_language(language)
        panel.show_view(AnalysisView((state(name, RUN),), has_series=True))
        QApplication.processEvents()
        shown = next(w for w in panel.findChildren(QLabel) if w.text() == named(name))
        assert shown.height() >= shown.heightForWidth(shown.width())
        assert shown.width() > 100


def test_every_pack_that_ships_has_a_chinese_name() -> None:
    import json

    set_language("zh")
    files = sorted(models_dirs()[0].glob("*/configs/metadata.json"))
    names = [json.loads(f.read_text(encoding="utf-8"))["name"] for f in files]
    assert [name for name in names if named(name) == name] == []
