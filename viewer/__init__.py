"""SecondRead: a desktop radiology viewer with AI-assisted reading."""

__version__ = "0.1.0"
