"""Imports old history into files and dies at a chosen step of it, as `dying` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from tests.integration.historian import dying

from isthmus.cli import sites
from isthmus.historian.ingest.mapping import Known
from isthmus.historian.settings import DAY, HOUR
from isthmus.model.sample import Batch
from isthmus.model.tag import Tag
from isthmus.runtime.catalogue import Catalogue

PARTS, ROWS = 6, 90
START = 19_000 * DAY
PATHS = ["line/a", "line/b", "legacy/c"]
NUMBER = "old"


def part(number: int, plus: float = 0.0) -> Batch:
    """Rows of all tags; each part corrects some of the one before."""
    tag = np.tile(np.arange(len(PATHS), dtype=np.int32), ROWS)
    time = START + number * HOUR + np.repeat(np.arange(ROWS), len(PATHS)) * (HOUR // 60)
    return Batch.of(tag, time.astype(np.int64), number + plus + np.arange(len(tag)) / 8)


def known(folder: Path) -> None:
    """The data of a site that ran once, with two of the three tags."""
    catalogue = Catalogue.open(folder / "catalogue.json")
    catalogue.bind(Tag(path) for path in PATHS[:2])


def story(folder: Path, said: Callable[[int], None], *, again: bool = False) -> None:
    """All of it from where it was; `said` hears how many parts were durable when it began."""
    sites.ROWS = 2 * ROWS * len(PATHS)
    known(folder)
    files = sites.Files(folder)
    taken, done = files.begin(NUMBER, "old.csv", "me", again=again, create=[Known(PATHS[2], "m")])
    said(taken)
    if not done:
        for number in range(taken, PARTS):
            rows = part(number)
            half = len(rows) // 2
            files.take(NUMBER, number, rows.slice(0, half), PATHS, more=True)
            files.take(NUMBER, number, rows.slice(half, len(rows)), PATHS)
        files.end(NUMBER, 0)
        said(PARTS)
    files.close()


if __name__ == "__main__":
    dying.main(story)
