"""What a view shows, as numbers."""
