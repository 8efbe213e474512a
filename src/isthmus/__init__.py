"""Isthmus joins a factory's machines to its business systems."""

from importlib import import_module as _import

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """`isthmus.connect`, loaded by those who use it, so that help comes at once."""
    if name == "connect":
        return _import("isthmus.client.connect").connect
    raise AttributeError(f"module 'isthmus' has no attribute {name!r}")
