"""What each panel shows, as frozen states."""
