"""Prepares everything SecondRead needs beside this file, then starts it.

    python3 run.py              the main job on sample studies (a window, or off screen without a display)
    python3 run.py test         the tests
    python3 run.py ANYTHING     the same as `secondread ANYTHING`

Standard library only. It may be run as often as you like: what is in place is left alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "secondread.stamp"

#: Debian packages: Qt's libraries (off screen and X11) and a font with Chinese characters.
QT_PACKAGES = [
    *("libglib2.0-0", "libgl1", "libegl1", "libxkbcommon0", "libdbus-1-3", "libfontconfig1", "libgssapi-krb5-2"),
    *("libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1", "libxcb-shape0", "libxcb-xkb1", "libxkbcommon-x11-0"),
]
FONT_PACKAGES = ["fonts-noto-cjk"]
#: The one import that shows whether Qt's libraries are all there.
QT_PROBE = "from PySide6 import QtGui, QtWidgets, QtSvg"


class StopError(Exception):
    """Preparation cannot go on; the text says what to do."""


def say(text: str) -> None:
    """One line on standard error: standard output belongs to the program that is started."""
    print(f"[secondread] {text}", file=sys.stderr, flush=True)


def run(command: Sequence[str], what: str) -> None:
    """Run a command, its own output on standard error.

    Raises:
        StopError: it failed or does not exist.
    """
    try:
        code = subprocess.call([str(part) for part in command], stdout=sys.stderr)
    except OSError as error:
        raise StopError(f"{what} failed: {error}.") from error
    if code != 0:
        raise StopError(f"{what} failed (exit status {code}); the lines above say why.")


def check_python() -> None:
    """Only the Python versions that every locked package has wheels for."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 12):
        found = ".".join(str(n) for n in sys.version_info[:2])
        raise StopError(f"Python 3.11 or 3.12 is needed, this is {found}. Start run.py with one of those.")


def missing_packages() -> list[str]:
    """Debian packages that are not installed; empty on other systems."""
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        return []
    listing = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}|${Package}|${Provides}\n"],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    installed: set[str] = set()
    for line in listing.splitlines():
        status, package, provides = line.split("|", 2)
        if status == "installed":
            installed |= {package, *(entry.split()[0] for entry in provides.split(",") if entry.strip())}
    venv = [] if has_venv() else ["python3-venv"]
    return [*venv, *(name for name in [*QT_PACKAGES, *FONT_PACKAGES] if name not in installed)]


def has_venv() -> bool:
    """Debian splits ensurepip off into python3-venv."""
    return importlib.util.find_spec("ensurepip") is not None and importlib.util.find_spec("venv") is not None


def is_root() -> bool:
    """True where system packages may be installed without asking."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def install_system_packages() -> None:
    """As root on Debian or Ubuntu: install what is missing; as a plain user: say the line to type."""
    missing = missing_packages()
    if not missing:
        return
    line = f"apt-get install --no-install-recommends {' '.join(missing)}"
    if not is_root():
        say(f"System packages are missing. An administrator types: sudo {line}")
        return
    say(f"Installing system packages: {' '.join(missing)}")
    os.environ.setdefault("DEBIAN_FRONTEND", "noninteractive")
    run(["apt-get", "update", "-qq"], "Reading the package lists (apt-get update)")
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], "Installing system packages")


def make_venv() -> None:
    """A virtual environment beside this file; a broken one is made anew."""
    if PYTHON.exists() and subprocess.call([str(PYTHON), "-c", "import pip"], stderr=subprocess.DEVNULL) == 0:
        return
    if not has_venv() and not is_root():
        raise StopError("Python's venv module is missing. Type: sudo apt-get install python3-venv")
    say(f"Making a virtual environment in {VENV}")
    run([sys.executable, "-m", "venv", "--clear", str(VENV)], "Making the virtual environment")


def install_requirements() -> None:
    """The locked packages: torch first and by pip, so that a CPU build is taken where pip is set up for one."""
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    torch = next(line for line in LOCK.read_text(encoding="utf-8").splitlines() if line.startswith("torch=="))
    say("Upgrading pip")
    run([*pip, "--upgrade", "pip"], "Upgrading pip")
    say(f"Installing {torch} (the largest part, several minutes on a slow line)")
    run([*pip, torch], "Installing torch")
    say("Installing the other locked packages")
    run([*pip, "-r", str(LOCK)], "Installing the locked packages")
    run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], "Installing secondread itself")


def check_qt() -> None:
    """Qt must load; its own message names the missing library, ours names the packages."""
    probe = subprocess.run([str(PYTHON), "-c", QT_PROBE], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        reason = probe.stderr.strip().splitlines()[-1] if probe.stderr.strip() else "no reason given"
        line = f"sudo apt-get install --no-install-recommends {' '.join([*QT_PACKAGES, *FONT_PACKAGES])}"
        raise StopError(f"Qt cannot start: {reason}. On Debian or Ubuntu type: {line}")


def fingerprint() -> str:
    """Changes when the locked packages, this script, the interpreter or the folder change."""
    parts = [LOCK.read_bytes(), Path(__file__).read_bytes(), sys.version.encode(), str(ROOT).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def prepare() -> None:
    """Everything the program needs; a second call returns at once."""
    check_python()
    wanted = fingerprint()
    if PYTHON.exists() and STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    install_system_packages()
    make_venv()
    install_requirements()
    check_qt()
    STAMP.write_text(wanted, encoding="utf-8")
    say("Ready.")


def workers(chosen: Sequence[str]) -> list[str]:
    """Two test processes where there are two cores, unless asked for otherwise."""
    if any(argument.startswith("-n") or argument == "-p" for argument in chosen) or (os.cpu_count() or 1) < 2:
        return []
    return ["-n", "2"]


def become(arguments: Sequence[str]) -> NoReturn:
    """Hand over to the virtual environment's Python: same process, so that signals arrive."""
    command = [str(PYTHON), *arguments]
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    sys.stderr.flush()
    os.execv(command[0], command)


def main(arguments: Sequence[str]) -> int:
    """Prepare, then test or start."""
    try:
        prepare()
    except StopError as stop:
        say(str(stop))
        return 1
    except OSError as error:
        say(f"{error}. The folder {ROOT} must be writable for the first run.")
        return 1
    if arguments and arguments[0] == "test":
        os.chdir(ROOT)
        become(["-m", "pytest", *workers(arguments[1:]), *arguments[1:]])
    if not arguments:
        say("Doing the main job on sample studies.")
        arguments = ["demo", "--out", str(ROOT / "out" / "demo")]
    become(["-m", "viewer", *arguments])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        say("Stopped.")
        sys.exit(130)
