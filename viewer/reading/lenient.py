"""pydicom, imported when first needed and told to read what it can instead of complaining."""

from __future__ import annotations

import functools
import logging
import struct
import warnings
from types import ModuleType

#: What pydicom may raise on broken input; a reader turns each into words.
PYDICOM_FAULTS = (
    ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, OSError, RecursionError,
    TypeError, ValueError, struct.error,
)  # fmt: skip


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
