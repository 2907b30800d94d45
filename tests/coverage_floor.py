"""Holds the share of lines that the tests reach, file by file: it may rise, it may not fall.

    coverage run -m pytest ...; coverage combine; python -m tests.coverage_floor          check
    python -m tests.coverage_floor --raise                                                write the new floors

A file's floor is what it had when the floors were last written; a file without one needs `NEW_FILE` at least.
`SLACK` is what differs between two runs (threads, processes that are killed on purpose).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ROOT / "tests" / "coverage_floor.json"
#: Least percentage of a file that has no floor yet.
NEW_FILE = 70
#: Percentage points a file may fall below its floor.
SLACK = 5
#: A file counts as fallen only where more lines than this are missed beyond the slack.
FEW_LINES = 2


def measured() -> dict[str, tuple[float, int]]:
    """File (from the top of the checkout) -> percentage reached, number of statements."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", str(out)], cwd=ROOT, check=True)
        files = json.loads(out.read_text(encoding="utf-8"))["files"]
    return {
        Path(name).as_posix(): (entry["summary"]["percent_covered"], entry["summary"]["num_statements"])
        for name, entry in files.items()
        if entry["summary"]["num_statements"]
    }


def fallen(found: dict[str, tuple[float, int]], floors: dict[str, int]) -> list[str]:
    """What is under its floor, in words; empty when all is well."""
    words = []
    for name, (percent, statements) in sorted(found.items()):
        floor = floors.get(name, NEW_FILE)
        lines_short = (floor - SLACK - percent) / 100 * statements
        if lines_short > FEW_LINES:
            words.append(f"{name}: {percent:.0f} % of {statements} lines are reached, {floor} % were")
    return words


def main(arguments: list[str]) -> int:
    """Check the floors, or write them."""
    floors: dict[str, int] = json.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.is_file() else {}
    found = measured()
    if "--raise" in arguments:
        floors = {name: int(percent) for name, (percent, _) in sorted(found.items())}
        FLOORS.write_text(json.dumps(floors, indent=0) + "\n", encoding="utf-8")
        return 0
    low = fallen(found, floors)
    for line in low:
        print(line)
    whole = sum(p * n for p, n in found.values()) / max(sum(n for _, n in found.values()), 1)
    print(f"coverage: {whole:.1f} % of all lines, {len(found)} files, {len(low)} under their floor")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
