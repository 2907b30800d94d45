"""Folders, archives and discs -> studies, with an index of what was found."""
