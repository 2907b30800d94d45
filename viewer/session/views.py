"""What is on screen."""

from __future__ import annotations

from viewer.session.events import Bus, ViewsChanged


class Views:
    """Which stacks are on screen."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._shown: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        """Keys of the stacks on screen, once each."""
        return self._shown

    def put_shown(self, keys: tuple[str, ...]) -> None:
        """These stacks are on screen now."""
        self._bus.check_thread()
        self._shown = keys
        self._bus.tell(ViewsChanged())
