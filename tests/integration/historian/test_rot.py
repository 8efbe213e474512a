"""Any file, cut or flipped anywhere: the rest is answered, nothing is made up, damage is named.

Each kind of file is spoilt in a number of random ways (ISTHMUS_ROT, 6; more finds more).
"""

from __future__ import annotations

import os
import random
import zlib
from pathlib import Path

import numpy as np
import pytest
from tests.integration.historian import rot
from tests.integration.historian.rot import FOREVER, NOON, TAGS

from isthmus.historian.delta.reader import Reader
from isthmus.historian.settings import DAY
from isthmus.model.errors import StorageError
from isthmus.model.sample import Batch, Nanoseconds

CASES = int(os.environ.get("ISTHMUS_ROT", "6"))
SQL = "select tag, time, value, quality from samples order by tag, time"
KINDS = {
    "samples": "samples/date=*/*.parquet",
    "events": "events/date=*/*.parquet",
    "tags": "tags/*.parquet",
    "last values": "last.parquet",
    "log entry": "*/_delta_log/*.json",
    "checkpoint": "*/_delta_log/*.checkpoint*.parquet",
    "checkpoint hint": "*/_delta_log/_last_checkpoint",
}


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("whole") / "history"
    rot.make(root)
    return root


@pytest.fixture(scope="module")
def truth(template) -> rot.Truth:
    return rot.Truth.of(template)


def cases(template: Path, tmp_path: Path, kind: str):
    """Copies of a whole history in each of which one file of a kind is spoilt."""
    chance = random.Random(zlib.crc32(kind.encode()))
    for number in range(CASES):
        root = rot.copied(template, tmp_path / "history")
        live = sorted(root.glob(KINDS[kind]))
        victim = live[chance.randrange(len(live))]
        yield root, victim, f"case {number}, {rot.spoil(victim, chance)}"


def in_sql(history) -> Batch:
    answer = history.sql(SQL, seconds=60)
    micro = answer["time"].to_numpy().astype("M8[us]").astype(np.int64)
    quality = answer["quality"].to_numpy().astype(np.uint32)
    return Batch(answer["tag"].to_numpy(), micro * 1_000, answer["value"].to_numpy(), quality)


def texts(history) -> list[int]:
    return [int(event.text.partition(":")[0]) for event in history.events(*FOREVER)]


def goes_on(root: Path, right: Batch, told: str) -> None:
    """The history takes more, and has it and the rest when it is opened again."""
    more = Batch.of([1, 1], Nanoseconds(NOON + DAY), [1.0, 2.0])
    lake = rot.opened(root)
    number = lake.positions()["s"] + 1
    lake.append(more.slice(0, 1), stream="s", position=number)
    lake.seal()
    lake.close()
    lake = rot.opened(root)
    rows = lake.raw(TAGS, *FOREVER)
    assert len(rows) == len(right) + 1, told
    assert lake.positions()["s"] == number, told
    lake.close()


@pytest.mark.chaos
@pytest.mark.timeout(400)
def test_samples(template, truth, tmp_path):
    for root, victim, told in cases(template, tmp_path, "samples"):
        path = str(victim.relative_to(root / "samples"))
        rest, live = truth.without(path), path in truth.files
        reader = Reader.open(root)
        assert any(rot.same(reader.raw(TAGS, *FOREVER), right) for right in (rest, truth.without()))
        reader.verify(1 << 40)
        assert any(victim.name in text for text in reader.damage.told()) == live, told
        assert rot.same(reader.raw(TAGS, *FOREVER), rest), told
        assert rot.same(in_sql(reader), rest), told
        assert victim.exists(), "a reader moves nothing"
        lake = rot.opened(root)
        assert any(rot.same(lake.raw(TAGS, *FOREVER), right) for right in (rest, truth.without()))
        lake.maintain()
        assert any(victim.name in text for text in lake.stats().damaged) == live, told
        assert victim.exists() != live, told
        for answer in (lake.raw(TAGS, *FOREVER), in_sql(lake)):
            assert rot.same(answer, rest), told
        assert len(texts(lake)) == 14, told
        lake.close()
        goes_on(root, rest, told)


@pytest.mark.chaos
@pytest.mark.timeout(400)
def test_events(template, truth, tmp_path):
    for root, victim, told in cases(template, tmp_path, "events"):
        path = str(victim.relative_to(root / "events"))
        reader = Reader.open(root)
        lost = [f.rows for f in reader._events.files() if f.path == path]
        found = texts(reader)
        assert found == sorted(set(found)), told
        assert len(found) in {14, 14 - sum(lost)}, told
        lake = rot.opened(root)
        lake.maintain()
        assert any(victim.name in text for text in lake.stats().damaged) == bool(lost), told
        found = texts(lake)
        assert found == sorted(set(found)), told
        assert len(found) == 14 - sum(lost), told
        assert lake.sql("select count(*) n from events").to_pylist() == [{"n": len(found)}], told
        assert rot.same(lake.raw(TAGS, *FOREVER), truth.without()), told
        lake.close()
        goes_on(root, truth.without(), told)


@pytest.mark.chaos
@pytest.mark.timeout(400)
def test_tags(template, truth, tmp_path):
    whole = {tag: name.path for tag, name in rot.NAMES}
    for root, _, told in cases(template, tmp_path, "tags"):
        assert Reader.open(root).paths().items() <= whole.items(), told
        lake = rot.opened(root)
        assert len(in_sql(lake)) == len(truth.without()), told
        lake.write_tags(rot.NAMES)
        lake.maintain()
        assert Reader.open(root).paths() == whole, told
        named = lake.sql("select count(path) n from samples").to_pylist()
        assert named == [{"n": len(truth.without())}], told
        lake.close()


@pytest.mark.chaos
@pytest.mark.timeout(400)
def test_last_values(template, truth, tmp_path):
    right = truth.without()
    ends = right.where(np.append(right.tag[1:] != right.tag[:-1], True))
    for root, _, told in cases(template, tmp_path, "last values"):
        lake = rot.opened(root)
        assert rot.same(lake.last(TAGS), ends), told
        assert rot.same(lake.before(TAGS, Nanoseconds(NOON + 2 * DAY)), ends), told
        lake.close()
        goes_on(root, right, told)


@pytest.mark.chaos
@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", ["log entry", "checkpoint", "checkpoint hint"])
def test_log(template, truth, tmp_path, kind):
    """It opens as it was, or without the last commit, or is refused and the file is named."""
    for root, victim, told in cases(template, tmp_path, kind):
        try:
            lake = rot.opened(root)
        except StorageError as error:
            refused = str(error), error.hint
            assert kind == "log entry", (told, refused)
            assert victim.name in refused[0], (told, refused)
            assert "restore" in refused[1], (told, refused)
            assert victim.exists(), told
            continue
        assert [victim.name in text for text in lake.stats().damaged] == [True], told
        assert not victim.exists(), told
        lake.maintain()
        position = lake.positions()["s"]
        assert position in {13, 14}, told
        for number in range(position + 1, 15):  # the stream still has it
            lake.append(rot.frame(number), stream="s", position=number, events=[rot.event(number)])
        lake.seal()
        assert rot.same(lake.raw(TAGS, *FOREVER), truth.without()), told
        assert rot.same(in_sql(lake), truth.without()), told
        # events whose own last entry rotted, not tore, are behind a position that stands
        lost = 14 if victim.is_relative_to(root / "events") and position == 14 else 0
        assert texts(lake) in ([*range(1, 15)], [n for n in range(1, 15) if n != lost]), told
        lake.close()
        goes_on(root, truth.without(), told)
