"""Retention and forecast against what can be worked out by hand, row by row and day by day."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from isthmus.historian.delta.manifest import DataFile
from isthmus.historian.keep import plan
from isthmus.historian.keep.forecast import HORIZON, Written, forecast
from isthmus.historian.keep.retention import DAY, FOREVER, Retention, Rule
from isthmus.model.path import Pattern
from isthmus.model.sample import TagId

TAGS = {TagId(0): "a/x", TagId(1): "a/y", TagId(2): "b/x", TagId(3): "b/y"}
ages = st.one_of(st.integers(1, 12).map(lambda days: days * DAY), st.just(FOREVER))
patterns = st.sampled_from(["a/**", "b/x", "**/y", "nothing/**"])
retentions = st.builds(
    lambda raw, rules: Retention(
        raw, rules=tuple(Rule((Pattern.parse(text),), age) for text, age in rules)
    ),
    ages,
    st.lists(st.tuples(patterns, ages), max_size=3),
)
rows = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 14 * DAY)), min_size=1, max_size=8
)  # tag 4 is in no plant file
holds = st.lists(rows, min_size=1, max_size=8)


def sealed(number: int, found: list[tuple[int, int]]) -> list[tuple[DataFile, list]]:
    """Rows as a seal leaves them: a file for each UTC day."""
    made = []
    for day in sorted({time // DAY for _, time in found}):
        inside = [row for row in found if row[1] // DAY == day]
        tags, times = zip(*inside, strict=True)
        date = str(np.datetime64(day, "D"))
        bounds = (min(tags), max(tags)), (min(times), max(times))
        made.append((DataFile(f"{date}/{number}", 100, len(inside), date, number, *bounds), inside))
    return made


def age_of(retention: Retention, tag: int) -> int:
    return retention.age(TAGS[tag]) if tag in TAGS else retention.raw


@given(retentions, holds, st.integers(0, 40 * DAY))
def test_what_is_younger_than_its_rule_stays_and_what_is_a_day_older_goes(retention, held, now):
    files = [made for number, found in enumerate(held) for made in sealed(number, found)]
    ages = retention.ages(TAGS.items())
    gone = {file.path for file in plan.expired([file for file, _ in files], ages, now=now)}
    left = [(file, found) for file, found in files if file.path not in gone]
    thinned = {
        thinning.file.path: set(thinning.tags.tolist())
        for thinning in plan.thinnings([file for file, _ in left], ages, now=now, done={})
    }
    for file, found in files:
        for tag, time in found:
            goes = file.path in gone or tag in thinned.get(file.path, ())
            limit = age_of(retention, tag)
            if now - time < limit or limit == FOREVER:
                assert not goes, "younger than its rule"
            elif now - time >= limit + DAY and tag in TAGS:
                assert goes, "a whole day past its rule"


@given(retentions, holds, st.integers(0, 40 * DAY))
def test_a_file_is_looked_through_once_a_rule(retention, held, now):
    files = [file for number, found in enumerate(held) for file, _ in sealed(number, found)]
    ages, done = retention.ages(TAGS.items()), {}
    for later in range(now, now + 20 * DAY, DAY):
        for thinning in plan.thinnings(files, ages, now=later, done=done):
            assert thinning.age > done.get(thinning.file.path, 0)
            done[thinning.file.path] = thinning.age
        assert not plan.thinnings(files, ages, now=later, done=done)


@given(holds, st.integers(0, 40 * DAY), st.integers(1, 20).map(lambda days: days * DAY))
def test_the_oldest_day_goes_whole_and_never_a_young_one(held, now, least):
    files = [file for number, found in enumerate(held) for file, _ in sealed(number, found)]
    day = plan.oldest_day(files, now=now, least=least)
    if day:
        assert {file.path for file in day} == {
            file.path for file in files if file.date == min(found.date for found in files)
        }
        assert all(now - file.times[1] >= least for file in day)
    else:
        oldest = min(file.date for file in files)
        over = (int(np.datetime64(oldest, "D").astype(int)) + 1) * DAY
        assert now - over < least


@given(
    st.lists(st.integers(0, 1_000), min_size=5, max_size=60),
    st.one_of(st.none(), st.integers(1, 90)),
    st.integers(0, 200_000),
)
def test_the_forecast_is_what_happens_day_by_day(written, keeps, room):
    today = 20_000
    start = today - len(written)
    days = {start + place: size for place, size in enumerate(written)}
    age = FOREVER if keeps is None else keeps * DAY
    held = {day: size for day, size in days.items() if today - 1 - day < (keeps or 1 << 30) + 1}
    used = sum(held.values())
    found = forecast(
        [Written(held, age)],
        used=used,
        bound=used + room,
        now=today * DAY,
        since=(start - 1) * DAY,
    )
    if not held or (found.full_in == 0 and room == 0):
        return
    level, peak, full = used, used, None
    for step in range(HORIZON):  # day `today + step` is written, then what is too old goes
        held[today + step] = found.per_day
        level += found.per_day
        for day in [day for day in held if keeps and today + step - day > keeps]:
            level -= held.pop(day)
        peak = max(peak, level)
        if level > used + room:
            full = step
            break
        if keeps and step > keeps + 1:
            break
        if not keeps and step > 2_000:
            return
    if full is None:
        assert found.full_in is None
        assert found.peak == peak
    else:
        assert full <= found.full_in <= full + 1
