"""The kpi table of the demonstration fills for the day before, and every value can be explained."""

from __future__ import annotations

import pytest
from tests.integration.cli.conftest import isthmus
from tests.web.conftest import eventually

LINE = "packaging/line1"
HOUR = 3_600_000.0


@pytest.fixture(scope="module")
def computed(demo, plant):
    """Derived values of the hours before, once all are there; the newest are derived first."""

    def whole():
        start, end = plant["now"] - 24 * HOUR, plant["now"]
        told = demo.remote.get("/api/kpi", from_=start, to=end, path_=LINE, period="hour")
        hours = {each["start"] for each in told["values"]}
        closed = [plant["now"] // HOUR * HOUR - back * HOUR for back in range(1, 5)]
        return told if hours.issuperset(closed) else None

    return eventually(whole, 120)


def test_every_closed_hour_of_the_line_and_its_units_has_its_figures(computed):
    values = {(each["start"], each["path"], each["kpi"]): each for each in computed["values"]}
    hours = sorted({start for start, _, _ in values})
    for hour in hours[1:]:  # of the first only a part was simulated
        names = ("availability", "effectiveness", "quality_ratio", "oee_index")
        *parts, oee = (values[hour, LINE, name]["value"] for name in names)
        if None not in parts:
            assert oee == pytest.approx(parts[0] * parts[1] * parts[2])
        assert values[hour, LINE, "energy"]["value"] > 0
        assert values[hour, f"{LINE}/filler", "planned_busy"]["unit"] == "s"


def test_a_value_is_explained_by_inputs_that_are_as_they_were(demo, computed):
    last = computed["values"][-1]
    found = demo.remote.get(
        "/api/kpi/explain", path_=LINE, kpi="oee_index", at=last["start"] + 1.0, period="hour"
    )
    assert found["says"].startswith("OEE = ")
    assert found["value"]["inputs"]
    assert not any(each["changed"] for each in found["value"]["inputs"])
    said = isthmus("explain", LINE, "oee_index", "--data", demo.site, folder=demo.folder)
    assert (said.code, "formula iso22400.line version" in said.out) == (0, True), said.err
    said = isthmus("explain", LINE, "oee_idex", "--data", demo.site, folder=demo.folder)
    assert (said.code, "did you mean" in said.err) == (2, True)


def test_sql_has_them_too(demo, computed):
    rows = demo.remote.get(
        "/api/sql", q=f"select count(*) as n from kpi where path = '{LINE}' and period = 'hour'"
    )
    assert rows[0]["n"] >= sum(each["path"] == LINE for each in computed["values"])


def test_the_gaps_before_the_first_sample_are_told(demo, plant):
    now = plant["now"]
    tag = next(each["path"] for each in plant["tags"] if each["path"].endswith("filler/speed"))
    found = demo.remote.get("/api/gaps", tags=tag, from_=now - 48 * HOUR, to=now)
    assert found[0]["start"] == pytest.approx(now - 48 * HOUR, abs=1)
    assert (found[0]["path"], found[0]["quality_name"]) == (tag, "BadWaitingForInitialData")
    said = isthmus("gaps", tag, "--last", "48h", "--data", demo.site, folder=demo.folder)
    assert (said.code, tag in said.out) == (0, True), said.err


def test_figures_of_any_window_add_up_and_tell_what_they_are_made_of(demo, plant):
    span = {"from_": plant["now"] - 4 * HOUR, "to": plant["now"]}
    hours = demo.remote.get("/api/kpi/table", path_=LINE, each="hour", kpi="oee_index", **span)
    first, last = hours["windows"][0], hours["windows"][-1]
    whole = demo.remote.get(
        "/api/kpi/table", path_=LINE, each="whole", from_=first["start"], to=last["end"]
    )
    made = {each["id"]: each["values"] for each in hours["elements"]}
    for each in whole["elements"]:
        if None not in made[each["id"]]:
            assert sum(made[each["id"]]) == pytest.approx(each["values"][0], rel=0.01, abs=5)
    figures = {each["id"]: each for each in whole["figures"]}
    assert figures["good_per_kwh"]["values"][0] > 0
    assert figures["worker_efficiency"]["why"] == ["nothing tells APWT, APAT"]
    found = demo.remote.get("/api/kpi/formula", path_=LINE, kpi="oee_index", **span)
    assert found["figure"]["formula"] == "availability * effectiveness * quality_ratio"
    assert all(each["samples"] > 0 for each in found["sources"] if each["path"].endswith("state"))


def test_rows_by_product_and_order_add_up_to_the_range(demo, plant):
    span = {"from_": plant["now"] - 4 * HOUR, "to": plant["now"]}
    whole = demo.remote.get("/api/kpi/table", path_=LINE, each="whole", **span)
    produced = {each["id"]: each["values"] for each in whole["elements"]}["PQ"][0]
    for by in ("product", "order", "shift"):
        rows = demo.remote.get("/api/kpi/table", path_=LINE, by=by, kpi="throughput_rate", **span)
        made = {each["id"]: each["values"] for each in rows["elements"]}
        assert sum(made["PQ"]) == pytest.approx(produced, rel=0.02)
        assert any(row["name"] for row in rows["windows"])
        assert sum(made["AOET"]) > 0
    found = demo.remote.get(
        "/api/kpi/formula", path_=LINE, kpi="throughput_rate", by="shift",
        row=rows["windows"][0]["name"], **span,
    )  # fmt: skip
    assert found["value"] == pytest.approx(rows["figures"][0]["values"][0], rel=0.05)


def test_a_tag_with_a_specification_is_judged_by_it_and_days_name_their_bottleneck(demo, plant):
    span = {"from_": plant["now"] - 4 * HOUR, "to": plant["now"]}
    found = demo.remote.get("/api/spc", tag=f"{LINE}/filler/fill_volume", size=5, **span)
    assert (found["lower"], found["upper"]) == (497, 503)
    assert found["cp"] > 0
    told = demo.remote.get("/api/bottleneck", line=LINE, each="day", **span)
    units = {unit["unit"] for unit in told["units"]}
    assert told["days"]
    assert {day["unit"] for day in told["days"]} <= units | {""}
    assert max(day["percent"] for day in told["days"]) <= 100


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("table", LINE, "--last", "4h"), "good_per_kwh"),
        (("table", LINE, "--last", "4h", "--each", "hour"), "oee_index"),
        (("table", LINE, "--last", "4h", "--by", "product"), "throughput_rate"),
        (("table", LINE, "--last", "4h", "--by", "unit"), "palletiser"),
        (("explain", LINE, "oee_index", "--last", "4h"), "version"),
        (("explain", LINE, "oee_index", "--last", "4h", "--by", "unit", "--row", "capper"), "tag"),
        (("bottleneck", LINE, "--last", "4h"), "turning point"),
        (("cycles", f"{LINE}/filler", "--last", "4h"), "pieces"),
        (("spc", f"{LINE}/filler/speed", "--size", "5", "--lower", "0", "--upper", "999"), "cpk"),
    ],
)
def test_the_command_asks_for_each_of_them(demo, plant, words, said):
    figures = ("--figures", "all") if words[0] == "table" else ()
    found = isthmus("kpi", *words, *figures, "--data", demo.site, folder=demo.folder)
    assert (found.code, said in found.out) == (0, True), found.err + found.out
