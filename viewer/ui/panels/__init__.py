"""Panels: a frozen state in, pixels and intents out."""
