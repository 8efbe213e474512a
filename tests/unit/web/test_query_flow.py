"""Samples over HTTP as they are read: of any length, and an error where they break off."""

from __future__ import annotations

import socket
import threading
from types import SimpleNamespace

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.web.test_query import listening

from isthmus.cli.main import main
from isthmus.client.connect import connect
from isthmus.client.plant import Plant as Asking
from isthmus.client.remote import Remote
from isthmus.client.site import Site
from isthmus.historian.delta.lake import Lake
from isthmus.historian.query import question as questions
from isthmus.historian.query import reading
from isthmus.historian.query.forms import MEDIA
from isthmus.model.errors import LinkError, Refused, StorageError
from isthmus.model.plant import Plant
from isthmus.model.record import Unrecorded
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.tag import Namespace, Tag
from isthmus.trust.identity.identity import Identity
from isthmus.web import query
from isthmus.web.server import create
from isthmus.web.session import Entrance

SECOND = 10**9
START = 1_774_738_800 * SECOND
SIZE = 20_000  # samples of each of two tags
SPAN = {"start": "2026-03-28T23:00Z", "end": "2026-03-29T12:00Z"}


class Breaking:
    """A historian that fails once it has told of so many pieces."""

    def __init__(self, lake, whole):
        self._lake, self.left = lake, whole

    def __getattr__(self, name):
        return getattr(self._lake, name)

    def raw(self, *asked, **how):
        self.left -= 1
        if self.left < 0:
            raise StorageError("reading history: the disk is gone")
        return self._lake.raw(*asked, **how)


@pytest.fixture
def small(monkeypatch):
    """Answers and pieces a thousand times smaller than they are."""
    monkeypatch.setattr(questions, "MOST_ROWS", 5_000)
    monkeypatch.setattr(query, "AT_ONCE", 1_000)
    monkeypatch.setattr(reading, "AT_ONCE", 1_000)


@pytest.fixture
def site(tmp_path):
    now = Nanoseconds(START + 12 * 3600 * SECOND)
    lake = Lake.open(tmp_path / "history", now=lambda: now)
    namespace = Namespace()
    for name in ("hall/press/power", "hall/press/speed"):
        namespace.bind(Tag(name))
    tag = np.tile(np.array([0, 1], np.int32), SIZE)
    time = START + np.repeat(np.arange(SIZE, dtype=np.int64), 2) * SECOND
    value = np.arange(2 * SIZE, dtype=np.float64)
    lake.append(Batch(tag, time, value, np.zeros(2 * SIZE, np.uint32)), stream="s", position=1)
    app = SimpleNamespace(
        historian=lake,
        namespace=namespace,
        plant=Plant("acme", "riverside", timezone="Europe/Berlin"),
        now=lambda: now,
        path=lambda tag: "",
    )
    yield app
    lake.close()


class Client(Site):
    """A site's client that needs no page of the plant."""

    def __init__(self, url):
        self._remote = Remote(url, "t0ken")
        self.name = url
        self.zone = None


@pytest.fixture
def asked(site, tmp_path):
    with listening(
        create(site, Entrance("t0ken", Identity.open(tmp_path / "trust", Unrecorded())))
    ) as url:
        yield Client(url)


WORDS = {"from": SPAN["start"], "to": SPAN["end"], "rows": 100_000}


@pytest.mark.usefixtures("small")
class TestFlow:
    def test_beyond_what_an_answer_holds_all_samples_come_in_order(self, asked):
        table = asked.query(["**"], WORDS, lambda _: None)
        assert table.num_rows == 2 * SIZE > questions.MOST_ROWS
        assert table["value"].to_numpy().tolist() == list(range(2 * SIZE))
        time = table["time"].cast(pa.int64()).to_numpy()
        assert (np.diff(time) >= 0).all()
        assert table["path"].to_pylist()[:2] == ["hall/press/power", "hall/press/speed"]

    def test_it_comes_in_pieces_that_are_bounded(self, asked):
        sizes = [batch.num_rows for batch in asked.batches(["**"], WORDS)]
        assert sum(sizes) == 2 * SIZE
        assert len(sizes) > 10
        assert max(sizes) <= 10_000, "eight times the last piece at most"

    def test_what_breaks_half_way_is_an_error_that_says_so(self, asked, site):
        site.historian = Breaking(site.historian, 8)
        found = []
        with pytest.raises(LinkError, match="broke off"):
            found.extend(batch.num_rows for batch in asked.batches(["**"], WORDS))
        assert 0 < sum(found) < 2 * SIZE
        site.historian.left = 8
        with pytest.raises(LinkError, match="broke off"):
            asked.query(["**"], WORDS, lambda _: None)

    def test_too_many_rows_are_refused_before_anything_comes(self, asked):
        with pytest.raises(Refused, match="more than 900 samples"):
            asked.query(["**"], {**WORDS, "rows": 900}, lambda _: None)

    def test_other_forms_keep_their_bound_and_name_the_way(self, asked):
        with pytest.raises(Refused, match="more than 5,000") as refused:
            asked._remote.get("/api/query", tags="**", **{f"{k}_": v for k, v in WORDS.items()})
        assert "Arrow stream" in refused.value.hint


def test_an_answer_without_samples_has_its_columns(asked):
    words = {"from": "2020-01-01T00:00Z", "to": "2020-01-02T00:00Z"}
    table = asked.query(["**"], words, lambda _: None)
    assert (table.num_rows, table.column_names) == (0, ["time", "path", "value", "quality"])


def test_a_short_answer_tells_its_rows_in_the_header(asked):
    head = {"authorization": "Bearer t0ken", "accept": MEDIA["arrow"]}
    answer = httpx.get(f"{asked.name}/api/query", params={"tags": "**", **WORDS}, headers=head)
    assert answer.headers["x-rows"] == str(2 * SIZE)


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("at", [0.1, 0.5, 0.999])
def test_a_connection_that_falls_is_an_error_wherever_it_falls(asked, at, chunked):
    """Also where a proxy between makes the end of the connection the end of the answer."""
    head = {"authorization": "Bearer t0ken", "accept": MEDIA["arrow"]}
    body = httpx.get(
        f"{asked.name}/api/query", params={"tags": "**", **WORDS}, headers=head
    ).content
    cut = body[: int(len(body) * at)]
    if chunked:
        begin = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        answer = begin + f"{len(body):x}\r\n".encode() + cut
    else:
        answer = b"HTTP/1.0 200 OK\r\n\r\n" + cut
    with socket.create_server(("127.0.0.1", 0)) as heard:
        thread = threading.Thread(target=_once, args=(heard, answer))
        thread.start()
        client = Client(f"http://127.0.0.1:{heard.getsockname()[1]}")
        with pytest.raises(LinkError, match="broke off"):
            client.query(["**"], WORDS, lambda _: None)
        thread.join(10)


def _once(heard, answer):
    there, _ = heard.accept()
    with there:
        there.recv(65_536)
        there.sendall(answer)


def test_files_of_a_site_flow_as_well(site, tmp_path):
    site.historian.seal()
    site.historian.write_tags(site.namespace.items())
    with connect(tmp_path) as plant:
        found = list(plant.batches("**", **SPAN))
    assert sum(batch.num_rows for batch in found) == 2 * SIZE


def test_the_command_writes_what_comes_and_leaves_no_part_behind(
    asked, monkeypatch, tmp_path, capsysbinary
):
    from isthmus.cli import query as command
    from isthmus.client import connect as connecting

    monkeypatch.setattr(connecting, "source_of", lambda _: asked)
    monkeypatch.setattr(command, "HELD", 10)
    file = tmp_path / "all.parquet"
    words = ["query", "**", "--from", SPAN["start"], "--to", SPAN["end"], "--rows"]
    assert main([*words, "100000", "--parquet", str(file)]) == 0
    assert pq.read_table(file)["value"].to_pylist() == list(range(2 * SIZE))
    capsysbinary.readouterr()
    assert main([*words, "100000", "--csv"]) == 0
    lines = capsysbinary.readouterr().out.splitlines()
    assert len(lines) == 2 * SIZE + 1
    assert lines[0] == b'"time","path","value","quality"'
    other = tmp_path / "few.parquet"
    assert main([*words, "100", "--parquet", str(other)]) != 0
    assert sorted(path.name for path in tmp_path.glob("*.parquet*")) == ["all.parquet"]


def test_plants_give_batches(asked):
    assert (
        sum(
            batch.num_rows
            for batch in Asking(asked).batches("**", start=WORDS["from"], end=WORDS["to"])
        )
        == 2 * SIZE
    )
