"""COPY to the client: psql and psycopg take it, and PostgreSQL itself writes the same bytes."""

from __future__ import annotations

import csv
import subprocess

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from tests.servers.postgresql import program

pytestmark = pytest.mark.peer
FORMS = [
    "",
    "csv header",
    "with (format csv, header true, delimiter ';', null 'none')",
    "with (format text, header, delimiter '|', null '')",
    r"with (format csv, delimiter E'\t', null E'\'\'none')",
    r"with (delimiter E'\x7c', null E'\\N')",
    r"with (delimiter E'\176')",
]
SIGNS = st.sampled_from([*"abN\\\"'.,;|\t\n\r\b\f\v é€", "none", "\\.", "\\N", '""'])
WORDS = st.none() | st.lists(SIGNS, max_size=6).map("".join)
ROWS = st.lists(st.tuples(WORDS, st.none() | st.integers(-(2**63), 2**63 - 1), WORDS), max_size=8)


def copy(connection, query):
    with connection.cursor().copy(query) as given_:
        return b"".join(bytes(piece) for piece in given_)


@pytest.fixture(scope="module")
def peer(postgresql):
    with psycopg.connect(postgresql.shared(), autocommit=True) as made:
        yield made


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, form=st.sampled_from(FORMS), alone=st.booleans())
def test_postgresql_writes_the_same(site, peer, rows, form, alone):
    lit = sql.quote
    listed = ", ".join(
        f"({number}, {lit(a)}::text, ({lit(b)})::int8, {lit(c)}::text)"
        for number, (a, b, c) in enumerate([(None, None, None), *rows])
    )
    shown = "a" if alone else 'a, b, c as "C, ""c"""'
    query = (
        f"copy (select {shown} from (values {listed}) v(n, a, b, c) order by n) to stdout {form}"
    )
    with psycopg.connect(site.url(), autocommit=True) as made:
        assert copy(made, query) == copy(peer, query)


def test_psql_writes_a_file(site, tmp_path):
    if program("psql") is None:
        pytest.skip("psql is not installed: apt-get install postgresql-client")
    out = tmp_path / "out.csv"
    words = f"\\copy (select time, speed from line1.filler order by time) to '{out}' csv header"
    done = subprocess.run(
        [program("psql"), "-X", site.url(), "-c", words], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "COPY 3600"
    with out.open() as file:
        found = list(csv.reader(file))
    assert found[0] == ["time", "speed"]
    assert len(found) == 3_601
    assert float(found[1][1]) == 100.0


def test_a_table_and_its_columns(site):
    with psycopg.connect(site.url(), autocommit=True) as made:
        with made.cursor().copy("COPY public.tags (path, unit) TO STDOUT") as given_:
            paths = {row[0] for row in given_.rows()}
        assert paths == {row[0] for row in made.execute("select path from tags").fetchall()}
        assert copy(made, "copy line1.filler to stdout csv").count(b"\n") > 3_000


@pytest.mark.parametrize(
    ("query", "state"),
    [
        ("copy tags from stdin", "25006"),
        ("copy tags to '/tmp/out'", "42501"),
        ("copy tags to stdout (format binary)", "0A000"),
        ("copy tags to stdout (delimiter 'ab')", "0A000"),
        ("copy (delete from tags) to stdout", "25006"),
        ("copy (select 1; select 2) to stdout", "42601"),
        ("copy nothing to stdout", "42P01"),
        ("copy", "42601"),
    ],
)
def test_what_is_refused_says_why(site, query, state):
    with psycopg.connect(site.url(), autocommit=True) as made:
        with pytest.raises(psycopg.Error) as caught:
            copy(made, query)
        assert caught.value.sqlstate == state
        assert made.execute("select 1").fetchone() == (1,)


def test_limits_hold(tight):
    with psycopg.connect(tight.url(), autocommit=True) as made:
        for query, state in (
            ("copy samples to stdout", "53400"),
            ("copy (select count(*) from range(100000000000)) to stdout", "57014"),
        ):
            with pytest.raises(psycopg.Error) as caught:
                copy(made, query)
            assert caught.value.sqlstate == state
        assert made.execute("select 1").fetchone() == (1,)
