"""Mutates files and opens them in a child process: no crash, no hang, no memory blow-up.

Run by `test_fuzz.py`. A child takes a list of (file, seed) and opens each mutant as the viewer
does (scan, first picture, objects); the parent sees how it ends.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

#: Address space and CPU seconds of one mutant, over what the imports take.
EXTRA_BYTES = 1 << 30
SECONDS = 5
_ROOT = Path(__file__).resolve().parents[3]


def mutate(data: bytes, seed: int) -> bytes:
    """A damaged copy: flipped bytes, wild lengths, cut ends, doubled and dropped parts."""
    dice = random.Random(seed)
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        if len(out) < 16:
            break
        # Headers are where damage bites: half of all hits fall into the first 2 KiB.
        where = dice.randrange(min(len(out), 2048) if dice.random() < 0.5 else len(out))
        kind = dice.randrange(7)
        if kind == 0:
            out[where] ^= 1 << dice.randrange(8)
        elif kind == 1:
            out[where] = dice.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))
        elif kind == 2:
            out[where : where + 2] = dice.choice((0, 1, 46341, 65535)).to_bytes(2, "little")
        elif kind == 3:
            out[where : where + 4] = dice.choice((0, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFE)).to_bytes(4, "little")
        elif kind == 4:
            del out[where:]
        elif kind == 5:
            del out[where : where + dice.randrange(1, 64)]
        else:
            out[where:where] = out[where : where + dice.randrange(1, 256)]
    return bytes(out)


def open_everything(path: Path) -> None:
    """Open a file as the viewer does; only the viewer's own errors may come out."""
    from viewer.core.errors import ViewerError
    from viewer.reading import is_picture, load_volume, preview, scan
    from viewer.reading.objects.object_types import describe

    for study in scan([path]).studies:
        for stack in study.stacks:
            try:
                if is_picture(stack):
                    preview(stack)
                    volume = load_volume(stack)
                    volume.values(0)
                else:
                    describe(stack)
            except ViewerError as error:
                assert error.text.strip(), "a refusal without words"


def _child(lines: list[str]) -> None:
    warnings.simplefilter("ignore")
    import imagecodecs
    import nibabel
    import pydicom
    import SimpleITK

    assert imagecodecs and nibabel and pydicom and SimpleITK
    with tempfile.TemporaryDirectory() as folder:
        for line in lines:
            print(line, flush=True)
            name, seed = line.rsplit("\t", 1)
            source = Path(name)
            mutant = Path(folder, f"m{source.suffix}")
            mutant.write_bytes(mutate(source.read_bytes(), int(seed)))
            used = resource.getrusage(resource.RUSAGE_SELF)
            cpu = used.ru_utime + used.ru_stime
            resource.setrlimit(resource.RLIMIT_CPU, (int(cpu) + SECONDS + 1, resource.RLIM_INFINITY))
            open_everything(mutant)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            if (peak - used.ru_maxrss) * 1024 > EXTRA_BYTES:
                print(f"memory {peak >> 10} MiB", flush=True)
                sys.exit(3)


def run(cases: list[tuple[Path, int]], timeout: float) -> list[str]:
    """Open every mutant; what went wrong, a line each, ends with the last lines the child wrote."""
    faults: list[str] = []
    left = [f"{path}\t{seed}" for path, seed in cases]
    while left:
        done = subprocess.run(
            [sys.executable, __file__],
            input="\n".join(left),
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=_ROOT,
            env={"PYTHONPATH": str(_ROOT), "HOME": tempfile.gettempdir(), "PATH": ""},
            check=False,
        )
        lines = [line for line in done.stdout.splitlines() if "\t" in line]
        if done.returncode == 0:
            return faults
        last = lines[-1] if lines else "?"
        faults.append(f"{last}: exit {done.returncode} {done.stdout.splitlines()[-1:]} {done.stderr[-300:]}")
        left = left[max(1, len(lines)) :]
    return faults


if __name__ == "__main__":
    _child(sys.stdin.read().splitlines())
