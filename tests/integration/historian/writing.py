"""A process that writes a history as fast as it can until it is killed: python writing.py FOLDER.

Frame n holds rows that follow from n alone, so that whoever reads knows what must be there. After
each seal the positions that are durable go to stdout as 8 bytes.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

import numpy as np

from isthmus.historian.delta.lake import Lake
from isthmus.historian.settings import DAY, SECOND, LakeSettings
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds

ROWS = 500
START = 20_000 * DAY - 300 * SECOND  # so that midnight passes
SETTINGS = LakeSettings(merge_files=4, merge_pause=0, checkpoint_commits=7, reserve_bytes=0)


def frame(number: int) -> Batch:
    """The rows of frame `number`: no two frames share a tag and time."""
    tag = np.arange(ROWS, dtype=np.int32) % 100
    step = np.arange(ROWS, dtype=np.int64) // 100
    time = START + (number * 5 + step) * SECOND // 10 + number % 3
    return Batch.of(tag, time, number + tag / 1000)


def event(number: int) -> Event:
    """The event that goes with every tenth frame."""
    return Event(Nanoseconds(START + number), "line/a", "text", str(number))


def write(folder: Path) -> None:
    """Write for ever."""
    lake = Lake.open(folder, now=lambda: Nanoseconds(START + 2 * DAY), settings=SETTINGS)
    number = lake.positions().get("frames", 0)
    while True:
        for _ in range(20):
            number += 1
            events = [event(number)] if number % 10 == 0 else []
            lake.append(frame(number), stream="frames", position=number, events=events)
        lake.seal()
        os.write(1, struct.pack("<q", lake.positions()["frames"]))
        if number % 60 == 0:
            lake.maintain()


if __name__ == "__main__":
    write(Path(sys.argv[1]))
