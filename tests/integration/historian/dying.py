"""Writes a short history and dies at a chosen step of it: python dying.py ROOT STEP...

A step is whatever changes the disk: a write (of which half is done), a sync, a rename, a deletion,
a commit, a checkpoint, a clean-up, before it and after it. For each STEP a child is forked that
writes into ROOT/STEP until SIGKILL; what it was told is durable stands in ROOT/STEP.said. Step 0
never comes: that child lives to the end and leaves the number of steps in ROOT/steps.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from deltalake import DeltaTable
from tests.integration.historian.rot import NAMES, NOON, event, frame

from isthmus.historian.delta import maintenance
from isthmus.historian.delta.lake import Lake
from isthmus.historian.settings import DAY, SECOND, LakeSettings
from isthmus.model.kpi import KpiResult
from isthmus.model.sample import Nanoseconds

FRAMES = 14
SETTINGS = LakeSettings(
    reserve_bytes=0, merge_files=3, checkpoint_commits=3, merge_pause=0, keep_hours=0
)
CALLS = ("fsync", "rename", "replace", "unlink", "mkdir")
DELTA = ("create_write_transaction", "create_checkpoint", "cleanup_metadata", "vacuum")
PLAIN_WRITE = os.write
Story = Callable[[Path, Callable[[int], None]], None]


def opened(root: Path) -> Lake:
    """The history, its clock two days on, so that every slice is over."""
    return Lake.open(root, now=lambda: Nanoseconds(NOON + 2 * DAY), settings=SETTINGS)


def result(number: int) -> KpiResult:
    """The derived value that goes with every fourth frame."""
    start = Nanoseconds(NOON + number * SECOND)
    end = Nanoseconds(start + SECOND)
    return KpiResult("line", "oee", "hour", start, end, float(number), computed=end)


def story(root: Path, said: Callable[[int], None]) -> None:
    """All of it, from where the history ends; `said` hears each position that is durable."""
    maintenance.VACUUM_EVERY = -1.0
    lake = opened(root)
    for number in range(lake.positions().get("s", 0) + 1, FRAMES + 1):
        lake.append(frame(number), stream="s", position=number, events=[event(number)])
        if number % 5 == 0:
            lake.write_tags(NAMES[: number // 2])
        if number % 4 == 0:
            lake.write_kpis([result(number)])
        if number % 2 == 0:
            lake.seal()
            said(lake.positions()["s"])
        if number % 6 == 0:
            lake.maintain()
    lake.seal()
    lake.maintain()
    lake.close()


class Steps:
    """Counts the steps of this process, and kills it at the one it is told."""

    def __init__(self, last: int) -> None:
        self.last, self.count = last, 0

    def step(self) -> bool:
        """Whether this is the last one."""
        self.count += 1
        return self.count == self.last

    def die(self) -> None:
        """As kill -9 would."""
        os.kill(os.getpid(), signal.SIGKILL)

    def around(self, call: Callable[..., object]) -> Callable[..., object]:
        """The same call, with a step before and one after it."""

        def stepping(*words: object, **named: object) -> object:
            if self.step():
                self.die()
            answer = call(*words, **named)
            if self.step():
                self.die()
            return answer

        return stepping

    def write(self, handle: int, data: bytes) -> int:
        """Write, or write half of it and die."""
        if self.step():
            PLAIN_WRITE(handle, data[: len(data) // 2])
            self.die()
        return PLAIN_WRITE(handle, data)

    def watch(self) -> None:
        """From now on each change of the disk is a step."""
        for name in CALLS:
            setattr(os, name, self.around(getattr(os, name)))
        for name in DELTA:
            setattr(DeltaTable, name, self.around(getattr(DeltaTable, name)))
        os.write = self.write


def child(root: Path, last: int, story: Story) -> None:
    """Write until the end comes."""
    said = os.open(root / f"{last}.said", os.O_WRONLY | os.O_CREAT, 0o644)
    steps = Steps(last)
    steps.watch()
    story(root / str(last), lambda position: PLAIN_WRITE(said, f"{position}\n".encode()) and None)
    if not last:
        (root / "steps").write_text(str(steps.count))


def main(story: Story = story) -> None:
    """Fork before anything has threads."""
    root = Path(sys.argv[1])
    for last in map(int, sys.argv[2:]):
        pid = os.fork()
        if not pid:
            try:
                child(root, last, story)
            finally:
                os._exit(0 if not last else 3)
        _, status = os.waitpid(pid, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if killed != bool(last):
            sys.exit(f"step {last}: ended with {status}")


if __name__ == "__main__":
    main()
