"""The reader's key images as a Key Object Selection document (PS3.3 A.35.4, PS3.16 TID 2010)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from highdicom.ko import KeyObjectSelection, KeyObjectSelectionDocument
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from viewer.core.study import Instance
from viewer.reporting.origin import MANUFACTURER, attempt, new_uid, read_headers, save, use_utf8
from viewer.reporting.planes import complete

_log = logging.getLogger(__name__)

#: Series Number of our key objects.
SERIES_NUMBER = 9003


def write_keys(instances: Sequence[Instance], path: Path, description: str = "") -> frozenset[str]:
    """Write which pictures the reader chose for the report.

    Args:
        instances: pictures of one study, as they lie on disk; frames of one file count once.
        path: the file to write.
        description: words beside them.

    Returns:
        SOP Instance UIDs it refers to.

    Raises:
        OutputError: a source has gone, or the disk refused.
    """
    headers = read_headers(instances)
    for header in headers:
        complete(header)
    dataset = attempt("A list of key images", lambda: _document(headers, description))
    dataset.SeriesDescription = "Key images"
    use_utf8(dataset)
    save(dataset, path)
    _log.info("key objects written: %d pictures", len(headers))
    return frozenset(str(header.SOPInstanceUID) for header in headers)


def _document(headers: Sequence[Dataset], description: str) -> Dataset:
    content = KeyObjectSelection(codes.DCM.OfInterest, headers, description=description or None)
    return KeyObjectSelectionDocument(
        evidence=headers,
        content=content,
        series_instance_uid=new_uid(),
        series_number=SERIES_NUMBER,
        sop_instance_uid=new_uid(),
        instance_number=1,
        manufacturer=MANUFACTURER,
    )
