"""The PDF as other programs see it: pages, text, fonts, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.reporting.builders import accepted, picture, report
from viewer.core.errors import OutputError
from viewer.core.finding import Location
from viewer.core.report import KeyImage, Report, Signature
from viewer.core.study import Patient
from viewer.reporting import fonts
from viewer.reporting.paper import paper_of, pixels_of
from viewer.reporting.readback import compare_pdf
from viewer.reporting.typeset import Printed, printable, typeset

A4_POINTS = (595.0, 842.0)
#: 17 mm in points, less the half of a line that a glyph may overhang.
MARGIN_POINTS = 17 / 25.4 * 72 - 1
HOSTILE = '#import "x" $x$ *b* _i_ `c` <l> @r \\ #sys.inputs // <script>alert(1)</script> {{ 7*7 }} {page}'


def printed(paper: Report) -> Printed:
    return typeset(paper_of(paper), pixels_of(paper))


def pdf_of(paper: Report) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(printed(paper).pdf)


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


@pytest.mark.parametrize(
    "changes",
    [
        {"patient": Patient(HOSTILE, HOSTILE, HOSTILE, HOSTILE)},
        {"sections": dict.fromkeys(("indication", "technique", "findings", "impression", "recommendation"), HOSTILE)},
        {"study_description": HOSTILE, "accession": HOSTILE, "letterhead": (HOSTILE, HOSTILE), "notes": (HOSTILE,)},
        {"key_images": (KeyImage(picture(), HOSTILE),)},
    ],
)
def test_no_text_of_a_person_becomes_markup(changes: dict[str, object]) -> None:
    hostile = accepted(1, label=HOSTILE, comment=HOSTILE, reason=HOSTILE, location=Location(HOSTILE))
    whole = "".join("".join(text.split()) for text in text_of(pdf_of(report(hostile, **changes))))
    plain = "".join("".join(text.split()) for text in text_of(pdf_of(report(hostile))))
    shown = "".join(HOSTILE.split())
    assert whole.replace("\u200b", "").count(shown) > plain.replace("\u200b", "").count(shown)


def test_chinese_text_is_found_by_search() -> None:
    patient = Patient("SYN-0001", "SYNTHETIC^合成患儿甲", "20220114", "F")
    texts = text_of(pdf_of(report(accepted(1), language="zh", patient=patient)))
    for word in ("所见", "肺炎样表现", "评分不是概率", "合成患儿甲", "SYN-0001", "2026-03-02", "0.84"):
        assert word in "".join(texts[0].split()), word


def test_latin_text_is_found_by_search() -> None:
    text = text_of(pdf_of(report(accepted(1))))[0]
    for word in ("SYN-0001", "(4 Y)", "10:14", "0.84, 0.62 (AI)", "(111 days earlier)"):
        assert word in text, word


def test_it_is_a_tagged_archive_pdf_with_its_fonts() -> None:
    pdf = printed(report(accepted(1), language="zh")).pdf
    assert pdf.count(b"/FontFile") >= 2
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in pdf
    assert b"/StructTreeRoot" in pdf


def test_the_same_report_is_the_same_file() -> None:
    made = report(accepted(1), key_images=(KeyImage(picture(), "x"),))
    assert printed(made).pdf == printed(made).pdf
    assert printed(replace(made, created="2026-03-03T10:41:00+01:00")).pdf != printed(made).pdf


def test_pictures_are_drawn() -> None:
    bare = int(ink(pdf_of(report(accepted(1)))[0]).sum())
    shown = int(ink(pdf_of(report(accepted(1), key_images=(KeyImage(picture(), "x"),)))[0]).sum())
    assert shown - bare > 10_000


def test_a_very_long_name_is_never_cut_off() -> None:
    name = "^".join(["Verylongname" * 4, "Middle" * 5])
    made = pdf_of(report(accepted(1), patient=Patient("I" * 64, name, "", "")))
    for page, text in zip(made, text_of(made), strict=True):
        plain = "".join(text.replace("\u200b", "").split())
        assert "Verylongname" * 4 + "Middle" * 5 in plain
        assert "I" * 64 in plain
        assert not ink(page)[:, -int(MARGIN_POINTS * 100 / 72) :].any()
        assert not ink(page)[-int(MARGIN_POINTS * 100 / 72) :].any()


def test_a_very_long_name_of_a_reader_does_not_make_pages() -> None:
    signature = Signature("S" * 5000, "O" * 5000, "2026-03-02T10:41:00+01:00")
    assert len(pdf_of(report(accepted(1, reader="R" * 5000), signature=signature))) == 2


LONG = {
    "W": "W" * 5000, "words": "Anna " * 1000, "no font": "กขค" * 1700, "emoji": "😀🙂🚑" * 1700, "huge": "x" * 200_000,
    "lines": "a\n" * 2500,
}  # fmt: skip


@pytest.mark.parametrize("letters", LONG)
def test_a_name_of_any_length_of_anybody_makes_eight_pages_at_most_and_says_that_it_is_cut(letters: str) -> None:
    name = LONG[letters]
    signature = Signature(name, name, "2026-03-02T10:41:00+01:00")
    made = report(accepted(1, reader=name), signature=signature, author=name, patient=Patient(name, name, "", ""))
    paper = printed(made)
    assert compare_pdf(made, paper) == []
    assert len(pypdfium2.PdfDocument(paper.pdf)) <= 8
    assert "is cut here" in " ".join("".join(text_of(pypdfium2.PdfDocument(paper.pdf))).split())


def test_braces_in_a_name_are_not_page_numbers() -> None:
    texts = text_of(pdf_of(report(accepted(1), patient=Patient("{page}", "{pages}^x", "", ""))))
    assert all("{pages} x" in text and "{page}" in text for text in texts)


@pytest.mark.parametrize(
    "name",
    [
        "محمد^علي", "דוד^כהן", "محمد 123 abc علي (x)", "สมชาย^ใจดี", "देवनागरी", "王^小东=Wang^XiaoDong", "김^철수",
        "\U0001f600^x", "\U0001f468\u200d\U0001f469\u200d\U0001f467^z", "a\u00adb^c", "a\u200db\u200c^c",
        "\u202eabc^def\u202c", "\u034f\u115f\u3164^h", "e\u0301^\ufb01", "\x00\x07x",
    ],
)  # fmt: skip
def test_no_report_is_lost_for_the_letters_of_a_name(name: str) -> None:
    made = report(accepted(1, label=name, reader=name), patient=Patient("SYN-0001", name, "", ""))
    assert compare_pdf(made, printed(made)) == []


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=20))
def test_any_name_is_printed_and_read_back(name: str) -> None:
    made = report(accepted(1, label=name), patient=Patient("SYN-0001", name, "", ""))
    assert compare_pdf(made, printed(made)) == []


def test_letters_without_a_font_stand_as_numbers_and_the_paper_says_what_helps() -> None:
    made = printed(report(accepted(1), patient=Patient("1", "\u0e2a\u0e21^x", "", "")))
    assert made.unprintable == {"\u0e2a", "\u0e21"}
    text = " ".join(text_of(pypdfium2.PdfDocument(made.pdf))[0].split())
    assert "[U+0E2A U+0E21] x" in text
    assert "No font on this computer has these characters, printed as numbers: U+0E21, U+0E2A." in text
    assert "Installing fonts-noto-core helps." in text


def test_a_hyphen_at_the_end_of_a_line_is_read_back() -> None:
    made = report(accepted(1, label="-".join(["word"] * 60)), patient=Patient("-".join(["AB"] * 21), "x", "", ""))
    assert compare_pdf(made, printed(made)) == []


def test_writing_that_would_be_turned_around_is_not() -> None:
    assert printable("\u202eabc\u202c\u2066d\u2069", frozenset()) == "abcd"


@pytest.fixture
def only_inter(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The program's own fonts and no others."""
    own = fonts.font_folders()[:1]
    monkeypatch.setattr(fonts, "font_folders", lambda: own)
    fonts.fonts.cache_clear()
    yield
    fonts.fonts.cache_clear()


@pytest.mark.usefixtures("only_inter")
def test_a_chinese_name_without_a_font_is_numbers_and_a_chinese_report_is_refused() -> None:
    named = printed(report(accepted(1), patient=Patient("1", "王^小东", "", "")))
    text = "".join(text_of(pypdfium2.PdfDocument(named.pdf))[0].replace("\ufffe", "-").split())
    assert "[U+738B]" in text
    assert "fonts-noto-cjk" in text
    with pytest.raises(OutputError, match="characters of this report's language") as caught:
        printed(report(accepted(1), language="zh"))
    assert "fonts-noto-cjk" in caught.value.text


def test_a_thousand_findings_are_printed_and_read_back() -> None:
    made = many(1000)
    assert compare_pdf(made, printed(made)) == []


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    printed(report(accepted(1), key_images=(KeyImage(picture(), "x"),)))
    assert list(tmp_path.iterdir()) == []
