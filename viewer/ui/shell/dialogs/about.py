"""What this program is, and what it is not."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QWidget

from viewer import __version__
from viewer.core.report import INTENDED_USE
from viewer.ui.kit.basic import button, column, label, row
from viewer.words.i18n import tr


class AboutDialog(QDialog):
    """Name, version, intended use, licences."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About SecondRead"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(480)
        whole = column(self, 24, 12)
        whole.addWidget(label("SecondRead", "page"))
        whole.addWidget(label(tr("Version {version}", version=__version__), "caption"))
        whole.addWidget(label(tr("A radiology viewer with a local AI second reader."), "secondary", wrap=True))
        whole.addWidget(label(tr(INTENDED_USE), "strong", wrap=True))
        words = tr(
            "It assists and does not decide: every AI output says “AI draft” until a person accepts it, "
            "and a report holds accepted findings only. Nothing leaves this computer."
        )
        whole.addWidget(label(words, "secondary", wrap=True))
        licences = tr("Licence: Apache-2.0. Font: Inter (SIL Open Font License). Data sets of the packs: see NOTICE.")
        whole.addWidget(label(licences, "caption", wrap=True))
        foot = row()
        foot.addStretch(1)
        foot.addWidget(button(tr("Close"), self.close))
        whole.addLayout(foot)
        self.ensurePolished()
        self.resize(480, whole.totalHeightForWidth(480))
