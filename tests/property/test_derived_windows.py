"""Hours and shifts of derived values, whatever the clocks do: a naive walk finds the same.

The walk asks of every quarter of an hour what the clock on the wall says; late samples make
windows due again, all that they touch and no others.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.model.plant import Calendar, Shift
from isthmus.runtime.derive.window import HOUR, closed

QUARTER = HOUR // 4
EVERY_DAY = frozenset(range(7))
# shifts that share no time and change at hours that no clock leaps over, but for the night
CALENDARS = st.sampled_from(
    [
        ((6, 14), (14, 22), (22, 6)),
        ((6, 18), (18, 6)),
        ((8, 16),),
        ((22, 6),),
        ((0, 12), (12, 24)),
    ]
)
# around the changes of 2026, and of days without one; zones of one hour, half an hour, none
ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
)
DAYS = st.sampled_from(
    [
        "2026-03-08",
        "2026-03-29",
        "2026-04-05",
        "2026-10-04",
        "2026-10-25",
        "2026-11-01",
        "2026-07-01",
    ]
)


def calendar(hours) -> Calendar:
    return Calendar(
        "c",
        tuple(Shift(f"{a}-{b}", a * 60, b * 60 % 1440, EVERY_DAY) for a, b in hours),
    )


def on_the_wall(hours, zone: ZoneInfo, time: int) -> str:
    """The shift that runs at `time`, as who looks at the clock says."""
    local = datetime.fromtimestamp(time / 1e9, UTC).astimezone(zone)
    for first, last in hours:
        end = last % 24
        runs = first <= local.hour < last if first < last else not end <= local.hour < first
        if runs:
            return f"{first}-{last}"
    return ""


@settings(deadline=None)
@given(CALENDARS, ZONES, DAYS, st.integers(-120, 120), st.integers(1, 200), st.integers(0, 300))
def test_windows_are_what_the_clock_on_the_wall_says(hours, name, day, first, count, until):
    zone = ZoneInfo(name)
    noon = int(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC).timestamp()) * 10**9
    start = noon + first * QUARTER
    end, now = start + count * QUARTER, start + until * QUARTER
    found = list(closed(calendar(hours), zone, start, end, now))
    told = {(window.start, window.end, window.name) for kind, window in found if kind == "shift"}
    assert len(told) == sum(kind == "shift" for kind, _ in found), "no window twice"
    walked, begin = set(), start - 120 * QUARTER
    running = on_the_wall(hours, zone, begin - QUARTER)
    since = None  # of the shift that runs; None for one whose start was not seen
    for time in range(begin, end + 120 * QUARTER, QUARTER):
        shift = on_the_wall(hours, zone, time)
        if shift != running:
            if running and since is not None and since < end and time > start and time <= now:
                walked.add((since, time, running))
            running, since = shift, time
    assert told == walked
    wanted = [hour for hour in range(start // HOUR * HOUR, end, HOUR) if hour + HOUR <= now]
    assert [window.start for kind, window in found if kind == "hour"] == wanted


@settings(deadline=None)
@given(CALENDARS, ZONES, DAYS, st.integers(-400, 400))
def test_a_late_sample_makes_every_window_due_that_holds_it(hours, name, day, quarters):
    zone = ZoneInfo(name)
    noon = int(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC).timestamp()) * 10**9
    time = noon + quarters * QUARTER + 7
    found = list(closed(calendar(hours), zone, time, time + 1, time + 1000 * HOUR))
    assert all(window.start <= time < window.end for _, window in found)
    assert [kind for kind, _ in found].count("hour") == 1
    shift = on_the_wall(hours, zone, time)
    assert [window.name for kind, window in found if kind == "shift"] == ([shift] if shift else [])
