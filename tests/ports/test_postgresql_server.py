"""The PostgreSQL that tests run is a real one: passwords count, and a power cut loses no commit."""

from __future__ import annotations

import psycopg
import pytest


def test_databases_are_apart_and_passwords_count(postgresql):
    one, other = postgresql.database(), postgresql.database()
    with psycopg.connect(one, autocommit=True) as connection:
        connection.execute("create table t as select 42 as answer")
        assert connection.info.parameter_status("is_superuser") == "off"
    with psycopg.connect(other) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("select * from t")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(one.replace(":plant@", ":wrong@"))


def test_what_was_committed_outlives_a_kill(postgresql_alone):
    url = postgresql_alone.database()
    with psycopg.connect(url) as connection:
        connection.execute("create table t as select generate_series(1, 1000) as number")
    postgresql_alone.kill()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    postgresql_alone.start()
    with psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from t").fetchone() == (1000,)
