"""Stored bytes -> arrays: codecs in processes of their own, colour, tables, factors."""
