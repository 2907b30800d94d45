"""Words of the window in the reader's language.

The English text is its own key; `resources/i18n/<language>.toml` maps it to the other
language. A word without a translation is shown in English. Sentences that the parts below the
window wrote (errors, gate reasons, cautions) are found again by `said`, see `core.phrases`.
"""

from __future__ import annotations

import logging
import tomllib

from viewer.core.errors import ViewerError
from viewer.core.phrases import phrases_in
from viewer.core.resources import resources_dir
from viewer.words.language import words_in

_LOG = logging.getLogger(__name__)
#: Languages a reader can choose, with their own names.
LANGUAGES: tuple[tuple[str, str], ...] = (("en", "English"), ("zh", "简体中文"))
_state: dict[str, str] = {"language": "en"}
_words: dict[str, str] = {}


def set_language(language: str) -> None:
    """Use `language` ("en" or "zh") for every later `tr`."""
    _state["language"] = language
    _words.clear()
    if language != "en":
        _words.update(load_words(language))


def load_words(language: str) -> dict[str, str]:
    """English -> `language`, as in `resources/i18n`; empty where there is no table."""
    file = resources_dir() / "i18n" / f"{language}.toml"
    if not file.is_file():
        _LOG.warning("no words for language %s", language)
        return {}
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    return {str(key): str(value) for key, value in table.items()}


def language() -> str:
    """The language in use."""
    return _state["language"]


def tr(text: str, /, **values: object) -> str:
    """`text` in the reader's language, with `{name}` fields filled from `values`."""
    words = _words.get(text, text)
    return words.format(**values) if values else words


def said(text: str) -> str:
    """A finished English sentence of the parts below the window, in the reader's language."""
    return _words.get(text) or phrases_in(language()).say(text)


def named(text: str) -> str:
    """A pack's own word (its name, a label, a place) in the reader's language, as the report says it."""
    return words_in(language()).name(text)


def error_words(error: ViewerError) -> str:
    """What happened and what to do, in the reader's language."""
    return f"{said(error.what)} {said(error.todo)}".strip()


def date_words(dicom_date: str) -> str:
    """A DICOM date (DA, PS3.5 6.2) as read aloud: "2 Mar 2026", in Chinese "2026-03-02"."""
    return words_in(language()).date(dicom_date) if dicom_date else ""


def time_words(dicom_time: str) -> str:
    """A DICOM time (TM) as hours and minutes, "" where it is missing."""
    digits = dicom_time.replace(":", "")
    return f"{digits[:2]}:{digits[2:4]}" if len(digits) >= 4 and digits[:4].isdigit() else ""
