"""`secondread packs`: read as data, damage said in words."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from viewer import cli
from viewer.analysis import packs


def main(arguments: list[str]) -> int:
    return cli.main(arguments, lambda _paths: 0)


@pytest.fixture
def one_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder with a copy of one shipped pack."""
    found, _broken = packs.list_packs()
    whole = [pack for pack in found if (pack.folder / packs.CARD).is_file()]
    if not whole:
        pytest.skip("this checkout ships no complete pack")
    folder = tmp_path / "models"
    shutil.copytree(whole[0].folder, folder / whole[0].id)
    monkeypatch.setenv("SECONDREAD_MODELS", str(folder))
    return folder / whole[0].id


def test_list_and_show_name_the_pack(one_pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["packs", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [pack["id"] for pack in listed["packs"]] == [one_pack.name]
    assert main(["packs", "show", one_pack.name]) == 0
    shown = capsys.readouterr().out
    assert one_pack.name in shown and "Weights sha256" in shown


def test_verify_finds_changed_weights(one_pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["packs", "verify", one_pack.name]) == 0
    weights = one_pack / packs.WEIGHTS
    damaged = bytearray(weights.read_bytes())
    damaged[-1] ^= 1
    weights.write_bytes(damaged)
    capsys.readouterr()
    assert main(["packs", "verify", "--json"]) == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["packs"][0]["ok"] is False
    assert "SHA-256 differs" in told.err and "Install the pack again" in told.err


@pytest.mark.logs("is broken")
def test_a_misspelt_rule_is_told_by_list_verify_and_use(one_pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = one_pack / packs.METADATA
    metadata = json.loads(place.read_text(encoding="utf-8"))
    metadata["viewer"]["match"]["modalty"] = metadata["viewer"]["match"].pop("modality")
    place.write_text(json.dumps(metadata), encoding="utf-8")
    words = "'viewer.match.modalty' is not known; the nearest name is 'modality'"
    assert main(["packs", "verify", "--json"]) == 1
    (told,) = json.loads(capsys.readouterr().out)["packs"]
    assert told["id"] == one_pack.name and told["ok"] is False and words in told["text"]
    assert main(["packs", "list", "--json"]) == 0
    assert words in json.loads(capsys.readouterr().out)["broken"][0]["text"]
    assert main(["packs", "show", one_pack.name]) == 1
    assert words in capsys.readouterr().err


def test_no_packs_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SECONDREAD_MODELS", str(tmp_path / "none"))
    assert main(["packs"]) == 0
    assert "No model packs are installed" in capsys.readouterr().out
    assert main(["packs", "verify"]) == 1
    assert "packs install FILE" in capsys.readouterr().err


def test_install_and_remove(
    one_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", one_pack.parent, one_pack.name)
    monkeypatch.setenv("SECONDREAD_MODELS", str(tmp_path / "none"))
    assert main(["packs", "install", packed]) == 0
    assert main(["packs", "verify", one_pack.name]) == 0
    assert main(["packs", "remove", one_pack.name]) == 0
    capsys.readouterr()
    assert main(["packs", "show", one_pack.name]) == 2
    assert "There is no pack" in capsys.readouterr().err
