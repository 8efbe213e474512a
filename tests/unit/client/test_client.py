"""The Python API: the same words and answers from a running site and from its files."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import uvicorn

import isthmus
from isthmus.historian.delta.lake import Lake
from isthmus.model.errors import AuthError, ConfigError, IsthmusError, LinkError, Refused
from isthmus.model.event import Event
from isthmus.model.plant import Plant
from isthmus.model.record import Unrecorded
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Counter, Kind, Namespace, Tag
from isthmus.trust.identity.identity import Identity
from isthmus.web.server import create
from isthmus.web.session import Entrance

SECOND = 10**9
START = 1_774_738_800 * SECOND  # 2026-03-29 00:00 in Berlin
TAGS = (
    Tag("hall/press/power", unit="kW"),
    Tag("hall/press/state", kind=Kind.ENUMERATION, legend={0: "idle", 1: "busy"}),
    Tag("hall/press/pieces", counter=Counter(wraps_at=100)),
)
HOURS = 4
NOW = Nanoseconds(START + HOURS * 3_600 * SECOND)


@contextmanager
def listening(web):
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The data folder of a site that has run."""
    made = tmp_path_factory.mktemp("site")
    lake = Lake.open(made / "history", now=lambda: NOW)
    namespace = Namespace()
    for tag in TAGS:
        namespace.bind(tag)
    lake.write_tags(namespace.items())
    at = np.arange(0, HOURS * 3_600 + 1, 60)
    for number, value in enumerate((np.sin(at / 900), at // 1800 % 2, at // 60 % 100)):
        rows = Batch.of([TagId(number)] * len(at), at * SECOND + START, value.astype(float))
        lake.append(rows, stream="s", position=number + 1)
    event = Event(Nanoseconds(START), "hall/press", "order", "4711")
    lake.append_events([event], stream="s", position=9)
    lake.seal()
    lake.close()
    (made / "timezone").write_text("Europe/Berlin", "utf-8")
    (made / "counters.json").write_text(
        '{"hall/press/pieces": {"wraps_at": 100.0, "resets": false}}', "utf-8"
    )
    return made


@pytest.fixture(scope="module")
def site(folder):
    """The address of a site with that history."""
    lake = Lake.open(folder / "history", now=lambda: NOW)
    namespace = Namespace()
    for tag in TAGS:
        namespace.bind(tag)
    plant = Plant("acme", "riverside", timezone="Europe/Berlin")
    plant = SimpleNamespace(
        **{name: getattr(plant, name) for name in plant.__dataclass_fields__},
        tags=lambda: TAGS,
    )
    app = SimpleNamespace(
        historian=lake, namespace=namespace, plant=plant, now=lambda: NOW, pace=None
    )
    identity = Identity.open(folder / "trust", Unrecorded())
    with listening(create(app, Entrance("t0ken", identity))) as url:
        yield url
    lake.close()


@pytest.fixture(params=["site", "files"])
def plant(request, folder):
    if request.param == "files":
        with isthmus.connect(folder) as found:
            yield found
    else:
        with isthmus.connect(request.getfixturevalue("site"), token="t0ken") as found:
            yield found


SPAN = {"start": "2026-03-29 00:00", "end": "2026-03-29 05:00"}  # four hours: the clock went ahead


def test_tags_are_found_by_pattern(plant):
    assert [tag.path for tag in plant.tags("**/p*")] == [TAGS[0].path, TAGS[2].path]
    assert plant.tags("**/state")[0].legend == {0: "idle", 1: "busy"}
    assert plant.tags("**/power")[0].unit == "kW"


def test_last_values(plant):
    rows = plant.last(["**/state", "**/pieces"]).rows()
    assert [(row["path"], row["value"]) for row in rows] == [(TAGS[1].path, 0), (TAGS[2].path, 40)]


def test_history_in_every_way(plant):
    raw = plant.history("**/power", **SPAN)
    assert len(raw) == HOURS * 60
    hours = plant.history("hall/press", **SPAN, every="1h", aggregate=["delta", "count"])
    pieces = [row["delta"] for row in hours if row["path"] == TAGS[2].path]
    assert pieces == [60, 60, 60, 59], "it wrapped twice; the sample at the end is the next hour's"
    states = plant.history("**/state", **SPAN, aggregate="states")
    assert {row["state"]: row["seconds"] for row in states} == {"idle": 7200, "busy": 7200}
    grid = plant.history("hall/press", **SPAN, grid="30min")
    assert grid.columns == ["time", *(tag.path for tag in TAGS)]
    assert grid.units == {TAGS[0].path: "kW"}
    assert len(plant.history("**/power", **SPAN, points=20, reduce="lttb")) == 20


def test_times_without_an_offset_are_of_the_plants_zone(plant):
    rows = plant.history("**/power", start=datetime(2026, 3, 29), end="2026-03-29 00:02").rows()  # noqa: DTZ001
    assert [row["time"] for row in rows] == ["2026-03-28T23:00:00Z", "2026-03-28T23:01:00Z"]


def test_a_start_so_long_ago_moves_back_to_where_an_interval_begins(plant):
    rows = plant.history("**/power", last="90min", every="1h", aggregate="count").rows()
    assert rows[0]["time"] == "2026-03-29T01:00:00Z"
    assert rows[0]["count"] == 60


def test_sql_and_events(plant):
    assert plant.sql("select count(*) as n from samples").rows()[0]["n"] == 3 * (HOURS * 60 + 1)
    (event,) = plant.events(start="2026-03-28")
    assert (event["path"], event["kind"], event["text"]) == ("hall/press", "order", "4711")


def test_answers_take_the_form_that_the_caller_computes_with(plant, tmp_path):
    answer = plant.history("**/power", **SPAN, every="1h", aggregate="max-time")
    assert answer.arrow().schema.field("time").type == pa.timestamp("ns", "UTC")
    frame = answer.pandas()
    assert str(frame["time"].dt.tz) == str(frame["max_time_time"].dt.tz) == "Europe/Berlin"
    wide = plant.history("**/power", **SPAN, grid="1h").pandas()
    assert wide.index.name == "time"
    assert str(wide.index[0]) == "2026-03-29 00:00:00+01:00"
    polars = pytest.importorskip("polars")
    assert answer.polars()["time"].dtype == polars.Datetime("ns", "Europe/Berlin")
    assert polars.DataFrame(answer).shape == (4, 5)
    assert answer.numpy()["max_time"].dtype == np.float64
    answer.save(tmp_path / "a.parquet")
    answer.save(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text("utf-8").startswith('"time","path","max_time"')
    with pytest.raises(ConfigError, match="its ending"):
        answer.save(tmp_path / "a.xlsx")


def test_answers_and_plants_show_themselves(plant):
    answer = plant.history("**/power", **SPAN)
    text = repr(answer)
    assert text.splitlines()[1].startswith("2026-03-29 00:00:00  hall/press/power  0")
    assert text.endswith("240 rows")
    assert "<td>hall/press/power</td>" in answer._repr_html_()
    assert repr(plant).startswith("<Plant ")
    assert "3 tags" in plant._repr_html_()
    empty = plant.history("**/power", start="2026-01-01", end="2026-01-02")
    assert len(empty) == 0
    assert repr(empty).startswith("time")


@pytest.mark.parametrize(
    ("words", "kind", "told"),
    [
        ({"last": "soon"}, Refused, "is no"),
        ({"start": "now", "last": "1h"}, Refused, "two beginnings"),
        ({"end": "now"}, Refused, "without a start"),
        ({"every": "fast"}, Refused, "is no step"),
        ({"aggregate": "maximun"}, Refused, "no aggregate"),
        ({"points": 1}, Refused, "points"),
        ({**SPAN, "rows": 3}, Refused, "more than 3 samples"),
        ({"every": "shift"}, IsthmusError, "calendar|plant file"),
    ],
)
def test_a_wrong_question_is_an_error_of_ours(plant, words, kind, told):
    with pytest.raises(kind, match=told) as raised:
        plant.history("**/power", **words)
    assert raised.value.hint


def test_a_tag_that_is_none_is_told_with_the_nearest(plant):
    with pytest.raises(IsthmusError, match="no tag is selected") as raised:
        plant.history("hall/pres")
    assert "hall/press" in raised.value.hint


def test_both_give_the_same(site, folder):
    with isthmus.connect(site, token="t0ken") as one, isthmus.connect(folder) as other:
        for words in (
            {"every": "1h"},
            {"aggregate": "time-average,delta,good", "every": "40min"},
            {"points": 30},
            {"grid": "17min", "fill": "linear"},
            {},
        ):
            ours, theirs = (each.history("**", **SPAN, **words) for each in (one, other))
            assert ours.arrow().equals(theirs.arrow()), words


def test_the_example_runs(folder):
    example = Path(__file__).parents[3] / "examples" / "05_python" / "ask.py"
    done = subprocess.run(
        [sys.executable, example, folder], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "hall/press/power" in done.stdout
    assert "idle          120.0 min" in done.stdout


def test_where_no_plant_is(tmp_path, site, monkeypatch):
    monkeypatch.delenv("ISTHMUS_TOKEN", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="no data folder"):
        isthmus.connect()
    with pytest.raises(ConfigError, match="no history"):
        isthmus.connect(tmp_path)
    with pytest.raises(AuthError, match="without a token"):
        isthmus.connect(site)
    with pytest.raises(AuthError, match="not signed in"):
        isthmus.connect(site, token="wrong")
    with pytest.raises(LinkError, match="refused"):
        isthmus.connect("http://127.0.0.1:1", token="x")
    monkeypatch.setenv("ISTHMUS_TOKEN", "t0ken")
    assert isthmus.connect(site).zone.key == "Europe/Berlin"


def test_importing_isthmus_loads_nothing():
    code = (
        "import isthmus, sys; print(sorted(set(sys.modules) & {'numpy', 'pyarrow', 'pydantic'}));"
        "print(callable(isthmus.connect), 'pyarrow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "True True"]
    with pytest.raises(AttributeError, match="no attribute 'conect'"):
        isthmus.conect  # noqa: B018
