"""What stands in the tables and views, by the plant's names, and who sees it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from isthmus.model.access import Access
from isthmus.runtime.trust.rights import policy_of

START = datetime.fromtimestamp(1_767_222_000, UTC)


@pytest.fixture
def ask(site):
    with psycopg.connect(site.url(), autocommit=True) as made:
        yield lambda query, *values: made.execute(query, values or None).fetchall()


def test_lines_are_schemas_and_a_shared_name_gets_its_area(ask):
    found = ask(
        "select table_schema, table_name from information_schema.tables "
        "where table_schema <> 'public' order by 1, 2"
    )
    assert found == [
        ("line1", "filler"),
        ("mixing_line2", "stirrer"),
        ("packaging_line2", "capper"),
    ]


def test_columns_differ_in_more_than_capitals(ask):
    found = ask(
        "select column_name, data_type from information_schema.columns "
        "where table_schema = 'line1' order by ordinal_position"
    )
    assert found == [
        ("time", "timestamp with time zone"),
        ("speed", "double precision"),
        ("state", "bigint"),
        ("state_text", "text"),
        ("running", "boolean"),
        ("product", "text"),
        ("time_2", "double precision"),
        ("Speed_2", "double precision"),
        ("select_me", "double precision"),
    ]


def test_a_comment_tells_what_a_column_means_and_its_unit(ask):
    found = ask(
        "select col_description('line1.filler'::regclass, 2), obj_description("
        "'public.samples'::regclass)"
    )
    assert found == [("Bottles a minute. [1/min]", "Every sample, one a row.")]


def test_a_wide_view_carries_values_into_its_window(ask):
    window = [START + timedelta(seconds=1000), START + timedelta(seconds=1003)]
    found = ask(
        "select time, speed, state_text, running, product from line1.filler "
        "where time >= %s and time < %s order by time", *window
    )  # fmt: skip
    assert found == [
        (START + timedelta(seconds=1000 + n), 200.0 + n / 10, "it's 100% on", True, "o'juice")
        for n in range(3)
    ]


@pytest.mark.parametrize(
    "where",
    [
        "time between '2025-12-31 23:10:00+00' and '2025-12-31 23:20:00+00'",
        "'2025-12-31 23:10:00+00' <= time and time <= timestamptz '2025-12-31 23:20:00+00'",
        (
            "f.time >= '2025-12-31 23:10:00+00'::timestamptz and f.time <= "
            "'2025-12-31 23:00:00+00'::timestamptz + interval '20 minutes' and speed is not null"
        ),
    ],
)
def test_a_window_answers_what_all_of_history_answers(ask, where):
    columns = "count(*), sum(speed), count(product), min(product), max(state_text), sum(time_2)"
    whole = f"with w as (select * from line1.filler) select {columns} from w f where {where}"
    assert ask(f"select {columns} from line1.filler f where {where}") == ask(whole)


def test_nothing_is_carried_over_a_gap(ask):
    at = START + timedelta(seconds=1830)
    assert ask("select speed, state from line1.filler where time = %s", at) == [(None, 6)]


def test_samples_have_words_units_and_the_hot_tail(ask):
    last = START + timedelta(seconds=3_599)
    found = ask(
        "select value, text, unit, good from samples where time = %s and path in "
        "('packaging/line1/filler/state', 'packaging/line1/filler/speed') order by path", last
    )  # fmt: skip
    assert found == [(459.9, None, "1/min", True), (6.0, "it's 100% on", "", True)]


def test_events_and_kpi_are_there(ask):
    assert ask("select text from events where path = 'packaging/line1/filler/product'") == [
        ("water",),
        ("o'juice",),
    ]
    assert ask("select count(*) from kpi") == [(0,)]


def test_a_limited_reader_sees_nothing_else(site):
    with psycopg.connect(site.url("ben"), autocommit=True) as made:
        paths = [row[0] for row in made.execute("select distinct path from samples").fetchall()]
        assert paths
        assert all(path.startswith("mixing/") for path in paths)
        for table in ("tags", "events"):
            rows = made.execute(f"select distinct path from {table}").fetchall()
            assert rows
            assert all(path.startswith("mixing/") for (path,) in rows)
        named = made.execute("select count(*) from pg_class where relname = 'filler'").fetchone()
        assert named == (0,)
        assert made.execute("select user, session_user").fetchone() == ("ben", "ben")


@pytest.mark.parametrize(
    "query",
    [
        "select * from line1.filler",
        "select * from main.stored",
        "select * from main.samples",
        "select * from stored",
        "select * from hot_samples",
        "select * from temp.hot_samples",
        "select * from plant.tags",
        "with a as (select * from hot_samples), hot_samples as (select 1) select * from a",
        "with stored as (select * from stored) select * from stored",
        "select * from (with stored as (select 1) select * from stored) x, stored",
        "select (select max(value) from stored)",
        "select * from samples union all select * from stored",
        "select * from duckdb_views",
        "select * from sqlite_master",
        "select * from (describe samples)",
        "select * from (show tables)",
        "from samples at (version => 1)",
        "pivot stored on tag using max(value)",
    ],
)
def test_no_name_leads_a_limited_reader_out(site, query):
    with (
        psycopg.connect(site.url("ben"), autocommit=True) as made,
        pytest.raises((psycopg.errors.Error,)) as caught,
    ):
        made.execute(query)
    assert caught.value.sqlstate in ("42P01", "42501", "0A000", "42601")


def test_a_table_expression_hides_a_table_where_it_is_in_scope(ask):
    assert ask("with samples as (select 1 as a) select * from samples") == [(1,)]
    recursive = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 4) "
    assert ask(f"{recursive}select sum(i) from n") == [(10,)]


def test_a_denial_of_the_policy_hides_history_from_a_session_that_is_open(site):
    """What the policy denies a service is not there; a policy that changes counts at once."""
    count = "select count(distinct path) from samples where path like 'packaging/line1/%'"
    with psycopg.connect(site.url("carl"), autocommit=True) as carl:
        assert carl.execute(count).fetchone() == (0,)
        assert carl.execute("select count(*) from samples").fetchone() > (0,)
        names = {row[0] for row in carl.execute("select path from tags")}
        assert not any(name.startswith("packaging/line1/") for name in names)
        assert any(name.startswith("mixing/") for name in names)
        before = site.acting[0]
        site.acting[0] = policy_of(site.plant, Access())
        try:
            assert carl.execute(count).fetchone() > (0,)
        finally:
            site.acting[0] = before
        assert carl.execute(count).fetchone() == (0,)
