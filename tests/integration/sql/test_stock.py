"""What a database that is lent again and again must keep: nothing of the question before."""

from __future__ import annotations

import threading
import time

import duckdb
import numpy as np
import psycopg
import pytest

from isthmus.historian.delta.lake import Lake
from isthmus.historian.sql.stock import Stock
from isthmus.model.errors import Refused
from isthmus.model.sample import Batch, Nanoseconds

SECOND = 10**9
COUNT = "select count(*) as n from samples"


@pytest.fixture
def lake(tmp_path):
    made = Lake.open(tmp_path / "history", now=lambda: Nanoseconds(time.time_ns()))
    yield made
    made.close()


def write(lake, first, *, count=10):
    times = (first + np.arange(count, dtype=np.int64)) * SECOND
    rows = Batch(np.ones(count, np.int32), times, times / SECOND, np.zeros(count, np.uint32))
    lake.append(rows, stream="test", position=first)


def counted(lake):
    return lake.sql(COUNT)["n"].to_pylist()[0]


@pytest.fixture
def made(monkeypatch):
    """How many databases were made."""
    every = []
    connect = duckdb.connect
    monkeypatch.setattr(duckdb, "connect", lambda *a, **k: every.append(1) or connect(*a, **k))
    return every


def test_one_database_answers_many_questions_each_with_the_newest_rows(lake, made):
    for number in range(1, 6):
        write(lake, number * 100)
        assert counted(lake) == number * 10
    assert len(made) == 1
    lake.seal()
    write(lake, 1_000)
    assert counted(lake) == 60
    write(lake, 300)  # the same rows once more, now late: they replace, they do not add
    assert counted(lake) == 60
    lake.seal()
    assert counted(lake) == 60
    assert len(lake._stock) == 1, "what reads files of before is not kept"


@pytest.mark.parametrize(
    "query",
    ["select count(*) from duckdb_views()", "explain select 1", "select * from range(3)"],
)
def test_what_is_no_plain_question_of_our_views_ends_its_database(lake, query):
    plain = "range" in query
    lake.sql(query)
    assert len(lake._stock) == plain


def test_a_question_that_fails_or_is_late_ends_its_database(lake):
    write(lake, 1)
    assert counted(lake) == 10
    with pytest.raises(Refused, match="nothing"):
        lake.sql("select nothing from samples")
    assert len(lake._stock) == 0
    with pytest.raises(Refused, match="not done"):
        lake.sql("select count(*) from range(100000000000) a", seconds=0.2)
    assert len(lake._stock) == 0
    assert counted(lake) == 10


def test_no_database_answers_two_questions_at_a_time(lake):
    write(lake, 1)
    shelf, stock = lake.shelf(), Stock(most=2)
    loans = [stock.lend(stock, shelf, lake.settings) for _ in range(3)]
    loans[0].connection.execute("create table mine as select 1")
    for other in loans[1:]:
        with pytest.raises(duckdb.CatalogException):
            other.connection.execute("from mine")
    other.end()
    again = stock.lend(stock, shelf, lake.settings)
    for loan in (*loans[:2], again):
        loan.end(clean=True)
    assert len(stock) == 2
    for _ in range(2):
        loan = stock.lend(stock, shelf, lake.settings)
        with pytest.raises(duckdb.CatalogException):
            loan.connection.execute("from mine")
        loan.end()
    stock.close()


def test_what_is_lent_again_reaches_nothing_but_its_files(lake, tmp_path):
    write(lake, 1)
    lake.seal()
    secret = tmp_path / "secret.csv"
    secret.write_text("word\nhush\n")
    stock = Stock()
    for _ in range(3):
        loan = stock.lend(stock, lake.shelf(), lake.settings)
        for word in (
            f"from read_csv('{secret}')",
            f"copy (select 1) to '{tmp_path / 'out'}'",
            "set enable_external_access = true",
            "set memory_limit = '9GB'",
        ):
            with pytest.raises(duckdb.Error):
                loan.connection.cursor().execute(word)
        loan.end(clean=True)
    assert len(stock) == 1


def test_users_never_share_a_database(site):
    stock = site.endpoint.server._gate._stock
    anna, ben = psycopg.connect(site.url()), psycopg.connect(site.url("ben"))
    with anna, ben:
        for _ in range(3):
            assert anna.execute("select count(distinct path) from samples").fetchone() == (18,)
            assert ben.execute("select count(distinct path) from samples").fetchone() == (6,)
            words = "select count(*) from line1.filler where time >= '2025-12-31 23:50:00+00'"
            assert anna.execute(words).fetchone()[0] > 0
            with pytest.raises(psycopg.errors.UndefinedTable):
                ben.execute(words)
            ben.rollback()
    owners = [one.owner for one in stock._idle]
    assert len({id(one) for one in owners}) >= 2
    for one in stock._idle:
        seen = one.database.execute("select count(*) from plant.tags").fetchone()
        assert seen == (one.owner.view.tags.num_rows,)


def test_many_at_once_get_what_each_asked_for(site):
    wrong = []

    def ask(number):
        with psycopg.connect(site.url("ben" if number % 2 else "anna"), autocommit=True) as made:
            for turn in range(5):
                found = made.execute(
                    f"select count(*), {number} from samples where value < {turn * 10}"
                ).fetchone()
                if found[1] != number:
                    wrong.append(found)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert not wrong
