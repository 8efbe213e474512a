"""Which tags a pattern means, with the nearest path where it means none."""

from __future__ import annotations

from typing import Any

from isthmus.model.errors import ConfigError
from isthmus.model.path import Pattern, nearest


def selected(plant: Any, text: str) -> list[Any]:  # noqa: ANN401 - JSON of /api/plant
    """The tags of `plant` that `text` selects; ConfigError where there are none."""
    tags = {tag["path"]: tag for tag in plant["tags"]}
    paths = select(list(tags), text, f"{plant['enterprise']}/{plant['site']}")
    return [tags[path] for path in paths]


def select(paths: list[str], text: str, root: str) -> list[str]:
    """Those of `paths` that `text` selects; ConfigError where there are none."""
    try:
        pattern = Pattern.parse(text)
    except ValueError as error:
        raise ConfigError(
            f"the pattern `{text}`: {error}", hint="such as `packaging/*/power` or `**/speed`"
        ) from error
    found = pattern.select(paths, root)
    if not found:
        near = nearest(text, [*paths, *{path.rpartition("/")[0] for path in paths}])
        raise ConfigError(
            f"no tag is selected by `{text}`",
            hint=f"did you mean `{near}`?" if near else "`isthmus list tags` shows all",
        )
    return found
