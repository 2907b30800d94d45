"""Models that others made, read as data and converted once into packs: nothing that a file brings is ever run."""
