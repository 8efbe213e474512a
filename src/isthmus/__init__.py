"""Isthmus joins a factory's machines to its business systems."""

__version__ = "0.1.0"
