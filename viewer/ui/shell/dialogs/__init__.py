"""Dialogs: about, keys, settings, editing a finding."""
