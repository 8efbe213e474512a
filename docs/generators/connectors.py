"""Every connector's settings and addresses, from its configuration classes."""

from __future__ import annotations

from generators.fields import fields_table
from generators.markdown import page, sentence
from isthmus.model.ports import Address, SourceConfig
from isthmus.runtime.config import Parts

SHARED = ("zone", "every", "timeout", "quiet")


def render() -> str:
    """The page."""
    intro = (
        "A connection is a mapping under `connections:` in the plant file; its key is its name. "
        "`kind` chooses the connector. Beside the connector's own fields it has the shared ones "
        "and `tags`: addresses by tag path, or templates by equipment path."
    )
    shared = "\n\n".join(
        [
            "## Shared by all",
            fields_table(SourceConfig, skip=["name"]),
            "Every address may hold these, too; the runtime applies them, not the connector.",
            fields_table(Address),
        ]
    )
    return page("Connectors", intro, shared, *(_part(kind, Parts()[kind]) for kind in Parts()))


def _part(kind: str, config: type[SourceConfig]) -> str:
    address = config.address
    return "\n\n".join(
        [
            f"## {kind}",
            sentence(config.__doc__ or ""),
            f"Guide: [{kind}](../connectors/{kind}.md).",
            "### Settings",
            fields_table(config, skip=["name", "kind", *SHARED]),
            "### Address",
            sentence(address.__doc__ or ""),
            fields_table(address, skip=Address.model_fields),
        ]
    )


def settings(kind: str) -> str:
    """The part of one connector's own guide that is made from its class."""
    config = Parts()[kind]
    return "\n\n".join(
        [
            fields_table(config, skip=["name", "kind", *SHARED]),
            "An address is written as one string in short, or as a mapping of these:",
            fields_table(config.address, skip=Address.model_fields),
        ]
    )
