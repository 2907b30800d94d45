"""The window: Qt widgets that show what the session holds and keep no truth of their own."""
