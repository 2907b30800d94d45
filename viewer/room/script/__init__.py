"""A sitting without a window: steps in, answers out, on the same room that the window paints."""
