"""The pictures of a series sorted into stacks: one grid, one orientation, one moment each."""
