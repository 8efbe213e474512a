"""Late samples are counted, told once a minute, and known to charts; repetitions are neither."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import numpy as np
import pytest

from isthmus.historian.memory import Memory
from isthmus.model.errors import LinkError, StorageError
from isthmus.model.event import Event
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Namespace, Tag
from isthmus.runtime import late as late_module
from isthmus.runtime.late import DAY, IMPORT, NAMED, PAST, Count, Late, Span
from isthmus.runtime.live import Live

SECOND = 10**9
NOW = Nanoseconds(100 * DAY)
A, B = TagId(0), TagId(1)


class Bench:
    """Late samples as an intake shows them, and the events that were told."""

    def __init__(self, tags=2):
        self.names = Namespace()
        for number in range(tags):
            self.names.bind(Tag(f"l/t{number}"))
        self.memory, self.live, self.told, self.position = Memory(), Live(), [], 0
        self.live.grow(tags)
        self.late = Late(self.names, self.memory, self.live, lambda: NOW)

    def come(self, batch, link="press"):
        asyncio.run(self.late.see(link, batch))
        self.position += 1
        self.memory.append(batch, stream="s", position=self.position)
        self.live.update(batch, NOW)

    def flush(self):
        async def tell(link, event):
            assert event.path == link
            self.told.append(event)

        asyncio.run(self.late.flush(tell))
        return self.told

    def spans(self, tag=A, link="press", start=0, end=NOW):
        found = self.late.spans(tag, link, Nanoseconds(start), Nanoseconds(end))
        return [(span.first, span.last, span.samples) for span in found]


def at(*seconds, tag=A, value=1.0):
    """Samples of a tag so many seconds before now."""
    times = NOW - np.array(seconds, np.int64) * SECOND
    return Batch.of(np.full(len(times), tag, np.int32), times, np.full(len(times), value))


def test_what_comes_in_order_is_not_late_however_old_it_is():
    bench = Bench()
    bench.come(at(9_000, 8_000, 7_000))
    bench.come(at(6_000, 10))
    bench.come(at(5_000, tag=B))
    assert bench.late.total() == Count()
    assert not bench.flush()


def test_the_past_of_a_demonstration_is_not_late():
    bench = Bench()
    bench.come(at(10))
    bench.come(at(9_000, 8_000), link=PAST)
    assert bench.late.total() == Count()
    assert not bench.flush()
    assert not bench.spans(link=PAST)


def test_a_few_seconds_of_disorder_are_not_late():
    bench = Bench()
    bench.come(at(10))
    bench.come(at(14))
    assert bench.late.total() == Count()


def test_late_and_corrected_samples_are_counted_apart_and_repetitions_not_at_all():
    bench = Bench()
    bench.come(at(100, 50, 10))
    bench.come(at(90, 80))
    bench.come(at(100, 90, value=2.0))
    bench.come(at(100, 90, value=2.0))
    bench.come(at(60), link="other")
    assert bench.late.of("press") == Count(late=2, corrected=2)
    assert bench.late.of("other") == Count(late=1)
    assert bench.late.of("nobody") == Count()
    assert bench.late.total() == Count(3, 2)


def test_the_newest_sample_can_be_corrected_too():
    bench = Bench()
    bench.come(at(10, value=np.nan))
    bench.come(at(10, value=np.nan))
    bench.come(at(10, value=3.0))
    assert bench.late.total() == Count(corrected=1)
    assert bench.spans() == [(NOW - 10 * SECOND, NOW - 10 * SECOND, 1)]


def test_a_clock_that_was_ahead_makes_nothing_late():
    bench = Bench()
    bench.come(at(-3_600))
    bench.come(at(20))
    assert bench.late.total() == Count()


def test_an_event_tells_when_and_of_which_tags():
    bench = Bench()
    bench.come(Batch.concat([at(10), at(10, tag=B)]))
    bench.come(Batch.concat([at(300, 200), at(100, tag=B)]))
    (event,) = bench.flush()
    assert (event.kind, event.path) == ("late", "press")
    assert event.text == "press: 3 samples came late and 0 were corrected, of 2 tags"
    data = dict(event.data)
    spans = json.loads(data.pop("spans"))
    first, last = NOW - 300 * SECOND, NOW - 100 * SECOND
    assert data == {"first": first, "last": last, "samples": 3, "corrected": 0, "tags": 2}
    assert spans == {"l/t0": [first, NOW - 200 * SECOND, 2], "l/t1": [last, last, 1]}
    assert bench.flush() == [event], "told once"


def test_a_link_is_told_once_a_minute_at_most():
    bench, told = Bench(), []

    async def tell(_link, event):
        told.append(event.data["samples"])

    async def turn(moment):
        await bench.late._tell(tell, moment)

    bench.come(at(10))
    bench.come(at(100))
    began = late_module.time.monotonic()
    asyncio.run(turn(began))
    bench.come(at(200))
    bench.come(at(300))
    asyncio.run(turn(began + 30))
    assert told == [1]
    asyncio.run(turn(began + 90))
    assert told == [1, 2]


def test_the_tags_of_an_event_are_bounded_and_the_others_are_told_together():
    bench = Bench(tags=NAMED + 20)
    every = [TagId(number) for number in range(NAMED + 20)]
    bench.come(Batch.concat([at(10, tag=tag) for tag in every]))
    bench.come(Batch.concat([at(100 + tag, 90, tag=tag) for tag in every]))
    (event,) = bench.flush()
    spans = json.loads(event.data["spans"])
    assert len(spans) == NAMED + 1
    assert spans[""][2] == 2 * 20
    assert event.data["tags"] == len(every)
    assert all(bench.spans(tag) for tag in every)
    assert not bench.spans(A, link="another"), "others are told by link"


def test_charts_know_it_before_it_is_told_and_after_a_restart():
    bench = Bench()
    bench.come(at(10))
    bench.come(at(500, 499, 300))
    expected = [(NOW - 500 * SECOND, NOW - 300 * SECOND, 3)]
    assert bench.spans() == expected
    (event,) = bench.flush()
    bench.late.remember(event)
    assert bench.spans() == expected, "once, however often it is heard"
    assert bench.spans(start=NOW - 100 * SECOND) == []
    bench.memory.append_events([event], stream="s", position=99)
    again = Late(bench.names, bench.memory, bench.live, lambda: NOW)
    again.recall()
    assert [(span.first, span.last, span.samples) for span in again.spans(A, "press", 0, NOW)] == (
        expected
    )


def test_an_import_was_compared_before_it_came():
    bench = Bench()
    bench.come(at(50, 10))
    bench.come(at(50), link=IMPORT)
    assert bench.late.of(IMPORT) == Count(late=1)


def test_an_archive_out_of_reach_keeps_nothing_from_being_counted(monkeypatch):
    bench = Bench()
    bench.come(at(50, 10))

    def away(*_):
        raise StorageError("the archive is away")

    monkeypatch.setattr(bench.memory, "raw", away)
    bench.come(at(40))
    assert bench.late.total() == Count(late=1)


def test_a_frame_of_many_days_is_not_compared_with_all_of_them(monkeypatch):
    bench = Bench()
    bench.come(at(10))
    monkeypatch.setattr(bench.memory, "raw", None)
    bench.come(at(*(day * 86_400 for day in range(1, 60))))
    assert bench.late.total() == Count(late=59)


def test_a_bus_that_is_away_loses_the_event_and_not_the_bar(caplog):
    bench = Bench()
    bench.come(at(50, 10))
    bench.come(at(40))

    async def tell(*_):
        raise LinkError("the bus is down")

    asyncio.run(bench.late.flush(tell))
    assert "is not kept" in caplog.text
    assert bench.spans() == [(NOW - 40 * SECOND, NOW - 40 * SECOND, 1)]


@pytest.mark.parametrize("spans", ["{", "[]", '{"l/t0": 3}', '{"l/t0": [1, 2]}', '{"l/t0": ["x"]}'])
def test_a_damaged_event_tells_nothing(spans):
    bench = Bench()
    event = Event(NOW, "press", "late", "", 1, {"spans": spans})
    bench.late.remember(event)
    bench.late.remember(replace(event, data={}))
    assert bench.spans() == []


def test_spans_that_touch_are_one():
    told = [Span(50, 60, 1), Span(0, 10, 2), Span(60 + 20 * SECOND, 61 + 20 * SECOND, 1)]
    joined = late_module.united(told)
    assert [(span.first, span.last, span.samples) for span in joined] == [
        (0, 60, 3),
        (60 + 20 * SECOND, 61 + 20 * SECOND, 1),
    ]
