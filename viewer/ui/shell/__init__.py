"""The window: its frame, its actions, what goes where."""
