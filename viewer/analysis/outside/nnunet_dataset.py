"""dataset.json of nnU-Net: channels, labels and regions, licence."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.analysis.outside.plain import Raw, refused, some, table, text, whole

#: The sentence that nnU-Net's own tool writes where nobody said under which licence the data stands.
_NOBODY_LOOKED = "didn't look it up"
_IGNORE, _BACKGROUND = "ignore", "background"


@dataclass(frozen=True, slots=True)
class Label:
    """One label: the number in the model's maps, and what it holds (several where it is a region)."""

    name: str
    number: int
    holds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dataset:
    """What a model was trained on, as far as its file says.

    Attributes:
        labels: in the order of the network's outputs, the background left out.
        regions: outputs overlap.
        licence: "" where it is not stated.
    """

    name: str
    channels: tuple[str, ...]
    labels: tuple[Label, ...]
    regions: bool
    licence: str
    description: str


def read(raw: Raw) -> Dataset:
    """A dataset.json.

    Raises:
        PackError: something that is needed is missing or makes no sense.
    """
    channels = table(raw.get("channel_names", raw.get("modality")), "channel_names")
    names = [text(channels.get(str(n)), f"channel_names.{n}") for n in range(len(channels))]
    labels = {text(k, "labels"): _holds(v, k) for k, v in table(raw.get("labels"), "labels").items()}
    regions = any(len(held) > 1 for name, held in labels.items() if name != _IGNORE)
    told = {name: held for name, held in labels.items() if name != _IGNORE and held != (0,)}
    if not names or not told:
        raise refused("dataset.json names no channel or no label")
    made = _regions(told, raw) if regions else _plain(told)
    return Dataset(
        text(raw["name"], "name") if raw.get("name") else "",
        tuple(names),
        made,
        regions,
        _licence(raw),
        str(raw.get("description") or "")[:500],
    )


def _holds(value: object, name: str) -> tuple[int, ...]:
    values = some(value, f"labels.{name}") if isinstance(value, list | tuple) else [value]
    return tuple(whole(one, f"labels.{name}") for one in values)


def _plain(told: dict[str, tuple[int, ...]]) -> tuple[Label, ...]:
    labels = sorted((Label(name, held[0], held) for name, held in told.items()), key=lambda one: one.number)
    if len({one.number for one in labels}) != len(labels):
        raise refused("two labels of dataset.json share a number")
    return tuple(labels)


def _regions(told: dict[str, tuple[int, ...]], raw: Raw) -> tuple[Label, ...]:
    order = [whole(one, "regions_class_order") for one in some(raw.get("regions_class_order"), "regions_class_order")]
    if len(order) != len(told) or 0 in order or len(set(order)) != len(order):
        raise refused("'regions_class_order' does not name one number for each region")
    return tuple(Label(name, number, held) for (name, held), number in zip(told.items(), order, strict=True))


def _licence(raw: Raw) -> str:
    said = raw.get("licence", raw.get("license", ""))
    if not isinstance(said, str) or not said.strip() or _NOBODY_LOOKED in said:
        return ""
    return " ".join(said.split())[:200]
