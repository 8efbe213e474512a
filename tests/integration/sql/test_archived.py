"""Days in the archive are read through the endpoint as if they were here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.integration.sql.conftest import Site, serve

from isthmus.historian.keep.archive_plan import ArchivePlan
from isthmus.historian.keep.place import Target
from isthmus.historian.settings import LakeSettings

QUESTIONS = (
    "select path, count(*), round(sum(value), 3) from samples group by 1 order by 1",
    "select count(*), round(sum(speed), 3), min(product), max(state_text) from line1.filler",
    "select count(*), sum(speed) is null from mixing_line2.stirrer where time < '2026-01-01'",
)


@pytest.fixture
def archiving(tmp_path: Path) -> Iterator[Site]:
    """An endpoint over history that goes to a folder once its day is over."""
    plan = ArchivePlan(Target(str(tmp_path / "nas")), 0, 1 << 30)
    yield from serve(tmp_path, {}, LakeSettings(archive=plan, reserve_bytes=0))


def test_it_answers_the_same_and_fetches_what_it_needs(archiving):
    here, history = archiving.lake, archiving.folder / "history"
    with psycopg.connect(archiving.url(), autocommit=True) as made:
        before = [made.execute(question).fetchall() for question in QUESTIONS]
        assert here.move_old() > 0
        for file in (history / "samples").rglob("date=*/*.parquet"):  # as clean-up does a day later
            file.unlink()
        assert list((history / "cache").rglob("*.parquet")) == []
        young = "select count(*) from samples where time >= '2026-01-01 00:00:00+00'"
        assert made.execute(young).fetchone() == (0,)
        assert list((history / "cache").rglob("*.parquet")) == []
        assert [made.execute(question).fetchall() for question in QUESTIONS] == before
    assert list((history / "cache").rglob("*.parquet"))
