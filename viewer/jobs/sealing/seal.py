"""The seal of a signed result folder: what it held, who signed it, and whether it still does.

`seal.json` holds a manifest (SHA-256 of every file of the folder, result.json among them; voxels and
identity of each source picture; the packs with their weights; the report; signer and time), the public
key and an Ed25519 signature over both. It is canonical JSON, byte by byte: keys sorted, no spaces, one
line. It is written with the rest of the signed folder in one change and is the only file that it does
not hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from viewer.jobs.sealing import keys

SEAL = "seal.json"
#: Files that may lie in a sealed folder without being of it.
LOCKS = frozenset({".lock"})
FORMAT, VERSION = "secondread-seal", 1
#: The first program that seals; what an older one signed cannot be verified.
SEALED_SINCE = (0, 2, 0)
#: No seal is larger (bytes): 100,000 pictures stay under it.
_MAX_BYTES = 64 * 2**20
_CHUNK = 1 << 20
_PROGRAM = re.compile(r"SecondRead (\d+)\.(\d+)\.(\d+)")


class SealState(StrEnum):
    """What a seal says of its folder."""

    NONE = "none"
    AS_SIGNED = "as signed"
    CHANGED = "changed"
    UNKNOWN_KEY = "unknown key"
    EARLIER_WAY = "earlier way"


class Altered(StrEnum):
    """How a file differs from what was sealed, in the words of `check --json`."""

    HASH = "hash"
    MISSING = "missing"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Alteration:
    """One file of a sealed folder that is no longer what was signed."""

    file: str
    what: Altered
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a signed folder.

    Attributes:
        alterations: where it was changed, every file that differs.
        signer, organization, when: as sealed; "" without a valid seal.
        fingerprint: of the key that signed; "" without a valid seal.
    """

    state: SealState
    alterations: tuple[Alteration, ...] = ()
    signer: str = ""
    organization: str = ""
    when: str = ""
    fingerprint: str = ""

    @property
    def words(self) -> str:
        """The verdict as one sentence."""
        files = ", ".join(dict.fromkeys(one.file for one in self.alterations))
        return {
            SealState.NONE: "Not signed.",
            SealState.AS_SIGNED: "As signed: nothing was changed since.",
            SealState.CHANGED: f"Changed since it was signed: {files}.",
            SealState.UNKNOWN_KEY: f"Signed by a key that this place does not know ({self.fingerprint}).",
            SealState.EARLIER_WAY: "Signed by an earlier version, without a seal: it cannot be verified.",
        }[self.state]


def canonical(data: Mapping[str, Any]) -> bytes:
    """JSON that has one form only: sorted keys, no spaces, UTF-8."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest()


def manifest_of(document: Mapping[str, Any], files: Mapping[str, str], folders: Mapping[str, str]) -> dict[str, Any]:
    """What a signature binds.

    Args:
        document: result.json as it is signed.
        files: name -> SHA-256 of every file of the folder but the seal.
        folders: name -> SHA-256 of the seal of each signed folder inside (further series of a study).
    """
    report = document["report"]
    return {
        "study": str(document["study"]["uid"]),
        "signer": {key: str(report["signature"][key]) for key in ("name", "organization", "when")},
        "report": {
            "sha256": str(report["sha256"]),
            "text": hashlib.sha256(canonical(report["sections"])).hexdigest(),
            "language": str(report["language"]),
            "version": int(report["version"]),
        },
        "packs": [_pack(entry) for entry in document["packs"]],
        "sources": list(document.get("sources") or ()),
        "files": dict(files),
        "folders": dict(folders),
        "program": str(document["program"]),
    }


def _pack(entry: Mapping[str, Any]) -> dict[str, str]:
    passport = entry.get("provenance") or {}
    weights = str(passport.get("weights_sha256", ""))
    return {"pack": str(entry["pack"]), "version": str(entry["version"]), "weights_sha256": weights}


def sealed(manifest: Mapping[str, Any]) -> bytes:
    """The bytes of `seal.json` for a manifest, signed with the key of this place.

    Raises:
        OutputError: the key cannot be read or made.
    """
    key = keys.signing_key()
    public = keys.public_of(key)
    body = {
        "format": FORMAT,
        "version": VERSION,
        "manifest": dict(manifest),
        "public_key": base64.b64encode(public).decode(),
        "fingerprint": keys.fingerprint(public),
    }
    return canonical({**body, "signature": base64.b64encode(key.sign(canonical(body))).decode()})


def verify(folder: Path, document: Mapping[str, Any] | None = None) -> Verdict:
    """Whether a folder is still what was signed.

    Args:
        folder: a result folder.
        document: its result.json as it was read; None where it cannot be read.
    """
    path = folder / SEAL
    if not path.exists() and not path.is_symlink():
        return _without_seal(document)
    try:
        body = _opened(path)
    except _NoSealError as error:
        return Verdict(SealState.CHANGED, (Alteration(SEAL, Altered.HASH, str(error)),))
    manifest, public = body["manifest"], base64.b64decode(body["public_key"])
    altered = tuple(_altered(folder, manifest))
    state = SealState.AS_SIGNED if keys.is_known(public) else SealState.UNKNOWN_KEY
    signer = manifest["signer"]
    return Verdict(
        SealState.CHANGED if altered else state,
        altered,
        signer["name"],
        signer["organization"],
        signer["when"],
        keys.fingerprint(public),
    )


def is_signed(folder: Path, document: Mapping[str, Any] | None) -> bool:
    """True where anything says that the folder was signed: it then takes no change any more."""
    return (folder / SEAL).exists() or bool(_signature(document))


def before_seals(document: Mapping[str, Any] | None) -> bool:
    """True where result.json says that a program wrote it which made no seals yet."""
    found = _PROGRAM.match(str((document or {}).get("program", "")))
    return found is not None and tuple(int(part) for part in found.groups()) < SEALED_SINCE


def files_of(folder: Path) -> tuple[list[str], list[str]]:
    """Names of what lies in a folder but its seal and lock: (files, folders and anything else)."""
    files: list[str] = []
    others: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.name == SEAL or path.name in LOCKS:
            continue
        (files if path.is_file() else others).append(path.name)
    return files, others


class _NoSealError(Exception):
    """A seal.json that is none, in words."""


def _without_seal(document: Mapping[str, Any] | None) -> Verdict:
    if not _signature(document):
        return Verdict(SealState.NONE)
    if before_seals(document):
        return Verdict(SealState.EARLIER_WAY)
    gone = Alteration(SEAL, Altered.MISSING, "The folder says that it is signed, but its seal is gone.")
    return Verdict(SealState.CHANGED, (gone,))


def _signature(document: Mapping[str, Any] | None) -> object:
    report = (document or {}).get("report")
    return report.get("signature") if isinstance(report, Mapping) else None


def _opened(path: Path) -> dict[str, Any]:
    """The seal, its signature checked against the key in it.

    Raises:
        _NoSealError: it is damaged or was changed.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("too large")
        text = path.read_bytes()
        body = json.loads(text)
        if not isinstance(body, dict) or canonical(body) != text:
            raise ValueError("not as it was written")
        signature = base64.b64decode(body.pop("signature"), validate=True)
        public = base64.b64decode(body["public_key"], validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(signature, canonical(body))
        if (body["format"], body["version"]) != (FORMAT, VERSION):
            raise ValueError("of another version")
        _check_shape(body["manifest"])
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        InvalidSignature,
    ) as error:
        raise _NoSealError("The seal itself is damaged or was changed.") from error
    return body


def _check_shape(manifest: Any) -> None:
    """Refuse a manifest that lacks a part: whoever signs with a key of their own may write anything.

    Raises:
        ValueError, TypeError, KeyError: it lacks one.
    """
    texts = [manifest["signer"][key] for key in ("name", "organization", "when")]
    texts += [text for part in ("files", "folders") for pair in manifest[part].items() for text in pair]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a manifest that is none")
    if any(Path(name).name != name for name in (*manifest["files"], *manifest["folders"])):
        raise ValueError("a name that leaves its folder")


def _altered(folder: Path, manifest: Mapping[str, Any]) -> Sequence[Alteration]:
    files, others = files_of(folder)
    kept: Mapping[str, str] = manifest["files"]
    inside: Mapping[str, str] = manifest["folders"]
    gone = [Alteration(name, Altered.MISSING, "The file was signed and is gone.") for name in kept if name not in files]
    added = [
        Alteration(name, Altered.COUNT, "It was added after the signing.")
        for name in (*files, *others)
        if name not in kept and name not in inside
    ]
    other = [
        Alteration(name, Altered.HASH, "The file holds other bytes than were signed.")
        for name in files
        if name in kept and _hash(folder / name) != kept[name]
    ]
    series = [
        Alteration(f"{name}/{SEAL}", Altered.HASH, "The further series is not the one that was signed.")
        for name, digest in inside.items()
        if _hash(folder / name / SEAL) != digest
    ]
    return [*gone, *added, *other, *series]


def _hash(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError:
        return ""
