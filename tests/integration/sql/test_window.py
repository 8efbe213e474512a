"""A wide view over long history: a query says from when, or is told to."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from tests.integration.sql.conftest import ROWS, Site, serve

SINCE = "'2025-12-31 23:50:00+00'"
LATE = 600  # rows since then
BOTH = "line1.filler f {} packaging_line2.capper c"


@pytest.fixture(scope="module")
def long_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An hour of history, which is longer than what is read without a time."""
    yield from serve(tmp_path_factory.mktemp("long"), {"limits": {"window": 1_200.0}})


@pytest.fixture
def ask(long_site):
    with psycopg.connect(long_site.url(), autocommit=True) as made:
        yield lambda query, *values: made.execute(query, values or None).fetchall()


@pytest.mark.parametrize(
    "query",
    [
        f"select time from line1.filler where time >= {SINCE}",
        f"select t.time from (select * from line1.filler) t where t.time >= {SINCE}",
        f"select time from (select time, speed from line1.filler f) t where time >= {SINCE}",
        f"select 1 from (select * from (select * from line1.filler) a) b where time >= {SINCE}",
        f"select time from {BOTH.format('join')} using (time) where time >= {SINCE}",
        f"select time from {BOTH.format('left join')} using (time) where time >= {SINCE}",
        f"select f.time from {BOTH.format('asof join')} using (time) where f.time >= {SINCE}",
        f"select 1 from {BOTH.format('asof join')} on f.time >= c.time where f.time >= {SINCE}",
    ],
)
def test_a_condition_is_found_where_it_stands(ask, query):
    assert len(ask(query)) == LATE


def test_an_asof_join_finds_what_held_before_its_window(ask):
    query = (
        f"select f.time, c.speed, c.state_text from {BOTH.format('asof join')} on f.time > c.time "
        f"where f.time >= {SINCE} order by 1"
    )
    first = ask(query)[0]
    assert first[1:] == (100 + 2_999 / 10, "stopped")


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) from line1.filler",
        "select max(speed) from line1.filler where time <= '2026-01-01 00:00:00+00'",
        "select * from line1.filler order by time limit 5",
        "select count(*) from line1.filler limit 5",
        f"with w as (select * from line1.filler) select 1 from w where time >= {SINCE}",
        "select 1 from (select speed as time from line1.filler) t where time >= 5",
        f"select 1 from (select time, lag(time) over () from line1.filler) t where time >= {SINCE}",
        f"select 1 from (select * from line1.filler limit 2000) t where time >= {SINCE}",
        f"select 1 from {BOTH.format('cross join')} where f.time >= {SINCE}",
    ],
)
def test_without_one_it_says_what_to_write(ask, query):
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded) as caught:
        ask(query)
    assert "is read without a time, and history begins 2025-12-31" in str(caught.value)
    assert "where time >= now()" in caught.value.diag.message_hint


def test_a_preview_shows_the_newest_rows(ask):
    assert len(ask("select * from line1.filler limit 100")) == 100
    found = ask("select time from line1.filler limit 3000")
    assert len(found) == 1_201  # of the window alone
    assert min(found)[0].isoformat().startswith("2025-12-31T23:39:59")
    wrapped = 'select "_"."time", "_"."speed" from (select * from line1.filler) "_" limit 200'
    assert len(ask(wrapped)) == 200


def test_a_time_before_a_short_history_will_do(ask):
    early = "select count(*) from line1.filler where time < '2025-12-31 23:10:00+00'"
    assert ask(early) == [(LATE,)]
    assert ask("select count(*) from samples where path like '%%capper/speed'") == [(ROWS,)]
