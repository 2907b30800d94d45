"""Exit status, words, progress and JSON: what every command promises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from viewer import cli
from viewer.cli import console, joined
from viewer.core.errors import ReadError, UsageError
from viewer.core.task import Cancelled, Progress


def main(arguments: list[str]) -> int:
    return cli.main(arguments, lambda _paths: 0)


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (ReadError("The file is cut short.", "Copy it again."), 1, "The file is cut short. Copy it again."),
        (UsageError("There is no series 7."), 2, "There is no series 7."),
        (Cancelled(), 1, "Stopped as asked"),
        (PermissionError(13, "Permission denied", "x"), 1, "Permission denied"),
        (MemoryError(), 1, "not enough memory"),
        (KeyError("secret name"), 1, "KeyError"),
    ],
)
def test_every_failure_ends_in_words_and_a_status(
    error: Exception, status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def job(_hooks: console.Hooks) -> int:
        raise error

    assert console.guarded(job) == status
    told = capsys.readouterr()
    assert words in told.err
    assert "Traceback" not in told.err
    assert "secret name" not in told.err
    assert told.out == ""


def test_json_keeps_what_is_no_text(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    document = {"path": os.fsdecode(b"scan-\xff.dcm"), "name": "山田^太郎"}
    console.put_json(document)
    assert json.loads(capfdbinary.readouterr().out) == document


def test_only_json_reaches_standard_output_even_from_c(capfd: pytest.CaptureFixture[str]) -> None:
    with console.only_json(True):
        os.write(1, b"a library talks\n")
    console.put_json({"a": 1})
    told = capfd.readouterr()
    assert json.loads(told.out) == {"a": 1}
    assert "a library talks" in told.err


def test_progress_in_a_log_is_one_line_a_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    line = console.ProgressLine()
    for n in range(101):
        line(Progress("Reading", n / 100))
    lines = capsys.readouterr().err.splitlines()
    assert 10 <= len(lines) <= 12
    assert lines[0].startswith("Reading") and lines[-1].endswith("100%")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["render", "a", "b", "--window", "-600,1500"], ["render", "a", "b", "--window=-600,1500"]),
        (["render", "a", "b", "--window", "40,400"], ["render", "a", "b", "--window=40,400"]),
        (["analyze", "a", "--roi", "0,0,0,9,9,9", "--out", "d"], ["analyze", "a", "--roi=0,0,0,9,9,9", "--out", "d"]),
        (["render", "a", "b", "--window", "--plane", "axial"], ["render", "a", "b", "--window", "--plane", "axial"]),
    ],
)
def test_values_may_begin_with_a_minus(given: list[str], wanted: list[str]) -> None:
    assert joined(given) == wanted


@pytest.mark.parametrize(
    "arguments",
    [
        ["info"],
        ["convert", "only-one"],
        ["render", "a", "b", "--window", "wide"],
        ["analyze", "a", "--out", "d", "--roi", "1,2,3"],
        ["analyze", "a", "--out", "d", "--device", "toaster"],
        ["packs", "show"],
        ["review", "d", "--reader", "A"],
        ["review", "d", "--accept", "all"],
        ["report", "d", "--out", "r.pdf", "--sign"],
        ["bench", "no-such-bench"],
    ],
)
def test_wrong_usage_is_two_and_says_so(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.strip()


def test_version_and_help_are_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert "Not a medical device" in out.replace("\n", " ")
    for word in ("demo", "info", "convert", "render", "packs", "analyze", "review", "report", "replay"):
        assert word in out


def test_without_display_the_window_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main(["./some-folder"]) == 1
    assert "no display" in capsys.readouterr().err


def test_with_a_display_paths_go_to_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(sys, "platform", "linux")
    opened: list[str] = []
    assert cli.main(["./a folder", "b.dcm"], lambda paths: opened.extend(paths) or 7) == 7
    assert opened == ["a folder", "b.dcm"]


@pytest.mark.parametrize(
    ("environment", "shown"),
    [({"DISPLAY": ":0"}, True), ({"WAYLAND_DISPLAY": "wayland-0"}, True), ({}, False)],
)
def test_display_is_known_from_the_environment(
    environment: dict[str, str], shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert console.has_display() is shown
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert console.has_display() is False


def _fresh(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)


def test_packs_are_listed_without_torch_or_qt() -> None:
    code = (
        "import sys; from viewer.cli import main; main(['packs', 'list', '--json'], len)\n"
        "heavy = {'torch', 'monai', 'openvino', 'PySide6', 'pyqtgraph', 'SimpleITK', 'pydicom'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    assert json.loads(_fresh(code).stdout)["packs"] is not None


def test_info_needs_neither_torch_nor_qt(tmp_path: Path) -> None:
    code = (
        f"import sys; from viewer.cli import main; main(['info', {str(tmp_path)!r}], len)\n"
        "heavy = {'torch', 'monai', 'openvino', 'PySide6', 'pyqtgraph'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    _fresh(code)


INTERRUPTED = """
import signal, sys
from viewer.cli import console

before = signal.getsignal(signal.SIGINT)

def job(hooks):
    signal.raise_signal(signal.SIGINT)
    hooks["cancel"].check()
    return 0

status = console.guarded(job)
sys.exit(0 if status == console.FAILED and signal.getsignal(signal.SIGINT) is before else 3)
"""


def test_first_interrupt_cancels_and_the_handler_is_put_back() -> None:
    # in a process of its own: where tests run beside each other they do not own the main thread, and signals go there
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Stopped as asked" in done.stderr


def test_closed_pipe_is_no_failure_message(tmp_path: Path) -> None:
    command = f"'{sys.executable}' -m viewer --help | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=60)
    assert "Traceback" not in done.stderr


def test_exit_status_reaches_the_shell() -> None:
    run: Callable[..., subprocess.CompletedProcess[bytes]] = subprocess.run
    assert run([sys.executable, "-m", "viewer", "--version"], capture_output=True, check=False).returncode == 0
    assert run([sys.executable, "-m", "viewer", "info"], capture_output=True, check=False).returncode == 2


@pytest.mark.parametrize(("typed", "meant"), [("analyse", "analyze"), ("chek", "check"), ("Report", "report")])
def test_a_misspelt_command_names_the_nearest(typed: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([typed, "x"]) == 2
    assert f"Did you mean `{meant}`?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (["info", "./nowhere", "--json"], 1, None),
        (["replay", "./nowhere", "--json"], 1, "corrupt"),
        (["check", "./nowhere", "--json"], 1, "corrupt"),
        (["analyze", "--json"], 2, "usage"),
        (["info", "", "--json"], 2, "usage"),
        (["nothing", "--json"], 2, "usage"),
    ],
)
def test_with_json_a_failure_is_one_document_too(
    arguments: list[str], status: int, code: str | None, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(arguments) == status
    document = json.loads(capfdbinary.readouterr().out)
    if code is not None:
        assert set(document) == {"error"}
        assert document["error"]["code"] == code
        assert set(document["error"]) == {"code", "text", "todo"}


def test_a_name_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("\x1b[31mred\x1b]0;title\x07 and \u009bm")
    assert capsys.readouterr().err == "[31mred]0;title and m\n"
