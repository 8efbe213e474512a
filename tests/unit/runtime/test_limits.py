"""Values beyond their limits, since when, and back only when inside by the deadband."""

import numpy as np

from isthmus.model.sample import Batch, Nanoseconds, Status
from isthmus.model.tag import Limits, Namespace, Tag
from isthmus.runtime.limits import LimitWatch
from isthmus.runtime.live import Live


def watch(**tags):
    namespace, live = Namespace(), Live()
    for tag in tags.values():
        namespace.bind(tag)
    live.grow(len(namespace))
    return LimitWatch(namespace, live), live


def tell(live, tag, time, value, quality=0):
    live.update(Batch.of([tag], Nanoseconds(time), [value], quality))


def test_names_the_limit_and_remembers_since_when():
    limits = Limits(low=10, high=20, high_high=30)
    found, live = watch(a=Tag("l/a", limits=limits, deadband=1.0), b=Tag("l/b"))
    tell(live, 0, 5, 15.0)
    tell(live, 1, 5, 1e9)
    assert found.look() == []
    tell(live, 0, 6, 21.0)
    (excess,) = found.look()
    assert (excess.word, excess.limit, excess.since, excess.severe) == ("high", 20, 6, False)
    tell(live, 0, 7, 31.0)
    assert [(e.word, e.since) for e in found.look()] == [("high high", 6)]
    tell(live, 0, 8, 19.5)  # inside, but not by the deadband
    assert [(e.word, e.since) for e in found.look()] == [("high", 6)]
    tell(live, 0, 9, 18.9)
    assert found.look() == []
    tell(live, 0, 10, 9.0)
    assert [(e.word, e.limit) for e in found.look()] == [("low", 10)]


def test_bad_values_say_nothing():
    found, live = watch(a=Tag("l/a", limits=Limits(high=20)))
    tell(live, 0, 1, 50.0, int(Status.BAD))
    assert found.look() == []
    tell(live, 0, 2, np.nan)
    assert found.look() == []


def test_a_tag_with_only_an_outer_limit():
    found, live = watch(a=Tag("l/a", limits=Limits(high_high=20)))
    tell(live, 0, 1, 21.0)
    assert [e.word for e in found.look()] == ["high high"]
