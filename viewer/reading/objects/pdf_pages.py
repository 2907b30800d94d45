"""Pages of a PDF as pictures, drawn by pdfium in a process of its own.

A damaged or hostile PDF can end, hang or bloat that process and nothing else. The PDF goes in
through a pipe, never through a file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.errors import ReadError

#: Seconds that drawing may take.
LIMIT_S = 20.0
#: Address space of the drawing process, bytes.
LIMIT_BYTES = 2 << 30
#: Longest side of a drawn page, px, and pages drawn at once.
MAX_SIDE = 4096
MAX_PAGES = 8
#: Pages of one document that are listed.
MAX_COUNT = 5000


@dataclass(frozen=True, slots=True, eq=False)
class PdfPages:
    """Some pages of a document.

    Attributes:
        count: pages of the whole document.
        first: 0-based number of the first drawn page.
        pictures: uint8 RGB [height, width, 3] each.
    """

    count: int
    first: int
    pictures: tuple[npt.NDArray[np.uint8], ...]


def draw_pages(pdf: bytes, first: int, count: int, width: int) -> PdfPages:
    """Draw up to `MAX_PAGES` pages, each `width` px wide.

    Raises:
        ReadError: no PDF, protected by a password, or it cannot be drawn in time and memory.
    """
    return _parsed(_answer(pdf, first, min(count, MAX_PAGES), width), first)


def words_of(pdf: bytes) -> str:
    """The text of a PDF's pages, as it can be selected; "" for one of pictures alone.

    Raises:
        ReadError: as `draw_pages`.
    """
    return _answer(pdf, 0, MAX_COUNT, 0).decode("utf-8", "replace")


def _answer(pdf: bytes, first: int, count: int, width: int) -> bytes:
    """What the process says; a width of 0 asks for words in place of pictures."""
    what = (first, count, width)
    command = [sys.executable, "-m", "viewer.reading.objects.pdf_pages", *map(str, what)]
    root = str(Path(__file__).resolve().parents[3])
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    try:
        done = subprocess.run(
            command,
            input=pdf,
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
            env={**os.environ, "PYTHONPATH": path},
        )
    except subprocess.TimeoutExpired as error:
        raise ReadError("The PDF takes too long to draw.", "Open it in a PDF reader.", "too_large") from error
    if done.returncode != 0:
        raise ReadError("The PDF is damaged or protected by a password.", "Ask the sender for an open copy.", "corrupt")
    return done.stdout


def _parsed(answer: bytes, first: int) -> PdfPages:
    head, _, body = answer.partition(b"\n")
    told: dict[str, Any] = json.loads(head)
    pictures, at = [], 0
    for height, width in told["sizes"]:
        size = height * width * 3
        pictures.append(np.frombuffer(body, np.uint8, size, at).reshape(height, width, 3))
        at += size
    return PdfPages(int(told["count"]), first, tuple(pictures))


def _draw(pdf: bytes, first: int, count: int, width: int) -> bytes:
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    pages = min(len(document), MAX_COUNT)
    pictures = []
    for n in range(first, min(first + count, pages)):
        page = document[n]
        wide, high = page.get_size()
        scale = min(width / max(wide, 1), MAX_SIDE / max(wide, high, 1))
        pictures.append(np.ascontiguousarray(page.render(scale=scale, rev_byteorder=True).to_numpy()[..., :3]))
    head = {"count": pages, "sizes": [picture.shape[:2] for picture in pictures]}
    return json.dumps(head).encode() + b"\n" + b"".join(picture.tobytes() for picture in pictures)


def _words(pdf: bytes, count: int) -> bytes:
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    pages = [document[n].get_textpage().get_text_bounded() for n in range(min(count, len(document)))]
    return "\n".join(page.replace("\r\n", "\n") for page in pages).encode("utf-8", "replace")


def _limit_memory() -> None:
    if os.name != "posix":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))


def main() -> int:
    """Draw the PDF from standard input; pages go to standard output. 1 where it cannot be drawn."""
    import pypdfium2

    _limit_memory()
    first, count, width = (int(argument) for argument in sys.argv[1:4])
    try:
        pdf = sys.stdin.buffer.read()
        answer = _draw(pdf, first, count, width) if width else _words(pdf, count)
    except (pypdfium2.PdfiumError, MemoryError, ValueError):
        return 1
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
