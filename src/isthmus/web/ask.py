"""What every route checks of a question: tags, ranges, equipment; and the shape of a refusal."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import Path, Query

from isthmus.model.path import nearest
from isthmus.model.plant import Equipment, Level
from isthmus.model.sample import Int32s, Nanoseconds
from isthmus.runtime.app import App
from isthmus.runtime.figures.read import Window

MOST_TAGS = 500
Line = Annotated[str, Query(description="Path of the line; the plant's first where empty.")]
Since = Annotated[
    float | None, Query(alias="from", description="Begin, ms: instead of a window's name.")
]
Until = Annotated[float | None, Query(alias="to", description="End, ms; now if empty or later.")]
Name = Annotated[str, Path(description="The connection's name in the plant file.")]
DIGITS = 9
MORE = "X-More"  # the header that says whether there are more than were asked for
LONGEST = 20 * 366 * 86_400_000.0
MONTH = 32 * 86_400 * 10**9  # ns


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """A question that cannot be answered: status code, what, and what to do next."""

    def __init__(self, code: int, error: str, hint: str = "") -> None:
        super().__init__(error)
        self.code, self.error, self.hint = code, error, hint


def tag_ids(app: App, text: str) -> Int32s:
    """The ids in `text`, numbers or paths between commas, at most 500."""
    words = [word for word in text.split(",") if word]
    if len(words) > MOST_TAGS:
        raise Problem(422, f"{len(words)} tags asked for", f"ask for {MOST_TAGS} at most")
    found = []
    for word in words:
        number = int(word) if word.isdecimal() and len(word) <= DIGITS else app.namespace.id(word)
        if number is None or number >= len(app.namespace):
            close = nearest(word, app.namespace.paths())
            hint = f"did you mean `{close}`?" if close else "GET /api/plant lists them"
            raise Problem(404, f"there is no tag {word[:200]}", hint)
        found.append(number)
    return np.array(found, np.int32)


def told_more(more: bool) -> str:  # noqa: FBT001 - it is all there is
    """The words of the header `X-More`."""
    return "true" if more else "false"


def time_range(start: float, end: float) -> tuple[Nanoseconds, Nanoseconds]:
    """The range in ns; refused where it is empty, endless or outside of 1970 to 2260."""
    if not (np.isfinite(start) and np.isfinite(end)) or not 0 <= start < end <= 9.1e15 / 1e3:
        raise Problem(422, f"no time lies between {start} and {end}", "give `from` < `to` in ms")
    if end - start > LONGEST:
        raise Problem(422, "the range is longer than 20 years", "ask for less at once")
    return Nanoseconds(int(start * 1e6)), Nanoseconds(int(end * 1e6))


def month(start: float, end: float) -> tuple[Nanoseconds, Nanoseconds]:
    """The range in ns, refused where it is longer than 32 days: all its samples are read."""
    found = time_range(start, end)
    if found[1] - found[0] > MONTH:
        raise Problem(422, "the range is longer than 32 days", "ask for less at once")
    return found


def window_of(
    app: App, line: Equipment, name: str, start: float | None, end: float | None
) -> Window:
    """The window of `line` from `start` (ms) on, a month at most, else the one of that name."""
    if start is None and end is None:
        return app.records.window(line, name)
    if start is None:
        raise Problem(422, "`to` is asked for without `from`", "give `from` < `to` in ms")
    now = app.now()
    first, last = month(start, now / 1e6 if end is None else end)
    if first >= now:
        raise Problem(422, "this time has not begun yet", "give a `from` before now")
    return Window("", first, Nanoseconds(min(last, now)))


def line_of(app: App, path: str | None) -> Equipment:
    """The line at `path`, the plant's first one where none is named."""
    if path:
        return _work_center(app, path)
    line = next(app.plant.lines(), None)
    if line is None:
        raise Problem(
            404,
            "the plant file has no line",
            "write `equipment: {area: {line: {units: {...}}}}` in plant.yaml",
        )
    return line


def _work_center(app: App, path: str) -> Equipment:
    found = equipment(app, path)
    if found.level is not Level.WORK_CENTER:
        lines = [each.path for each in app.plant.walk() if each.level is Level.WORK_CENTER]
        raise Problem(
            404,
            f"{found.path} is no line but a {found.level.replace('_', ' ')}",
            f"ask for one of {', '.join(lines[:5])}" if lines else "see `equipment` in plant.yaml",
        )
    return found


def equipment(app: App, path: str) -> Equipment:
    """The equipment at `path`."""
    found = app.plant.equipment(path.strip("/"))
    if found is None:
        close = nearest(path, [each.path for each in app.plant.walk()])
        raise Problem(
            404,
            f"there is no equipment {path[:200]}",
            f"did you mean `{close}`?" if close else "GET /api/plant lists it",
        )
    return found
