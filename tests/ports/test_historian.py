"""What every historian promises, checked on the reference, on the lake and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tests.ports.histories import HISTORIES, NOON, History

from isthmus.historian.port import Historian
from isthmus.historian.settings import DAY, SECOND
from isthmus.model.errors import Refused, StorageError
from isthmus.model.event import Event
from isthmus.model.kpi import KpiInput, KpiResult
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.tag import Kind, Limits, Tag

ALL = (0, 1 << 62)
NAN, INF = float("nan"), float("inf")
ODD_VALUES = [
    0.1,
    -0.0,
    0.0,
    1e300,
    5e-324,
    NAN,
    INF,
    -INF,
    0.1 + 0.2,
    2.0**53 + 2,
    -1e-9,
    1234.567,
]
ODD_QUALITIES = [0, 0x4000_0000, 0x8031_0000, 0xFFFF_FFFF, 0x0030_0000, 0x7FFF_FFFF, 0x8000_0000]


def history_of(request, folder: Path) -> History:
    cluster = request.getfixturevalue("postgresql") if request.param == "postgresql" else None
    return HISTORIES[request.param](folder, cluster)


@pytest.fixture(params=list(HISTORIES))
def kept(request, tmp_path: Path) -> Iterator[History]:
    history = history_of(request, tmp_path)
    yield history
    history.remove()


@pytest.fixture
def historian(kept: History) -> Iterator[Historian]:
    opened = kept.open()
    yield opened
    opened.close()


def batch(rows) -> Batch:
    """Rows of (tag, time, value) or (tag, time, value, quality)."""
    whole = [(*row, 0)[:4] for row in rows]
    return Batch(
        np.array([row[0] for row in whole], np.int32),
        np.array([row[1] for row in whole], np.int64),
        np.array([row[2] for row in whole], np.float64),
        np.array([row[3] for row in whole], np.uint32),
    )


def bits(rows: Batch) -> list[tuple[int, int, int, int]]:
    """Rows to compare to the last bit; every NaN is one NaN."""
    value = np.where(np.isnan(rows.value), np.nan, rows.value).view(np.int64)
    columns = (rows.tag, rows.time, value, rows.quality)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def put(historian: Historian, rows, position: int, *, stream="one", seal=False) -> Batch:
    made = rows if isinstance(rows, Batch) else batch(rows)
    historian.append(made, stream=stream, position=position)
    if seal:
        historian.seal()
    return made


def both(check):
    """Run a check of what was appended before it is sealed, and after."""
    return pytest.mark.parametrize("seal", [False, True], ids=["hot", "sealed"])(check)


# ---------------------------------------------------------------------- nothing yet
def test_an_empty_history_has_no_answers(historian):
    assert dict(historian.positions()) == {}
    assert not len(historian.raw([0, 1], *ALL))
    assert not len(historian.before([0, 1], NOON))
    assert not len(historian.last([0, 1, 1 << 20]))
    assert historian.events(*ALL) == []
    assert historian.kpis(*ALL) == []
    assert historian.trend([0], NOON, NOON + 10, 5)[0].samples == 0
    assert historian.seal() is None
    assert historian.stats().rows == 0
    assert historian.stats().newest is None
    historian.maintain()


def test_asking_for_no_tag_or_no_time_gives_nothing(historian):
    put(historian, [(0, NOON, 1.0)], 1)
    assert not len(historian.raw([], *ALL))
    assert not len(historian.before([], NOON))
    assert not len(historian.last([]))
    assert not len(historian.raw([0], NOON, NOON))
    assert not len(historian.raw([0], NOON + 1, NOON))
    assert not len(historian.raw([0], *ALL, limit=0))


# ---------------------------------------------------------------------- what goes in comes out
@both
def test_values_and_qualities_keep_every_bit(historian, seal):
    values = [(3, NOON + place, value) for place, value in enumerate(ODD_VALUES)]
    qualities = [(7, NOON + place, 1.5, code) for place, code in enumerate(ODD_QUALITIES)]
    made = put(historian, values + qualities, 1, seal=seal)
    assert bits(historian.raw([3, 7], *ALL)) == bits(made)


@both
def test_times_keep_every_nanosecond(historian, seal):
    # the years 1755, 1970, 1999, 2000, 2100 and 2239, and neighbours by one nanosecond
    turns = [-(6 << 60), -1, 0, 1, 946_684_800 * SECOND - 1, 946_684_800 * SECOND]
    turns += [NOON, NOON + 1, NOON + 999, NOON + 1_000, 4_102_444_800 * SECOND, (15 << 59)]
    made = put(historian, [(1, time, float(place)) for place, time in enumerate(turns)], 1)
    if seal:
        historian.seal()
    assert bits(historian.raw([1], -(1 << 63), (1 << 63) - 1)) == bits(made)
    for low, high in pairwise(turns):
        found = historian.raw([1], low, high)
        assert found.time.tolist() == [low], f"[{low}, {high})"


@both
def test_ids_may_be_far_apart(historian, seal):
    tags = [0, 1, 65_535, 65_536, 1_000_000]
    made = put(historian, [(tag, NOON, tag / 2) for tag in tags], 1, seal=seal)
    assert bits(historian.raw(tags[::-1], *ALL)) == bits(made)
    assert historian.last(tags[::-1]).tag.tolist() == tags[::-1]


@pytest.mark.parametrize(("tag", "why"), [(-1, "below zero"), (2**31 - 1, "beyond 16,777,215")])
def test_a_wild_tag_is_refused_and_the_rest_goes_on(historian, tag, why):
    with pytest.raises(ValueError, match=why):
        put(historian, [(tag, NOON, 1.0)], 1)
    put(historian, [(1, NOON, 1.0)], 2, seal=True)
    assert len(historian.raw([1], *ALL)) == 1


def test_what_is_appended_is_there_at_once_and_in_order(historian):
    put(historian, [(2, NOON + 5, 1.0), (1, NOON + 9, 2.0)], 1)
    put(historian, [(1, NOON + 3, 3.0), (2, NOON, 4.0)], 2)
    found = historian.raw([1, 2], *ALL)
    assert found.tag.tolist() == [1, 1, 2, 2]
    assert found.value.tolist() == [3.0, 2.0, 4.0, 1.0]


def test_an_append_of_many_rows(historian):
    size = 150_000  # more than two pages of the hot tail
    rng = np.random.default_rng(1)
    rows = Batch(
        (np.arange(size) % 50).astype(np.int32),
        NOON + np.arange(size, dtype=np.int64) * 1_000_001,
        rng.normal(size=size),
        np.zeros(size, np.uint32),
    )
    put(historian, rows, 1)
    right = rows.where(np.lexsort((rows.time, rows.tag)))
    assert bits(historian.raw(list(range(50)), *ALL)) == bits(right)
    sealed = historian.seal()
    assert sealed is not None
    assert bits(historian.raw(list(range(50)), *ALL)) == bits(right)
    assert historian.seal() is None


# ---------------------------------------------------------------------- late, again, corrected
@pytest.mark.parametrize("first", [False, True], ids=["hot", "sealed"])
@pytest.mark.parametrize("then", [False, True], ids=["hot", "sealed"])
def test_the_later_write_of_a_tag_and_time_wins(historian, first, then):
    put(historian, [(1, NOON + n * SECOND, float(n)) for n in range(10)], 1, seal=first)
    put(historian, [(1, NOON + 3 * SECOND, 33.0, 0x4000_0000), (1, NOON, -0.0)], 2, seal=then)
    put(historian, [(1, NOON + 3 * SECOND, 34.0)], 3, seal=then)
    found = historian.raw([1], *ALL)
    assert len(found) == 10
    assert found.value[3] == 34.0
    assert np.signbit(found.value[0])
    assert historian.stats().rows >= 10


def test_a_row_may_stand_twice_in_one_append(historian):
    put(historian, [(1, NOON, 1.0), (1, NOON, 2.0), (2, NOON, 5.0), (1, NOON, 3.0)], 1, seal=True)
    assert historian.raw([1], *ALL).value.tolist() == [3.0]


def test_late_samples_find_their_place_and_leave_the_last_value_alone(historian):
    put(historian, [(1, NOON, 1.0), (1, NOON + 2 * DAY, 3.0)], 1, seal=True)
    put(historian, [(1, NOON + DAY, 2.0), (1, NOON - 30 * DAY, 0.0)], 2, seal=True)
    assert historian.raw([1], *ALL).value.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert historian.last([1]).value.tolist() == [3.0]
    historian.maintain()
    assert historian.raw([1], *ALL).value.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_the_last_value_is_corrected_where_it_was(historian):
    put(historian, [(1, NOON, 1.0)], 1, seal=True)
    put(historian, [(1, NOON, 2.0)], 2)
    assert historian.last([1]).value.tolist() == [2.0]
    historian.seal()
    assert historian.last([1]).value.tolist() == [2.0]


# ---------------------------------------------------------------------- positions and restarts
def test_a_position_that_is_known_changes_nothing(historian):
    put(historian, [(1, NOON, 1.0)], 5)
    for position in (5, 4, 0):
        put(historian, [(1, NOON, 99.0), (1, NOON + 1, 99.0)], position)
        historian.append_events([Event(NOON, "a", "text", "x")], stream="one", position=position)
    historian.seal()
    put(historian, [(1, NOON, 99.0)], 5)
    assert historian.raw([1], *ALL).value.tolist() == [1.0]
    assert historian.events(*ALL) == []
    assert dict(historian.positions()) == {"one": 5}


def test_streams_have_positions_of_their_own(historian):
    put(historian, [(1, NOON, 1.0)], 7, stream="one")
    put(historian, [(2, NOON, 2.0)], 3, stream="two:edge")
    put(historian, [(2, NOON + 1, 2.0)], 4, stream="two:edge", seal=True)
    assert dict(historian.positions()) == {"one": 7, "two:edge": 4}
    put(historian, [(2, NOON + 2, 2.0)], 4, stream="one")
    assert len(historian.raw([1, 2], *ALL)) == 3


def test_positions_are_those_of_the_last_seal(kept):
    historian = kept.open()
    put(historian, [(1, NOON, 1.0)], 1, seal=True)
    before = dict(historian.positions())
    assert before == {"one": 1}
    historian.append(Batch.empty(), stream="one", position=9)  # a frame of nothing moves it too
    assert historian.seal() is not None
    historian.close()
    again = kept.open()
    assert dict(again.positions()) == {"one": 9}
    again.close()


def test_a_crash_loses_nothing_that_was_sealed_and_repeats_nothing(kept):
    historian = kept.open()
    frames = {n: batch([(1, NOON + n, float(n)), (2, NOON + n, -float(n))]) for n in range(1, 9)}
    for number, frame in frames.items():
        historian.append(
            frame, stream="s", position=number, events=[Event(NOON + number, "a", "text", "x")]
        )
        if number == 5:
            historian.seal()
    historian.close()  # without a seal: as a crash leaves it
    again = kept.open()
    resumed = again.positions()["s"]
    assert resumed >= 5
    for number in range(1, 9):  # the stream is read again from too early on
        again.append(
            frames[number],
            stream="s",
            position=number,
            events=[Event(NOON + number, "a", "text", "x")],
        )
    again.seal()
    assert bits(again.raw([1, 2], *ALL)) == sorted(row for f in frames.values() for row in bits(f))
    assert [event.time - NOON for event in again.events(*ALL)] == list(range(1, 9))
    assert again.last([1, 2]).value.tolist() == [8.0, -8.0]
    again.close()


def test_a_second_writer_is_told_who_writes(kept):
    if not kept.shared:
        return
    first = kept.open()
    with pytest.raises(StorageError, match="writing it") as told:
        kept.open()
    assert "stop that process" in told.value.hint
    first.close()
    kept.open().close()


# ---------------------------------------------------------------------- questions
@both
def test_the_first_rows_by_tag_and_time(historian, seal):
    put(historian, [(tag, NOON + n, float(n)) for tag in (2, 1) for n in range(5)], 1, seal=seal)
    put(historian, [(1, NOON - 1, -1.0)], 2)
    found = historian.raw([2, 1], *ALL, limit=7)
    assert found.tag.tolist() == [1] * 6 + [2]
    assert found.value.tolist() == [-1, 0, 1, 2, 3, 4, 0]


@both
def test_the_sample_at_or_before_a_time(historian, seal):
    put(historian, [(1, NOON, 1.0), (1, NOON + 10, 2.0), (2, NOON - DAY, 5.0)], 1, seal=seal)
    put(historian, [(3, NOON - 3 * DAY, 7.0)], 2, seal=seal)  # beyond the look-back
    found = historian.before([3, 2, 1], NOON + 9)
    assert (found.tag.tolist(), found.value.tolist()) == ([1, 2], [1.0, 5.0])
    assert historian.before([1], NOON + 10).value.tolist() == [2.0]
    assert historian.before([1], NOON - 1).value.tolist() == []


def test_the_last_values_come_in_the_order_asked(historian):
    put(historian, [(5, NOON, 5.0), (2, NOON, 2.0)], 1, seal=True)
    put(historian, [(9, NOON - DAY, 9.0), (5, NOON + 1, NAN, 0x8000_0000)], 2)
    found = historian.last([9, 4, 5, 2])
    assert found.tag.tolist() == [9, 5, 2]
    assert np.isnan(found.value[1])
    assert found.quality.tolist() == [0, 0x8000_0000, 0]


@both
def test_a_trend_of_few_samples_is_raw(historian, seal):
    rows = [(1, NOON + n, float(n), 0x8000_0000 if n == 2 else 0) for n in range(4)]
    put(historian, rows, 1, seal=seal)
    found = historian.trend([1, 2], NOON, NOON + 10, 10)
    assert found[1].raw
    assert found[1].samples == 4
    assert found[1].last == 3.0
    np.testing.assert_array_equal(found[1].mean, [0, 1, NAN, 3])
    assert found[2].samples == 0


@both
def test_a_trend_of_many_samples_has_as_many_rows_as_asked(historian, seal):
    rows = [(1, NOON + n * SECOND, float(n % 10)) for n in range(1_000)]
    put(historian, rows, 1, seal=seal)
    found = historian.trend([1], NOON, NOON + 1_000 * SECOND, 20)[1]
    assert not found.raw
    assert len(found.time) == 20
    assert found.samples == 1_000
    assert (found.min.tolist(), found.max.tolist()) == ([0.0] * 20, [9.0] * 20)
    assert (found.first[0], found.final[0], found.mean[0]) == (0.0, 9.0, 4.5)


# ---------------------------------------------------------------------- events and derived values
def events_of(count: int) -> list[Event]:
    kinds, paths = ("text", "link-down", "order"), ("line/a", "line/a/filler", "line/ab", "line")
    return [
        Event(
            Nanoseconds(NOON + n // 2 * 1_001),
            paths[n % 4],
            kinds[n % 3],
            f'n° {n} ✓ \n\t\'\\N "{n}"',
            1 + n,
            {"n": n, "x": n / 3, "ok": n % 2 == 0, "none": None, "what": "ü"} if n % 2 else {},
        )
        for n in range(count)
    ]


@both
def test_events_come_back_as_they_were(historian, seal):
    told = events_of(20)
    historian.append_events(told[:9], stream="one", position=1)
    historian.append(batch([(1, NOON, 1.0)]), stream="one", position=2, events=told[9:])
    if seal:
        historian.seal()
    assert historian.events(*ALL) == told
    assert historian.events(told[4].time, told[6].time) == told[4:6]
    assert historian.events(*ALL, kinds=("order",)) == told[2::3]
    below = [event for event in told if event.path in ("line/a", "line/a/filler")]
    assert historian.events(*ALL, path="line/a") == below
    assert historian.events(*ALL, limit=5) == told[-5:]
    assert historian.events(*ALL, kinds=("absent",)) == []


def test_events_are_told_once_wherever_they_are(historian):
    told = events_of(12)
    for place, event in enumerate(told):
        historian.append_events([event], stream="one", position=place + 1)
        if place % 4 == 1:
            historian.seal()
        assert historian.events(*ALL) == told[: place + 1]


def test_derived_values_are_kept_with_what_they_replaced(historian):
    inputs = (KpiInput("line/a/count", 60, "ab12"), KpiInput("line/a/state", 3, "cd34"))
    first = KpiResult(
        *("line/a", "oee", "hour", Nanoseconds(NOON), Nanoseconds(NOON + 3600 * SECOND)),
        *(0.5, "", "", 0x4000_0000, "ISO 22400-2", 3, inputs, Nanoseconds(NOON + 4000 * SECOND)),
    )
    other = replace(first, path="line", kpi="nee", value=None, status=0x8000_0000)
    historian.write_kpis([first, other])
    second = replace(first, value=0.625, status=0, version=4)
    historian.write_kpis([second])
    assert historian.kpis(*ALL) == [other, second]
    assert historian.kpis(*ALL, names=("oee",), versions=True) == [first, second]
    assert historian.kpis(*ALL, path="line/a", period="hour") == [second]
    assert historian.kpis(*ALL, period="shift") == []
    assert historian.kpis(NOON + 1, 1 << 62) == []
    assert historian.kpis(*ALL, limit=1) == [second]


# ---------------------------------------------------------------------- SQL
TAGS = [
    (TagId(1), Tag("line/filler/speed", "1/min", description="what it's called")),
    (TagId(2), Tag("line/filler/state", kind=Kind.ENUMERATION, legend={1: "idle", 2: "execute"})),
]


@pytest.fixture(params=[name for name, of in HISTORIES.items() if of.sql])
def asked(request, tmp_path: Path) -> Iterator[Historian]:
    """A historian that answers SQL, with names and a few samples, some of them not sealed."""
    history = history_of(request, tmp_path)
    historian = history.open()
    historian.write_tags(TAGS)
    put(historian, [(1, NOON + n * SECOND, n / 4) for n in range(8)], 1, seal=True)
    put(historian, [(1, NOON, 100.0), (2, NOON, 2.0, 0x8031_0000), (9, NOON, 9.0)], 2)
    historian.append_events(events_of(3), stream="one", position=3)
    yield historian
    historian.close()
    history.remove()


def test_the_reference_knows_no_sql_and_says_so(tmp_path):
    with pytest.raises(Refused):
        HISTORIES["memory"](tmp_path, None).open().sql("select 1")


def test_sql_sees_names_and_what_is_not_sealed(asked):
    found = asked.sql(
        "select path, count(*) as n, sum(value) as total, max(quality) as worst "
        "from samples group by path order by path nulls last"
    ).to_pylist()
    assert [(row["path"], row["n"], row["total"], row["worst"]) for row in found] == [
        ("line/filler/speed", 8, 107.0, 0),
        ("line/filler/state", 1, 2.0, 0x8031_0000),
        (None, 1, 9.0, 0),
    ]
    assert asked.sql("select count(*) as n from events where kind = 'text'")["n"][0].as_py() == 1
    tags = asked.sql("select path, unit, kind from tags order by tag").to_pylist()
    assert [row["unit"] for row in tags] == ["1/min", ""]


def test_sql_sees_where_a_tag_is_and_its_limits(asked):
    speed = Tag("packaging/line1/filler/speed", type="rotary", limits=Limits(low=1.0, high=9.0))
    asked.write_tags([(TagId(1), speed), TAGS[1]])
    found = asked.sql(
        "select area, line, work_unit, module, type, title, low_low, low, high, range_low "
        "from tags order by tag"
    ).to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("packaging", "line1", "filler", None, "rotary", None, None, 1.0, 9.0, None),
        ("line", "filler", *[None] * 8),
    ]


def test_sql_tells_times_in_utc(asked):
    found = asked.sql("select min(time) as t from samples where tag = 1")["t"]
    assert str(found.type) == "timestamp[us, tz=UTC]"
    assert found[0].as_py().timestamp() * SECOND == NOON


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ;  ",
        "drop table tags",
        "delete from samples",
        "select 1; select 2",
        "select 1; drop view samples",
        "insert into tags values (1)",
        "copy (select 1) to '/tmp/stolen'",
        "create table t as select 1",
        "set search_path = public",
        "with gone as (delete from tags returning *) select * from gone",
        "select nonsense from samples",
        "vacuum",
        "begin",
    ],
)
def test_sql_that_is_no_question_is_refused_and_harms_nothing(asked, query):
    with pytest.raises(Refused, match=r"^running the query: ."):
        asked.sql(query)
    assert asked.sql("select count(*) as n from tags")["n"][0].as_py() == 2


def test_sql_has_limits(asked):
    with pytest.raises(Refused, match="more than 100 rows"):
        asked.sql("select * from generate_series(1, 101)", rows=100)
    assert asked.sql("select * from generate_series(1, 100)", rows=100).num_rows == 100
    with pytest.raises(Refused, match=r"not done after 0\.5 s"):
        asked.sql(
            "select count(*) from generate_series(1, 100000) a, generate_series(1, 1000000) b",
            seconds=0.5,
        )
    assert asked.sql("select 1 as one")["one"][0].as_py() == 1


def test_sql_may_be_written_as_people_do(asked):
    for query in ("select 1 -- '", "SELECT 1;", "\n with a as (select 1) select * from a ; "):
        assert asked.sql(query).num_rows == 1
    assert asked.sql("explain select * from samples").num_rows


def test_names_may_change(asked):
    asked.write_tags([(TagId(1), Tag("line/filler/rate", "1/min")), TAGS[1]])
    found = asked.sql("select distinct path from samples where tag = 1").to_pylist()
    assert found == [{"path": "line/filler/rate"}]


def test_statistics_count_what_is_there(historian):
    put(historian, [(1, NOON + n, 1.0) for n in range(5)], 1)
    assert (historian.stats().rows, historian.stats().state) == (5, "up")
    historian.append_events(events_of(2), stream="one", position=2)
    historian.seal()
    stats = historian.stats()
    assert (stats.rows, stats.events) == (5, 2)
    assert (stats.oldest, stats.newest) == (NOON, NOON + 4)
