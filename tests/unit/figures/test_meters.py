"""Meters of a plant by the hour: what is known, what is told of what is not."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.figures.memory import HOUR, LINE, line_of, records, span, unit

from isthmus.model.meter import Meter
from isthmus.runtime.derive.compute import places, results
from isthmus.runtime.figures.meters import meter_tree
from isthmus.runtime.figures.read import Window

EVERY = np.arange(0, 25 * 3600, 60)
METERS = (
    Meter("rest", (f"{LINE}/main",), ("machines",), title="Unmetered"),
    Meter("machines", (f"{LINE}/filler", f"{LINE}/packer")),
)


def plant(rows=None, meters=METERS, end=25 * HOUR):
    """10 kW at the main meter; 4 of the filler, which only tells power, and 3 of the packer."""
    units = unit("main", "energy", "power"), unit("filler", "power"), unit("packer", "energy")
    told = {
        "main/energy": (EVERY, EVERY / 360),
        "main/power": (EVERY, np.full(len(EVERY), 10.0)),
        "filler/power": (EVERY, np.full(len(EVERY), 4.0)),
        "packer/energy": (EVERY, EVERY / 1200),
    } | (rows or {})
    held = records(line_of(*units), told, end=end)
    return replace(held, plant=replace(held.plant, meters=meters))


def by_name(found):
    return {each.node.name.rpartition("/")[2]: each for each in found.meters}


def test_the_rest_is_what_the_main_meter_has_more():
    found = by_name(meter_tree(plant(), span(24)))
    assert found["machines"].total == pytest.approx(7 * 24)
    assert found["rest"].total == pytest.approx(3 * 24)
    assert found["rest"].title == "Unmetered"
    assert [each.node.depth for each in found.values()] == [0, 1, 2, 2, 1]
    assert found["main"].kw == pytest.approx(10)
    assert found["rest"].kw is None  # the packer tells no power
    assert not any(each.missing for each in found.values())


def test_a_machine_that_is_silent_makes_the_rest_unknown_and_is_named():
    quality = np.where((EVERY >= 6 * 3600) & (EVERY < 12 * 3600), 0x8031_0000, 0)
    silent = {"filler/power": (EVERY, np.full(len(EVERY), 4.0), quality)}
    found = by_name(meter_tree(plant(silent), span(24)))
    for name in ("filler", "machines", "rest"):
        assert np.isnan(found[name].kwh).tolist() == [6 <= hour < 12 for hour in range(24)]
        assert (found[name].total, found[name].hours) == (None, 18)
        assert found[name].missing == (f"{LINE}/filler",)
    assert found["main"].total == pytest.approx(240)


def test_a_counter_that_was_silent_has_counted_on():
    quality = np.where((EVERY >= 6 * 3600) & (EVERY < 12 * 3600), 0x8031_0000, 0)
    found = by_name(meter_tree(plant({"packer/energy": (EVERY, EVERY / 1200, quality)}), span(24)))
    assert found["packer"].total == pytest.approx(72)
    assert found["rest"].total == pytest.approx(72)


def test_hours_before_anything_was_told_are_not_missing():
    late = EVERY[EVERY >= 20 * 3600]
    told = dict.fromkeys(("main/energy", "packer/energy"), (late, late / 360)) | {
        "filler/power": (late, np.full(len(late), 4.0)),
        "main/power": ([], []),
    }
    tree = meter_tree(plant(told), span(24))
    assert len(tree.edges) == 5
    assert by_name(tree)["main"].hours == 4


def test_what_nobody_declared_is_no_tree():
    tree = meter_tree(plant(meters=()), span(24))
    assert tree.meters == ()
    assert [each.path for each in places(plant(meters=()).plant)] == [LINE]


def test_hours_of_computed_meters_are_kept_like_those_of_measured_ones():
    held = plant()
    place = list(places(held.plant))[-1]
    window = Window("", *((span(2).start), span(2).start + HOUR))
    found = {each.path: each for each in results(held, place, "hour", window, window.end)}
    assert {path: each.value for path, each in found.items()} == pytest.approx(
        {"meters/machines": 7, "meters/rest": 3}, rel=0.05
    )
    assert {each.kpi for each in found.values()} == {"energy"}
    assert f"{LINE}/packer/energy" in {each.path for each in found["meters/rest"].inputs}
    silent = plant({"packer/energy": ([], [])})
    found = {each.path: each for each in results(silent, place, "hour", window, window.end)}
    assert found["meters/rest"].value is None
    assert found["meters/rest"].status != 0
