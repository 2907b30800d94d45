"""The running text of a document: what a structured report says in words, the lines of a CDA, the words of a PDF."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from viewer.core.document import Document, Node
from viewer.core.study import Stack
from viewer.reading.objects.pdf_pages import words_of
from viewer.reading.objects.structured import Item, read_items

#: Letters of one document that are read.
MOST_LETTERS = 1_000_000


def text_of(document: Document) -> str:
    """What a document says, line by line.

    Raises:
        ReadError: a PDF that cannot be opened.
    """
    text = words_of(document.pdf) if document.pdf is not None else "\n".join(_lines(document.tree))
    return text[:MOST_LETTERS]


def text_of_report(stack: Stack) -> str:
    """The TEXT items of a structured report, each under its concept's name; who, when and codes are left out.

    Raises:
        ReadError: it cannot be read.
    """
    texts = [item for item in _all((read_items(stack),)) if item.kind == "TEXT" and item.said.strip()]
    told = [(item.concept, item.said) for item in texts]
    return "\n".join(f"{concept.meaning}: {said}" if concept else said for concept, said in told)[:MOST_LETTERS]


def _all(items: Sequence[Item]) -> Iterator[Item]:
    for item in items:
        yield item
        yield from _all(item.children)


def _lines(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        yield node.text
        yield from _lines(node.children)
