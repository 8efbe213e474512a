"""A process that writes a history until it is killed: python writing.py FOLDER [storm].

Frame n holds rows that follow from n alone, so that whoever reads knows what must be there. After
each seal the positions that are durable go to stdout as 8 bytes. In a `storm`, appending, sealing,
merging with vacuum, and the names of tags are threads, and every frame corrects the one before.
"""

from __future__ import annotations

import os
import struct
import sys
import threading
import time
from pathlib import Path

import numpy as np

from isthmus.historian.delta import maintenance
from isthmus.historian.delta.lake import Lake
from isthmus.historian.settings import DAY, SECOND, LakeSettings
from isthmus.model.errors import StorageError
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Tag

ROWS = 500
START = 20_000 * DAY - 300 * SECOND  # so that midnight passes
STORM = LakeSettings(
    merge_files=3, merge_pause=0, checkpoint_commits=3, reserve_bytes=0, hot_rows=400_000
)
SETTINGS = LakeSettings(merge_files=4, merge_pause=0, checkpoint_commits=7, reserve_bytes=0)


def frame(number: int) -> Batch:
    """The rows of frame `number`: no two frames share a tag and time."""
    tag = np.arange(ROWS, dtype=np.int32) % 100
    step = np.arange(ROWS, dtype=np.int64) // 100
    time = START + (number * 5 + step) * SECOND // 10 + number % 3
    return Batch.of(tag, time, number + tag / 1000)


def stormy(number: int) -> Batch:
    """The same rows, after wrong ones of the frame to come and before they are put right."""
    coming = frame(number + 1).slice(0, 50)
    wrong = Batch.of(coming.tag, coming.time, coming.value + 9_000)
    return Batch.concat([wrong, frame(number)])


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


def sealing(lake: Lake) -> None:
    """Seal for ever, and tell what is durable."""
    while True:
        lake.seal()
        os.write(1, struct.pack("<q", lake.positions().get("frames", 0)))


def merging(lake: Lake) -> None:
    """Maintain for ever."""
    while True:
        lake.maintain()


def naming(lake: Lake) -> None:
    """Name the tags anew for ever."""
    for turn in range(1_000_000):
        lake.write_tags((TagId(n), Tag(f"line/{n}/{turn}")) for n in range(100))
        time.sleep(0.02)


def storm(folder: Path) -> None:
    """Append for ever beside all of these, which wait for nobody."""
    maintenance.VACUUM_EVERY = -1.0
    lake = Lake.open(folder, now=lambda: Nanoseconds(START + 2 * DAY), settings=STORM)
    for work in (sealing, merging, naming):
        threading.Thread(target=work, args=(lake,), daemon=True).start()
    number = lake.positions().get("frames", 0) + 1
    while True:
        events = [event(number)] if number % 10 == 0 else []
        try:
            lake.append(stormy(number), stream="frames", position=number, events=events)
            number += 1
        except StorageError:  # sealing is behind
            time.sleep(0.005)
        time.sleep(0.0005)


if __name__ == "__main__":
    (storm if "storm" in sys.argv[2:] else write)(Path(sys.argv[1]))
