"""The newest events that somebody may see, held against what is obviously right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.historian import newest as module
from isthmus.historian.memory import Memory
from isthmus.historian.newest import newest
from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds

END = Nanoseconds(100)
TOLD = st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=60)


def history(told):
    """A history of events by (time, whether they are hidden)."""
    memory = Memory()
    events = [
        Event(Nanoseconds(time), "b" if hidden else "a", "x", str(place), 1, {})
        for place, (time, hidden) in enumerate(told)
    ]
    memory.append_events(events, stream="x", position=1)
    return memory


@given(TOLD, st.integers(1, 12), st.integers(1, 7))
def test_pages_give_what_one_look_at_all_would(told, limit, page):
    memory = history(told)
    right = [e for e in memory.events(Nanoseconds(0), END) if e.path == "a"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PAGE", page)
        found = newest(memory, Nanoseconds(0), END, limit=limit, seen=lambda path: path == "a")
    assert found == (right[-limit:], len(right) > limit)


def test_it_gives_up_among_too_many_that_are_hidden_and_says_so(monkeypatch):
    monkeypatch.setattr(module, "PAGE", 10)
    monkeypatch.setattr(module, "LOOKED_AT", 50)
    memory = history([(0, False), *((time, True) for time in range(1, 99))])
    assert newest(memory, Nanoseconds(0), END, limit=5, seen=lambda path: path == "a") == ([], True)
