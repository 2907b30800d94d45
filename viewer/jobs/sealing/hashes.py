"""Hashes that result.json keeps of its folder, signed or not: a file changed by other hands is found at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from viewer.jobs import result_json
from viewer.jobs.sealing.seal import SEAL, Alteration, Altered, before_seals, canonical, sha256_of

RESULT = "result.json"
#: Keys of result.json that hold them: of each other file, and of result.json without this very key.
FILES, OWN = "hashes", "checksum"


def with_hashes(document: Mapping[str, Any], files: Mapping[str, Path]) -> dict[str, Any]:
    """The document with the hashes of its folder as it will be.

    Args:
        document: result.json without or with hashes of before.
        files: name -> where each file of the folder lies now; result.json and the seal are left out.

    Raises:
        OSError: a file cannot be read.
    """
    hashes = {name: sha256_of(path) for name, path in sorted(files.items()) if name not in (RESULT, SEAL)}
    bare = {key: value for key, value in document.items() if key not in (FILES, OWN)} | {FILES: hashes}
    # as it will be read again: JSON knows no tuples and no keys but texts
    return bare | {OWN: _own(json.loads(result_json.dump(bare)))}


def altered(folder: Path, document: Mapping[str, Any]) -> Iterator[Alteration]:
    """Files that are not what result.json keeps of them; nothing for folders of a program that kept no hashes."""
    if before_seals(document) and FILES not in document:
        return
    kept = document.get(FILES)
    if not isinstance(kept, Mapping) or _own(document) != document.get(OWN):
        yield Alteration(RESULT, Altered.HASH, "result.json was changed by other hands than this program's.")
    for name, digest in kept.items() if isinstance(kept, Mapping) else ():
        path = folder / Path(str(name)).name
        if not path.is_file():
            yield Alteration(path.name, Altered.MISSING, f"{path.name} is named in result.json and is not there.")
        elif sha256_of(path) != digest:
            yield Alteration(path.name, Altered.HASH, f"{path.name} holds other bytes than were written.")


def _own(document: Mapping[str, Any]) -> str:
    bare = {key: value for key, value in document.items() if key != OWN}
    try:
        return hashlib.sha256(canonical(bare)).hexdigest()
    except (ValueError, RecursionError, UnicodeEncodeError):
        return ""
