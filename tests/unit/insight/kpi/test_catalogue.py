"""The key figures that every plant has, against numbers worked out by hand."""

import numpy as np
import pytest

from isthmus.insight.elements import ELEMENTS, Elements
from isthmus.insight.kpi.catalogue import Catalogue
from isthmus.insight.kpi.compute import Reason, figures
from isthmus.insight.kpi.known import ABSENT, KPIS
from isthmus.insight.kpi.oee import Count, Times, oee
from isthmus.model.kpi import Kpi

HOUR = 3_600.0
SHIFT = {  # 8 h of calendar, half an hour of breaks, PRI 36 s
    "CAL": 8 * HOUR,
    "POT": 7.5 * HOUR,
    "PMT": 0.25 * HOUR,
    "PBT": 7.25 * HOUR,
    "AUBT": 6.75 * HOUR,
    "AUPT": 6.25 * HOUR,
    "APT": 6 * HOUR,
    "AUST": 0.25 * HOUR,
    "ADET": 0.5 * HOUR,
    "STARVED": 0.2 * HOUR,
    "BLOCKED": 0.2 * HOUR,
    "MICRO": 0.1 * HOUR,
    "ADOT": 0.5 * HOUR,
    "NOT": 0.0,
    "UNKNOWN": 0.0,
    "AOET": 7 * HOUR,
    "IPT": 36 * 540.0,
    "TBF": 6 * HOUR,
    "TTF": 5 * HOUR,
    "TTR": 0.5 * HOUR,
    "CMT": 0.5 * HOUR,
    "PQ": 540,
    "GQ": 513,
    "SQ": 27,
    "RQ": 5.4,
    "GP": 486,
    "IP": 540,
    "PSQ": 54,
    "SSQ": 9,
    "PQF": 600,
    "CM": 600,
    "IGQ": 510,
    "PL": 30,
    "STL": 12,
    "OL": 6,
    "TH": 480,
    "AINV": 8 * HOUR * 120,
    "APWT": 7 * HOUR,
    "APAT": 8 * HOUR,
    "STOPS": 4,
    "FAILURES": 2,
    "EN": 108,
}
BY_HAND = {
    "worker_efficiency": 7 / 8,
    "fall_off_ratio": 27 / 600,
    "inventory_turns": 4,
    "finished_goods_ratio": 513 / 600,
    "integrated_goods_ratio": 0.85,
    "production_loss_ratio": 0.05,
    "storage_and_transportation_loss_ratio": 0.02,
    "other_loss_ratio": 0.01,
    "loss_startup": 36 * 540 / 3600 * 9 / 540,
    "allocation_ratio": 6.75 / 7,
    "throughput_rate": 540 / 7,
    "allocation_efficiency": 6.75 / 7.25,
    "utilization_efficiency": 6 / 6.75,
    "oee_index": 0.9 * 6 / 7.25 * 0.95,
    "nee_index": 6.25 / 7.25 * 0.9 * 0.95,
    "availability": 6 / 7.25,
    "effectiveness": 0.9,
    "quality_ratio": 0.95,
    "setup_ratio": 0.04,
    "technical_efficiency": 6 / 6.5,
    "production_process_ratio": 6 / 7,
    "actual_to_planned_scrap_ratio": 0.5,
    "first_pass_yield": 0.9,
    "scrap_ratio": 0.05,
    "rework_ratio": 0.01,
    "comprehensive_energy_consumption": 0.2,
    "equipment_load_ratio": 5.4 / 7.5,
    "mean_operating_time_between_failures": 2,
    "mean_time_to_failure": 5 / 3,
    "mean_time_to_restoration": 10,
    "corrective_maintenance_ratio": 2 / 3,
    "teep": 0.9 * 6 * 0.95 / 8,
    "loading": 7.25 / 8,
    "operating_time_per_failure": 3,
    "repair_time_per_failure": 15,
    "energy_per_good_piece": 108 / 513,
    "mean_power": 13.5,
    "unexplained_ratio": 0,
    "unplanned_downtime_ratio": 0.5 / 7.25,
    "loss_breakdowns": 0.5,
    "loss_setup": 0.25,
    "loss_minor_stops": 0.5,
    "loss_speed": 0.6,
    "loss_defects": 0.27,
    "loss_no_order": 0,
    "loss_unknown": 0,
    "valuable_time": 5.13,
}


def row(**changes):
    columns = {name: np.array([float(value)]) for name, value in {**SHIFT, **changes}.items()}
    return Elements(np.array([0]), np.array([1]), columns)


def test_each_figure_is_what_it_is_by_hand():
    found = figures(Catalogue.of(), row())
    known = {name: each.at(0) for name, each in found.items() if each.at(0) is not None}
    assert known == pytest.approx(BY_HAND)


def test_all_of_the_standard_is_there_and_what_cannot_be_computed_says_why():
    catalogue = Catalogue.of()
    iso = [kpi for kpi in catalogue.kpis.values() if kpi.standard]
    assert sorted(int(kpi.standard.rpartition(" ")[2]) for kpi in iso) == list(range(1, 35))
    found = figures(catalogue, row())
    for kpi in catalogue.kpis:
        lacking = bool(catalogue.missing(kpi))
        assert (found[kpi].reason[0] == Reason.ABSENT) == lacking, kpi
    assert not catalogue.wrong
    assert not set(ABSENT) & set(ELEMENTS)
    assert len({kpi.id for kpi in KPIS}) == len(KPIS)


def test_losses_and_valuable_time_are_all_of_the_planned_busy_time():
    found = figures(Catalogue.of(), row())
    parts = ("breakdowns", "setup", "minor_stops", "speed", "defects", "no_order", "unknown")
    total = sum(found[f"loss_{part}"].value[0] for part in parts) + found["valuable_time"].value[0]
    assert total == pytest.approx(SHIFT["PBT"] / HOUR)


@pytest.mark.parametrize(
    ("changes", "times", "count"),
    [
        ({}, Times(26_100, 21_600, 1_800, 1_800, 900), Count(513, 27)),
        ({"APT": 0, "IPT": 0, "PQ": 0, "GQ": 0, "SQ": 0}, Times(26_100, 0), Count()),
        ({"IPT": 0, "PQ": 0, "GQ": 0, "SQ": 0}, Times(26_100, 21_600), Count()),
        ({"UNKNOWN": 26_100, "APT": 0}, Times(26_100, 0, unknown=26_100), Count(513, 27)),
        ({"PBT": 0, "APT": 0, "IPT": 0, "PQ": 0, "GQ": 0}, Times(), Count()),
    ],
)
def test_oee_is_the_same_by_formula_and_by_hand_written_code(changes, times, count):
    found = figures(Catalogue.of(), row(**changes), ["oee_index", "availability"])
    by_code = oee(times, count, planned_run_time_per_item=36)
    assert found["oee_index"].at(0) == pytest.approx(by_code.index)
    assert found["availability"].at(0) == pytest.approx(by_code.availability)


def test_a_plants_own_figures_may_be_made_of_each_other_in_any_order():
    own = [
        Kpi("twice", "", "2 * good_per_kwh", "1/kWh"),
        Kpi("good_per_kwh", "", "GQ / EN", "1/kWh"),
    ]
    catalogue = Catalogue.of(own)
    assert not catalogue.wrong
    assert figures(catalogue, row(), ["twice"])["twice"].at(0) == pytest.approx(2 * 513 / 108)
    assert catalogue.elements("twice") == ("GQ", "EN")


def test_circles_and_what_rests_on_them_are_told_apart_from_the_rest():
    own = [Kpi("a", "", "b"), Kpi("b", "", "a + 1"), Kpi("c", "", "a * 2"), Kpi("d", "", "GQ / PQ")]
    catalogue = Catalogue.of(own)
    assert set(catalogue.wrong) == {"a", "b", "c"}
    assert "d" in catalogue.kpis


def test_units_join_windows_by_adding_elements():
    two = Elements(
        np.array([0, 1]),
        np.array([1, 2]),
        {"GQ": np.array([1.0, 90.0]), "PQ": np.array([10.0, 90.0])},
    )
    whole = figures(Catalogue.of(), two.grouped(np.array([0, 0])), ["quality_ratio"])
    assert whole["quality_ratio"].at(0) == pytest.approx(0.91)  # not the mean of 10 % and 100 %
