"""The figures of the pages, recomputed from raw samples without any of the product's rules."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import yaml

from isthmus.web import contract

LINE = "packaging/line1"
UNITS = ("filler", "capper", "labeller", "packer", "palletiser")
EXECUTE, COMPLETING = 6, 16
PAUSES = (6,)  # causes: break
BAD = 0x4000_0000
HOUR = 3_600_000.0


@pytest.fixture(scope="module")
def asking(demo):
    with demo.client() as client:
        yield client


@pytest.fixture(scope="module")
def file(demo):
    """The plant file as plain YAML."""
    return yaml.safe_load((demo.folder / "plant" / "plant.yaml").read_text("utf-8"))


def answer(asking, model, path, **query):
    return model.model_validate_json(asking.get(path, params=query).content)


def samples(asking, path, start, end):
    """(ms, value or None) in [start, end), the value that held at `start` first."""
    text = (
        "select epoch_us(time) / 1000.0 as ms, value, quality from samples "
        f"where path = '{LINE}/{path}' and time < '{stamp(end)}' order by time"
    )
    rows = asking.get("/api/sql", params={"q": text, "rows": 1_000_000}).json()
    told = [(row["ms"], row["value"] if row["quality"] < BAD else None) for row in rows]
    held = [value for at, value in told if at <= start]
    return [(start, held[-1] if held else None)] + [one for one in told if one[0] > start]


def stamp(ms):
    return datetime.fromtimestamp(ms / 1e3, UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")


def grown(counted):
    """How much a counter grew that may start again at 0."""
    known = [value for _, value in counted if value is not None]
    steps = pairwise(known)
    return sum(after - before if after >= before else after for before, after in steps)


def minutes(text):
    hours, _, rest = text.partition(":")
    return int(hours) * 60 + int(rest)


def breaks(file):
    """The breaks of the line's calendar in minutes of the local day; its shifts fill the rest."""
    told = file["calendars"]["three-shift"]
    spans = [tuple(map(minutes, span.split("-"))) for span in told["breaks"]]
    shifts = [tuple(map(minutes, span.split("-"))) for key, span in told.items() if key != "breaks"]
    assert sum((last - first) % 1440 for first, last in shifts) == 1440
    return spans


def holding(told, at, place):
    """The place of the sample that holds at `at`, looking on from `place`."""
    while place + 1 < len(told) and told[place + 1][0] <= at:
        place += 1
    return place


def accounted(states, causes, start, end, spans, zone):
    """Milliseconds planned and milliseconds in production, moment by moment."""
    offset = datetime.fromtimestamp(start / 1e3, zone).utcoffset().total_seconds() * 1e3
    edges = {at for at, _ in states + causes} | {start, end}
    day = (start + offset) // (24 * HOUR) * 24 * HOUR - offset
    edges |= {day + lot * 24 * HOUR + at * 6e4 for lot in range(3) for span in spans for at in span}
    cuts = sorted(at for at in edges if start <= at <= end)
    planned = running = 0.0
    state = cause = 0
    for first, last in pairwise(cuts):
        minute = ((first + offset) % (24 * HOUR)) / 6e4
        if any(begin <= minute < stop for begin, stop in spans):
            continue
        state, cause = holding(states, first, state), holding(causes, first, cause)
        now, why = states[state][1], causes[cause][1]
        runs = now in (EXECUTE, COMPLETING)
        if now is not None and not runs and why in PAUSES:
            continue
        planned += last - first
        running += last - first if runs else 0
    return planned, running


@pytest.mark.parametrize("window", ["hour", "shift", "day"])
def test_oee_of_raw_samples_is_the_same(asking, file, window):
    found = answer(asking, contract.Performance, "/api/performance", window=window)
    span = found.start, found.end
    counts = {
        (unit, name): grown(samples(asking, f"{unit}/{name}_count", *span))
        for unit in UNITS
        for name in ("good", "scrap")
    }
    states = samples(asking, "filler/state", *span)
    causes = samples(asking, "filler/cause", *span)
    zone = ZoneInfo(file["timezone"])
    planned, running = accounted(states, causes, *span, breaks(file), zone)
    produced = counts["filler", "good"] + counts["filler", "scrap"]
    scrap = sum(counts[unit, "scrap"] for unit in UNITS)
    ideal = int(line_of(file)["ideal_rate"].removesuffix("/min")) / 6e4
    # what was made in the last seconds was on its way; a shift may have begun minutes ago
    assert found.produced == pytest.approx(produced, rel=1e-3, abs=10)
    assert found.scrap == pytest.approx(scrap, rel=1e-3, abs=3)
    assert found.availability.value == pytest.approx(100 * running / planned, abs=0.2)
    assert found.quality.value == pytest.approx(100 * (1 - scrap / produced), abs=0.1)
    naive = 100 * (produced - scrap) / ideal / planned
    assert found.oee.value == pytest.approx(naive, rel=5e-3)
    assert 0 < naive < 110


def line_of(file):
    return file["equipment"]["packaging"]["line1"]


def climbing(told, *, wraps=False):
    """A counter without its wrap at a million, if it has one, and without resets: it only grows."""
    found, height, last = [], 0.0, None
    for at, value in told:
        if value is not None:
            if last is not None:
                wrapped = 1e6 - last if wraps and last > 0.9e6 else 0.0
                height += value - last if value >= last else value + wrapped
            last = value
        found.append((at, None if value is None else height))
    return found


def at_time(told, at):
    """The height of a counter at a moment, straight between its samples."""
    known = [one for one in told if one[1] is not None]
    if at <= known[0][0]:
        return known[0][1]
    for before, after in pairwise(known):
        if before[0] <= at <= after[0]:
            share = (at - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 1
            return before[1] + share * (after[1] - before[1])
    return known[-1][1]


def test_energy_per_piece_of_raw_samples_is_the_same(asking):
    found = answer(asking, contract.Energy, "/api/energy", window="day")
    span = found.start, found.end
    scraps = [f"{unit}/scrap_count" for unit in UNITS if unit != "filler"]
    names = ["meter/energy", "filler/good_count", *scraps]
    counters = {
        name: climbing(samples(asking, name, *span), wraps="energy" in name) for name in names
    }
    last = found.end // HOUR * HOUR
    begun = next(at for at, value in counters["meter/energy"] if value is not None)
    first = max(last - 8 * HOUR, (begun + 0.95 * HOUR) // HOUR * HOUR)  # hours known by 95 %
    rise = {name: at_time(told, last) - at_time(told, first) for name, told in counters.items()}
    pieces = rise["filler/good_count"] - sum(rise[name] for name in rise if "scrap" in name)
    assert found.per_piece.value == pytest.approx(rise["meter/energy"] / pieces, rel=2e-3)
    assert 0.005 < found.per_piece.value < 0.05


def test_energy_adds_up(asking):
    found = answer(asking, contract.Energy, "/api/energy", window="day")
    told = {meter.path.rpartition("/")[2]: meter for meter in found.meters}
    counted = grown(climbing(samples(asking, "meter/energy", found.start, found.end), wraps=True))
    assert told["meter"].kwh == pytest.approx(counted, rel=1e-3)
    parts = sum(told[name].kwh for name in (*UNITS, "compressor"))
    assert 0.8 * told["meter"].kwh < parts < 1.02 * told["meter"].kwh
    hours = sum(hour.kwh for hour in found.hours if hour.kwh is not None)
    assert hours == pytest.approx(counted, rel=0.02)


def test_pages_agree(asking):
    shift = answer(asking, contract.Performance, "/api/performance", window="shift")
    energy = answer(asking, contract.Energy, "/api/energy", window="day")
    plant = answer(asking, contract.Overview, "/api/overview")
    figure = {kpi.key: kpi for kpi in plant.figures}
    assert figure["oee"].value == pytest.approx(shift.oee.value, abs=0.5)
    assert figure["energy"].value == pytest.approx(energy.per_piece.value, rel=1e-3)
    meter = next(meter for meter in energy.meters if meter.path.endswith("/meter"))
    assert figure["power"].value == pytest.approx(meter.kw, rel=0.2)
    counted = [count for count in plant.count["count"] if count is not None]
    assert counted[-1] == pytest.approx(shift.good, abs=60)
    assert [ribbon.path for ribbon in plant.ribbons] == [ribbon.path for ribbon in shift.ribbons]


def test_power_costs_what_the_tariff_says_now(asking, file):
    plant = answer(asking, contract.Overview, "/api/overview")
    power = next(kpi for kpi in plant.figures if kpi.key == "power")
    local = datetime.fromtimestamp(plant.now / 1e3, ZoneInfo(file["timezone"]))
    day = 6 <= local.hour < 22
    price = file["tariffs"]["electricity"]["06:00-22:00" if day else "22:00-06:00"]
    assert power.detail == f"{power.value * price:.2f} EUR/h now"


def test_losses_and_ribbons_tell_the_same_time(asking):
    found = answer(asking, contract.Performance, "/api/performance", window="day")
    filler = next(ribbon for ribbon in found.ribbons if ribbon.path.endswith("/filler"))
    assert filler.intervals[0].start == pytest.approx(found.start, abs=1)
    assert filler.intervals[-1].end == pytest.approx(found.end, abs=1)
    producing = next(step.minutes for step in found.waterfall if step.title == "Producing")
    drawn = sum(one.end - one.start for one in filler.intervals if one.look == "run") / 6e4
    assert producing == pytest.approx(drawn, rel=0.05)
