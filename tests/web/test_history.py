"""History through the API: the same numbers in every form, gaps told, SQL that cannot harm."""

from __future__ import annotations

import io
import json
import re
import struct
import time
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from isthmus.web import contract

HOUR = 3_600_000.0
COLUMNS = "application/vnd.isthmus.columns"
ARROW = "application/vnd.apache.arrow.stream"
UNIT = "packaging/line1/filler"


@pytest.fixture(scope="module")
def asking(demo):
    with demo.client() as client:
        yield client


@pytest.fixture(scope="module")
def span(plant):
    """An hour that lies back far enough to stand still."""
    return {"from": plant["now"] - 2 * HOUR, "to": plant["now"] - HOUR}


def sql(asking, text, **more):
    answer = asking.get("/api/sql", params={"q": text, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def stamp(ms):
    return datetime.fromtimestamp(ms / 1e3, UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")


def decoded(body):
    """The binary answer, read by its description alone."""
    (length,) = struct.unpack_from("<I", body)
    head = json.loads(body[4 : 4 + length])
    place = 4 + length
    assert place % 8 == 0
    for pen in head["pens"]:
        for name in ("time", "min", "max", "mean"):
            pen[name] = np.frombuffer(body, "<f8", pen["rows"], place)
            place += 8 * pen["rows"]
    assert place == len(body)
    return head


@pytest.mark.parametrize("points", [1, 7, 200, 4_000])
def test_columns_equal_the_json_answer(asking, span, points):
    query = {"tags": f"{UNIT}/speed,{UNIT}/state,{UNIT}/good_count", "points": points, **span}
    told = contract.History.model_validate_json(asking.get("/api/history", params=query).content)
    answer = asking.get("/api/history", params=query, headers={"Accept": COLUMNS})
    assert answer.headers["content-type"] == COLUMNS
    found = decoded(answer.content)
    assert (found["start"], found["end"]) == (told.start, told.end)
    for pen, columns in zip(told.pens, found["pens"], strict=True):
        assert (pen.tag, pen.raw, pen.samples, pen.last) == tuple(
            columns[key] for key in ("tag", "raw", "samples", "last")
        )
        assert pen.time == columns["time"].tolist()
        for name in ("min", "max", "mean"):
            own = np.array([np.nan if at is None else at for at in getattr(pen, name)])
            assert np.array_equal(own, columns[name], equal_nan=True)


def test_a_trend_keeps_every_extreme(asking, span):
    query = {"tags": f"{UNIT}/bowl_pressure", "points": 50, **span}
    pen = contract.History.model_validate_json(
        asking.get("/api/history", params=query).content
    ).pens[0]
    row = sql(
        asking,
        "select min(value) low, max(value) high, count(*) n from samples "
        f"where path = '{UNIT}/bowl_pressure' and quality < 1073741824 "
        f"and time >= '{stamp(span['from'])}' and time < '{stamp(span['to'])}'",
    )[0]
    assert pen.samples == row["n"] > 100
    assert min(at for at in pen.min if at is not None) == pytest.approx(row["low"])
    assert max(at for at in pen.max if at is not None) == pytest.approx(row["high"])


def test_statistics_are_time_weighted(asking, span):
    query = {"tags": f"{UNIT}/power", **span}
    found = contract.Statistics.model_validate(
        asking.get("/api/statistics", params=query).json()[0]
    )
    rows = pl.read_csv(asking.get("/api/export", params=query).content)
    times = rows["time"].str.to_datetime(time_zone="UTC").dt.epoch("ms").to_numpy().astype(float)
    values = rows["value"].to_numpy()
    lasts = np.diff(np.append(times, span["to"]))
    inside = float((values * lasts).sum() + (found.at_start or 0.0) * (times[0] - span["from"]))
    assert found.mean == pytest.approx(inside / HOUR, rel=1e-3)
    assert found.samples == len(rows)
    assert found.good_percent == pytest.approx(100)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_exports_are_read_by_another_library(asking, span, kind):
    query = {"tags": f"{UNIT}/speed,{UNIT}/power", "format": kind, **span}
    answer = asking.get("/api/export", params=query)
    assert re.search(rf'filename="riverside-[\d-]+\.{kind}"', answer.headers["content-disposition"])
    read = pl.read_csv if kind == "csv" else pl.read_parquet
    rows = read(io.BytesIO(answer.content))
    counted = sql(
        asking,
        f"select path, count(*) n from samples where path in ('{UNIT}/speed', '{UNIT}/power') "
        f"and time >= '{stamp(span['from'])}' and time < '{stamp(span['to'])}' group by path",
    )
    assert {row["path"]: row["n"] for row in counted} == dict(
        rows.group_by("tag").len().iter_rows()
    )
    assert rows["value"].is_finite().all()


def test_time_of_which_nothing_is_known_is_a_gap(asking, plant):
    start = plant["now"] - 24 * HOUR
    query = {"tags": f"{UNIT}/speed", "from": start, "to": plant["now"], "points": 200}
    pen = contract.History.model_validate_json(
        asking.get("/api/history", params=query).content
    ).pens[0]
    first = pen.time[0]
    assert first > start + 12 * HOUR, "nothing is drawn before the first sample"
    start = plant["now"] - 60 * 24 * HOUR  # the states are known for five weeks
    states = asking.get("/api/states", params={"path": UNIT, "from": start, "to": plant["now"]})
    ribbon = contract.Ribbon.model_validate(states.json()[0])
    assert ribbon.intervals[0].look == "unknown"
    assert ribbon.intervals[0].start == pytest.approx(start, abs=1)
    for before, after in pairwise(ribbon.intervals):
        assert before.end == after.start


def test_a_range_before_all_data_is_empty(asking):
    query = {"tags": f"{UNIT}/speed", "from": 1e12, "to": 1e12 + HOUR}
    pen = asking.get("/api/history", params=query).json()["pens"][0]
    assert (pen["samples"], pen["last"]) == (0, None)
    found = asking.get("/api/statistics", params=query).json()[0]
    assert (found["mean"], found["samples"], found["good_percent"]) == (None, 0, 0)


# ---------------------------------------------------------------- SQL
def test_sql_answers_json_and_arrow_alike(asking):
    query = {"q": "select path, count(*) as n from samples group by path order by path limit 5"}
    told = asking.get("/api/sql", params=query).json()
    answer = asking.get("/api/sql", params=query, headers={"Accept": ARROW})
    table = pa.ipc.open_stream(answer.content).read_all()
    assert [row["path"] for row in told] == table.column("path").to_pylist()


@pytest.mark.parametrize(
    "query",
    [
        *("", ";", "nonsense", "select", "select 1; select 2", "drop table samples"),
        *("create table x (a int)", "insert into samples values (1)", "delete from samples"),
        *("update tags set path = ''", "copy samples to '/tmp/isthmus.csv'", "pragma version"),
        *("attach '/tmp/isthmus.db'", "install httpfs", "load httpfs", "set threads = 64"),
        *("copy (select 1) to '/tmp/isthmus.csv'", "export database '/tmp/isthmus'", "checkpoint"),
        *(
            "select * from read_csv('/etc/passwd')",
            "select * from '/etc/passwd'",
            "call pragma_x()",
        ),
        *("select * from read_text('/etc/hostname')", "select * from glob('/*')", "vacuum"),
        *("select getenv('HOME')", "explain analyze copy samples to '/tmp/isthmus.csv'"),
        *("with x as (select 1) insert into samples select * from x", "select * from nothing"),
        *("select * from read_parquet('s3://x/y')", "select * from read_csv('http://127.0.0.1')"),
        *("prepare x as select 1", "execute x", "begin", "use memory", "reset threads"),
    ],
)
def test_sql_that_is_no_question_is_refused(asking, query):
    answer = asking.get("/api/sql", params={"q": query})
    assert answer.status_code == 422, answer.text[:200]
    assert contract.Problem.model_validate_json(answer.content).error


def test_sql_gives_up_in_time(asking):
    endless = "select count(*) from range(200000) a, range(200000) b, range(200000) c"
    endless += " where (a.range + b.range + c.range) % 7 = 8"
    started = time.monotonic()
    answer = asking.get("/api/sql", params={"q": endless, "seconds": 1})
    assert answer.status_code == 422
    assert "not done after" in answer.json()["error"]
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("seconds", ["0", "-1", "31", "nan", "x"])
def test_sql_takes_a_sane_time_only(asking, seconds):
    assert asking.get("/api/sql", params={"q": "select 1", "seconds": seconds}).status_code == 422


def test_sql_of_too_many_rows_is_refused(asking):
    answer = asking.get("/api/sql", params={"q": "select * from range(11)", "rows": 10})
    assert answer.status_code == 422
    assert "LIMIT" in answer.json()["hint"]


def test_sql_that_eats_memory_is_refused_and_the_site_goes_on(asking):
    greedy = "select list(a.range || b.range) from range(100000) a, range(10000) b"
    answer = asking.get("/api/sql", params={"q": greedy, "seconds": 10})
    assert answer.status_code == 422
    assert asking.get("/api/plant").status_code == 200
