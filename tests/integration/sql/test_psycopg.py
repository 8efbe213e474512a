"""psycopg 3 against the endpoint: both protocols, both formats, all types, cancel, pipeline."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg.rows import dict_row

pytestmark = pytest.mark.peer
HEAVY = "select count(*) from range(100000000000) a"


@pytest.fixture
def connection(site):
    with psycopg.connect(site.url()) as made:
        yield made


def test_full_verification_of_the_certificate(site):
    with psycopg.connect(site.url(sslmode="verify-full"), channel_binding="require") as made:
        assert made.execute("select 1").fetchone() == (1,)
        assert made.info.server_version == 150_000


@pytest.mark.parametrize("binary", [False, True])
def test_every_type_in_both_formats(connection, binary):
    query = """select true b, 1::int2 i2, 2::int4 i4, 3::int8 i8, 1.5::real f4, -2.25::float8 f8,
        12345.678900::decimal(18,6) n, (-0.0001)::decimal(10,4) small, 'é''x' t,
        date '2024-02-29' d, timestamp '1999-12-31 23:59:59.000001' ts,
        timestamptz '2024-03-31 02:30:00+02' tz, interval '14 months -3 days 04:05:06.5' iv,
        '\\x00ff'::bytea bs, [1, null, 3]::integer[] li, ['a b', 'c"d', null] lt,
        [1.5::double, 'nan'::double] lf, null::integer nothing, 'nan'::double nan,
        'infinity'::double inf, 1701411834604692317316873037158841057::hugeint h"""
    with connection.cursor(binary=binary, row_factory=dict_row) as cursor:
        row = cursor.execute(query.replace("'\\x00ff'::bytea", "'\\x00\\xFF'::blob")).fetchone()
    assert row["nan"] != row["nan"]
    assert row.pop("lf")[0] == 1.5
    del row["nan"]
    assert row == {
        "b": True, "i2": 1, "i4": 2, "i8": 3, "f4": 1.5, "f8": -2.25,
        "n": Decimal("12345.678900"), "small": Decimal("-0.0001"), "t": "é'x",
        "d": date(2024, 2, 29), "ts": datetime(1999, 12, 31, 23, 59, 59, 1),  # noqa: DTZ001
        "tz": datetime(2024, 3, 31, 0, 30, tzinfo=UTC), "nothing": None,
        "iv": timedelta(days=365 + 60 - 3, hours=4, minutes=5, seconds=6.5),
        "bs": b"\x00\xff", "li": [1, None, 3], "lt": ["a b", 'c"d', None],
        "inf": float("inf"), "h": Decimal(1701411834604692317316873037158841057),
    }  # fmt: skip


@pytest.mark.parametrize("placeholder", ["%s", "%b", "%t"])
def test_parameters_in_both_formats(connection, placeholder):
    values = [
        7, -(2**40), 2.5, True, "it's; drop table samples --", Decimal("1.250"),
        date(2026, 1, 1), datetime(2026, 1, 1, 12, tzinfo=UTC), b"\x00\x01", uuid.UUID(int=5),
        timedelta(days=1, seconds=30), [1, 2], ["a,b", 'c"d'],
    ]  # fmt: skip
    for value in values:
        cast = "::text[]" if value == ["a,b", 'c"d'] else ""  # of unknown type without it
        found = connection.execute(f"select {placeholder}{cast}", [value]).fetchone()[0]
        if isinstance(value, Decimal | uuid.UUID):
            found = type(value)(str(found))
        assert found == value


def test_no_value_leaves_its_literal(connection):
    evil = ["'", "''", "\\'", "'; select 1; --", "/*", "*/", "$1", "$$", "E'\\'", '"', "%s", "\n"]
    for text in evil:
        assert connection.execute("select %s, %s", [text, "after"]).fetchone() == (text, "after")


def test_prepared_statements_and_pipelines(connection):
    with connection.pipeline():
        cursors = [
            connection.execute("select value from samples where path = %s and time = %s", [
                "packaging/line1/filler/time", datetime.fromtimestamp(1_767_222_000 + n, UTC)
            ], prepare=True)
            for n in range(20)
        ]  # fmt: skip
        found = [cursor.fetchone()[0] for cursor in cursors]
    assert found == list(map(float, range(20)))


def test_an_error_in_a_pipeline_spares_what_follows_the_sync(connection):
    connection.autocommit = True
    with pytest.raises(psycopg.errors.UndefinedColumn), connection.pipeline():
        connection.execute("select nothing from samples")
    assert connection.execute("select 1").fetchone() == (1,)


def test_a_failed_transaction_refuses_until_its_end(connection):
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("select * from nowhere")
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        connection.execute("select 1")
    connection.rollback()
    assert connection.execute("select 1").fetchone() == (1,)


def test_cursors_on_the_server(connection):
    with connection.cursor("mine") as cursor:
        cursor.itersize = 500
        cursor.execute("select time, value from samples where name = 'time' order by path, time")
        rows = cursor.fetchall()
    assert len(rows) == 3 * 3_600


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("insert into samples values (1)", psycopg.errors.ReadOnlySqlTransaction),
        ("create table x (a int)", psycopg.errors.ReadOnlySqlTransaction),
        ("copy samples to '/tmp/x'", psycopg.errors.InsufficientPrivilege),
        ("selec 1", psycopg.errors.SyntaxError),
        ("select * from", psycopg.errors.SyntaxError),
        ("select nofunction(1)", psycopg.errors.UndefinedFunction),
        ("select 'x'::integer", psycopg.errors.InvalidTextRepresentation),
        ("select * from read_csv('/etc/passwd')", psycopg.errors.InsufficientPrivilege),
        ("select * from '/etc/passwd'", psycopg.errors.UndefinedTable),
        ("select * from duckdb_settings()", psycopg.errors.InsufficientPrivilege),
        ("select getenv('HOME')", psycopg.errors.InsufficientPrivilege),
        ("select * from query('select 1')", psycopg.errors.InsufficientPrivilege),
        ("set transaction_read_only = off", psycopg.errors.ReadOnlySqlTransaction),
        ("set session authorization ben", psycopg.errors.InvalidAuthorizationSpecification),
        ("attach 'x.db'", psycopg.errors.SyntaxError),
        ("install httpfs", psycopg.errors.SyntaxError),
        ("show nonsense", psycopg.errors.UndefinedObject),
    ],
)
def test_errors_have_the_states_that_clients_expect(site, query, error):
    with psycopg.connect(site.url(), autocommit=True) as made:
        with pytest.raises(error):
            made.execute(query)
        assert made.execute("select 1").fetchone() == (1,)


def test_cancel_stops_a_query_and_nothing_else(site):
    with psycopg.connect(site.url(), autocommit=True) as made:
        timer = threading.Timer(
            0.5, made.cancel_safe
        )  # `cancel` keeps the interpreter, which serves too
        timer.start()
        begin = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled):
            made.execute(HEAVY)
        assert time.monotonic() - begin < 20
        timer.join()
        assert made.execute("select 1").fetchone() == (1,)


def test_a_client_shortens_the_time_of_its_statements(connection):
    connection.execute("set statement_timeout = '300ms'")
    with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"):
        connection.execute(HEAVY)


def test_the_asynchronous_client(site):
    async def ask() -> list[int]:
        async with await psycopg.AsyncConnection.connect(site.url()) as made:
            cursor = await made.execute("select i from range(5) t(i)")
            return [row[0] for row in await cursor.fetchall()]

    assert asyncio.run(ask()) == [0, 1, 2, 3, 4]


def test_settings_are_kept_reported_and_reset(connection):
    connection.execute("set timezone = 'Europe/Berlin'")
    assert connection.info.parameter_status("TimeZone") == "Europe/Berlin"
    found = connection.execute("select '2026-07-01 00:00'::timestamptz").fetchone()[0]
    assert found.utcoffset() == timedelta(hours=2)
    connection.execute("reset timezone")
    assert connection.execute("show timezone").fetchone() == ("UTC",)


def test_the_search_path_is_followed_as_far_as_one_may_see(site):
    with psycopg.connect(site.url(), options="-c search_path=line1", autocommit=True) as made:
        query = "select count(*) from filler where time >= '2025-12-31 23:59:00+00'"
        assert made.execute(query).fetchone() == (60,)
        assert made.execute("select count(*) from tags").fetchone()[0] > 0
        made.execute('set search_path = main, temp, plant, "line1"')
        assert made.execute(query).fetchone() == (60,)
        for table in ("stored", "hot_samples", "words"):
            with pytest.raises(psycopg.errors.UndefinedTable):
                made.execute(f"select * from {table}")


def test_a_prepared_copy_is_refused_and_said_so(connection):
    with pytest.raises(psycopg.errors.FeatureNotSupported), connection.cursor() as cursor:
        cursor.execute("copy (select 1) to stdout", prepare=True)
