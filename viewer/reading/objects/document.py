"""Encapsulated documents: PDF (PS3.3 A.45.1) and CDA (A.45.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.parsers import expat

from viewer.core.document import Document, Node
from viewer.core.errors import ReadError
from viewer.core.study import Stack
from viewer.reading.header.sop_classes import name_of
from viewer.reading.objects.dataset import BULK, code, opened, text, whole

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

#: Lines of a clinical document that are shown.
MAX_LINES = 5000


def read_document(stack: Stack) -> Document:
    """The embedded document: its PDF bytes, the words of a CDA, or what else it is.

    Raises:
        ReadError: no document inside, or a damaged one.
    """
    with opened(stack.instances[0].path, BULK) as dataset:
        data = _payload(dataset)
        title = _title(dataset)
        mime = text(dataset, "MIMETypeOfEncapsulatedDocument").lower()
        if data.lstrip()[:5] == b"%PDF-":
            return Document(title, (Node(f"PDF document, {len(data) / 1024:.0f} kB"),), pdf=data)
        if "xml" in mime or data.lstrip()[:5] == b"<?xml":
            return Document(title, _cda_lines(data))
        kind = name_of(text(dataset, "SOPClassUID")) or "Document"
        said = f"{kind[0].upper()}{kind[1:]} of type {mime or 'unknown'}, {len(data) / 1024:.0f} kB: not shown here"
        return Document(title, (Node(said),))


def _payload(dataset: Dataset) -> bytes:
    data = dataset.get("EncapsulatedDocument")
    if not isinstance(data, bytes) or not data:
        raise ReadError("The object names a document but holds none.", "Ask the sender for a new copy.", "corrupt")
    length = whole(dataset, "EncapsulatedDocumentLength", len(data))
    if not 0 < length <= len(data):
        length = len(data)
    data = data[:length]
    # The pad byte that makes the length even is not part of the document (C.24.2).
    return data[:-1] if data.endswith(b"\x00") else data


def _title(dataset: Dataset) -> str:
    name = code(dataset, "ConceptNameCodeSequence")
    title = text(dataset, "DocumentTitle") or (name.meaning if name else "") or text(dataset, "SeriesDescription")
    return title or name_of(text(dataset, "SOPClassUID")).capitalize() or "Document"


def _cda_lines(data: bytes) -> tuple[Node, ...]:
    """Running text of a clinical document, one node a paragraph; entities are never expanded."""
    lines: list[str] = []
    parser = expat.ParserCreate()
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def refuse_doctype(*_: object) -> None:
        raise ReadError("The clinical document defines its own entities.", "It is not opened for safety.", "corrupt")

    def keep(piece: str) -> None:
        said = re.sub(r"\s+", " ", piece).strip()
        if said and len(lines) < MAX_LINES:
            lines.append(said)

    def end_paragraph(*_: object) -> None:
        """Called between elements, so that expat hands over the text collected so far."""

    parser.buffer_text = True
    parser.StartElementHandler = parser.EndElementHandler = end_paragraph
    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.CharacterDataHandler = keep
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ReadError("The clinical document is not well-formed XML.", "Ask the sender.", "corrupt") from error
    return tuple(Node(line) for line in lines)
