"""The PDF as other programs see it: pages, text, fonts, pictures."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pypdfium2
import pytest

from tests.unit.reporting.builders import accepted, picture, report
from viewer.core.errors import OutputError
from viewer.core.report import KeyImage, Report
from viewer.core.study import Patient
from viewer.reporting.html import report_html
from viewer.reporting.pdf import Pages, render

A4_POINTS = (595.0, 842.0)
#: 17 mm in points, less the half of a line that a glyph may overhang.
MARGIN_POINTS = 17 / 25.4 * 72 - 1

pytestmark = pytest.mark.usefixtures("qapp")


def pdf_of(paper: Report) -> pypdfium2.PdfDocument:
    made = report_html(paper)
    return pypdfium2.PdfDocument(render(made.html, made.pages, made.images))


def text_of(document: pypdfium2.PdfDocument) -> list[str]:
    return [page.get_textpage().get_text_range() for page in document]


def ink(page: pypdfium2.PdfPage) -> np.ndarray:
    """True where the page is not white, 100 dots per inch."""
    return np.asarray(page.render(scale=100 / 72).to_numpy()[..., :3].min(axis=-1) < 250)


def many(number: int) -> Report:
    return report(*[accepted(n, label=f"Finding number {n:02d}", comment="Said so.") for n in range(1, number + 1)])


def test_pages_are_a4_with_their_margins_empty() -> None:
    for page in pdf_of(many(30)):
        assert page.get_size() == pytest.approx(A4_POINTS, abs=1)
        dark = ink(page)
        edge = int(MARGIN_POINTS * 100 / 72)
        assert not dark[:edge].any()
        assert not dark[-edge:].any()
        assert not dark[:, :edge].any()
        assert not dark[:, -edge:].any()


def test_the_patient_and_the_page_number_stand_on_every_page() -> None:
    texts = text_of(pdf_of(many(60)))
    assert len(texts) > 3
    for number, text in enumerate(texts, start=1):
        assert "SYNTHETIC CHILD A" in text
        assert "SYN-0001" in text
        assert f"Page {number} of {len(texts)}" in text
        assert f"Run passport on page {len(texts) - 1}" in text or f"Run passport on page {len(texts)}" in text


def test_the_passport_is_on_the_page_the_footer_names() -> None:
    texts = text_of(pdf_of(many(30)))
    (said,) = {text.split("Run passport on page ")[1].split()[0] for text in texts}
    assert "What is needed to repeat each run" in texts[int(said) - 1]


def test_thirty_findings_keep_rows_whole_and_repeat_the_table_head() -> None:
    document = pdf_of(many(30))
    texts = text_of(document)
    for n in range(1, 31):
        pages = [k for k, text in enumerate(texts) if f"Finding number {n:02d}" in text and "Judgements" not in text]
        assert len(pages) == 1, n
    rows = [text for text in texts if "Finding number" in text and "Judgements" not in text]
    assert len(rows) > 1
    assert all("Judged by" in text for text in rows)
    assert all(text.count("Finding number") == text.count("Said so.") for text in rows)


def test_a_comment_longer_than_a_page_goes_on_and_loses_no_word() -> None:
    words = [f"w{n:04d}" for n in range(3000)]
    whole = " ".join(text_of(pdf_of(report(accepted(1, comment=" ".join(words))))))
    assert all(word in whole for word in words)


def test_hostile_text_is_text() -> None:
    whole = text_of(pdf_of(report(accepted(1, label="<script>alert(1)</script> & <b>bold</b>"))))[0]
    assert "<script>alert(1)</script> & <b>bold</b>" in whole.replace("\r\n", " ")


def test_chinese_text_is_found_by_search() -> None:
    patient = Patient("SYN-0001", "SYNTHETIC^合成患儿甲", "20220114", "F")
    texts = text_of(pdf_of(report(accepted(1), language="zh", patient=patient)))
    for word in ("所见", "肺炎样表现", "评分不是概率", "合成患儿甲", "SYN-0001", "2026-03-02", "0.84"):
        assert word in "".join(texts[0].split()), word


def test_latin_text_is_found_by_search() -> None:
    text = text_of(pdf_of(report(accepted(1))))[0]
    for word in ("SYN-0001", "(4 Y)", "10:14", "0.84, 0.62 (AI)", "(111 days earlier)"):
        assert word in text, word


def test_fonts_are_embedded() -> None:
    made = report_html(report(accepted(1), language="zh"))
    assert render(made.html, made.pages, made.images).count(b"/FontFile") >= 2


def test_pictures_are_drawn() -> None:
    bare = int(ink(pdf_of(report(accepted(1)))[0]).sum())
    shown = int(ink(pdf_of(report(accepted(1), key_images=(KeyImage(picture(), "x"),)))[0]).sum())
    assert shown - bare > 10_000


def test_a_very_long_name_is_never_cut_off() -> None:
    name = "^".join(["Verylongname" * 4, "Middle" * 5])
    for text in text_of(pdf_of(report(accepted(1), patient=Patient("I" * 64, name, "", "")))):
        plain = "".join(text.replace("\ufffe", "").split())
        assert "Verylongname" * 4 + "Middle" * 5 in plain
        assert "I" * 64 in plain


def test_braces_in_a_name_are_not_page_numbers() -> None:
    texts = text_of(pdf_of(report(accepted(1), patient=Patient("{page}", "{pages}^x", "", ""))))
    assert all("{pages} x" in text and "{page}" in text for text in texts)


def test_a_report_without_end_is_refused_in_words() -> None:
    with pytest.raises(OutputError, match="longer than any report"):
        render("<p>line</p>" * 20_000, Pages("x", "<p>foot</p>"))


def test_it_works_without_an_application_and_leaves_none_behind() -> None:
    code = (
        "import os; os.environ.pop('DISPLAY', None); os.environ.pop('QT_QPA_PLATFORM', None)\n"
        "from viewer.reporting.pdf import Pages, render\n"
        "first = render('<p>one</p>', Pages('t', '<p>f</p>')); second = render('<p>one</p>', Pages('t', '<p>f</p>'))\n"
        "from PySide6.QtCore import QCoreApplication\n"
        "assert first[:5] == second[:5] == b'%PDF-' and QCoreApplication.instance() is None\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def test_ideographs_without_a_font_are_refused_and_latin_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.reporting.pdf.QFontDatabase.families", lambda *_: [])
    with pytest.raises(OutputError, match="Install a Chinese font"):
        pdf_of(report(accepted(1), patient=Patient("1", "王^小东")))
    assert len(pdf_of(report(accepted(1)))) == 2
