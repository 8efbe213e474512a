"""The plant file: read, checked, described, begun and extended."""

from isthmus.runtime.config.load import lint, load

__all__ = ["lint", "load"]
