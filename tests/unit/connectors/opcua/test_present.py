"""First values that are older than the listening, and later ones."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from isthmus.connectors.opcua.present import Present
from isthmus.connectors.opcua.setting import OpcUaAddress
from isthmus.model.event import Event
from isthmus.model.ports import Binding, Reading
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Kind, Tag

BEGUN = Nanoseconds(1_000)
ADDRESS = OpcUaAddress(node="ns=2;s=x")
NUMBERS = [Binding(TagId(number), Tag(f"a/b/t{number}"), ADDRESS) for number in range(4)]
TEXT = Binding(TagId(9), Tag("a/b/order", kind=Kind.TEXT), ADDRESS)


def batch(*rows):
    tag, time, value = zip(*rows, strict=True)
    return Batch(
        *(np.array(tag, np.int32), np.array(time, np.int64), np.array(value, float)),
        np.zeros(len(rows), np.uint32),
    )


def rows(found):
    return list(zip(found.tag.tolist(), found.time.tolist(), found.value.tolist(), strict=True))


def test_an_old_first_value_holds_when_listening_begins():
    present = Present(NUMBERS, BEGUN)
    found = present(Reading(batch((1, 400, 7.0), (2, 1_500, 8.0)))).batch
    assert rows(found) == [(1, 1_000, 7.0), (1, 400, 7.0), (2, 1_500, 8.0)]


def test_a_later_value_keeps_its_time_alone():
    present = Present(NUMBERS, BEGUN)
    present(Reading(batch((1, 400, 7.0))))
    late = batch((1, 600, 9.0))
    assert rows(present(Reading(late)).batch) == rows(late)


def test_an_old_first_text_is_told_as_of_the_beginning():
    present = Present([TEXT], BEGUN)
    old = Event(Nanoseconds(5), "a/b/order", "text", "JO-1")
    assert [event.time for event in present(Reading(Batch.empty(), (old,))).events] == [BEGUN]
    assert present(Reading(Batch.empty(), (old,))).events == (old,)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 2_000), st.floats(-9, 9)), min_size=1))
def test_nothing_said_is_left_out_and_each_tag_has_a_value_from_the_beginning(told):
    said = batch(*told)
    found = Present(NUMBERS, BEGUN)(Reading(said)).batch
    assert rows(found)[len(found) - len(said) :] == rows(said)
    newest = found.latest()
    assert (newest.time >= BEGUN).all()
    assert set(newest.tag.tolist()) == set(said.tag.tolist())
