"""A small history of everything there is, and ways in which a disk spoils a file of it."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isthmus.historian.columns import settled
from isthmus.historian.delta.lake import Lake
from isthmus.historian.settings import DAY, SECOND, LakeSettings
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Tag

NOON = 20_000 * DAY + DAY // 2
TAGS = [TagId(n) for n in (*range(12), 70_000)]
NAMES = [(tag, Tag(f"line/unit{tag}/speed", unit="m/s")) for tag in TAGS]
SETTINGS = LakeSettings(reserve_bytes=0, merge_files=5, checkpoint_commits=6, merge_pause=9 * DAY)
FOREVER = (Nanoseconds(0), Nanoseconds(1 << 62))


def opened(root: Path) -> Lake:
    return Lake.open(root, now=lambda: Nanoseconds(NOON + DAY), settings=SETTINGS)


def frame(number: int) -> Batch:
    """Rows of two days; every third frame corrects some of the one before."""
    chance = np.random.default_rng(number)
    tag = np.repeat(np.array(TAGS, np.int32), 40)
    time = NOON + number * 40 * SECOND + np.tile(np.arange(40), len(TAGS)) * SECOND
    time[tag == 3] += DAY - 100 * SECOND
    value = np.round(chance.normal(50, 9, len(tag)), 3)
    value[tag == 5] /= 7
    rows = Batch.of(tag, time.astype(np.int64), value)
    if number % 3:
        return rows
    again = frame(number - 1).slice(0, 90)
    return Batch.concat([rows, Batch.of(again.tag, again.time, again.value + 1)])


def event(number: int) -> Event:
    return Event(Nanoseconds(NOON + number), "line", "text", f"{number}: " + "word " * 40)


def make(root: Path) -> None:
    """Fourteen seals, merged and checkpointed at ten, with events, names and last values."""
    lake = opened(root)
    for number in range(1, 15):
        lake.append(frame(number), stream="s", position=number, events=[event(number)])
        lake.seal()
        lake.write_tags(NAMES[: number + 1])
        if number == 10:
            lake.maintain()
    lake.close()


@dataclass(frozen=True)
class Truth:
    """What a whole history answers, and what each of its files holds."""

    files: dict[str, Batch]  # in the order of their seals

    @classmethod
    def of(cls, root: Path) -> Truth:
        lake = opened(root)
        found = {
            file.path: Batch.concat(list(lake.view().segments.groups(file)))
            for file in lake.view().files
        }
        lake.close()
        return cls(found)

    def without(self, path: str = "") -> Batch:
        """The samples of all files but one."""
        return settled(Batch.concat([rows for name, rows in self.files.items() if name != path]))


def copied(template: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(template, to)
    return to


def spoil(victim: Path, chance: random.Random) -> str:
    """Damage a file somehow, somewhere; how, in words."""
    right = victim.read_bytes()
    content = bytearray(right)
    way = chance.choice(["cut", "flip", "flip", "smear", "zeros", "grown"])
    place = chance.randrange(len(content))
    if way == "cut":
        del content[place:]
    elif way == "flip":
        content[place] ^= 1 << chance.randrange(8)
    elif way == "smear":
        for at in range(place, min(place + chance.randrange(1, 64), len(content))):
            content[at] = chance.randrange(256)
    elif way == "zeros":
        stop = min(place + 512, len(content))
        content[place:stop] = bytes(stop - place)
    else:
        content += chance.randbytes(chance.randrange(1, 200))
    if bytes(content) == right:
        content[place] ^= 1
    victim.write_bytes(content)
    return f"{way} at {place} of {len(right)}: {victim.name}"


def same(ours: Batch, right: Batch) -> bool:
    """Whether two batches are equal to the last bit."""
    return len(ours) == len(right) and all(
        (getattr(ours, name) == getattr(right, name)).all()
        for name in ("tag", "time", "value", "quality")
    )
