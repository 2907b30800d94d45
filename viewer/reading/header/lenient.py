"""pydicom, imported when first needed and told to read what it can instead of complaining."""

from __future__ import annotations

import functools
import logging
import struct
import warnings
from types import ModuleType
from typing import BinaryIO

#: What pydicom may raise on broken input; a reader turns each into words.
PYDICOM_FAULTS = (
    ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, OSError, RecursionError,
    TypeError, ValueError, struct.error,
)  # fmt: skip


#: Longer values than this are not kept from a header (bytes): no real header needs one.
LONGEST_VALUE = 4 << 20
#: Reads that pydicom may make for one header; bounds the time that a hostile file can take.
MOST_READS = 2_000_000


class WatchedFile:
    """A file that bounds how often it is read and notices a read it could only answer in part."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = MOST_READS
        self.short = False
        self.seek, self.tell, self.close = file.seek, file.tell, file.close
        self.name = str(getattr(file, "name", ""))

    def read(self, size: int = -1) -> bytes:
        """As the file's own.

        Raises:
            ValueError: the header has more parts than any real one.
        """
        self._left -= 1
        if self._left < 0:
            raise ValueError("more values than any real header holds")
        data = self._file.read(size)
        self.short |= 0 < len(data) < size
        return data


@functools.cache
def _imported() -> ModuleType:
    import pydicom
    import pydicom.config

    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    # A number of the wrong length becomes unknown bytes instead of an exception of its own kind.
    pydicom.config.convert_wrong_length_to_UN = True
    logging.getLogger("pydicom").setLevel(logging.ERROR)
    module: ModuleType = pydicom
    return module


def pydicom_lenient() -> ModuleType:
    """pydicom with validation of read values off and its warnings silenced: readers note faults themselves."""
    module = _imported()
    warnings.filterwarnings("ignore", module=r"pydicom(\.|$)")
    return module
