"""SecondRead: a desktop radiology viewer with AI-assisted reading."""

__version__ = "0.2.0"
