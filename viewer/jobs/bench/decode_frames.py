"""Decode compressed series: this program, files and all, against the bare codec on frames in memory.

The program decodes in processes of its own, one for each core; with one process only it shows what
the way there costs, with all of them how it scales.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.core.errors import AnalysisError
from viewer.core.study import Stack
from viewer.core.task import CancelFlag, CancelToken
from viewer.jobs.bench.harness import Plan, Target, Way
from viewer.jobs.bench.open_series import header
from viewer.reading import load_volume, scan
from viewer.reading.pixels.decoders import Decoders, most_processes
from viewer.reading.stacking.frame import Slice

FRAMES, SIDE = 24, 512
#: Files, headers and placing may cost this much over the codec alone.
LIMIT = 1.15
#: Two free cores must be worth so much; each more only shows where it is free.
GAIN = 1.7

Array = npt.NDArray[Any]


def prepare(folder: Path, cancel: CancelToken) -> Plan:
    """Compress the same slices three ways; check that they come back.

    Raises:
        AnalysisError: a series does not come back voxel by voxel.
    """
    import imagecodecs

    pictures = [_picture(k) for k in range(FRAMES)]
    kinds: tuple[tuple[str, str, Callable[..., Any], Callable[..., Array]], ...] = (
        ("JPEG-LS", "1.2.840.10008.1.2.4.80", imagecodecs.jpegls_encode, imagecodecs.jpegls_decode),
        ("lossless JPEG", "1.2.840.10008.1.2.4.70", imagecodecs.ljpeg_encode, imagecodecs.jpeg8_decode),
        (
            "JPEG 2000",
            "1.2.840.10008.1.2.4.90",
            partial(imagecodecs.jpeg2k_encode, codecformat="j2k", reversible=True, level=0),
            partial(imagecodecs.jpeg2k_decode, numthreads=1),
        ),
    )
    series = []
    for number, (name, syntax, encode, decode) in enumerate(kinds):
        cancel.check()
        streams = [bytes(encode(picture)) for picture in pictures]
        stack = _write(folder / str(number), number, syntax, streams)
        if not np.array_equal(load_volume(stack).stored, np.stack(pictures).astype(np.int16)):
            raise AnalysisError(f"{name}: the series does not come back voxel by voxel.")
        series.append((name, partial(_bare, decode, streams), stack))
    one, pool = Decoders(1), Decoders()
    ways: list[Way] = []
    targets = []
    for name, bare, stack in series:
        ways.append(Way(f"{name}: bare codec, one thread", bare))
        ways.append(Way(f"{name}: SecondRead, one process", partial(_through, one, stack)))
        ways.append(Way(f"{name}: SecondRead, a process a core", partial(_through, pool, stack)))
        targets.append(Target(ways[-2].name, ways[-3].name, LIMIT))
        if most_processes() > 1:
            targets.append(Target(ways[-1].name, ways[-2].name, 1 / GAIN))

    def finish() -> None:
        one.stop()
        pool.stop()

    title = f"{FRAMES} slices of {SIDE} x {SIDE}, 16 bit, compressed without loss"
    return Plan(title, tuple(ways), 5, tuple(targets), {"processes": most_processes()}, finish)


def _through(pool: Decoders, stack: Stack) -> None:
    """Files into a volume by these processes.

    Raises:
        ReadError: a frame does not decode.
    """
    slices = tuple(one for one in stack.instances if isinstance(one, Slice))
    into = np.empty((len(slices), SIDE, SIDE), np.int16)
    for _k, error in pool.frames(into, slices, range(len(slices)), CancelFlag()):
        if error is not None:
            raise error


def _picture(k: int) -> Array:
    j, i = np.mgrid[:SIDE, :SIDE]
    body = ((i - 256) / 200) ** 2 + ((j - 256) / 150) ** 2 < 1
    noise = np.random.default_rng(k).normal(0, 18, (SIDE, SIDE))
    return np.asarray(np.where(body, 1064, 24) + noise + 500).astype(np.uint16)


def _write(folder: Path, number: int, syntax: str, streams: list[bytes]) -> Stack:
    """One encapsulated file a slice (PS3.5 A.4)."""
    folder.mkdir()
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0)
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    for k, stream in enumerate(streams):
        padded = stream + b"\0" * (len(stream) % 2)
        head = header(number, k, SIDE, syntax, length=0xFFFFFFFF)
        fragment = struct.pack("<HHI", 0xFFFE, 0xE000, len(padded)) + padded
        (folder / f"I{k:03d}").write_bytes(head + item + fragment + end)
    return scan([folder]).studies[0].stacks[0]


def _bare(decode: Callable[..., Array], streams: list[bytes]) -> None:
    for stream in streams:
        decode(stream)
