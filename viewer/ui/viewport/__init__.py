"""Views on pictures: painting and the mouse."""
