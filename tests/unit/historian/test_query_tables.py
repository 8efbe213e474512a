"""What people and programs get: words, tables, states, shifts."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from isthmus.historian.memory import Memory
from isthmus.historian.query.aggregate import Wish, aggregate, parts_of
from isthmus.historian.query.grid import grid
from isthmus.historian.query.question import Question, read
from isthmus.historian.query.rules import Rules
from isthmus.historian.query.states import states
from isthmus.historian.query.step import Intervals, Step
from isthmus.historian.query.table import answer_table, grid_table, states_table
from isthmus.historian.query.words import WORDS, chosen, function_of, unit_of
from isthmus.model.errors import Refused
from isthmus.model.sample import Batch, Nanoseconds, TagId
from isthmus.model.state import PACKML
from isthmus.model.tag import Counter, Kind, Tag

BERLIN, SECOND = ZoneInfo("Europe/Berlin"), 10**9
NIGHT = 1_774_738_800 * SECOND  # 2026-03-29 00:00 in Berlin: the clock goes forward at two
HOUR = 3_600 * SECOND
POWER = Tag("hall/press/power", unit="kW")
STATE = Tag("hall/press/state", kind=Kind.ENUMERATION, legend=dict(PACKML))
PIECES = Tag("hall/press/pieces", counter=Counter(wraps_at=1000))
TAGS = {TagId(3): POWER, TagId(5): STATE, TagId(8): PIECES}


@pytest.fixture
def memory():
    made = Memory()
    rows = [
        (3, 0, 10.0, 0),
        (3, 1800, 20.0, 0),
        (3, 5400, 0.0, 0x8031_0000),
        (5, 0, 6.0, 0),
        (5, 1200, 2.0, 0),
        (5, 7000, 6.0, 0),
        (8, 0, 990.0, 0),
        (8, 30, 995.0, 0),
        (8, 60, 5.0, 0),
    ]
    for number, (tag, at, value, quality) in enumerate(rows):
        row = Batch.of([TagId(tag)], Nanoseconds(NIGHT + at * SECOND), [value], quality)
        made.append(row, stream="s", position=number)
    return made


def hours(number):
    return Nanoseconds(NIGHT), Nanoseconds(NIGHT + number * HOUR)


def test_the_day_on_which_the_clock_goes_forward_has_23_hours():
    day = Step.parse("1d")
    start = day.floor(Nanoseconds(NIGHT + 5 * HOUR), BERLIN)
    assert start == NIGHT
    made = Intervals.every(Step.parse("1h"), *hours(23), BERLIN)
    assert len(made.starts) == 23
    whole = Intervals.every(
        day, Nanoseconds(NIGHT - 24 * HOUR), Nanoseconds(NIGHT + 47 * HOUR), BERLIN
    )
    assert np.diff(whole.edges).tolist() == [24 * HOUR, 23 * HOUR, 24 * HOUR]
    assert not whole.cut.any()


def test_steps_of_eight_hours_begin_anew_at_midnight():
    made = Intervals.every(Step.parse("8h"), *hours(47), BERLIN)
    assert (np.diff(made.edges) // HOUR).tolist() == [8, 8, 7, 8, 8, 8]


@pytest.mark.parametrize("text", ["", "0s", "-1h", "1.5d", "fast", "1 fortnight", "nan h", "1e9h"])
def test_a_step_that_is_none_is_refused_with_examples(text):
    with pytest.raises(Refused, match="is no step") as refused:
        Step.parse(text)
    assert "1h" in refused.value.hint


def test_too_many_intervals_are_refused_before_they_are_made():
    with pytest.raises(Refused, match="intervals") as refused:
        Intervals.every(Step.parse("1ns"), *hours(24), BERLIN)
    assert "1,000,000" in refused.value.hint
    with pytest.raises(Refused, match="results"):
        aggregate(
            Memory(),
            {TagId(each): POWER for each in range(100)},
            Intervals.every(Step.parse("1s"), *hours(24), BERLIN),
            Wish(["min"]),
        )


def test_every_word_stands_for_a_function_and_is_found_in_any_case():
    for word in WORDS:
        if word != "states":
            assert chosen([function_of(word)]) == [function_of(word)]
    assert chosen(["Time_Average", "MIN", "TimeAverage", "min"]) == [
        *("time-average", "min", "TimeAverage"),
    ]
    with pytest.raises(Refused, match="no aggregate `maximun`") as refused:
        chosen(["maximun"])
    assert "did you mean" in refused.value.hint
    with pytest.raises(Refused, match="alone"):
        chosen(["states", "min"])


def test_units_are_those_of_the_result():
    assert unit_of("time-average", "kW") == "kW"
    assert unit_of("total", "kW") == "kW*s"
    assert unit_of("on-time", "kW") == "s"
    assert unit_of("good", "kW") == "%"
    assert unit_of("count", "kW") == ""


def test_a_table_has_a_row_for_each_interval_and_tag(memory):
    intervals = Intervals.every(Step.parse("1h"), *hours(2), BERLIN)
    wish = Wish(["time-average", "max-time", "delta"], now=hours(2)[1])
    made = answer_table(aggregate(memory, TAGS, intervals, wish), TAGS).to_pylist()
    assert [row["path"] for row in made[:3]] == [POWER.path, STATE.path, PIECES.path]
    assert made[0]["time_average"] == 15.0
    assert made[3]["time_average"] == 20.0
    assert made[3]["time_average_quality"] == 0x40A4_0401, "half an hour of it was bad"
    assert made[0]["max_time"] == 20.0
    assert made[0]["max_time_time"].value == NIGHT + 1800 * SECOND
    assert made[2]["delta"] == 15.0, "the counter wrapped"


def test_a_wide_table_has_a_column_for_each_tag_with_its_unit(memory):
    intervals = Intervals.every(Step.parse("1h"), *hours(2), BERLIN)
    wish = Wish(["min"], now=hours(2)[1])
    made = answer_table(aggregate(memory, TAGS, intervals, wish), TAGS, wide=True)
    assert made.column_names == ["time", POWER.path, STATE.path, PIECES.path]
    assert made.schema.field(POWER.path).metadata == {b"unit": b"kW"}
    two = answer_table(aggregate(memory, TAGS, intervals, Wish(["min", "max"])), TAGS, wide=True)
    assert f"{POWER.path}:max" in two.column_names


def test_the_time_in_each_state_adds_up(memory):
    intervals = Intervals.every(Step.parse("1h"), *hours(2), BERLIN)
    tags = {TagId(5): STATE, TagId(3): POWER}
    found = states(memory, {TagId(5): STATE}, intervals, Wish(["states"], now=hours(2)[1]))
    made = states_table(found, intervals, tags).to_pylist()
    assert [(row["state"], row["seconds"]) for row in made] == [
        ("stopped", 2400.0),
        ("execute", 1200.0),
        ("stopped", 3400.0),
        ("execute", 200.0),
    ]
    bad = states(memory, {TagId(3): POWER}, intervals, Wish(["states"], now=hours(2)[1]))
    rows = states_table(bad, intervals, tags).to_pylist()
    assert ("unknown", None, 1800.0) in [(r["state"], r["code"], r["seconds"]) for r in rows]
    assert sum(row["seconds"] for row in rows) == 7200


def test_a_measured_value_has_no_states():
    memory = Memory()
    for number in range(300):
        row = Batch.of([TagId(3)], Nanoseconds(NIGHT + number), [float(number)])
        memory.append(row, stream="s", position=number)
    with pytest.raises(Refused, match="are no states"):
        states(memory, {TagId(3): POWER}, Intervals.whole(*hours(1)), Wish(["states"]))


def test_shifts_may_leave_time_between_them(memory):
    stretches = [
        ("late", NIGHT + HOUR, NIGHT + 2 * HOUR),
        ("early", NIGHT - HOUR, NIGHT + HOUR // 2),
    ]
    intervals = Intervals.named(stretches, *hours(2))
    assert intervals.names == ["early", "late"]
    assert intervals.cut[intervals.keep].tolist() == [True, False]
    made = aggregate(memory, {TagId(3): POWER}, intervals, Wish(["max"], now=hours(2)[1]))
    table = answer_table(made, TAGS).to_pylist()
    assert [(row["shift"], row["max"]) for row in table] == [("early", 10.0), ("late", 20.0)]


def test_a_grid_has_a_column_for_each_tag(memory):
    times = np.arange(3) * 1800 * SECOND + NIGHT
    made = grid_table(grid(memory, {TagId(3): POWER, TagId(5): STATE}, times), TAGS)
    assert made.to_pydict()[POWER.path] == [10.0, 20.0, 20.0]
    assert made.to_pydict()[STATE.path] == [6.0, 2.0, 2.0]


def test_samples_are_read_in_pieces_and_refused_before_all_are_held():
    class Busy(Memory):
        """A thousand samples a second, for ever."""

        read = 0

        def raw(self, tags, start, end, *, limit=None):
            times = np.arange(start, end, 10**6, dtype=np.int64)
            self.read += len(times)
            return Batch.of([TagId(3)] * len(times), times, np.zeros(len(times)))

    busy = Busy()
    year = Nanoseconds(NIGHT), Nanoseconds(NIGHT + 365 * 24 * HOUR)
    with pytest.raises(Refused, match="more than 1,000,000 samples"):
        read(busy, {TagId(3): POWER}, Question(*year, rows=1_000_000))
    assert busy.read < 5_000_000


def test_a_long_time_is_reduced_without_holding_it(monkeypatch):
    from isthmus.historian.query import question, reading

    memory = Memory()
    value = np.sin(np.arange(20_000) / 700)
    value[12_345] = 40.0
    times = NIGHT + np.arange(20_000, dtype=np.int64) * SECOND
    rows = Batch.of([TagId(3)] * 20_000, times, value)
    memory.append(rows, stream="s", position=1)
    for module in (question, reading):
        monkeypatch.setattr(module, "AT_ONCE", 2_000)
    span = Nanoseconds(NIGHT), Nanoseconds(NIGHT + 20_000 * SECOND)
    held = []
    whole = question.minmax
    monkeypatch.setattr(
        question, "minmax", lambda rows, n: held.append(len(rows)) or whole(rows, n)
    )
    place = question.Place(BERLIN, span[1])
    for reduce in ("minmax", "lttb"):
        asked = Question(*span, points=100, reduce=reduce)
        table = question.answer(memory, {TagId(3): POWER}, asked, place)
        assert 90 <= table.num_rows <= 100
        assert max(table["value"].to_pylist()) == 40.0
    assert held
    assert max(held) < 20_000


def test_rare_samples_of_a_long_time_are_read_at_once_and_frequent_ones_in_pieces(memory):
    year = Intervals.every(
        Step.parse("1mo"), Nanoseconds(NIGHT), Nanoseconds(NIGHT + 365 * 24 * HOUR), BERLIN
    )
    rare = list(parts_of(memory, np.array([3, 5], np.int32), year))
    assert rare == [(0, 1, 0, 13), (1, 2, 0, 13)]

    class Fast(Memory):
        def raw(self, tags, start, end, *, limit=None):
            return Batch.of([TagId(3)] * 600, np.arange(start, start + 600), np.zeros(600))

    parts = list(parts_of(Fast(), np.array([3], np.int32), year))
    assert len(parts) > 8
    assert [part[2] for part in parts[1:]] == [part[3] for part in parts[:-1]]
    assert (parts[0][2], parts[-1][3]) == (0, 13)


def test_thresholds_that_the_standard_excludes_are_refused():
    with pytest.raises(ValueError, match="at least 100 - bad"):
        Rules(percent_data_bad=30, percent_data_good=50)
