"""Rules of the suitability gate, by what they look at. Torch-free."""
