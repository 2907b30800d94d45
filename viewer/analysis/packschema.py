"""A pack's JSON read into structs, and the words for what is wrong with it.

The structs say what may stand where (`core.pack`, `core.inference`, `recipe`, the tasks' own parts);
msgspec refuses the rest. Its messages are told again for a person: the place, what was expected, and for
a key or word that is not known the nearest one that is. Nothing here evaluates anything.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

T = TypeVar("T")
Raw = dict[str, Any]

#: A pack's JSON file is text of some 10 KB (bytes).
_MAX_BYTES = 4 * 2**20
_FORBIDDEN = ("imports", "scripts", "_requires_", "_mode_")
#: A message of msgspec: what is wrong, and where.
_MESSAGE = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<place>.*)`)?", re.DOTALL)
_TOKEN = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
#: JSON's kinds as a person calls them; regular expressions and other details are left out.
_KINDS = {
    "object": "an object", "array": "a list", "str": "text", "int": "a whole number", "float": "a number",
    "bool": "true or false", "null": "null",
}  # fmt: skip
#: Names that packs of earlier versions use for a step or a network.
_OLD_STEPS = {"middle": "center_crop", "film": "window_radiograph", "squash": "resize"}
_OLD_NETWORKS = {"FilmClassifier": "RadiographClassifier", "FilmGate": "RadiographGate"}
#: Match rules that packs of earlier versions may give as one word in place of a list.
_WORD_LISTS = ("modality", "body_part", "view", "plane", "warn")


class SchemaError(Exception):
    """A pack's JSON does not hold what it must; the text is half a sentence for a person."""


def read_json(path: Path, name: str) -> Raw:
    """The object a JSON file holds.

    Args:
        path: the file.
        name: what the words call it.

    Raises:
        SchemaError: missing, too large, not JSON, nested beyond all bounds, or no object.
    """
    try:
        if not path.is_file():  # neither a pipe nor a device: reading those may never end
            raise SchemaError(f"{name} is missing")
        if path.stat().st_size > _MAX_BYTES:
            raise SchemaError(f"{name} is larger than {_MAX_BYTES} bytes")
        value = msgspec.json.decode(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise SchemaError(f"{name} cannot be read as JSON") from error
    if not isinstance(value, dict):
        raise SchemaError(f"{name} must hold an object")
    try:
        refuse_programs(value)
    except RecursionError as error:
        raise SchemaError(f"{name} cannot be read as JSON") from error
    return value


def refuse_programs(raw: Raw) -> None:
    """Packs are data.

    Raises:
        SchemaError: a value is an expression, or a key asks for code.
    """
    for place, why in _executable(raw, ""):
        raise SchemaError(f"'{place}' {why}, and packs are read as data only")


def _executable(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and value.lstrip().startswith(("$", "@", "%")):
        yield place or "a value", "holds an expression"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            here = f"{place}.{key}" if place else str(key)
            if str(key).startswith("$"):
                yield here, "holds an expression"
            if key in _FORBIDDEN:
                yield here, "asks for code"
            yield from _executable(inner, here)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, inner in enumerate(value):
            yield from _executable(inner, f"{place}[{index}]")


def refuse_nulls(raw: Raw, place: str, free: Sequence[str]) -> None:
    """Null would switch a rule off as quietly as a misspelt key; a rule that asks nothing is left out.

    Args:
        raw: a block of a pack's JSON.
        place: what places are told within.
        free: keys of the block whose values may hold nulls (figures that could not be measured).

    Raises:
        SchemaError: a value is null.
    """
    for key, value in raw.items():
        if key not in free:
            for where in _nulls(value, f"{place}.{key}"):
                raise SchemaError(f"'{where}' is null; leave it out instead")


def _nulls(value: Any, place: str) -> Iterator[str]:
    if value is None:
        yield place
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _nulls(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nulls(inner, f"{place}[{index}]")


# ---------------------------------------------------------------- packs of earlier versions


def upgrade_viewer(raw: Raw) -> Raw:
    """A `viewer` block in today's names."""
    match, finding = raw.get("match"), raw.get("finding")
    if isinstance(match, dict):
        words = {key: [match[key]] for key in _WORD_LISTS if isinstance(match.get(key), str)}
        raw = {**raw, "match": {**match, **words}}
    if isinstance(finding, dict):
        raw = {**raw, "finding": _without(finding, "kind")}
    return raw


def upgrade_inference(raw: Raw) -> Raw:
    """An inference.json in today's names."""
    network, steps, output = raw.get("network"), raw.get("preprocess"), raw.get("output")
    if isinstance(network, dict):
        raw = {**raw, "network": _renamed(network, "_target_", _OLD_NETWORKS)}
    if isinstance(steps, list):
        renamed = [_renamed(step, "step", _OLD_STEPS) if isinstance(step, dict) else step for step in steps]
        raw = {**raw, "preprocess": renamed}
    if isinstance(output, dict):
        raw = {**raw, "output": _without(output, "reader_votes")}
    return raw


def upgrade_recipe(raw: Raw) -> Raw:
    """A train.json in today's names."""
    return _without(raw, "modality")


def _renamed(block: Raw, key: str, names: Mapping[str, str]) -> Raw:
    name = block.get(key)
    return {**block, key: names[name]} if isinstance(name, str) and name in names else block


def _without(block: Raw, key: str) -> Raw:
    """Without a key that nothing ever read."""
    return {name: value for name, value in block.items() if name != key}


# ---------------------------------------------------------------- structs and words


def decode(raw: Any, kind: type[T], root: str = "") -> T:
    """A value of JSON as the struct it must be.

    Args:
        raw: JSON as plain Python.
        kind: the struct (or a union of tagged ones).
        root: what places are told within ("viewer").

    Raises:
        SchemaError: with the place, what was expected, and the nearest name that is known.
    """
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise SchemaError(_in_words(str(error), raw, kind, root)) from None
    except RecursionError:
        raise SchemaError(f"'{root}' is nested too deeply") from None


def _in_words(message: str, raw: Any, kind: Any, root: str) -> str:
    found = _MESSAGE.fullmatch(message)
    what, path = (found["what"], found["place"] or "") if found else (message, "")
    place, value, here = _resolve(path, raw, kind, root)
    key = re.search("`(.+)`", what)
    if "unknown field" in what and key:
        return f"'{_inside(place, key[1])}' is not known{_hint(key[1], _keys(here, value))}"
    if "missing required field" in what and key:
        return f"'{_inside(place, key[1])}' is missing"
    if what.startswith("Invalid ") and isinstance(value, str | int):
        shown = f"'{value}'" if isinstance(value, str) else str(value)
        return f"'{place}' is {shown}, which is not known{_hint(str(value), _choices(here))}"
    if what.startswith("Expected "):
        return f"'{place or 'the file'}' must be {_expected(what)}"
    return f"'{place or 'the file'}' cannot be used: {what[:1].lower()}{what[1:]}"


def _hint(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, 1)
    listed = f" (known: {', '.join(known)})" if known else ""
    return f"; the nearest name is '{near[0]}'" if near else listed


def _expected(what: str) -> str:
    """ "a list of length 2 and is one of 3", "text and is a whole number"."""
    if "matching regex" in what:
        return "text of the right form"
    wanted, _, have = what.removeprefix("Expected ").partition(", got ")
    wanted = re.sub("`(.+?)`", lambda m: " or ".join(_KINDS.get(k, k) for k in m[1].split(" | ")), wanted)
    have = f"one of {have}" if have.isdigit() else _KINDS.get(have.strip("`"), have)
    return f"{wanted} and is {have}" if have else wanted


def _inside(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _resolve(path: str, raw: Any, kind: Any, root: str) -> tuple[str, Any, Any]:
    """The place in full, the value there, and what it must be."""
    place, value, here = root, raw, kind
    for name, index in _TOKEN.findall(path):
        if name:
            inner = _field(here, name, value)
            place, value = _inside(place, name), value.get(name) if isinstance(value, dict) else None
            here = inner
        elif index == "...":
            parts = get_args(_bare(here))
            key = _wrong_key(value, parts[1])
            place, value, here = _inside(place, key), value.get(key), parts[1]
        else:
            parts = get_args(_bare(here))
            here = parts[0] if len(parts) == 2 and parts[1] is Ellipsis else parts[int(index)]
            place, value = f"{place}[{index}]", value[int(index)]
    return place, value, here


def _wrong_key(value: Mapping[str, Any], kind: Any) -> str:
    """The first key of a mapping whose value is not what it must be."""
    for key, inner in value.items():
        try:
            msgspec.convert(inner, kind)
        except msgspec.ValidationError:
            return str(key)
    return "..."


def _bare(kind: Any) -> Any:
    """A type without its bounds and without null."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        real = [part for part in get_args(kind) if part is not NoneType]
        return _bare(real[0]) if len(real) == 1 else kind
    return kind


def _structs(kind: Any) -> list[type[msgspec.Struct]]:
    bare = _bare(kind)
    parts = get_args(bare) if get_origin(bare) in (Union, UnionType) else (bare,)
    return [part for part in parts if isinstance(part, type) and issubclass(part, msgspec.Struct)]


def _struct(kind: Any, value: Any) -> type[msgspec.Struct] | None:
    """The struct meant: of several, the one whose tag the value bears."""
    structs = _structs(kind)
    if len(structs) < 2:
        return structs[0] if structs else None
    tag = value.get(structs[0].__struct_config__.tag_field) if isinstance(value, dict) else None
    return next((one for one in structs if one.__struct_config__.tag == tag), None)


def _field(kind: Any, name: str, value: Any) -> Any:
    """What a field must be; the tag of several structs may be any of theirs."""
    struct = _struct(kind, value)
    for field in msgspec.structs.fields(struct) if struct is not None else ():
        if field.encode_name == name:
            return field.type
    tags = [one.__struct_config__.tag for one in _structs(kind) if one.__struct_config__.tag_field == name]
    return Literal[tuple(tags)] if tags else None


def _keys(kind: Any, value: Any) -> list[str]:
    struct = _struct(kind, value)
    if struct is None:
        return []
    tag = struct.__struct_config__.tag_field
    return [*([tag] if tag else []), *(field.encode_name for field in msgspec.structs.fields(struct))]


def _choices(kind: Any) -> list[str]:
    """Words that may stand where one of a few must."""
    bare = _bare(kind)
    if isinstance(bare, type) and issubclass(bare, str):
        return [str(word) for word in getattr(bare, "__members__", {}).values()]
    parts = get_args(bare) if get_origin(bare) in (Union, UnionType) else (bare,)
    return [str(word) for part in parts if get_origin(part) is Literal for word in get_args(part)]
