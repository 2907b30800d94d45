"""Every failure with --json is one document and an exit status; nothing is unforeseen, whatever stands on the line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from viewer import cli

#: Files and folders that are none of what a command reads.
FILES = {
    "text.txt": b"hello",
    "half.json": b"{",
    "deep.json": b"[" * 100_000,
    "list.json": b"[1]",
    "noise": bytes(range(256)) * 12,
    "bad.zip": b"PK\x03\x04" + bytes(range(200)),
    "cut.dcm": bytes(128) + b"DICM" + bytes(range(200)),
    "huge.nii": b"\x5c\x01\0\0" + b"\xff" * 400,
    "cases.csv": b"a,b\n1,2\n",
    "half/result.json": b"{",
    "version/result.json": b'{"version": 1}',
    "list/result.json": b"[]",
    "deep/result.json": b"[" * 100_000,
    "long/result.json": b'{"version": ' + b"9" * 10_000 + b"}",
}
STRANGE = ("", "nothing/at/all", "a" * 300, "loop", "pipe", "/dev/null", "\udcff\udcfe", "\x1b[31mred", "..")
#: Commands that take one path or word.
ON_ONE = (
    ("info",), ("check",), ("replay",), ("packs", "show"), ("packs", "verify"), ("packs", "install"),
    ("packs", "remove"), ("guideline", "fleischner-2017"), ("evaluate", "xray-chest-lungs"),
)  # fmt: skip
LINES: tuple[tuple[str, ...], ...] = (
    ("inf",), ("analyse",), ("reprot",), ("",), ("x",), ("info",), ("analyze",), ("check",), ("replay",),
    ("guideline",), ("packs", "shwo"), ("info", "--nope"), ("analyze", ".", "--out", "o", "--roi", "1,2"),
    ("analyze", ".", "--out", "o", "--device", "tpu"), ("analyze", ".", "--out", ""),
    ("analyze", ".", "--out", "/proc/x"),
    ("analyze", ".", "--out", "text.txt"), ("analyze", ".", "--out", "o", "--pack", "nope"),
    ("analyze", "noise", "--out", "o"), ("analyze", "pipe", "--out", "o"), ("evaluate", "nope", "cases.csv"),
)  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "place"
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)
    return folder


def lines() -> list[tuple[str, ...]]:
    things = (*FILES, "half", "version", "list", "deep", "long", *STRANGE)
    waits = {("guideline", "fleischner-2017", "pipe"), ("evaluate", "xray-chest-lungs", "pipe")}  # as `cat` does
    every = [(*words, thing) for words in ON_ONE for thing in things]
    return [*LINES, *(line for line in every if line not in waits)]


@pytest.mark.logs("")
def test_every_bad_line_gives_one_document_and_words(place: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert len(lines()) > 200
    for line in lines()[::EVERY]:
        status = cli.main([*line, "--json"], lambda *_: 0)
        out, err = (one.decode("utf-8", "replace") for one in capfdbinary.readouterr())
        assert status in (0, 1, 2), line
        assert "Traceback" not in err and "unforeseen" not in err, (line, err)
        assert "\x1b" not in out + err.replace("\r\x1b[K", ""), line
        document = json.loads(out)
        assert status == 0 or set(document.get("error", {})) == {"code", "text", "todo"} or line[0] in TELL, (line, out)


#: Every so many of the lines; all of them with SECONDREAD_FAULTS=1.
EVERY = 1 if os.environ.get("SECONDREAD_FAULTS") else 4
#: Commands whose own document tells what is wrong.
TELL = ("info", "check", "packs", "evaluate")
