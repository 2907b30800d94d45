"""The manifest of real files with verified truth, entry by entry, by the contract's own checker.

Skips where the corpus is not beside the checkout. Nothing of it is copied here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from viewer.core.errors import ReadError
from viewer.reading.header.headers import read_head
from viewer.reading.header.slowparse import read_slow

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
MANIFEST = CORPUS / "MANIFEST.json"

pytestmark = pytest.mark.skipif(not MANIFEST.is_file(), reason="the corpus is not beside the checkout")


def categories() -> list[str]:
    if not MANIFEST.is_file():
        return []
    return sorted({entry["category"] for entry in json.loads(MANIFEST.read_text())})


def corpus_files() -> Iterator[Path]:
    for path in sorted(CORPUS.rglob("*")):
        if path.is_file() and path.suffix not in {".py", ".json", ".md"}:
            yield path


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("category", categories())
def test_manifest(category: str, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    command = f"{sys.executable} -m viewer"
    arguments = [str(CORPUS / "accept_corpus.py"), str(CORPUS), "--command", command, "--only", category]
    done = subprocess.run(
        [sys.executable, *arguments, "--need", "1", "--report", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, report.read_text() if report.exists() else done.stderr


def test_strict_parser_and_pydicom_agree_on_every_file() -> None:
    fast = 0
    for path in corpus_files():
        try:
            head = read_head(str(path))
        except ReadError:
            continue
        if not head.fast:
            continue
        fast += 1
        slow = read_slow(str(path), head.size)
        told = {tag: value.rstrip(b"\0 ") for tag, value in head.raw.items()}
        other = {tag: value.rstrip(b"\0 ") for tag, value in slow.raw.items()}
        assert told == other, path.name
        assert (head.syntax, head.pixel_tag, head.pixel_offset, head.pixel_length) == (
            slow.syntax,
            slow.pixel_tag,
            slow.pixel_offset,
            slow.pixel_length,
        ), path.name
    assert fast > 150
