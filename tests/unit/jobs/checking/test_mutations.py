"""Every kind of change of meaning, one of each, is named by what the files say to each other: hashes are made to fit.

SECONDREAD_MUTATIONS=n draws n of them by chance; docs/reliability.md tells what 3,600 gave.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from tests import mutations
from tests.unit.jobs.mutated import bases
from viewer.core.errors import ReadError
from viewer.jobs.checking.check import check

#: Folders of which one offers every kind of change.
EVERY_DAY = ("head reported", "film judged")
MANY = int(os.environ.get("SECONDREAD_MUTATIONS", "0"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECONDREAD_HOME", str(tmp_path_factory.mktemp("home")))
        return bases(tmp_path_factory.mktemp("bases"), None if MANY else EVERY_DAY)


def is_named(folder: Path) -> bool:
    try:
        return bool(check(folder).mismatches)
    except ReadError:
        return True


@pytest.mark.slow
def test_every_kind_of_change_is_named_without_any_hash(made: dict[str, tuple[Path, Path]], tmp_path: Path) -> None:
    chance = random.Random(MANY or 5)
    kinds = [chance.choice(mutations.KINDS) for _ in range(MANY)] or list(dict.fromkeys(mutations.KINDS))
    assert not any(is_named(folder) for folder, _ in made.values())
    missed, tried = [], 0
    for kind in kinds:
        names = chance.sample(list(made), len(made))
        done = None
        for name in names:
            folder, other = made[name]
            work = tmp_path / "work"
            shutil.rmtree(work, ignore_errors=True)
            shutil.copytree(folder, work)
            done = next((words for _ in range(4) if (words := kind(work, chance, other)) is not None), None)
            if done is not None:
                break
        assert done is not None or MANY, f"nothing was changed by {kind.__name__}"
        mutations.restate(work)
        tried += 1
        if not is_named(work):
            missed.append(f"{name}: {kind.__name__}: {done}")
    print(f"{tried} changes, {tried - len(missed)} named")
    assert missed == []
