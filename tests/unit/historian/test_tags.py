"""The table of tags gains columns without a new history."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
from deltalake import DeltaTable

from isthmus.historian import tags
from isthmus.historian.delta import store
from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.reader import Reader
from isthmus.historian.settings import DAY, LakeSettings
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Limits, Tag

NOON = 20_000 * DAY + DAY // 2
SPEED = Tag(
    "packaging/line1/filler/speed",
    unit="1/min",
    range=(0.0, 900.0),
    normal=(500.0, 700.0),
    limits=Limits(low=100.0, high_high=890.0),
    type="rotary_filler",
    title="Filler 1",
)
NEW = ("_low", "_high", "low", "high", "area", "line", "work_unit", "module", "type", "title")


def opened(root) -> Lake:
    settings = LakeSettings(reserve_bytes=0)
    return Lake.open(root, now=lambda: Nanoseconds(NOON), settings=settings)


def test_a_history_of_an_older_version_gains_the_new_columns(tmp_path, monkeypatch):
    old = pa.schema([field for field in tags.TAGS if not field.name.endswith(NEW)])
    assert len(old) == len(tags.TAGS) - 14
    with monkeypatch.context() as patch:
        patch.setattr(tags, "TAGS", old)
        patch.setattr(tags, "_row", lambda number, tag: {"tag": number, "path": tag.path})
        patch.setattr(store, "TAGS", old)
        lake = opened(tmp_path)
        lake.write_tags([(TagId(0), SPEED)])
        lake.append(Batch.of([TagId(0)], Nanoseconds(NOON), [1.0]), stream="s", position=1)
        lake.seal()
        lake.close()
    assert DeltaTable(str(tmp_path / "tags")).to_pyarrow_table().schema.names == old.names
    lake = opened(tmp_path)
    assert Reader(tmp_path).paths() == {TagId(0): SPEED.path}, "while the old file is all there is"
    found = Reader(tmp_path).sql("select path, type, high from tags").to_pylist()
    assert found == [{"path": SPEED.path, "type": None, "high": None}]
    for _ in range(2):
        lake.write_tags([(TagId(0), SPEED)])
        found = lake.sql("select range_high, normal_low, low, high, type, line from tags")
        assert [tuple(row.values()) for row in found.to_pylist()] == [
            (900.0, 500.0, 100.0, None, "rotary_filler", "line1")
        ]
    assert lake.sql("select path, value from samples").num_rows == 1
    lake.close()
    table = DeltaTable(str(tmp_path / "tags")).to_pyarrow_table()
    assert table.schema.names == tags.TAGS.names
    assert table["normal_high"].to_pylist() == [700.0]


def test_a_tag_says_where_it_is_and_what_its_equipment_is():
    paths = ("speed", "utilities/power", "a/l/speed", SPEED.path, "a/l/u/pump/flow", "a/b/c/d/e/f")
    given = [(TagId(n), replace(SPEED, path=path)) for n, path in enumerate(paths)]
    rows = tags.encode_tags(reversed(given)).select(tags.LEVELS).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (None, None, None, None),
        ("utilities", None, None, None),
        ("a", "l", None, None),
        ("packaging", "line1", "filler", None),
        ("a", "l", "u", "pump"),
        ("a", "b", "c", "d"),
    ]
    (plain,) = tags.encode_tags([(TagId(0), Tag("a/b"))]).to_pylist()
    assert {plain[name] for name in ("type", "title", "low_low", "low", "high", "high_high")} == {
        None
    }
