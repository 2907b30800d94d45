"""Words about what could not be done, on top of the right panel until they are closed."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QWidget

from viewer.ui.kit.basic import column
from viewer.ui.kit.section import Message
from viewer.words.i18n import tr
from viewer.words.sentences import first_sentence

#: So many messages are kept; the oldest goes.
_MOST = 3


class Notices(QFrame):
    """A short pile of messages; the same words are not piled twice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self._pile = column(self, 12, 8)
        self._words: list[tuple[str, Message]] = []
        self.hide()

    def say(self, words: str, state: str = "warn") -> None:
        """Show `words`; their first sentence is bold."""
        if any(words == known and not message.isHidden() for known, message in self._words):
            return
        what, more = first_sentence(words)
        message = Message(state, what, more, closable=True)
        message.closed.connect(self._tidy)
        self._words.append((words, message))
        self._pile.addWidget(message)
        while len(self._words) > _MOST:
            self._remove(self._words[0][1])
        self.show()

    @property
    def words(self) -> tuple[str, ...]:
        """What is shown."""
        return tuple(words for words, message in self._words if not message.isHidden())

    def _tidy(self) -> None:
        for _, message in list(self._words):
            if message.isHidden():
                self._remove(message)
        self.setVisible(bool(self._words))

    def _remove(self, message: Message) -> None:
        self._words = [(words, m) for words, m in self._words if m is not message]
        self._pile.removeWidget(message)
        message.deleteLater()


def done_words(folder: str, names: list[str]) -> str:
    """ "Report written. ..." after an export."""
    return f"{tr('Report written.')} {tr('{files} in {folder}', files=', '.join(names), folder=folder)}"
