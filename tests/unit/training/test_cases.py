"""Case tables: what leaks or lacks is refused or listed."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from PIL import Image

from viewer.analysis import packschema
from viewer.analysis.tasks.classification import ClassificationRecipe
from viewer.core.errors import UsageError
from viewer.training import cases, radiographs


def table(tmp_path, rows, head="image,mask,label,patient,split"):
    for name in {r.split(",")[0] for r in rows if not r.startswith("gone")}:
        Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(tmp_path / name)
    path = tmp_path / "cases.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def test_rows_become_cases_with_extra_columns(tmp_path):
    path = table(tmp_path, ["a.png,,X,p1,train,7"], "image,mask,label,patient,split,age")
    (case,) = cases.read_table(path).of("train")
    assert (case.label, case.patient, case.mask, case.extra) == ("X", "p1", None, {"age": "7"})
    assert np.array_equal(cases.load_volume(case.image).stored[0], np.arange(64).reshape(8, 8))


def test_a_patient_in_two_splits_is_refused(tmp_path):
    with pytest.raises(UsageError, match="p1"):
        cases.read_table(table(tmp_path, ["a.png,,X,p1,train", "b.png,,X,p1,val"]))


def test_missing_files_are_listed_and_left_out(tmp_path):
    read = cases.read_table(table(tmp_path, ["a.png,,X,p1,train", "gone.png,,X,p2,train", "a.png,no.png,X,p3,val"]))
    assert [c.patient for c in read.cases] == ["p1"]
    assert dict(read.missing)["gone.png"] == "The image file is missing."


@pytest.mark.parametrize("head", ["image,mask,label,patient", "mask,label,patient,split,x"])
def test_missing_columns_are_named(tmp_path, head):
    with pytest.raises(UsageError, match="column"):
        cases.read_table(table(tmp_path, ["a.png,,X,p1,train"], head))


def test_no_table_and_an_empty_one_are_refused(tmp_path):
    with pytest.raises(UsageError, match="no case table"):
        cases.read_table(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="no rows"):
        cases.read_table(table(tmp_path, []))


@pytest.mark.parametrize("content", ["image,patient,split\na.png,Jürgen,train\n".encode("latin-1"), b"\xff\xfei\x00"])
def test_a_table_in_another_encoding_is_refused_in_words(tmp_path, content):
    path = tmp_path / "cases.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="UTF-8"):
        cases.read_table(path)


def test_folds_keep_groups_whole_and_even():
    keys = [f"g{n // 7}" for n in range(210)]
    folds = cases.assign_folds(keys, 5, seed=3)
    assert all(len(set(folds[np.array(keys) == key])) == 1 for key in set(keys))
    assert np.bincount(folds).tolist() == [42] * 5
    assert np.array_equal(folds, cases.assign_folds(keys, 5, seed=3))


def test_slices_of_a_patient_stack_in_order(tmp_path):
    volumes = [
        cases.load_volume(c.image)
        for c in cases.read_table(table(tmp_path, ["a.png,,X,p,train", "b.png,,X,p,train"])).cases
    ]
    assert cases.stacked(volumes).shape == (2, 8, 8)
    Image.new("L", (9, 8)).save(tmp_path / "c.png")
    with pytest.raises(UsageError, match="different sizes"):
        cases.stacked([volumes[0], cases.load_volume(tmp_path / "c.png")])


def test_the_quick_reader_equals_the_programs(tmp_path):
    plane = np.arange(96, dtype=np.uint8).reshape(8, 12)
    Image.fromarray(plane).save(tmp_path / "a.png")
    Image.fromarray(plane).save(tmp_path / "a.jpg", quality=90)
    Image.fromarray(np.stack([plane] * 3, axis=-1)).save(tmp_path / "c.png")
    for name in ("a.png", "a.jpg", "c.png"):
        quick, slow = cases.load_quickly(tmp_path / name), cases.load_volume(tmp_path / name)
        assert np.array_equal(quick.values(), slow.values())
        assert quick.geometry.same_grid(slow.geometry) or not slow.geometry.oriented
        assert (quick.inverted, quick.windows, quick.is_colour) == (slow.inverted, slow.windows, slow.is_colour)


def test_a_recipe_that_needs_a_library_that_is_not_installed_says_which(monkeypatch):
    block = {"task": "classification", "batch": 1, "loop": {"steps": 1}, "positive": {"Ill": "ILL"}, "folds": 2,
             "sides": [[1, 8]], "balance": {"columns": ["width"]}}  # fmt: skip
    recipe = packschema.decode(block, ClassificationRecipe)
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "sklearn" else find(name))
    with pytest.raises(UsageError, match="needs scikit-learn.*pip install scikit-learn"):
        radiographs.load_radiographs((), None, recipe)
