"""What a pack's JSON may hold: every refusal in words, with its place; and no key of a shipped pack may be misspelt."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis.conftest import film
from tests.unit.analysis.test_packs import INFERENCE, METADATA, RECIPE, changed, make
from viewer.analysis import measures, networks, packs, packschema, preprocess, suitability
from viewer.analysis.cine import CINE
from viewer.analysis.tasks import TASKS
from viewer.analysis.tasks.segmentation import Measure
from viewer.core.analysis import Suitability
from viewer.core.errors import PackError
from viewer.core.inference import AnyNetwork, AnyStep
from viewer.core.pack import RuleName
from viewer.core.phrases import phrases_in
from viewer.core.resources import models_dirs

V, MATCH = ("viewer",), ("viewer", "match")

#: (file, path, value, words): the value put there is refused in these words.
REFUSED: list[tuple[str, tuple[Any, ...], Any, str]] = [
    ("metadata", (*MATCH, "age_year"), [1, 5], "'viewer.match.age_year' is not known; the nearest name is 'age_years'"),
    ("metadata", (*MATCH, "modalty"), ["CT"], "'viewer.match.modalty' is not known; the nearest name is 'modality'"),
    ("metadata", (*MATCH, "zzz"), 1, "'viewer.match.zzz' is not known (known: modality, body_part,"),
    ("metadata", (*MATCH, "age_years"), "1-5", "'viewer.match.age_years' must be a list or null and is text"),
    ("metadata", (*MATCH, "age_years"), [1, 2, 3], "'viewer.match.age_years' must be a list of length 2 and is one of"),
    ("metadata", (*MATCH, "age_years"), [1, "x"], "'viewer.match.age_years[1]' must be a number and is text"),
    ("metadata", (*MATCH, "age_years"), [9, 2], "age_years must run from the least to the most, and runs from 9"),
    ("metadata", (*MATCH, "slices"), [1.5, 2], "'viewer.match.slices[0]' must be a whole number and is a number"),
    ("metadata", (*MATCH, "spacing_mm"), {"pixels": [1, 2]}, "'viewer.match.spacing_mm.pixels' is not known; the near"),
    ("metadata", (*MATCH, "spacing_mm"), {"pixel": [2, 1]}, "'viewer.match.spacing_mm' cannot be used: pixel must run"),
    ("metadata", (*MATCH, "warn"), ["agee"], "'viewer.match.warn[0]' is 'agee', which is not known; the nearest"),
    ("metadata", (*MATCH, "even"), "yes", "'viewer.match.even' must be true or false and is text"),
    ("metadata", (*MATCH, "even"), 1, "'viewer.match.even' must be true or false and is a whole number"),
    ("metadata", MATCH, [], "'viewer.match' must be an object and is a list"),
    ("metadata", (*V, "task"), "segmentaton", "one of classification, segmentation, gate, report, ecg, nnunet;"),
    ("metadata", (*V, "task"), ["segmentation"], "viewer.task must be one of"),
    ("metadata", (*V, "intended_use"), " ", "'viewer.intended_use' must be text of the right form"),
    ("metadata", (*V, "labels", "thing", "code"), None, "'viewer.labels.thing.code' is null; leave it out"),
    ("metadata", (*MATCH, "age_years"), None, "'viewer.match.age_years' is null; leave it out instead"),
    ("metadata", (*V, "labels", "thing", "code", "value"), 3, "'viewer.labels.thing.code.value' must be text and is a"),
    ("metadata", (*V, "labels", "thing", "code"), {"value": "T"}, "'viewer.labels.thing.code.scheme' is missing"),
    ("metadata", (*V, "labels", "thing", "colur"), "#fff", "'viewer.labels.thing.colur' is not known; the nearest"),
    ("metadata", (*V, "labels"), {"thin": METADATA["viewer"]["labels"]["thing"]}, "'viewer.labels.thin' is nothing th"),
    ("metadata", (*V, "truth"), {"labels": {"other": {}}}, "'viewer.truth.labels.other' is nothing that the network"),
    ("metadata", (*V, "finding"), {"measure": ["volume"]}, "'viewer.finding.measure[0]' is 'volume', which is not kn"),
    ("metadata", (*V, "finding"), {"min_volume_mm3": -1}, "'viewer.finding.min_volume_mm3' must be a number >= 0"),
    ("metadata", (*V, "roi"), {"sides": ["rigth"]}, "'viewer.roi.sides[0]' is 'rigth', which is not known; the neares"),
    ("metadata", (*V, "gate"), {}, "'viewer.gate' is not known"),
    ("metadata", (*V, "operating_points"), {}, "'viewer.operating_points' must be a list and is an object"),
    ("metadata", (*V, "operating_points"), [{"name": "defalt", "threshold": 1, "origin": "x"}], "is 'defalt', which i"),
    ("metadata", ("nmae",), "Tiny", "'nmae' is not known; the nearest name is 'name'"),
    ("metadata", ("version",), 1, "'version' must be text and is a whole number"),
    ("metadata", ("imports",), [], "'imports' asks for code"),
    ("metadata", (*V, "limits"), ["$x"], "'viewer.limits[0]' holds an expression"),
    ("inference", ("network", "_target_"), "UNett", "'network._target_' is 'UNett', which is not known; the nearest n"),
    ("inference", ("network", "args", "chanels"), [4], "'network.args.chanels' is not known; the nearest name is 'cha"),
    ("inference", ("network", "args", "channels"), [], "'network.args.channels' must be a list of length >= 1"),
    ("inference", ("network", "args", "channels"), [4, 0], "'network.args.channels[1]' must be a whole number >= 1"),
    ("inference", ("network", "args", "norm"), "bach", "'network.args.norm' is 'bach', which is not known; the neares"),
    ("inference", ("network",), None, "'network' must be an object and is null"),
    ("inference", ("network", "args", "spatial_dims"), 4, "'network.args.spatial_dims' is 4, which is not known"),
    ("inference", ("preprocess", 0, "multipel"), 1, "'preprocess[0].multipel' is not known; the nearest name is 'mult"),
    ("inference", ("preprocess", 0, "multiple"), [8, 8], "'preprocess[0].multiple' must be a list of length 3 and is"),
    ("inference", ("preprocess", 0, "step"), "padd", "'preprocess[0].step' is 'padd', which is not known; the nearest"),
    ("inference", ("preprocess",), {}, "'preprocess' must be a list and is an object"),
    ("inference", ("output", "keep_largest"), "slise", "'output.keep_largest' is 'slise', which is not known; the nea"),
    ("inference", ("output", "kind"), "scores", "'output.kind' is 'scores', which is not known (known: labels)"),
    ("inference", ("output", "temperature"), 0, "'output.temperature' must be a number > 0"),
    ("inference", ("inputs",), {"image": "imge"}, "'inputs.image' is 'imge', which is not known; the nearest name is"),
    ("inference", ("tta",), {"flips": [[3]]}, "'tta.flips[0][0]' must be a whole number <= 2"),
    ("inference", ("windows",), {}, "'windows' is not known; the nearest name is 'window'"),
    ("train", ("task",), "segmentations", "'task' is 'segmentations', which is not known; the nearest name is 'segmen"),
    ("train", ("loop", "step"), 5, "'loop.step' is not known; the nearest name is 'steps'"),
    ("train", ("loop",), {}, "'loop.steps' is missing"),
    ("train", ("loop", "ema"), 2, "'loop.ema' must be a number <= 1"),
    ("train", ("augment",), {"spatial": {"rotate": 5}}, "'augment.spatial.rotate' is not known; the nearest name is"),
    ("train", ("positive",), {"thing": "x"}, "'positive' is not known"),
    ("train", (), {"task": "gate", "batch": 1, "adult": ["a"], "other": ["b"], "share_adult": 0.1, "share_other": 0.1,
                   "loop": {"steps": 1}}, "its recipe is of task 'gate', and it is of task 'segmentation'"),
]  # fmt: skip
BLOCKS = {"metadata": METADATA, "inference": INFERENCE, "train": RECIPE}


@pytest.mark.parametrize(("file", "path", "value", "words"), REFUSED, ids=[w[:40] for *_, w in REFUSED])
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, file: str, path: tuple[Any, ...], value: Any, words: str
) -> None:
    blocks = {**BLOCKS, file: changed(BLOCKS[file], path, value) if path else value}
    folder = make(tmp_path, metadata=blocks["metadata"], inference=blocks["inference"])
    (folder / packs.TRAIN).write_text(json.dumps(blocks["train"]))
    with pytest.raises(PackError) as caught:
        packs.read(folder)
    assert words in caught.value.what
    assert caught.value.what.startswith("Pack 'tiny' cannot be used: ")


def test_the_words_have_their_chinese() -> None:
    say = phrases_in("zh").say
    spoken = [
        "'viewer.match.age_year' is not known; the nearest name is 'age_years'",
        "'loop.steps' is missing",
        "'viewer.match.even' must be true or false and is text",
    ]
    for words in spoken:
        said = say(f"Pack 'tiny' cannot be used: {words}.")
        assert "无法使用" in said and " is " not in said and " must " not in said, said


@pytest.mark.logs("is broken")
def test_a_misspelt_rule_no_longer_switches_the_rule_off(tmp_path: Path) -> None:
    """A pack for ages 1 to 5 that is given a 62-year-old: with a typo the pack is not used at all."""
    metadata = changed(METADATA, MATCH, {"age_years": [1, 5]})
    adult = film(tags={"PatientAge": "062Y"})
    refused = suitability.check(packs.read(make(tmp_path / "right", metadata=metadata)), adult)
    assert refused.verdict is Suitability.REFUSE
    make(tmp_path / "wrong", metadata=changed(METADATA, MATCH, {"age_year": [1, 5]}))
    found, broken = packs.list_packs([tmp_path / "wrong"])
    assert found == ()
    assert "the nearest name is 'age_years'" in broken[0].error.what


HOSTILE: list[tuple[str, bytes]] = [
    ("deep", b'{"viewer": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    ("deep objects", b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    ("long integer", b'{"viewer": {"operating_points": ' + b"9" * 10_000 + b"}}"),
    ("huge number", b'{"viewer": {"match": {"age_years": [0, 1e999]}}}'),
    ("not a number", b'{"viewer": NaN}'),
    ("no text", b"\xff\xfe\x00"),
    ("cut off", b'{"viewer": {"match": '),
    ("a list", b"[]"),
    ("null", b"null"),
    ("empty", b""),
    ("large", b'{"a": "' + b"x" * 5_000_000 + b'"}'),
]


@pytest.mark.logs("is broken")
@pytest.mark.parametrize("file", ["metadata", "inference", "train"])
@pytest.mark.parametrize(("kind", "content"), HOSTILE, ids=[name for name, _ in HOSTILE])
def test_one_hostile_pack_is_broken_by_name_and_the_others_go_on(
    tmp_path: Path, file: str, kind: str, content: bytes
) -> None:
    make(tmp_path, "good", changed(METADATA, ("id",), "good"))
    bad = make(tmp_path, "bad", changed(METADATA, ("id",), "bad"))
    (bad / f"configs/{file}.json").write_bytes(content)
    found, broken = packs.list_packs([tmp_path])
    assert [pack.id for pack in found] == ["good"], kind
    assert [one.id for one in broken] == ["bad"]
    assert "Pack 'bad' cannot be used: " in broken[0].error.what
    assert len(broken[0].error.what) < 400


@pytest.mark.parametrize("where", ["match", "limits", "results"])
def test_every_depth_of_nesting_ends_in_words_or_is_read(tmp_path: Path, where: str) -> None:
    folder = make(tmp_path)
    whole = json.loads((folder / packs.METADATA).read_text())
    whole["viewer"][where] = "HERE"
    for depth in (*range(1, 1200, 37), *range(900, 1010, 3)):
        nested = '{"a": ' * depth + "1" + "}" * depth
        (folder / packs.METADATA).write_text(json.dumps(whole).replace('"HERE"', nested))
        try:
            assert packs.read(folder).id == "tiny"
        except PackError as error:
            assert "Pack 'tiny' cannot be used" in error.what


def tags(union: Any) -> set[str]:
    return {one.__struct_config__.tag for one in get_args(union)}


def test_the_lists_agree_with_the_code() -> None:
    assert tags(AnyNetwork) == set(networks.NETWORKS)
    assert set(get_args(AnyStep)) == set(preprocess.STEPS)
    assert set(get_args(Measure)) == {*measures.MEASURES, *measures.BY_ELLIPSE, CINE}


def test_a_pack_may_soften_every_rule_that_speaks() -> None:
    rules = Path(suitability.__file__).parent / "gate"
    spoken = set().union(*(re.findall(r'GateReason\(\s*"(\w+)"', p.read_text()) for p in rules.glob("*.py")))
    assert spoken == set(get_args(RuleName))


def test_packs_of_earlier_versions_are_read_in_todays_names(tmp_path: Path) -> None:
    metadata = changed(METADATA, (*MATCH, "modality"), "MR")
    metadata = changed(metadata, (*V, "finding"), {"kind": "structure", "measure": ["area_share"]})
    inference = changed(INFERENCE, ("preprocess",), [
        {"step": "film"}, {"step": "squash", "size": [32, 32]}, {"step": "middle", "size": [16, 16]},
    ])  # fmt: skip
    inference = changed(inference, ("output", "reader_votes"), 4)
    folder = make(tmp_path, metadata=metadata, inference=inference)
    (folder / packs.TRAIN).write_text(json.dumps({**RECIPE, "modality": "MR"}))
    pack = packs.read(folder)
    assert pack.match.modality == ("MR",)
    assert [type(step).__name__ for step in pack.inference.preprocess] == ["WindowRadiograph", "Resize", "CenterCrop"]
    for old, new in (("FilmClassifier", "RadiographClassifier"), ("FilmGate", "RadiographGate")):
        assert packschema.upgrade_inference({"network": {"_target_": old}})["network"]["_target_"] == new


# ---------------------------------------------------------------- shipped packs

MODELS = models_dirs()[0]
SHIPPED = sorted(pack.id for pack in packs.list_packs([MODELS])[0])
#: Objects whose keys are names the pack makes up: labels, packs, figures.
FREE = (r"viewer\.(results|cross_validation)\b.*", r"viewer\.gate\.for")
#: A key that says nothing more than the folder does, or only what a card shows.
SILENT = {"id", "description"}

needs_packs = pytest.mark.skipif(not SHIPPED, reason="no packs beside this checkout")


def keys(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every key."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from keys(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from keys(inner, (*path, index))


def is_free(path: tuple[Any, ...]) -> bool:
    place = ".".join(str(part) for part in path[:-1])
    return any(re.fullmatch(pattern, place) for pattern in FREE)


def respelt(block: Any, path: tuple[Any, ...], key: str) -> Any:
    """The block with one key spelt another way, in its place."""
    copy = json.loads(json.dumps(block))
    place = copy
    for part in path[:-1]:
        place = place[part]
    items = [(key if name == path[-1] else name, value) for name, value in place.items()]
    place.clear()
    place.update(items)
    return copy


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of the shipped packs, whose JSON may be spoilt."""
    folder = tmp_path_factory.mktemp("copies")
    for name in SHIPPED:
        shutil.copytree(MODELS / name, folder / name)
    return folder


def assert_refused_or_equal(folder: Path, file: str, path: tuple[Any, ...], key: str) -> None:
    place = folder / f"configs/{file}.json"
    whole = place.read_text(encoding="utf-8")
    true = packs.read(folder), packs.recipe(packs.read(folder))
    try:
        place.write_text(json.dumps(respelt(json.loads(whole), path, key)))
        pack = packs.read(folder)
        same = (pack, packs.recipe(pack)) == true
        assert same, f"{file}: {path} as {key!r} is taken, and means something else"
    except PackError as error:
        assert "cannot be used" in error.what
    finally:
        place.write_text(whole)


def known_keys(name: str, file: str) -> list[tuple[Any, ...]]:
    block = json.loads((MODELS / name / f"configs/{file}.json").read_text(encoding="utf-8"))
    return [path for path in keys(block) if not is_free(path) and path[-1] not in SILENT]


@needs_packs
@pytest.mark.parametrize("name", SHIPPED)
def test_no_key_of_a_shipped_pack_may_lose_a_letter(copies: Path, name: str) -> None:
    for file in ("metadata", "inference", "train"):
        for path in known_keys(name, file):
            word = str(path[-1])
            assert_refused_or_equal(copies / name, file, path, word[: len(word) // 2] + word[len(word) // 2 + 1 :])


WRONG: tuple[Any, ...] = (None, "wrong", 1e9, [], {}, True, [[1]], {"a": 1})


@needs_packs
@pytest.mark.parametrize("name", SHIPPED)
def test_a_value_of_another_kind_is_refused_or_its_meaning_is_seen(copies: Path, name: str) -> None:
    """What another value is taken for shows in the structs; none is taken and forgotten."""
    for file in ("metadata", "inference", "train"):
        place = copies / name / f"configs/{file}.json"
        whole = place.read_text(encoding="utf-8")
        true = packs.read(copies / name), packs.recipe(packs.read(copies / name))
        for path in known_keys(name, file)[:: 3 if file == "metadata" else 2]:
            value = WRONG[len(str(path)) % len(WRONG)]
            block = changed(json.loads(whole), path, value)
            place.write_text(json.dumps(block))
            try:
                pack = packs.read(copies / name)
            except PackError as error:
                assert "cannot be used" in error.what
            else:
                seen = (pack, packs.recipe(pack)) != true
                assert seen or value == get(json.loads(whole), path), (
                    f"{file}: {path} = {value!r} is taken and forgotten"
                )
        place.write_text(whole)


def get(block: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        block = block[part]
    return block


@st.composite
def typos(draw: st.DrawFn) -> tuple[str, str, tuple[Any, ...], str]:
    """One key of a shipped pack, misspelt."""
    name, file = draw(st.sampled_from(SHIPPED)), draw(st.sampled_from(["metadata", "inference", "train"]))
    path = draw(st.sampled_from(known_keys(name, file)))
    word = str(path[-1])
    at = draw(st.integers(0, len(word) - 1))
    made = {
        "double": word[: at + 1] + word[at:],
        "swap": word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
        "upper": word.upper(),
        "letter": word[:at] + draw(st.characters(codec="ascii", categories=["Ll"])) + word[at + 1 :],
    }
    return name, file, path, made[draw(st.sampled_from(sorted(made)))]


@needs_packs
@settings(max_examples=80, deadline=None)
@given(typos())
def test_any_misspelt_key_of_a_shipped_pack_is_refused_or_means_the_same(
    copies: Path, typo: tuple[str, str, tuple[Any, ...], str]
) -> None:
    name, file, path, key = typo
    assert_refused_or_equal(copies / name, file, path, key)


@needs_packs
def test_gates_name_packs_that_are_there() -> None:
    for name in SHIPPED:
        raw = json.loads((MODELS / name / "configs/metadata.json").read_text(encoding="utf-8"))["viewer"]
        assert set(raw.get("gate", {}).get("for", {})) <= set(SHIPPED)


def test_every_task_of_a_recipe_belongs_to_one_task() -> None:
    kinds = [kind for task in TASKS.values() for kind in task.recipes]
    assert len({kind.__struct_config__.tag for kind in kinds}) == len(kinds)
