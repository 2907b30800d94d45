"""HTML to PDF through Qt's text engine (QtGui only; works off screen).

The one place that knows how a page is made: letterheads and languages change the HTML, not this.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QBuffer, QCoreApplication, QIODevice, QMarginsF, QRectF, QUrl
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QImage,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QTextDocument,
)

from viewer.core.errors import OutputError
from viewer.core.resources import resources_dir
from viewer.reporting.paginate import Page, last_forced, page_of, paginate
from viewer.reporting.searchable import restore_names

#: Paper: A4 with 17 mm margins, at 300 dots per inch.
MARGIN_MM, DPI = 17.0, 300
#: Space between text and footer (mm).
FOOTER_GAP_MM = 4.0
#: First family that is installed wins, glyph by glyph; the second list when the language is Chinese.
LATIN = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "DejaVu Sans")
CHINESE = ("Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC")
#: Writing systems whose fonts hold ideographs.
IDEOGRAPHS = (
    QFontDatabase.WritingSystem.SimplifiedChinese,
    QFontDatabase.WritingSystem.TraditionalChinese,
    QFontDatabase.WritingSystem.Japanese,
)
#: Text sizes: the smaller ones only where they save a page.
TEXT_POINTS = (11.0, 10.5, 10.0)
#: Pages beyond this are a mistake, not a report.
MAX_PAGES = 200


@dataclass(frozen=True, slots=True)
class Pages:
    """What stands around the text of every page.

    Attributes:
        title: of the document, without patient data.
        footer: HTML with `{page}`, `{pages}` and `{passport}` (the last page that begins by force).
        language: "en" or "zh": picks the font list.
    """

    title: str
    footer: str
    language: str = "en"


def render(html: str, pages: Pages, images: Mapping[str, npt.NDArray[np.uint8]] | None = None) -> bytes:
    """Lay out HTML on A4 pages and return the PDF.

    Args:
        html: Qt's rich-text subset of HTML; a picture in its own `<p>`.
        pages: footer and title.
        images: name -> uint8 RGB [rows, columns, 3], used as `<img src="name">`.

    Raises:
        OutputError: the text does not end within `MAX_PAGES`, or no font can draw it.
    """
    with _gui_application():
        _load_fonts()
        _check_fonts(html)
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        writer = _writer(buffer, pages.title)
        text = _paint(writer, html, pages, images or {})
        del writer
        return restore_names(bytes(buffer.data().data()), text, families(pages.language))


def families(language: str) -> list[str]:
    """Font families in the order they are tried."""
    return [*CHINESE, *LATIN] if language == "zh" else [*LATIN, *CHINESE]


@contextmanager
def _gui_application() -> Iterator[None]:
    """The running application, or one of our own for the length of the block.

    One of our own is shut down again: a QApplication may still come to this process.
    """
    if QCoreApplication.instance() is not None:
        yield
        return
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.name == "nt"
    arguments = [] if screen else ["-platform", "offscreen"]
    application = QGuiApplication(["secondread", *arguments])
    try:
        yield
    finally:
        application.shutdown()


def _load_fonts() -> None:
    """Register the bundled Inter unless the program or the system has it already."""
    if QFontDatabase.hasFamily(LATIN[0]):
        return
    for path in sorted((resources_dir() / "fonts").glob("*.otf")):
        if QFontDatabase.addApplicationFont(str(path)) < 0:
            raise OutputError("A font of the program cannot be read.", "Install the program again.")


def _check_fonts(html: str) -> None:
    """Refuse ideographs that no font here can draw: a name printed as boxes is no name.

    Raises:
        OutputError: there is no Chinese or Japanese font.
    """
    if any("\u4e00" <= letter <= "\u9fff" for letter in html) and not any(
        QFontDatabase.families(system) for system in IDEOGRAPHS
    ):
        raise OutputError(
            "This report holds Chinese characters and no font on this computer can draw them.",
            "Install a Chinese font (Debian and Ubuntu: fonts-noto-cjk), then write the report again.",
            "no_font",
        )


@cache
def _page_layout() -> QPageLayout:
    margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
    size = QPageSize(QPageSize.PageSizeId.A4)
    return QPageLayout(size, QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter)


def _writer(buffer: QBuffer, title: str) -> QPdfWriter:
    writer = QPdfWriter(buffer)
    writer.setPageLayout(_page_layout())
    writer.setResolution(DPI)
    writer.setTitle(title)
    writer.setCreator("SecondRead")
    return writer


def _document(writer: QPdfWriter, language: str) -> QTextDocument:
    """An empty document laid out for the writer; the device is set before any HTML (else cells overlap)."""
    document = QTextDocument()
    layout: QAbstractTextDocumentLayout = document.documentLayout()
    layout.setPaintDevice(writer)
    font = QFont()
    font.setFamilies(families(language))
    font.setPointSizeF(TEXT_POINTS[0])
    # Contextual glyphs and tabular digits of Inter, local ones and ligatures of Noto CJK carry no character of
    # their own, and Qt then writes a wrong one into the PDF: search and copy would find "SYN,0001" or nothing.
    for feature in ("calt", "locl", "liga", "tnum"):
        font.setFeature(QFont.Tag(feature), 0)
    document.setDefaultFont(font)
    document.setDocumentMargin(0)
    return document


def _paint(writer: QPdfWriter, html: str, pages: Pages, images: Mapping[str, npt.NDArray[np.uint8]]) -> str:
    """Draw every page and return the text that was drawn."""
    width, height = float(writer.width()), float(writer.height())
    footer = _document(writer, pages.language)
    footer.setTextWidth(width)
    footer.setHtml(_filled(pages.footer, 1, 1, 1))
    footer_height = footer.size().height()
    text_height = height - footer_height - FOOTER_GAP_MM / 25.4 * DPI
    body = _document(writer, pages.language)
    for name, pixels in images.items():
        body.addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(name), _image(pixels))
    body.setTextWidth(width)
    cut = _fitted(body, html, text_height)
    if len(cut) > MAX_PAGES:
        raise OutputError("The report is longer than any report should be.", "Shorten its texts.", "too_long")
    forced = last_forced(body)
    passport = page_of(cut, forced) if forced is not None else len(cut)
    painter = QPainter(writer)
    try:
        for number, page in enumerate(cut, start=1):
            if number > 1:
                writer.newPage()
            at = 0.0
            for top, bottom in page.strips:
                _draw(painter, body, at, QRectF(0, top, width, bottom - top))
                at += bottom - top
            footer.setHtml(_filled(pages.footer, number, len(cut), passport))
            _draw(painter, footer, height - footer_height, QRectF(0, 0, width, footer_height))
    finally:
        painter.end()
    return body.toPlainText() + footer.toPlainText()


def _fitted(body: QTextDocument, html: str, height: float) -> list[Page]:
    """The pages at the largest text size that needs no more of them than the smallest one."""
    counts: dict[float, list[Page]] = {}
    for points in TEXT_POINTS:
        font = body.defaultFont()
        font.setPointSizeF(points)
        body.setDefaultFont(font)
        body.setHtml(html)
        counts[points] = paginate(body, height)
    fewest = min(len(cut) for cut in counts.values())
    chosen = next(points for points in TEXT_POINTS if len(counts[points]) == fewest)
    font = body.defaultFont()
    font.setPointSizeF(chosen)
    body.setDefaultFont(font)
    body.setHtml(html)
    return counts[chosen]


def _filled(footer: str, page: int, pages: int, passport: int) -> str:
    return footer.replace("{page}", str(page)).replace("{pages}", str(pages)).replace("{passport}", str(passport))


def _draw(painter: QPainter, document: QTextDocument, at: float, strip: QRectF) -> None:
    """Draw a strip of a document, its top at height `at` of the page, in black."""
    painter.save()
    painter.translate(0, at - strip.top())
    painter.setClipRect(strip)
    context = QAbstractTextDocumentLayout.PaintContext()
    context.clip = strip
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Text, QColor("black"))
    context.palette = palette
    document.documentLayout().draw(painter, context)
    painter.restore()


def _image(pixels: npt.NDArray[np.uint8]) -> QImage:
    rows, columns = pixels.shape[:2]
    data = np.ascontiguousarray(pixels)
    return QImage(data.tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888).copy()
