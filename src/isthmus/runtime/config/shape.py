"""From the tree of a plant to its grammar, saving whatever is right in a file that is wrong."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from isthmus.model.plantfile import FORMAT, PlantFile
from isthmus.runtime.config.report import MAX_ERRORS, Loc, Report

MAX_ROUNDS = 64
_STAND_IN = {"isthmus": FORMAT, "enterprise": "unknown", "site": "unknown"}


def shape(report: Report) -> PlantFile:
    """The plant as far as its shape is right, so that all else can be checked too."""
    data: Any = report.root.plain()
    taken: list[Loc] = []
    for _ in range(MAX_ROUNDS):
        try:
            return PlantFile.model_validate(data)
        except ValidationError as error:
            report.invalid(error, PlantFile, taken=taken)
            if error.error_count() > MAX_ERRORS:
                break
            for detail in reversed(error.errors(include_url=False)):
                missing = detail["type"] == "missing"
                taken.append(detail["loc"][:-1] if missing else detail["loc"])
                data = _without(data, taken[-1])
            data = {**_STAND_IN, **data}
    return PlantFile.model_validate(_STAND_IN)


def _without(data: Any, loc: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - any YAML
    """`data` with the innermost value on the way `loc` taken out; a list keeps its places."""
    if not loc or data is None:
        return data
    step, rest = loc[0], loc[1:]
    if isinstance(data, dict) and step in data:
        below = data[step]
        leaf = not rest or not _has(below, rest[0])
        others = {key: value for key, value in data.items() if key != step}
        return others if leaf else {**data, step: _without(below, rest)}
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        leaf = not rest or not _has(data[step], rest[0])
        changed = [] if leaf else [_without(data[step], rest)]
        return [*data[:step], *changed, *data[step + 1 :]]
    return data


def _has(data: Any, step: str | int) -> bool:  # noqa: ANN401 - any YAML
    if isinstance(data, dict):
        return step in data
    return isinstance(data, list) and isinstance(step, int) and step < len(data)
