"""The packs there are, read and verified once in a reading thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewer.core.analysis import PackInfo
from viewer.core.errors import PackError, ViewerError
from viewer.core.task import CancelToken
from viewer.room.context import Context
from viewer.room.events import PacksChanged
from viewer.words.i18n import error_words, tr


@dataclass(frozen=True, slots=True)
class Shelf:
    """Packs that may be used, and those that may not: (name, words), and their ids."""

    packs: tuple[PackInfo, ...] = ()
    broken: tuple[tuple[str, str], ...] = ()
    broken_ids: tuple[str, ...] = ()


class Packs:
    """Reads the model folders; tells `PacksChanged` when they are known."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.shelf = Shelf()
        self.known = False

    def read(self) -> None:
        """Read and verify every pack; weights are hashed, so this runs in a thread."""
        self._context.pool.submit(_read_all, self._put, self._context.complain)

    def _put(self, shelf: Shelf) -> None:
        self.shelf, self.known = shelf, True
        self._context.session.tell(PacksChanged())

    def pack(self, pack_id: str) -> PackInfo | None:
        """A pack by its id."""
        return next((p for p in self.shelf.packs if p.id == pack_id), None)

    def name(self, pack_id: str) -> str:
        """A pack's name for people; its id where the pack is gone."""
        pack = self.pack(pack_id)
        return pack.name if pack is not None else pack_id

    @property
    def verified_words(self) -> str:
        """ "All 7 packs verified (weights match their hashes)"; "" while that is not so."""
        if not self.known or not self.shelf.packs:
            return ""
        count = len(self.shelf.packs)
        if count == 1:
            return tr("1 pack verified (weights match their hash)")
        return tr("{n} packs verified (weights match their hashes)", n=count)


def box_sides(pack: PackInfo) -> tuple[str, ...]:
    """Which boxes a pack asks for: the sides it names in `viewer.roi.sides`, else one."""
    return pack.viewer.roi.sides or ("",)


def _read_all(_tell: Callable[[object], None], cancel: CancelToken) -> Shelf:
    from viewer.analysis import packs  # their schema is heavy, and the window paints before it knows packs

    found, damaged = packs.list_packs()
    usable: list[PackInfo] = []
    broken = [(b.id, b.id, error_words(b.error)) for b in damaged]
    for pack in found:
        cancel.check()
        if not pack.is_offered:
            continue
        try:
            packs.verify(pack)
        except (PackError, ViewerError) as error:
            broken.append((pack.id, pack.name, error_words(error)))
        else:
            usable.append(pack)
    return Shelf(tuple(usable), tuple((name, words) for _, name, words in broken), tuple(one[0] for one in broken))
