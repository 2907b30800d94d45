"""Views of DICOM objects that are not pictures: ECGs, reports, documents, presentation states."""

from viewer.ui.object_views.pane import VIEWS, ObjectPane

__all__ = ["VIEWS", "ObjectPane"]
