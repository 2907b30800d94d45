"""Packs are data: whatever is missing, wrong or executable is refused in words."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests import faults, tiny_packs
from viewer.analysis import packs, packstore
from viewer.core.errors import PackError, UsageError

METADATA = {
    "id": "tiny",
    "name": "Tiny",
    "version": "1.0",
    "viewer": {
        "task": "segmentation",
        "intended_use": "Tests.",
        "match": {"modality": ["MR"], "needs_roi": True},
        "labels": {"thing": {"code": {"scheme": "99SECONDREAD", "value": "T", "meaning": "Thing"}}},
        "weights_sha256": "",
    },
}
INFERENCE = {
    "network": {
        "_target_": "UNet",
        "args": {"spatial_dims": 2, "in_channels": 1, "out_channels": 1, "channels": [4, 8]},
    },
    "preprocess": [{"step": "pad", "multiple": [8, 8, 8]}],
    "output": {"kind": "labels", "labels": ["thing"]},
}

RECIPE = {"task": "segmentation", "patch": [32, 32], "batch": 2, "loop": {"steps": 10}}


@functools.cache
def weights():
    """Weights of the network that `INFERENCE` names."""
    from safetensors.torch import save

    from viewer.analysis import networks

    net = networks.build(tiny_packs.network(INFERENCE["network"]))
    return save(
        {name: tensor.half() for name, tensor in net.state_dict().items() if tensor.is_floating_point()}
        | {name: tensor for name, tensor in net.state_dict().items() if not tensor.is_floating_point()}
    )


def make(parent, name="tiny", metadata=None, inference=None):
    folder = parent / name
    for sub in ("configs", "models", "docs"):
        (folder / sub).mkdir(parents=True)
    (folder / "models/model.safetensors").write_bytes(weights())
    (folder / "docs/README.md").write_text("card")
    (folder / "docs/data_license.txt").write_text("licence")
    block = json.loads(json.dumps(metadata or METADATA))
    block["viewer"]["weights_sha256"] = packs.sha256(folder / "models/model.safetensors")
    (folder / "configs/metadata.json").write_text(json.dumps(block))
    (folder / "configs/inference.json").write_text(json.dumps(inference or INFERENCE))
    (folder / "configs/train.json").write_text(json.dumps(RECIPE))
    return folder


def packed(folder, target, extra=()):
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder.parent))
        for name, content in extra:
            archive.writestr(name, content)
    return target


def changed(block, path, value):
    copy = json.loads(json.dumps(block))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


def test_a_good_pack_is_read(tmp_path):
    pack = packs.read(make(tmp_path))
    assert (pack.id, pack.task, pack.needs_roi, pack.research_only) == ("tiny", "segmentation", True, False)
    packs.verify(pack)


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        (("network", "_target_"), "os.system", "'network._target_' is 'os.system', which is not known"),
        (("network", "args"), {"x": "$__import__('os')"}, "expression"),
        (("preprocess",), [{"step": "exec"}], "'exec', which is not known"),
        (("imports",), ["$import os"], "asks for code"),
        (("output", "kind"), "other", "output.kind"),
        (("output", "labels"), [], "'output.labels' must be a list"),
    ],
)
def test_a_bad_inference_file_is_refused(tmp_path, path, value, word):
    with pytest.raises(PackError, match=word.replace("$", "")):
        packs.read(make(tmp_path, inference=changed(INFERENCE, path, value)))


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        (("viewer", "task"), "magic", "viewer.task"),
        (("viewer", "intended_use"), "", "intended_use"),
        (("viewer", "labels"), {"thing": {}}, "'viewer.labels.thing.code' is missing"),
        (("viewer", "operating_points"), [{"name": "default"}], "operating_points.0..threshold"),
        (("id",), "other", "folder is called"),
        (("name",), "", "'name' must be text"),
    ],
)
def test_bad_metadata_is_refused(tmp_path, path, value, word):
    with pytest.raises(PackError, match=word):
        packs.read(make(tmp_path, metadata=changed(METADATA, path, value)))


def test_a_classifier_needs_a_default_point(tmp_path):
    with pytest.raises(PackError, match="default"):
        metadata = changed(METADATA, ("viewer", "task"), "classification")
        packs.read(make(tmp_path, metadata=metadata, inference=changed(INFERENCE, ("output", "kind"), "scores")))


@pytest.mark.parametrize("name", ["configs/metadata.json", "configs/inference.json", "models/model.safetensors"])
def test_a_missing_file_is_named(tmp_path, name):
    folder = make(tmp_path)
    (folder / name).unlink()
    with pytest.raises(PackError, match=name):
        packs.read(folder)


def test_scripts_are_refused(tmp_path):
    folder = make(tmp_path)
    (folder / "scripts").mkdir()
    with pytest.raises(PackError, match="scripts"):
        packs.read(folder)


def test_wrong_weights_are_found(tmp_path):
    folder = make(tmp_path)
    (folder / "models/model.safetensors").write_bytes(b"other")
    with pytest.raises(PackError, match="SHA-256") as caught:
        packs.verify(packs.read(folder))
    assert caught.value.code == "wrong_hash"


@pytest.mark.logs("is broken")
def test_broken_packs_are_listed_beside_good_ones(tmp_path):
    make(tmp_path, "tiny")
    bad = make(tmp_path, "bad")
    (bad / "configs/metadata.json").write_text("{")
    good, broken = packs.list_packs([tmp_path])
    assert [p.id for p in good] == ["tiny"] and [b.id for b in broken] == ["bad"]
    with pytest.raises(UsageError, match="no pack 'none'"):
        packs.load("none", [tmp_path])
    with pytest.raises(PackError, match="JSON"):
        packs.load("bad", [tmp_path])


def test_install_replace_and_remove(tmp_path):
    home = tmp_path / "home"
    file = packed(make(tmp_path / "a"), tmp_path / "tiny.zip")
    assert packstore.install(file, home).id == "tiny"
    newer = packed(make(tmp_path / "b", metadata=changed(METADATA, ("version",), "2.0")), tmp_path / "tiny2.zip")
    assert packstore.install(newer, home).version == "2.0"
    assert [p.name for p in home.iterdir() if p.name[0] != "."] == ["tiny"]
    assert packs.read(home / packstore.KEPT / "tiny").version == "1.0"
    packstore.remove("tiny", home)
    assert [p.name for p in home.iterdir()] == [packstore.KEPT]
    with pytest.raises(UsageError):
        packstore.remove("tiny", home)
    with pytest.raises(UsageError):
        packstore.remove("../home", home)


def test_a_pack_with_a_misspelt_rule_is_not_installed(tmp_path):
    home = tmp_path / "home"
    metadata = changed(METADATA, ("viewer", "match", "age_year"), [1, 5])
    with pytest.raises(PackError, match="'viewer.match.age_year' is not known"):
        packstore.install(packed(make(tmp_path / "a", metadata=metadata), tmp_path / "tiny.zip"), home)
    assert not list(home.iterdir())


@pytest.mark.parametrize(
    "extra",
    [
        [("tiny/run.py", "import os")],
        [("../evil.json", "{}")],
        [("tiny/../../evil.json", "{}")],
        [("other/a.json", "{}")],
    ],
)
def test_a_harmful_archive_installs_nothing(tmp_path, extra):
    home = tmp_path / "home"
    file = packed(make(tmp_path / "a"), tmp_path / "tiny.zip", extra)
    with pytest.raises(PackError):
        packstore.install(file, home)
    assert not list(home.iterdir()) and not (tmp_path / "evil.json").exists()


def test_a_failed_update_keeps_the_old_pack(tmp_path):
    home = tmp_path / "home"
    packstore.install(packed(make(tmp_path / "a"), tmp_path / "one.zip"), home)
    folder = make(tmp_path / "b")
    (folder / "models/model.safetensors").write_bytes(b"changed")
    with pytest.raises(PackError):
        packstore.install(packed(folder, tmp_path / "two.zip"), home)
    packs.verify(packs.load("tiny", [home]))


def test_at_every_kill_of_an_update_one_whole_version_stays(tmp_path):
    home = tmp_path / "home"
    old = packed(make(tmp_path / "a"), tmp_path / "one.zip")
    new = packed(make(tmp_path / "b", metadata=changed(METADATA, ("version",), "2.0")), tmp_path / "two.zip")
    packstore.install(old, home)
    start = tmp_path / "start"
    shutil.copytree(home, start)
    seen = []
    for _ in faults.kills(lambda: packstore.install(new, home), home):
        packstore.settle(home)
        (pack,), broken = packs.list_packs([home])
        packs.verify(pack)
        assert not broken
        assert not list(home.glob(".install-*"))
        seen.append(pack.version)
        shutil.rmtree(home)
        shutil.copytree(start, home)
    assert len(seen) > 15
    assert set(seen) == {"1.0", "2.0"}


def test_the_name_of_a_pack_of_the_program_is_its_own(tmp_path, monkeypatch):
    make(tmp_path / "own", "tiny")
    monkeypatch.setenv("SECONDREAD_MODELS", str(tmp_path / "own"))
    monkeypatch.setenv("SECONDREAD_HOME", str(tmp_path / "home"))
    file = packed(make(tmp_path / "a"), tmp_path / "tiny.zip")
    with pytest.raises(PackError, match="came with the program"):
        packstore.install(file)
    metadata = changed(METADATA, ("version",), "9.9")
    make(tmp_path / "home" / "data" / "models", metadata=metadata)
    good, broken = packs.list_packs()
    assert [pack.version for pack in good] == ["1.0"]
    assert [one.error.code for one in broken] == ["reserved"]


#: What is spoilt -> (where in a central directory entry, its two bytes).
HOSTILE = {"a password": (8, b"\x01\x00"), "method 99": (10, b"\x63\x00"), "a wrong CRC": (16, b"\xff\xff")}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_archive_that_cannot_be_unpacked_is_refused_in_words(tmp_path, name):
    home = tmp_path / "home"
    file = packed(make(tmp_path / "a"), tmp_path / "tiny.zip")
    data, (offset, two) = bytearray(file.read_bytes()), HOSTILE[name]
    place = data.find(b"PK\x01\x02")
    data[place + offset : place + offset + 2] = two
    file.write_bytes(data)
    with pytest.raises(PackError):
        packstore.install(file, home)
    assert not list(home.iterdir())


@pytest.mark.parametrize("entry", [".", "./", "/"])
def test_an_entry_without_a_name_is_refused_in_words(tmp_path, entry):
    home = tmp_path / "home"
    file = packed(make(tmp_path / "a"), tmp_path / "tiny.zip", [(entry, "x")])
    if entry.endswith("/"):
        assert packstore.install(file, home).id == "tiny"
        return
    with pytest.raises(PackError):
        packstore.install(file, home)


def test_a_file_that_is_not_there_is_said_to_be_not_there(tmp_path):
    with pytest.raises(UsageError, match="There is no file"):
        packstore.install(tmp_path / "none.zip", tmp_path / "home")


def test_reading_packs_imports_no_torch():
    code = (
        "import sys; from viewer.analysis import packs; packs.list_packs();"
        "print([m for m in ('torch', 'monai', 'SimpleITK', 'openvino', 'scipy') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.logs("is broken")
def test_a_recipe_without_weights_is_no_pack_and_no_fault(tmp_path):
    folder = make(tmp_path)
    (folder / packs.WEIGHTS).unlink()
    assert [one.id for one in packs.list_packs([tmp_path])[1]] == ["tiny"], "weights that were there once are missed"
    metadata = json.loads((folder / packs.METADATA).read_text())
    metadata["viewer"]["weights_sha256"] = packs.UNTRAINED
    (folder / packs.METADATA).write_text(json.dumps(metadata))
    assert packs.list_packs([tmp_path]) == ((), ())
    with pytest.raises(UsageError, match="not trained yet"):
        packs.load("tiny", [tmp_path])
    assert packs.load_recipe("tiny", [tmp_path]).id == "tiny"


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        (("network", "args", "channels"), [8, 16], "weights do not fit"),
        (("network", "args", "in_channels"), 3, "pictures have one channel"),
        (("network", "args", "out_channels"), 3, "gives 3 classes a voxel"),
        (("network", "args", "channels"), [10**9], "'network.args.channels.0.' must be a whole number <= 4096"),
        (("output", "labels"), [f"label {n}" for n in range(300)], "'output.labels' must be a list of length <= 255"),
        (("saliency",), {"layer": "none.such"}, "no layer 'none.such'"),
        (("tta",), {"flips": [[1, 1]]}, "each axis of a copy once"),
        (("preprocess",), [{"step": "resample", "spacing_mm": [1e-300, None, None]}], "a number >= 0.01"),
    ],
)
def test_installing_checks_all_that_use_relies_on(tmp_path, path, value, word):
    file = packed(make(tmp_path / "a", inference=changed(INFERENCE, path, value)), tmp_path / "tiny.zip")
    with pytest.raises(PackError, match=word):
        packstore.install(file, tmp_path / "home")
    assert not [one for one in (tmp_path / "home").iterdir() if one.name[0] != "."]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("name",), "\x1b[31mred"),
        (("viewer", "match", "modality"), [["MR"]]),
        (("viewer", "match", "slices"), ["1", "2"]),
        (("viewer", "match", "age_years"), {"low": 1}),
        (("viewer", "labels", "thing", "code", "value"), "T" * 17),
        (("viewer", "labels", "thing", "code", "meaning"), "two\nlines"),
        (("viewer", "labels", "thing", "colour"), "red"),
    ],
)
def test_words_and_types_that_use_would_stumble_over_are_not_installed(tmp_path, path, value):
    file = packed(make(tmp_path / "a", metadata=changed(METADATA, path, value)), tmp_path / "tiny.zip")
    with pytest.raises(PackError, match=r"metadata|viewer|name"):
        packstore.install(file, tmp_path / "home")


def test_what_is_no_plain_file_is_never_read(tmp_path):
    """A pipe would hold every analysis up, a device fill the memory."""
    folder = make(tmp_path)
    for file in (packs.METADATA, packs.INFERENCE, packs.WEIGHTS):
        kept = (folder / file).read_bytes()
        (folder / file).unlink()
        os.mkfifo(folder / file)
        with pytest.raises(PackError, match="missing"):
            packs.read(folder)
        (folder / file).unlink()
        (folder / file).symlink_to("/dev/zero")
        with pytest.raises(PackError, match="missing"):
            packs.read(folder)
        (folder / file).unlink()
        (folder / file).write_bytes(kept)


def test_shipped_packs_say_which_of_them_only_outline_anatomy() -> None:
    shipped, _ = packs.list_packs()
    outline = {pack.id for pack in shipped if not pack.viewer.answers and pack.is_offered}
    assert outline == {"mr-cardiac-lv", "mr-hippocampus-segmentation", "us-fetal-head", "xray-chest-lungs"}
