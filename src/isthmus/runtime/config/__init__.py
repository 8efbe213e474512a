"""The plant file: read, checked, described, begun and extended."""

from isthmus.runtime.config.edit import Added, add_tags
from isthmus.runtime.config.later import later
from isthmus.runtime.config.load import lint, load
from isthmus.runtime.config.parts import PartError, Parts
from isthmus.runtime.config.report import wrong_settings
from isthmus.runtime.config.scaffold import kinds, scaffold
from isthmus.runtime.config.schema import schema

__all__ = [
    "Added",
    "PartError",
    "Parts",
    "add_tags",
    "kinds",
    "later",
    "lint",
    "load",
    "scaffold",
    "schema",
    "wrong_settings",
]
