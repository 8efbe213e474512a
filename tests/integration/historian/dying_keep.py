"""Lets rules take samples, moves days to an archive, and dies at a chosen step, as `dying` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from tests.integration.historian import dying

from isthmus.historian.delta import maintenance
from isthmus.historian.delta.lake import Lake
from isthmus.historian.keep.archive_plan import ArchivePlan
from isthmus.historian.keep.place import Target
from isthmus.historian.keep.retention import Retention
from isthmus.historian.settings import DAY, HOUR, SECOND, LakeSettings
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Tag

DAYS, TODAY = 9, 20_000
NAMES = [(TagId(0), Tag("line/slow")), (TagId(1), Tag("line/fast"))]
RULES = {"keep": {"raw": 7 * 86_400.0}, "keep_where": [{"where": "line/fast", "raw": 3 * 86_400.0}]}


def opened(root: Path) -> Lake:
    """A history that keeps a week, of one tag three days, and two days on this disk."""
    plan = ArchivePlan(Target(str(root / "archive")), after=2 * DAY)
    settings = LakeSettings(
        reserve_bytes=0, merge_files=3, checkpoint_commits=3, merge_pause=0, keep_hours=0,
        retention=Retention.of(RULES), archive=plan,
    )  # fmt: skip
    now = Nanoseconds(TODAY * DAY + HOUR)
    return Lake.open(root / "history", now=lambda: now, settings=settings)


def day(number: int) -> Batch:
    """A day of both tags, 0 the oldest."""
    time = (TODAY - DAYS + number) * DAY + HOUR + np.arange(50) * 600 * SECOND
    tag = np.repeat(np.array([0, 1], np.int32), 50)
    return Batch.of(tag, np.tile(time, 2), number + np.arange(100) / 8)


def story(root: Path, said: Callable[[int], None]) -> None:
    """All of it, from where it was; `said` hears each position that is durable."""
    maintenance.VACUUM_EVERY = -1.0
    lake = opened(root)
    lake.write_tags(NAMES)
    for number in range(lake.positions().get("s", 0), DAYS):
        lake.append(day(number), stream="s", position=number + 1)
        lake.seal()
        said(number + 1)
    lake.maintain()
    lake.move_old()
    lake.maintain()
    lake.close()


if __name__ == "__main__":
    dying.main(story)
