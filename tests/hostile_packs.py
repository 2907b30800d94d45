"""Hostile model packs: a good pack with one thing in it spoilt, hundreds of times over.

Every value of its two files in turn becomes something else (nothing, too small, too large, of another kind),
keys go and come, weights are cut, lie about their size or hold no numbers, and files become folders and pipes.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Raw = dict[str, Any]
Path_ = tuple[str | int, ...]

_BEYOND = "@beyond@"
#: What stands in place of a value; text in `_BEYOND` becomes a number that no integer type holds.
VALUES: tuple[Any, ...] = (
    None, -1, 0, 1, 7, 99, 300, 2**31, 10**18, _BEYOND, -0.5, 0.3, 1e-300, 1e308, True,
    "", "big", "\x1b[31mred\x07", "x" * 70_000,
    [], [0], [-1, -1], [4, 8, 16, 32, 64, 128], [1] * 300, [10**6, 10**6, 10**6], {}, {"a": {"b": {"c": []}}},
)  # fmt: skip
CONFIGS = ("configs/metadata.json", "configs/inference.json")


@dataclass(frozen=True, slots=True)
class Spoilt:
    """One spoilt pack: what is spoilt, in words, and how."""

    name: str
    spoil: Callable[[Path], None]


def all_of(folder: Path) -> Iterator[Spoilt]:
    """Every way in which a good pack's folder is spoilt here."""
    for file in CONFIGS:
        raw = json.loads((folder / file).read_text())
        for place in _places(raw):
            for number, value in enumerate(VALUES):
                yield Spoilt(f"{file} {_told(place)} value {number}", _put(file, place, value))
            yield Spoilt(f"{file} {_told(place)} gone", _without(file, place))
        for place in _places(raw, inner=True):
            yield Spoilt(f"{file} {_told(place)} with one more", _more(file, place))
    yield from (Spoilt(f"text: {name}", _text(*spoilt)) for name, spoilt in TEXTS.items())
    yield from (Spoilt(f"weights: {name}", _weights(spoilt)) for name, spoilt in WEIGHTS.items())
    yield from (Spoilt(f"file: {name}", spoilt) for name, spoilt in FILES.items())


def make(good: Path, to: Path, spoilt: Spoilt) -> Path:
    """A copy of a good pack, spoilt; its declared hash is that of its weights."""
    shutil.copytree(good, to)
    spoilt.spoil(to)
    return to


def _told(place: Path_) -> str:
    return ".".join(str(part) for part in place) or "all"


def _places(value: Any, place: Path_ = (), *, inner: bool = False) -> Iterator[Path_]:
    """Every place of a JSON value; those of lists and objects alone with `inner`."""
    if place[-1:] == ("weights_sha256",):
        return
    if not inner or isinstance(value, (dict, list)):
        yield place
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        yield from _places(one, (*place, key), inner=inner)


def _rewritten(folder: Path, file: str, change: Callable[[Any], Any]) -> None:
    path = folder / file
    text = json.dumps(change(json.loads(path.read_text())))
    path.write_text(text.replace(f'"{_BEYOND}"', "9" * 400))


def _put(file: str, place: Path_, value: Any) -> Callable[[Path], None]:
    return lambda folder: _rewritten(folder, file, lambda raw: _changed(raw, place, lambda _old: value))


def _more(file: str, place: Path_) -> Callable[[Path], None]:
    def more(old: Any) -> Any:
        return {**old, "surprise": 1} if isinstance(old, dict) else [*old, *(old[-1:] or ["surprise"])]

    return lambda folder: _rewritten(folder, file, lambda raw: _changed(raw, place, more))


def _without(file: str, place: Path_) -> Callable[[Path], None]:
    def without(raw: Any) -> Any:
        if not place:
            return None
        out = copy.deepcopy(raw)
        block = out
        for part in place[:-1]:
            block = block[part]
        del block[place[-1]]
        return out

    return lambda folder: _rewritten(folder, file, without)


def _changed(raw: Any, place: Path_, change: Callable[[Any], Any]) -> Any:
    if not place:
        return change(raw)
    out = copy.deepcopy(raw)
    block = out
    for part in place[:-1]:
        block = block[part]
    block[place[-1]] = change(block[place[-1]])
    return out


# ---------------------------------------------------------------- files as bytes

TEXTS: dict[str, tuple[str, bytes]] = {
    f"{name} in {file}": (file, data)
    for file in CONFIGS
    for name, data in {
        "nothing": b"",
        "half": b'{"name": "x", ',
        "nested 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
        "nested 900 deep": b'{"a":' * 900 + b"1" + b"}" * 900,
        "10,000 digits": b'{"name": ' + b"9" * 10_000 + b"}",
        "no UTF-8": b'{"name": "\xff\xfe"}',
        "not a number": b'{"name": NaN}',
        "a list": b"[]",
        "null": b"null",
        "5 MB": b'{"name": "' + b"x" * 5_000_000 + b'"}',
        "zeros": bytes(4096),
    }.items()
}


def _text(file: str, data: bytes) -> Callable[[Path], None]:
    return lambda folder: _write(folder / file, data)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _header(block: object, body: bytes = b"") -> bytes:
    text = json.dumps(block).encode()
    return len(text).to_bytes(8, "little") + text + body


def _values(pattern: bytes) -> Callable[[bytes], bytes]:
    """Every weight is the same 16-bit number."""

    def spoilt(data: bytes) -> bytes:
        start = 8 + int.from_bytes(data[:8], "little")
        return data[:start] + (pattern * len(data))[: len(data) - start]

    return spoilt


def _named(change: Callable[[Raw], Raw]) -> Callable[[bytes], bytes]:
    """The header changed, the numbers kept."""

    def spoilt(data: bytes) -> bytes:
        size = int.from_bytes(data[:8], "little")
        return _header(change(json.loads(data[8 : 8 + size])), data[8 + size :])

    return spoilt


def _renamed(header: Raw) -> Raw:
    return {f"x.{name}": value for name, value in header.items()}


def _first(**changes: Any) -> Callable[[Raw], Raw]:
    def change(header: Raw) -> Raw:
        name = next(iter(n for n in header if n != "__metadata__"))
        return {**header, name: {**header[name], **changes}}

    return change


_TENSOR = {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]}
_EMPTY = {"dtype": "F16", "shape": [0], "data_offsets": [0, 0]}
WEIGHTS: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _d: b"",
    "seven bytes": lambda d: d[:7],
    "half": lambda d: d[: len(d) // 2],
    "one byte less": lambda d: d[:-1],
    "one byte more": lambda d: d + b"\0",
    "zeros": lambda d: bytes(len(d)),
    "a header of 2**63 bytes": lambda d: (2**63).to_bytes(8, "little") + d[8:],
    "a header of 90 MB": lambda d: (90 * 2**20).to_bytes(8, "little") + d[8:],
    "no tensors": lambda _d: _header({}),
    "another tensor": lambda _d: _header({"other": _TENSOR}, b"\0\0"),
    "a list for a header": lambda _d: _header([]),
    "60,000 tensors": lambda _d: _header({f"t{n}": _EMPTY for n in range(60_000)}),
    "not a number": _values(b"\x00\x7e"),
    "infinite": _values(b"\x00\x7c"),
    "largest": _values(b"\xff\x7b"),
    "other names": _named(_renamed),
    "a huge shape": _named(_first(shape=[2**40, 2**20])),
    "a negative shape": _named(_first(shape=[-1, 4])),
    "another type": _named(_first(dtype="I16")),
    "an unknown type": _named(_first(dtype="Q7")),
    "offsets beyond the end": _named(_first(data_offsets=[2**40, 2**41])),
    "more than a pack may hold": lambda d: d + bytes(9 * 2**20),
    "a pickle": lambda _d: b"\x80\x04cos\nsystem\n(S'true'\ntR.",
}  # fmt: skip


def _weights(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Weights changed, and the hash that the pack declares with them."""

    def spoil(folder: Path) -> None:
        path = folder / "models/model.safetensors"
        path.write_bytes(change(path.read_bytes()))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        _rewritten(folder, CONFIGS[0], lambda raw: _changed(raw, ("viewer", "weights_sha256"), lambda _old: digest))

    return spoil


# ---------------------------------------------------------------- files as things


def _replaced(name: str, thing: Callable[[Path], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / name).unlink()
        thing(folder / name)

    return spoil


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _gone_folder(name: str) -> Callable[[Path], None]:
    return lambda folder: shutil.rmtree(folder / name)


FILES: dict[str, Callable[[Path], None]] = {
    f"{kind} for {name}": _replaced(name, thing)
    for name in (*CONFIGS, "models/model.safetensors", "docs/README.md")
    for kind, thing in {
        "nothing": lambda _p: None,
        "a folder": lambda p: p.mkdir(),
        "a pipe": os.mkfifo,
        "a loop": _loop,
        "/dev/zero": lambda p: p.symlink_to("/dev/zero"),
        "a link to nothing": lambda p: p.symlink_to("/nowhere/at/all"),
    }.items()
} | {f"no {name}": _gone_folder(name) for name in ("configs", "models", "docs")}
