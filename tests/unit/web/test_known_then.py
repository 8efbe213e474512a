"""What was known of derived values at a moment."""

from dataclasses import replace

import pytest

from isthmus.model.kpi import KpiResult
from isthmus.model.sample import Nanoseconds
from isthmus.web.kpi import Asked, Waits, derived, known_then

HOUR = 3_600 * 10**9
FIRST = KpiResult("a/b", "oee_index", "hour", Nanoseconds(0), Nanoseconds(HOUR), 0.5,
                  computed=Nanoseconds(2 * HOUR))  # fmt: skip
LATER = replace(FIRST, value=0.6, computed=Nanoseconds(5 * HOUR))
OTHER = replace(FIRST, kpi="availability", value=0.9, computed=Nanoseconds(3 * HOUR))
EVERY = [FIRST, LATER, OTHER]


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(1, []), (2, [FIRST]), (4, [FIRST, OTHER]), (5, [LATER, OTHER]), (9, [LATER, OTHER])],
)
def test_the_last_version_that_was_computed_by_then_held(hours, expected):
    assert known_then(EVERY, hours * HOUR) == expected


def test_with_versions_those_before_are_told_too():
    assert known_then(EVERY, 9 * HOUR, versions=True) == EVERY


class Kept:
    """A history that keeps versions."""

    def kpis(self, start, end, *, versions, limit, **_):
        assert versions
        assert limit >= len(EVERY)
        return EVERY


def test_the_route_asks_for_versions_and_tells_the_newest_of_them():
    asked = Asked("a/b", (), "hour", limit=1, known_at=4 * HOUR / 1e6)
    found = derived(Kept(), Nanoseconds(0), Nanoseconds(HOUR), asked, Waits(0))
    assert [(each.kpi, each.value) for each in found.values] == [("availability", 0.9)]
