"""Rows chosen in a table are those that a list of the same events would be asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from isthmus.historian.delta.events import decode_events, encode_events
from isthmus.historian.delta.narrow import narrowed
from isthmus.historian.event import matching
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds

NOON = 1_800_000_000 * 10**9
times = st.integers(NOON - 3_000, NOON + 3_000).map(Nanoseconds)
paths = st.sampled_from(["a", "a/b", "a/b/c", "ab", "a%", "a_/b", "ü/b"])
kinds = st.sampled_from(["text", "state", "note"])
events = st.lists(st.builds(Event, times, paths, kinds, st.text("ab", max_size=2)), max_size=20)


@given(events, times, times, st.none() | paths, st.sets(kinds))
def test_a_table_is_narrowed_as_a_list_is(rows, start, end, path, some):
    table = narrowed(encode_events(rows, 1), start, end, path, kind=some)
    left = matching(decode_events(table), start, end)
    assert left == matching(rows, start, end, kinds=some, path=path)


@given(events, st.sampled_from([0, -(2**63), 2**63 - 1]), st.sampled_from([0, 2**63 - 1]))
def test_any_bounds_are_taken(rows, start, end):
    table = narrowed(encode_events(rows, 1), start, end)
    assert matching(decode_events(table), start, end) == matching(rows, start, end)
