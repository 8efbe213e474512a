"""The table of tags gains columns without a new history."""

from __future__ import annotations

import pyarrow as pa
from deltalake import DeltaTable

from isthmus.historian import tags
from isthmus.historian.delta import store
from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.reader import Reader
from isthmus.historian.settings import DAY, LakeSettings
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Tag

NOON = 20_000 * DAY + DAY // 2
SPEED = Tag("line/filler/speed", unit="1/min", range=(0.0, 900.0), normal=(500.0, 700.0))


def opened(root) -> Lake:
    settings = LakeSettings(reserve_bytes=0)
    return Lake.open(root, now=lambda: Nanoseconds(NOON), settings=settings)


def test_a_history_of_an_older_version_gains_the_new_columns(tmp_path, monkeypatch):
    old = pa.schema([field for field in tags.TAGS if not field.name.endswith(("_low", "_high"))])
    with monkeypatch.context() as patch:
        patch.setattr(tags, "TAGS", old)
        patch.setattr(store, "TAGS", old)
        lake = opened(tmp_path)
        lake.write_tags([(TagId(0), SPEED)])
        lake.append(Batch.of([TagId(0)], Nanoseconds(NOON), [1.0]), stream="s", position=1)
        lake.seal()
        lake.close()
    assert DeltaTable(str(tmp_path / "tags")).to_pyarrow_table().schema.names == old.names
    lake = opened(tmp_path)
    assert Reader(tmp_path).paths() == {TagId(0): SPEED.path}, "while the old file is all there is"
    for _ in range(2):
        lake.write_tags([(TagId(0), SPEED)])
        assert lake.sql("select range_high, normal_low from tags").to_pylist() == [
            {"range_high": 900.0, "normal_low": 500.0}
        ]
    assert lake.sql("select path, value from samples").num_rows == 1
    lake.close()
    table = DeltaTable(str(tmp_path / "tags")).to_pyarrow_table()
    assert table.schema.names == tags.TAGS.names
    assert table["normal_high"].to_pylist() == [700.0]
