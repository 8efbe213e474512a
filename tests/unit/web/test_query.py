"""Questions over HTTP: every form, every way of asking, and every refusal with its reason."""

from __future__ import annotations

import csv
import io
import socket
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import uvicorn

from isthmus.historian.delta.lake import Lake
from isthmus.historian.query.forms import MEDIA
from isthmus.model.calendar import shift
from isthmus.model.event import Event
from isthmus.model.plant import Calendar, Plant
from isthmus.model.record import Unrecorded
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Kind, Namespace, Tag
from isthmus.trust.identity.identity import Identity
from isthmus.web.server import create
from isthmus.web.session import Entrance

SECOND = 10**9
NIGHT = 1_774_738_800 * SECOND  # 2026-03-29 00:00 in Berlin, when the clock goes forward
NOW = Nanoseconds(NIGHT + 36_000 * SECOND)
POWER, STATE = Tag("hall/press/power", unit="kW"), Tag("hall/press/state", kind=Kind.BOOLEAN)


@pytest.fixture(scope="module")
def asking(tmp_path_factory):
    folder = tmp_path_factory.mktemp("query")
    lake = Lake.open(folder / "history", now=lambda: NOW)
    namespace = Namespace()
    for tag in (POWER, STATE):
        namespace.bind(tag)
    rows = [(0, second * 60, second % 7) for second in range(600)] + [(1, 0, 0), (1, 7200, 1)]
    batch = Batch.of(
        [TagId(tag) for tag, _, _ in rows],
        pa.array([NIGHT + at * SECOND for _, at, _ in rows]).to_numpy(),
        [float(value) for _, _, value in rows],
    )
    event = Event(Nanoseconds(NIGHT + SECOND), "hall/press", "order", "4711", data={"lot": 3})
    lake.append(batch, stream="s", position=1, events=[event])
    calendar = Calendar("early", (shift("early", "06:00-14:00"),))
    plant = Plant("acme", "riverside", timezone="Europe/Berlin", calendars={"two": calendar})
    app = SimpleNamespace(
        historian=lake, namespace=namespace, plant=plant, now=lambda: NOW, path=lambda tag: ""
    )
    identity = Identity.open(folder / "trust", Unrecorded())
    with listening(create(app, Entrance("t0ken", identity))) as url:
        headers = {"authorization": "Bearer t0ken"}
        with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
            yield client
    lake.close()


@contextmanager
def listening(web):
    """The address at which `web` answers meanwhile."""
    heard = socket.socket()
    heard.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(web, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [heard]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{heard.getsockname()[1]}"
    server.should_exit = True
    thread.join(30)


DAY = {"from": "2026-03-29 00:00", "to": "2026-03-29 10:00"}


def ask(asking, **words):
    answer = asking.get("/api/query", params={"tags": POWER.path, **DAY, **words})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_samples_come_by_time_with_their_names(asking):
    rows = ask(asking, tags="hall/**", **{"from": "today", "to": "today 01:00"})
    assert rows[0] == {"time": "2026-03-28T23:00:00Z", "path": POWER.path, "value": 0, "quality": 0}
    assert len(rows) == 61
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)


def test_ten_local_hours_of_the_short_day_are_nine_intervals(asking):
    rows = ask(asking, every="1h", aggregate="count,time-average")
    assert len(rows) == 9
    assert [row["count"] for row in rows] == [60] * 9
    assert rows[0]["time_average"] == pytest.approx(sum(at % 7 for at in range(60)) / 60)
    assert rows[0]["time_average_quality"] == 0x0401


def test_every_alone_gives_the_usual_aggregates(asking):
    (row,) = ask(asking, every="1d", wide=True)
    assert f"{POWER.path}:time-average" in row


def test_an_aggregate_without_every_is_one_of_the_whole_time(asking):
    (row,) = ask(asking, aggregate="max-time")
    assert row["max_time"] == 6
    assert row["max_time_time"] == "2026-03-28T23:06:00Z"


def test_states_shifts_grids_and_points(asking):
    rows = ask(asking, tags=STATE.path, aggregate="states")
    assert {row["state"]: row["seconds"] for row in rows} == {"0": 7200, "1": 25_200}
    (row,) = ask(asking, every="shift", aggregate="count")
    assert (row["shift"], row["count"]) == ("early", 240)
    grid = ask(asking, tags="**", grid="30min", wide=True)
    assert len(grid) == 18
    assert set(grid[0]) == {"time", POWER.path, STATE.path}
    points = ask(asking, points=20, reduce="lttb")
    assert len(points) == 20


def test_columns_travel_as_arrow_and_parquet_and_tables_as_csv(asking):
    words = {"tags": "**", **DAY}
    for form, media in MEDIA.items():
        by_header = asking.get("/api/query", params=words, headers={"accept": media})
        by_word = asking.get("/api/query", params={**words, "format": form})
        assert by_header.headers["content-type"].startswith(media.partition(";")[0])
        assert by_header.headers["x-rows"] == "542"
        if form != "parquet":
            assert by_header.content == by_word.content
    arrow = asking.get("/api/query", params={**words, "format": "arrow"}).content
    parquet = asking.get("/api/query", params={**words, "format": "parquet"}).content
    table = pa.ipc.open_stream(arrow).read_all()
    assert pq.read_table(io.BytesIO(parquet)).num_rows == table.num_rows == 542
    text = asking.get("/api/query", params={**words, "format": "csv"}).text
    lines = list(csv.DictReader(io.StringIO(text)))
    assert lines[0]["time"] == "2026-03-28T23:00:00Z"
    assert len(lines) == 542


def test_last_values_and_events(asking):
    last = asking.get("/api/last", params={"tags": "**"}).json()
    assert [(row["path"], row["value"]) for row in last] == [(POWER.path, 4), (STATE.path, 1)]
    (event,) = asking.get("/api/events", params={"from": "yesterday", "kinds": "order"}).json()
    assert (event["path"], event["text"], event["data"]) == ("hall/press", "4711", '{"lot": 3}')


@pytest.mark.parametrize(
    ("words", "code", "told", "hint"),
    [
        ({"tags": ""}, 422, "no tag", "**/power"),
        ({"tags": "hall/pres"}, 404, "no tag is selected", "did you mean `hall/press`?"),
        ({"tags": "99"}, 404, "there is no tag 99", "/api/plant"),
        ({"tags": "a**"}, 404, "stands alone", "such as"),
        ({"from": "soon"}, 422, "`soon` is no time", "now-8h"),
        ({"from": "now", "to": "now-1h"}, 422, "the end is not after the start", "start before"),
        ({"from": "1e300"}, 422, "is no time", "now-8h"),
        ({"every": "fast"}, 422, "is no step", "1h"),
        ({"every": "1ns"}, 422, "intervals between", "longer ones"),
        ({"every": "shift", "calendar": "three"}, 404, "no calendar three", "two"),
        ({"aggregate": "maximun"}, 422, "no aggregate", "did you mean"),
        ({"aggregate": "min", "points": 10}, 422, "different questions", "one at a time"),
        ({"grid": "1us"}, 422, "a grid of", "longer step"),
        ({"grid": "1h", "max_age": "old"}, 422, "is no length of time", "8h"),
        ({"points": 2}, 422, "points", "openapi"),
        ({"reduce": "mean"}, 422, "reduce", "openapi"),
        ({"rows": 5}, 422, "more than 5 samples", "aggregates"),
        ({"wide": "perhaps"}, 422, "wide", "openapi"),
        ({"colour": "red"}, 422, "colour", "openapi"),
        ({"aggregate": "min", "percent_data_good": 10, "percent_data_bad": 20}, 422, "100 - bad",
         "Part 13"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused_with_what_to_do(asking, words, code, told, hint):
    answer = asking.get("/api/query", params={"tags": POWER.path, **DAY, **words})
    assert answer.status_code == code, answer.text
    assert told in answer.json()["error"]
    assert hint in answer.json()["hint"]


def test_nobody_asks_without_a_token(asking):
    assert asking.get("/api/query", headers={"authorization": ""}).status_code == 401
