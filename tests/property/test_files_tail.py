"""However a machine's writes are cut up, the same lines are read; any bytes are borne."""

from __future__ import annotations

import json
import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.connectors.files import Files, FilesAddress
from isthmus.connectors.files.parse import Origin, Parser
from isthmus.connectors.files.position import load, save
from isthmus.connectors.files.tail import Tail
from isthmus.model.ports import Binding
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Tag

LONGEST = 64
lines = st.lists(st.binary(max_size=100).map(lambda raw: raw.replace(b"\n", b"")), max_size=20).map(
    lambda found: b"".join(line + b"\n" for line in found)
)
cuts = st.lists(st.integers(0, 2000), max_size=10)


def pieces(content, cuts):
    places = sorted({0, len(content), *(cut % (len(content) + 1) for cut in cuts)})
    return [content[a:b] for a, b in pairwise(places)]


def follow(tail, budget=1 << 20):
    return [line for piece in tail.poll(budget) for line in piece.lines]


def expected(content):
    return [line[:LONGEST] for line in content.split(b"\n")[:-1]]


@given(lines, cuts)
@settings(deadline=None)
def test_any_chunking_gives_the_same_lines(content, cuts):
    with tempfile.TemporaryDirectory() as folder:
        tail = Tail(f"{folder}/*.log", longest=LONGEST, max_files=10)
        tail.begin(None, at_end=False)
        found = []
        for piece in pieces(content, cuts):
            with (Path(folder) / "a.log").open("ab") as out:
                out.write(piece)
            found += follow(tail)
        tail.close()
        assert found == expected(content)


@given(lines, cuts, st.sets(st.integers(0, 10)))
@settings(deadline=None)
def test_restarts_at_any_time_neither_lose_nor_repeat(content, cuts, restarts):
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as state:
        tail = Tail(f"{folder}/*.log", longest=LONGEST, max_files=10)
        tail.begin(None, at_end=False)
        found = []
        for number, piece in enumerate(pieces(content, cuts)):
            with (Path(folder) / "a.log").open("ab") as out:
                out.write(piece)
            found += follow(tail)
            if number in restarts:
                save(state, tail.positions())
                tail.close()
                tail = Tail(f"{folder}/*.log", longest=LONGEST, max_files=10)
                tail.begin(load(state), at_end=False)
        tail.close()
        assert found == expected(content)


@given(lines, lines, cuts)
@settings(deadline=None)
def test_rotation_by_renaming_at_any_time_loses_nothing(before, after, cuts):
    with tempfile.TemporaryDirectory() as folder:
        tail = Tail(f"{folder}/a.log", longest=LONGEST, max_files=10)
        tail.begin(None, at_end=False)
        found = []
        log = Path(folder) / "a.log"
        for number, content in enumerate((before, after)):
            for piece in pieces(content, cuts):
                with log.open("ab") as out:
                    out.write(piece)
                if len(piece) % 2:
                    found += follow(tail)
            if number == 0 and log.exists():
                found += follow(tail)
                log.rename(Path(folder) / "a.log.1")
        for _ in range(2):
            found += follow(tail)
        tail.close()
        assert found == expected(before) + expected(after)


@given(st.binary(max_size=500), st.booleans(), st.sampled_from(["utf-8", "latin-1", "cp1252"]))
@settings(deadline=None)
def test_any_bytes_are_samples_or_counted(content, csv, encoding):
    settings = {"csv": True, "columns": ["time", "v"]} if csv else {"line": r"(?P<v>.*)"}
    config = Files(name="logs", path="/nowhere/*.log", encoding=encoding, **settings)
    binding = Binding(TagId(0), Tag("a/b"), FilesAddress.parse("v"))
    parser = Parser(config, [binding], now=lambda: Nanoseconds(1))
    found = content.split(b"\n")
    reading = parser.read(found, Origin(), "/nowhere/a.log")
    told = sum(parser.counts.values())
    assert len(reading.batch) <= told <= len(found)
    assert len(reading.batch) == len(reading.batch.quality) == len(reading.batch.time)
    assert len(reading.events) <= 5


entries = st.fixed_dictionaries(
    {},
    optional={
        name: st.one_of(st.none(), st.booleans(), st.integers(-9, 1 << 70), st.text(max_size=5))
        for name in ("path", "device", "inode", "offset", "head", "tail", "skipping", "else")
    },
)


@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(entries).map(lambda found: json.dumps({"files": found}).encode()),
    )
)
@settings(deadline=None)
def test_any_positions_are_taken_or_refused(content):
    with tempfile.TemporaryDirectory() as state:
        (Path(state) / "positions.json").write_bytes(content)
        try:
            load(state)
        except ValueError:
            return
