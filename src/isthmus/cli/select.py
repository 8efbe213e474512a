"""Which tags of a running site a pattern means."""

from __future__ import annotations

from typing import Any

from isthmus.model.selection import select


def selected(plant: Any, text: str) -> list[Any]:  # noqa: ANN401 - JSON of /api/plant
    """The tags of `plant` that `text` selects; ConfigError where there are none."""
    tags = {tag["path"]: tag for tag in plant["tags"]}
    paths = select(list(tags), text, f"{plant['enterprise']}/{plant['site']}")
    return [tags[path] for path in paths]
