"""What every network of the allow-list says about itself."""

from __future__ import annotations

from viewer.core.pack import Part


class Network(Part, frozen=True, tag_field="_target_"):
    """A network of the allow-list and its settings."""

    @property
    def name(self) -> str:
        """Its name on the list."""
        return str(self.__struct_config__.tag)

    @property
    def spatial_dims(self) -> int:
        """2 where it takes pictures, 3 where it takes blocks."""
        return 2

    @property
    def is_exported(self) -> bool:
        """True where other libraries than torch can run it."""
        return True

    @property
    def takes(self) -> int:
        """Channels of what it takes."""
        return 1

    @property
    def classes(self) -> int:
        """Numbers it gives a voxel, background included where there are several; 0 where it gives none."""
        return 0

    @property
    def scores(self) -> int:
        """Numbers it gives a picture; 0 where it gives none."""
        return 0
