"""An edge's ids in our own: by the place in its stream, and only for what it may tell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.model.errors import ProtocolError
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.runtime.names import Names

OWN = {path: number for number, path in enumerate(["x", "b", "c", "a", "d"])}


def names(folder, *, epoch="UP_edge1@1", foreign=()):
    return Names(folder / "edge1.json", epoch, OWN.get, frozenset(foreign))


def batch(*ids):
    return Batch.of(ids, Nanoseconds(1), np.arange(len(ids), dtype=float))


def local(told, *ids):
    found = told.local(batch(*ids))
    return [int(tag) for tag in found.tag], found.value.tolist()


def test_ids_are_told_in_our_own(tmp_path):
    told = names(tmp_path)
    told.open(0)
    told.learn(1, {0: "a", 1: "b"}, stored=0)
    assert local(told, 1, 0, 1) == ([1, 3, 1], [0.0, 1.0, 2.0])


@pytest.mark.parametrize("ids", [(0,), (7,), (-1,)])
def test_an_id_without_a_name_is_no_sample(tmp_path, ids):
    told = names(tmp_path)
    told.open(0)
    with pytest.raises(ProtocolError, match="catalogue does not name"):
        told.local(batch(*ids))
    told.learn(1, {1: "b", 2: "unknown to us"}, stored=0)
    for number in (*ids, 2):
        with pytest.raises(ProtocolError, match="catalogue does not name"):
            told.local(batch(number))


@pytest.mark.parametrize("number", [-1, 10_000_000, 2**40])
def test_ids_out_of_bounds_are_refused(tmp_path, number):
    with pytest.raises(ProtocolError, match="names the ids"):
        names(tmp_path).learn(1, {number: "a"}, stored=0)


def test_rows_of_others_are_left_out_and_counted(tmp_path):
    told = names(tmp_path, foreign={"b"})
    told.open(0)
    told.learn(1, {0: "a", 1: "b"}, stored=0)
    assert local(told, 0, 1, 1, 0) == ([3, 3], [0.0, 3.0])
    assert told.refused == 2


def test_a_stream_read_again_has_the_names_of_each_place(tmp_path):
    told = names(tmp_path)
    told.open(0)
    told.learn(1, {0: "a", 1: "b"}, stored=0)
    told.learn(10, {0: "c", 1: "d"}, stored=0)  # a new disk at the edge counts anew
    assert local(told, 0)[0] == [2]
    again = names(tmp_path)
    again.open(5)
    assert local(again, 0, 1)[0] == [3, 1]
    again.learn(10, {0: "c", 1: "d"}, stored=5)
    assert local(again, 0, 1)[0] == [2, 4]
    later = names(tmp_path)
    later.open(12)
    assert local(later, 0)[0] == [2]
    later.learn(20, {0: "c", 1: "d", 2: "a"}, stored=12)
    assert "b" not in (tmp_path / "edge1.json").read_text("utf-8"), "what is stored needs no name"


def test_a_catalogue_in_parts_is_one(tmp_path):
    told = names(tmp_path)
    told.open(0)
    told.learn(1, {0: "a", 1: "b"}, stored=0)
    told.learn(2, {2: "c"}, stored=0)
    assert local(told, 0, 1, 2)[0] == [3, 1, 2]
    told.learn(3, {0: "d"}, stored=0)
    told.learn(4, {1: "c"}, stored=0)
    assert local(told, 0, 1)[0] == [4, 2]
    with pytest.raises(ProtocolError):
        told.local(batch(2))
    again = names(tmp_path)
    again.open(2)
    assert local(again, 0, 1, 2)[0] == [3, 1, 2]


def test_a_stream_made_again_begins_without_names(tmp_path):
    told = names(tmp_path)
    told.open(0)
    told.learn(1, {0: "a"}, stored=0)
    other = names(tmp_path, epoch="UP_edge1@2")
    other.open(3)
    with pytest.raises(ProtocolError):
        other.local(batch(0))


@given(
    catalogues=st.lists(st.permutations(list("abcd")), min_size=1, max_size=6),
    stops=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5),
)
def test_any_replay_tells_what_the_first_reading_told(tmp_path_factory, catalogues, stops):
    """Message 10n carries catalogue n; after each stop reading goes on behind what is stored."""
    folder = tmp_path_factory.mktemp("names")
    at = {10 * (turn + 1): dict(enumerate(paths)) for turn, paths in enumerate(catalogues)}

    def read(begin, end, stored):
        told = names(folder)
        told.open(begin)
        for seq in range(begin + 1, end + 1):
            if seq in at:
                told.learn(seq, at[seq], stored)
            if seq > 10:
                now = at[max(known for known in at if known <= seq)]
                assert local(told, 0, 3)[0] == [OWN[now[0]], OWN[now[3]]], seq

    reached = stored = 0
    for ahead, kept in [*stops, (60, 0)]:
        reached = max(stored, min(60, reached + ahead))
        read(stored, reached, stored)
        stored = min(reached, stored + kept)
