"""run.py: says what to do, leaves alone what is in place, passes everything else on."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """run.py, as if it lay in an empty folder."""
    spec = importlib.util.spec_from_file_location("run_script", ROOT / "run.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, path in (("ROOT", "."), ("VENV", ".venv"), ("PYTHON", ".venv/bin/python"), ("STAMP", ".venv/stamp")):
        monkeypatch.setattr(module, name, tmp_path / path)
    (tmp_path / "requirements.lock").write_text("torch==2.13.0\n")
    monkeypatch.setattr(module, "LOCK", tmp_path / "requirements.lock")
    return module


@pytest.fixture
def prepared(run: ModuleType) -> ModuleType:
    """run.py with everything in place."""
    run.PYTHON.parent.mkdir(parents=True)
    run.PYTHON.touch()
    run.STAMP.write_text(run.fingerprint())
    return run


def test_standard_library_only() -> None:
    tree = ast.parse((ROOT / "run.py").read_text(encoding="utf-8"))
    names = {a.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    names |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names <= set(sys.stdlib_module_names)


def test_prepared_does_nothing_again(prepared: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "run", lambda *_: pytest.fail("ran a command"))
    prepared.prepare()


@pytest.mark.parametrize("change", ["lock", "stamp", "python"])
def test_any_change_prepares_again(prepared: ModuleType, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if change == "lock":
        prepared.LOCK.write_text("torch==2.13.1\n")
    elif change == "stamp":
        prepared.STAMP.unlink()
    else:
        prepared.PYTHON.unlink()
    steps: list[str] = []
    for name in ("install_system_packages", "make_venv", "install_requirements", "check_qt"):
        monkeypatch.setattr(prepared, name, lambda name=name: steps.append(name))
    prepared.VENV.mkdir(exist_ok=True)
    prepared.prepare()
    assert steps == ["install_system_packages", "make_venv", "install_requirements", "check_qt"]


def test_torch_is_installed_first_and_by_pip(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(run, "run", lambda command, _what: commands.append([str(part) for part in command]))
    run.install_requirements()
    said = [" ".join(command[1:]) for command in commands]
    torch = next(n for n, line in enumerate(said) if line.endswith("torch==2.13.0"))
    rest = next(n for n, line in enumerate(said) if "-r" in line.split())
    assert torch < rest


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        ([], ["-m", "viewer", "demo", "--out"]),
        (["info", "x", "--json"], ["-m", "viewer", "info", "x", "--json"]),
        (["test"], ["-m", "pytest"]),
        (["test", "-n", "0", "tests/unit"], ["-m", "pytest", "-n", "0", "tests/unit"]),
    ],
)
def test_what_follows_is_passed_on(
    prepared: ModuleType, given: list[str], becomes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Became(Exception):  # noqa: N818 - stands for the process that takes over
        pass

    def become(arguments: list[str]) -> None:
        assert arguments[: len(becomes)] == becomes
        raise Became

    monkeypatch.setattr(prepared, "become", become)
    monkeypatch.chdir(ROOT)
    with pytest.raises(Became):
        prepared.main(given)


def test_a_plain_user_is_told_the_exact_line(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(
        run.subprocess,
        "run",
        lambda *_a, **_k: SimpleNamespace(
            stdout="installed|libgl1|\ninstalled|libglib2.0-0t64|libglib2.0-0 (= 2.8)\ndeinstall|libegl1|\n"
        ),
    )
    monkeypatch.setattr(run, "is_root", lambda: False)
    run.install_system_packages()
    told = capsys.readouterr().err
    line = next(line for line in told.splitlines() if "apt-get install" in line)
    assert "libegl1" in line and "fonts-noto-cjk" in line
    assert "libgl1 " not in line and "libglib2.0-0 " not in line, (
        "what is there, also by another name, is not asked for"
    )


def test_without_venv_module_a_plain_user_gets_words(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "has_venv", lambda: False)
    monkeypatch.setattr(run, "is_root", lambda: False)
    monkeypatch.setattr(run, "install_system_packages", lambda: None)
    assert run.main(["--version"]) == 1
    assert "apt-get install python3-venv" in capsys.readouterr().err


@pytest.mark.parametrize("version", [(3, 10, 0), (3, 13, 1)])
def test_other_pythons_are_refused_in_words(
    run: ModuleType, version: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run.sys, "version_info", version)
    assert run.main([]) == 1
    assert "Python 3.11 or 3.12 is needed" in capsys.readouterr().err


def test_every_package_is_pinned_and_none_is_gpl() -> None:
    lines = [
        line
        for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    assert all(re.fullmatch(r"[a-z0-9.-]+==[A-Za-z0-9.]+", line) for line in lines)
    names = {line.split("==")[0] for line in lines}
    assert {"torch", "pyside6-essentials", "pytest", "ruff", "mypy", "import-linter"} <= names
    assert not names & {"pylibjpeg-libjpeg", "pyqt5", "pyqt6", "pyside6"}
