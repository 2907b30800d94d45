"""Packs are data: whatever is missing, wrong or executable is refused in words."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import pytest

from viewer.analysis import packs
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


def make(parent, name="tiny", metadata=None, inference=None, weights=b"weights"):
    folder = parent / name
    for sub in ("configs", "models", "docs"):
        (folder / sub).mkdir(parents=True)
    (folder / "models/model.safetensors").write_bytes(weights)
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
    assert packs.install(file, home).id == "tiny"
    newer = packed(make(tmp_path / "b", metadata=changed(METADATA, ("version",), "2.0")), tmp_path / "tiny2.zip")
    assert packs.install(newer, home).version == "2.0"
    assert [p.name for p in home.iterdir()] == ["tiny"]
    packs.remove("tiny", home)
    assert not list(home.iterdir())
    with pytest.raises(UsageError):
        packs.remove("tiny", home)
    with pytest.raises(UsageError):
        packs.remove("../home", home)


def test_a_pack_with_a_misspelt_rule_is_not_installed(tmp_path):
    home = tmp_path / "home"
    metadata = changed(METADATA, ("viewer", "match", "age_year"), [1, 5])
    with pytest.raises(PackError, match="'viewer.match.age_year' is not known"):
        packs.install(packed(make(tmp_path / "a", metadata=metadata), tmp_path / "tiny.zip"), home)
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
        packs.install(file, home)
    assert not list(home.iterdir()) and not (tmp_path / "evil.json").exists()


def test_a_failed_update_keeps_the_old_pack(tmp_path):
    home = tmp_path / "home"
    packs.install(packed(make(tmp_path / "a"), tmp_path / "one.zip"), home)
    folder = make(tmp_path / "b")
    (folder / "models/model.safetensors").write_bytes(b"changed")
    with pytest.raises(PackError):
        packs.install(packed(folder, tmp_path / "two.zip"), home)
    packs.verify(packs.load("tiny", [home]))


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
