"""SQLAlchemy's reflection and pandas over it, and psql's own questions."""

from __future__ import annotations

import os
import shutil
import subprocess

import pandas as pd
import pytest
import sqlalchemy as sa
from tests.integration.sql.conftest import PASSWORD

pytestmark = pytest.mark.peer


@pytest.fixture
def engine(site):
    url = site.url().replace("postgresql://", "postgresql+psycopg://")
    made = sa.create_engine(url)
    yield made
    made.dispose()


def test_the_inspector_lists_schemas_tables_views_and_comments(engine):
    inspector = sa.inspect(engine)
    assert {"public", "line1", "packaging_line2"} <= set(inspector.get_schema_names())
    assert sorted(inspector.get_table_names()) == ["events", "kpi", "samples", "tags"]
    assert inspector.get_view_names("line1") == ["filler"]
    assert inspector.get_table_comment("filler", "line1")["text"].startswith("packaging/line1")
    columns = {one["name"]: one for one in inspector.get_columns("filler", "line1")}
    assert columns["speed"]["comment"] == "Bottles a minute. [1/min]"
    assert isinstance(columns["speed"]["type"], sa.DOUBLE_PRECISION)
    assert columns["time"]["type"].timezone
    for empty in (
        inspector.get_pk_constraint("samples")["constrained_columns"],
        inspector.get_foreign_keys("samples"),
        inspector.get_indexes("samples"),
        inspector.get_unique_constraints("samples"),
        inspector.get_check_constraints("samples"),
    ):
        assert not empty
    assert inspector.has_table("samples")
    assert not inspector.has_table("nothing")
    assert not inspector.has_table("nothing'; select 1 --")


def test_reflected_tables_are_queried(engine):
    meta = sa.MetaData()
    meta.reflect(engine, schema="line1", views=True)
    filler = meta.tables["line1.filler"]
    wish = (
        sa.select(filler.c.state_text, sa.func.count().label("n"), sa.func.avg(filler.c.speed))
        .where(filler.c.time >= sa.text("timestamptz '2025-12-31 23:10:00+00'"))
        .group_by(filler.c.state_text)
        .order_by(filler.c.state_text)
    )
    with engine.connect() as connection:
        found = connection.execute(wish).all()
    assert [(row.state_text, row.n) for row in found] == [("it's 100% on", 1800), ("stopped", 1200)]


def test_pandas_reads_sql(engine):
    with engine.connect() as connection:
        frame = pd.read_sql(
            sa.text("select time, speed from line1.filler where time >= :since order by time"),
            connection,
            params={"since": "2025-12-31 23:59:00+00"},
            parse_dates=["time"],
        )
    assert len(frame) == 60
    assert frame["speed"].iloc[-1] == 459.9
    assert frame["time"].is_monotonic_increasing


BACKSLASH = [
    r"\d", r"\d+", r"\dt", r"\dv *.*", r"\dn+", r"\l+", r"\du", r"\d line1.filler", r"\d+ samples",
    r"\df", r"\di", r"\ds", r"\dT", r"\dx", r"\dp", r"\dC", r"\dD", r"\dE", r"\dm", r"\db", r"\dO",
    r"\conninfo", r"\encoding", r"\dconfig timezone", r"\dt public.*", r"\d *.filler",
]  # fmt: skip


@pytest.fixture
def psql(site):
    if shutil.which("psql") is None:
        pytest.skip("psql is not installed: apt-get install postgresql-client-15")

    def ask(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["psql", "-X", site.url(), "-v", "ON_ERROR_STOP=1", *words],
            capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, "PGPASSWORD": PASSWORD},
        )  # fmt: skip

    return ask


@pytest.mark.parametrize("word", BACKSLASH)
def test_what_people_type_in_psql(psql, word):
    done = psql("-c", word)
    assert "ERROR" not in done.stderr
    assert done.returncode == 0 or "Did not find any" in done.stderr


def test_psql_shows_columns_with_their_comments(psql):
    shown = psql("-c", r"\d+ line1.filler").stdout
    assert "double precision" in shown
    assert "Bottles a minute. [1/min]" in shown


def test_several_statements_in_one_message(psql):
    done = psql("-Atc", "begin; select 1; select 2; commit; select 3")
    assert done.stdout.split() == ["BEGIN", "1", "2", "COMMIT", "3"]
    failed = psql("-Atc", "select 1; select 1/nothing; select 3")
    assert failed.returncode == 1
    assert "nothing" in failed.stderr
    assert "3" not in failed.stdout
