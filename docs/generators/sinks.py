"""Every sink's settings, from its configuration class."""

from __future__ import annotations

from generators.fields import fields_table
from generators.markdown import page, sentence
from isthmus.model.sink import SinkConfig
from isthmus.runtime.config.sinks import OURS, sink_class

SHARED = ("tags", "events", "every", "rows", "timeout")


def render() -> str:
    """The page."""
    intro = (
        "A sink is a mapping under `sinks:` in the plant file; its key is its name. `kind` "
        "chooses the system. Guide: [sinks](../guides/sinks.md)."
    )
    shared = "\n\n".join(["## Shared by all", fields_table(SinkConfig, skip=["name"])])
    return page("Sinks", intro, shared, *(_part(kind) for kind in sorted(OURS)))


def _part(kind: str) -> str:
    config = sink_class(kind)
    table = fields_table(config, skip=["name", "kind", *SHARED])
    return "\n\n".join([f"## {kind}", sentence(config.__doc__ or ""), table])
