"""What the program does, each a plain callable that window and command line share."""
