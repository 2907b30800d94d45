"""Views of DICOM objects that are not pictures: ECGs, reports, documents, presentation states."""

from viewer.ui.object_views.pane import ObjectPane, view_of

__all__ = ["ObjectPane", "view_of"]
