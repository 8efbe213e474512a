"""Times as people say them, in the plant's zone."""

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.historian.query.moment import moment
from isthmus.historian.query.step import length
from isthmus.model.errors import Refused
from isthmus.model.sample import Nanoseconds

BERLIN = ZoneInfo("Europe/Berlin")
NOW = Nanoseconds(1_774_785_600 * 10**9)  # 2026-03-29 14:00 in Berlin, where the night was short


@pytest.mark.parametrize(
    ("said", "utc"),
    [
        ("now", "2026-03-29T12:00:00"),
        ("now-8h", "2026-03-29T04:00:00"),
        ("now - 30 min", "2026-03-29T11:30:00"),
        ("today", "2026-03-28T23:00:00"),
        ("Today 06:00", "2026-03-29T04:00:00"),
        ("yesterday", "2026-03-27T23:00:00"),
        ("yesterday 22:15:30", "2026-03-28T21:15:30"),
        ("2026-03-29", "2026-03-28T23:00:00"),
        ("2026-03-29 06:00", "2026-03-29T04:00:00"),
        ("2026-03-29T06:00:00Z", "2026-03-29T06:00:00"),
        ("2026-03-29T06:00+05:30", "2026-03-29T00:30:00"),
        ("1774785600000", "2026-03-29T12:00:00"),
        (1774785600000, "2026-03-29T12:00:00"),
        (datetime(2026, 3, 29, 6, 0), "2026-03-29T04:00:00"),  # noqa: DTZ001 - the plant's zone
        (datetime(2026, 3, 29, 6, 0, tzinfo=UTC), "2026-03-29T06:00:00"),
    ],
)
def test_times_are_of_the_plants_zone(said, utc):
    found = datetime.fromtimestamp(moment(said, BERLIN, NOW) // 10**9, UTC)
    assert found.isoformat().removesuffix("+00:00") == utc


def test_nanoseconds_are_kept():
    assert moment("2026-03-29T12:00:00.123456789Z", BERLIN, NOW) % 10**9 == 123_456_789
    assert moment("2026-03-29T12:00:00.5Z", BERLIN, NOW) % 10**9 == 500_000_000


@pytest.mark.parametrize(
    "said", ["", "soon", "now-", "now-fast", "today 25:00", "2026-13-01", "nan", "9" * 19, "-1e9"]
)
def test_what_is_no_time_is_refused_with_examples(said):
    with pytest.raises(Refused) as refused:
        moment(said, BERLIN, NOW)
    assert refused.value.hint


@given(st.text(max_size=40) | st.floats())
def test_any_text_is_a_time_or_refused(said):
    with suppress(Refused):
        assert 0 <= moment(said, BERLIN, NOW) <= 9_100_000_000 * 10**9


def test_lengths():
    assert length("8h") == 8 * 3_600 * 10**9
    assert length("7d") == 7 * 86_400 * 10**9
