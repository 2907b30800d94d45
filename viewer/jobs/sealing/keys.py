"""The key that seals are signed with (Ed25519), and the public keys that this place knows.

The private key is made at the first signing and lies in `keys/signing.key` of the user's data folder,
mode 600. Public keys lie beside it in `keys/known`: its own, and those that somebody took in
(`secondread keys trust`). See docs/decisions/0021-seal.md for why no keyring is asked.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import logging
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.core.change import sync
from viewer.core.errors import OutputError, ReadError
from viewer.core.resources import user_data_dir

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_log = logging.getLogger(__name__)

#: Bytes of a public key.
PUBLIC_BYTES = 32


def keys_dir() -> Path:
    """Where the keys of this place lie."""
    return user_data_dir() / "keys"


def fingerprint(public: bytes) -> str:
    """ "SHA256:" and the hash of a public key: short enough to be read out and compared."""
    return f"SHA256:{hashlib.sha256(public).hexdigest()}"


def signing_key() -> Ed25519PrivateKey:
    """The private key of this place, made where there is none yet.

    Raises:
        OutputError: it cannot be made, or is damaged.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = keys_dir() / "signing.key"
    try:
        if not path.exists():
            _make(path, Ed25519PrivateKey.generate())
        return _loaded(path)
    except OSError as error:
        raise OutputError(
            "The signing key cannot be read or made.", "Check the rights and the free space of the data folder."
        ) from error


def public_of(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of a key's public half."""
    return key.public_key().public_bytes_raw()


def public_key() -> bytes:
    """The public key of this place; the pair is made where there is none yet.

    Raises:
        OutputError: as `signing_key`.
    """
    return public_of(signing_key())


def is_known(public: bytes) -> bool:
    """True for the own key and for those that were taken in."""
    return any(_public_in(path) == public for path in _known_files())


def known() -> tuple[bytes, ...]:
    """Every public key that this place knows."""
    keys = (_public_in(path) for path in _known_files())
    return tuple(key for key in keys if key is not None)


def trust(file: Path) -> bytes:
    """Take in a public key that another place exported.

    Raises:
        ReadError: the file holds none. OutputError: it cannot be kept.
    """
    public = _public_in(file)
    if public is None:
        raise ReadError(
            f"{file.name} holds no public key.", "Ask for the file that `secondread keys export` writes there."
        )
    try:
        _keep_public(public)
    except OSError as error:
        raise OutputError("The key cannot be kept.", "Check the rights and the free space of the data folder.") from (
            error
        )
    return public


def as_text(public: bytes) -> str:
    """A public key as a file of one line."""
    return f"secondread-ed25519 {base64.b64encode(public).decode()}\n"


def _known_files() -> list[Path]:
    place = keys_dir() / "known"
    return sorted(place.glob("*.pub")) if place.is_dir() else []


def _public_in(path: Path) -> bytes | None:
    """The key of a public key file, None where it is none."""
    try:
        kind, _, text = path.read_text(encoding="ascii").strip().partition(" ")
        public = base64.b64decode(text, validate=True)
    except (OSError, ValueError):
        return None
    return public if kind == "secondread-ed25519" and len(public) == PUBLIC_BYTES else None


def _make(path: Path, key: Ed25519PrivateKey) -> None:
    """Write a new key under its name, unless another program just did; its public half first.

    A key whose public half nobody knows would sign what this very place then calls unknown.
    """
    from cryptography.hazmat.primitives import serialization

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _keep_public(public_of(key))
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        _write(part, text, 0o600)
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
        sync(path.parent)
    finally:
        part.unlink(missing_ok=True)
    _log.info("a signing key was made")


def _loaded(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    if os.name == "posix" and path.stat().st_mode & 0o077:
        _log.warning("the signing key could be read by others; now it cannot")
        path.chmod(0o600)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise _damaged() from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _damaged()
    if not is_known(public_of(key)):
        _keep_public(public_of(key))
    return key


def _damaged() -> OutputError:
    return OutputError(
        "The signing key of this place is damaged.",
        "Put it back from a backup, or remove keys/signing.key: the next signing makes a new one.",
    )


def _keep_public(public: bytes) -> None:
    place = keys_dir() / "known"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = place / f"{hashlib.sha256(public).hexdigest()[:16]}.pub"
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    _write(part, as_text(public).encode(), 0o644)
    part.replace(path)
    sync(place)


def _write(path: Path, data: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
