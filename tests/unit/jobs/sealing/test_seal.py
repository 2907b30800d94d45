"""The seal: as signed, changed, by an unknown key, by the earlier way, none; and every byte counts."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from viewer.core.errors import OutputError, ReadError
from viewer.jobs.sealing import keys
from viewer.jobs.sealing.seal import SEAL, Altered, SealState, canonical, manifest_of, sealed, sha256_of, verify

SIGNATURE = {"name": "Dr. A. Reader", "organization": "Sample Hospital", "when": "2026-03-02T10:00:00+01:00"}


def document_of(**changes: Any) -> dict[str, Any]:
    return {
        "schema": 2,
        "program": "SecondRead 0.2.0",
        "study": {"uid": "1.2.3"},
        "packs": [{"pack": "p", "version": "1.0.0", "provenance": {"weights_sha256": "ab"}}],
        "report": {
            "signature": SIGNATURE, "sha256": "cd", "sections": {"impression": "Right."}, "language": "en", "version": 1
        },
        **changes,
    }  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SECONDREAD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "results"
    place.mkdir()
    (place / "seg.dcm").write_bytes(bytes(range(256)))
    (place / "report.pdf").write_bytes(b"%PDF-1.7 FINAL, SIGNED")
    (place / "result.json").write_text(json.dumps(document_of(), indent=1))
    seal(place)
    return place


def seal(place: Path) -> None:
    files = {path.name: sha256_of(path) for path in place.iterdir() if path.name != SEAL}
    (place / SEAL).write_bytes(sealed(manifest_of(document_of(), files, {})))


def state_of(folder: Path) -> SealState:
    return verify(folder, document_of()).state


def test_what_was_not_touched_is_as_signed(folder: Path) -> None:
    verdict = verify(folder, document_of())
    assert verdict.state is SealState.AS_SIGNED
    assert (verdict.signer, verdict.organization, verdict.when) == tuple(SIGNATURE.values())
    assert verdict.fingerprint.startswith("SHA256:")


def test_moved_copied_and_touched_is_as_signed(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "elsewhere" / "copy")
    os.utime(tmp_path / "elsewhere" / "copy" / "seg.dcm", (0, 0))
    assert state_of(tmp_path / "elsewhere" / "copy") is SealState.AS_SIGNED


def test_a_lock_file_is_not_of_the_folder(folder: Path) -> None:
    (folder / ".lock").write_text("{}")
    assert state_of(folder) is SealState.AS_SIGNED


@pytest.mark.parametrize("name", ["seg.dcm", "report.pdf", "result.json"])
def test_a_file_that_is_gone_or_changed_is_named(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data + b" ")
    changed = verify(folder, document_of())
    assert (changed.state, changed.alterations[0].file, changed.alterations[0].what) == ("changed", name, Altered.HASH)
    (folder / name).unlink()
    gone = verify(folder, document_of())
    assert (gone.state, gone.alterations[0].what) == (SealState.CHANGED, Altered.MISSING)
    assert name in gone.words


def test_a_file_or_a_folder_that_was_added_is_named(folder: Path) -> None:
    (folder / "more.txt").write_text("")
    (folder / "inside").mkdir()
    found = verify(folder, document_of())
    assert found.state is SealState.CHANGED
    assert {(one.file, one.what) for one in found.alterations} == {("more.txt", "count"), ("inside", "count")}


def test_every_mutation_of_any_byte_of_any_file_is_found(folder: Path) -> None:
    chance = random.Random(7)
    names = ["seg.dcm", "report.pdf", "result.json", SEAL]
    whole = {name: (folder / name).read_bytes() for name in names}
    tried = 0
    for _ in range(2500):
        name = chance.choice(names)
        data = bytearray(whole[name])
        place, kind = chance.randrange(len(data)), chance.randrange(4)
        if kind == 0:
            data[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del data[place]
        elif kind == 2:
            data.insert(place, chance.randrange(256))
        else:
            data[place : place + 1] = bytes([data[place]]) * 2
        if bytes(data) == whole[name]:
            continue
        (folder / name).write_bytes(data)
        found = verify(folder, document_of())
        assert found.state is SealState.CHANGED, (name, place, kind)
        assert [one.file for one in found.alterations] == [name]
        (folder / name).write_bytes(whole[name])
        tried += 1
    assert tried > 2400


@pytest.mark.parametrize("key", ["manifest", "public_key", "fingerprint", "signature", "format", "version"])
def test_no_part_of_the_seal_can_be_left_out_or_replaced(folder: Path, key: str) -> None:
    body = json.loads((folder / SEAL).read_bytes())
    for value in (None, "", 7, [], {}, "AAAA"):
        (folder / SEAL).write_bytes(canonical({**body, key: value}))
        assert state_of(folder) is SealState.CHANGED
    del body[key]
    (folder / SEAL).write_bytes(canonical(body))
    assert state_of(folder) is SealState.CHANGED


@pytest.mark.parametrize("data", [b"", b"{}", b"[]\n", b"null\n", b"[" * 100_000, b"\xff\xfe", b'{"manifest":{}}\n'])
def test_a_seal_that_is_none_is_changed(folder: Path, data: bytes) -> None:
    (folder / SEAL).write_bytes(data)
    assert state_of(folder) is SealState.CHANGED


def test_a_seal_with_spaces_is_changed(folder: Path) -> None:
    (folder / SEAL).write_text(json.dumps(json.loads((folder / SEAL).read_bytes()), indent=1))
    assert state_of(folder) is SealState.CHANGED


def test_a_seal_that_was_taken_out_is_missed(folder: Path) -> None:
    (folder / SEAL).unlink()
    found = verify(folder, document_of())
    assert found.state is SealState.CHANGED
    assert found.alterations[0].file == SEAL


def test_only_what_an_older_program_signed_is_of_the_earlier_way(folder: Path) -> None:
    (folder / SEAL).unlink()
    old = verify(folder, document_of(program="SecondRead 0.1.0"))
    assert old.state is SealState.EARLIER_WAY
    assert "cannot be verified" in old.words
    for program in ("SecondRead 0.2.0", "SecondRead 1.0.0", "Another 0.1.0", "", None, "SecondRead"):
        assert verify(folder, document_of(program=program)).state is SealState.CHANGED


def test_without_signature_and_seal_it_is_not_signed(folder: Path) -> None:
    (folder / SEAL).unlink()
    report = {**document_of()["report"], "signature": None}
    assert verify(folder, document_of(report=report)).state is SealState.NONE
    assert verify(folder, document_of(report=None)).state is SealState.NONE


def test_a_signature_set_to_nothing_does_not_open_the_folder(folder: Path) -> None:
    report = {**document_of()["report"], "signature": None}
    (folder / "result.json").write_text(json.dumps(document_of(report=report), indent=1))
    assert verify(folder, document_of(report=report)).state is SealState.CHANGED


def test_another_place_does_not_know_the_key_until_it_takes_it_in(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = tmp_path / "theirs.pub"
    public.write_text(keys.as_text(keys.public_key()))
    monkeypatch.setenv("SECONDREAD_HOME", str(tmp_path / "other"))
    assert state_of(folder) is SealState.UNKNOWN_KEY
    assert keys.trust(public) == keys.known()[0]
    assert state_of(folder) is SealState.AS_SIGNED
    (folder / "seg.dcm").write_bytes(b"")
    assert state_of(folder) is SealState.CHANGED


def test_somebody_else_s_seal_over_a_changed_folder_is_by_an_unknown_key(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = os.environ["SECONDREAD_HOME"]
    monkeypatch.setenv("SECONDREAD_HOME", str(tmp_path / "forger"))
    (folder / "report.pdf").write_bytes(b"%PDF-1.7 forged")
    seal(folder)
    monkeypatch.setenv("SECONDREAD_HOME", mine)
    assert state_of(folder) is SealState.UNKNOWN_KEY


@pytest.mark.parametrize(
    "broken", [{"files": []}, {"signer": {}}, {"folders": {"..": "x"}}, {"files": {"../x": "y"}}, {"files": {"a": 1}}]
)
def test_a_manifest_of_a_forger_that_is_none_is_changed(folder: Path, broken: dict[str, Any]) -> None:
    (folder / SEAL).write_bytes(sealed({**manifest_of(document_of(), {}, {}), **broken}))
    assert state_of(folder) is SealState.CHANGED


def test_further_series_inside_are_bound_by_their_seals(folder: Path) -> None:
    inside = folder / "series-2"
    inside.mkdir()
    (inside / SEAL).write_bytes((folder / SEAL).read_bytes())
    files = {path.name: sha256_of(path) for path in folder.iterdir() if path.is_file() and path.name != SEAL}
    (folder / SEAL).write_bytes(sealed(manifest_of(document_of(), files, {"series-2": sha256_of(inside / SEAL)})))
    assert state_of(folder) is SealState.AS_SIGNED
    (inside / SEAL).write_bytes(b"{}")
    assert state_of(folder) is SealState.CHANGED
    shutil.rmtree(inside)
    assert state_of(folder) is SealState.CHANGED


# ---------------------------------------------------------------- keys


def test_the_private_key_is_made_once_and_is_the_user_s_alone(home: Path) -> None:
    first = keys.public_key()
    path = home / "data" / "keys" / "signing.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.public_key() == first
    assert keys.known() == (first,)
    assert sorted(p.name for p in path.parent.iterdir()) == ["known", "signing.key"]


@pytest.mark.logs("could be read by others")
@pytest.mark.logs("could be read by others")
def test_a_key_that_others_could_read_is_closed_to_them(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys.public_key()
    path = home / "data" / "keys" / "signing.key"
    path.chmod(0o644)
    keys.public_key()
    assert path.stat().st_mode & 0o777 == 0o600
    assert "others" in caplog.text


def test_a_damaged_key_is_said_in_words_and_never_replaced(home: Path) -> None:
    keys.public_key()
    path = home / "data" / "keys" / "signing.key"
    path.write_text("nothing")
    with pytest.raises(OutputError, match="damaged"):
        keys.signing_key()
    assert path.read_text() == "nothing"


def test_a_file_that_is_no_key_is_not_taken_in(tmp_path: Path) -> None:
    for text in ("", "ssh-ed25519 AAAA", "secondread-ed25519 AAAA", "secondread-ed25519 %%%"):
        (tmp_path / "x.pub").write_text(text)
        with pytest.raises(ReadError, match="no public key"):
            keys.trust(tmp_path / "x.pub")
