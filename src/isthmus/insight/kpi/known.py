"""The key figures that every plant has.

Numbers are the places of the 34 key figures in the list of ISO 22400-2:2014. Its `+ 1` in mean
times of failures is kept; what most people compute instead has a name of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from isthmus.insight.elements import Element
from isthmus.model.kpi import Better, Kpi

_MORE, _LESS = Better.MORE, Better.LESS

ABSENT: Mapping[str, Element] = {
    each.name: each
    for each in (
        Element("LOWER", "1", "lower specification limit: `isthmus kpi spc` computes with it"),
        Element("UPPER", "1", "upper specification limit: `isthmus kpi spc` computes with it"),
        Element("MEAN", "1", "arithmetic mean of measured values: see `isthmus kpi spc`"),
        Element("SIGMA", "1", "standard deviation of measured values: see `isthmus kpi spc`"),
    )
}

_ISO = (
    Kpi("worker_efficiency", "Worker efficiency", "APWT / APAT", "1", _MORE),
    Kpi("allocation_ratio", "Allocation ratio", "AUBT / AOET", "1", _MORE),
    Kpi("throughput_rate", "Throughput rate", "PQ / AOET", "1/h", _MORE),
    Kpi("allocation_efficiency", "Allocation efficiency", "AUBT / PBT", "1", _MORE),
    Kpi("utilization_efficiency", "Utilization efficiency", "APT / AUBT", "1", _MORE),
    Kpi(
        "oee_index",
        "Overall equipment effectiveness index",
        "availability * effectiveness * quality_ratio",
        "1",
        _MORE,
        note="0 where planned time passed and nothing was made",
    ),
    Kpi(
        "nee_index",
        "Net equipment effectiveness index",
        "AUPT / PBT * effectiveness * quality_ratio",
        "1",
        _MORE,
        note="setup counts as used",
    ),
    Kpi("availability", "Availability", "APT / PBT", "1", _MORE),
    Kpi(
        "effectiveness",
        "Effectiveness",
        "IPT / APT",
        "1",
        _MORE,
        note="IPT is the planned run time per item (PRI) times PQ; above 1 the PRI is too long",
    ),
    Kpi("quality_ratio", "Quality ratio", "GQ / PQ", "1", _MORE),
    Kpi("setup_ratio", "Setup ratio", "AUST / AUPT", "1", _LESS),
    Kpi("technical_efficiency", "Technical efficiency", "APT / (APT + ADET)", "1", _MORE),
    Kpi("production_process_ratio", "Production process ratio", "APT / AOET", "1", _MORE),
    Kpi("actual_to_planned_scrap_ratio", "Actual to planned scrap ratio", "SQ / PSQ", "1", _LESS),
    Kpi("first_pass_yield", "First pass yield", "GP / IP", "1", _MORE),
    Kpi("scrap_ratio", "Scrap ratio", "SQ / PQ", "1", _LESS),
    Kpi("rework_ratio", "Rework ratio", "RQ / PQ", "1", _LESS),
    Kpi("fall_off_ratio", "Fall-off ratio", "SQ / PQF", "1", _LESS),
    Kpi("machine_capability", "Machine capability index", "(UPPER - LOWER) / (6 * SIGMA)"),
    Kpi(
        "critical_machine_capability",
        "Critical machine capability index",
        "min(UPPER - MEAN, MEAN - LOWER) / (3 * SIGMA)",
    ),
    Kpi("process_capability", "Process capability index", "(UPPER - LOWER) / (6 * SIGMA)"),
    Kpi(
        "critical_process_capability",
        "Critical process capability index",
        "min(UPPER - MEAN, MEAN - LOWER) / (3 * SIGMA)",
    ),
    Kpi(
        "comprehensive_energy_consumption",
        "Comprehensive energy consumption",
        "EN / PQ",
        "kWh",
        _LESS,
        note="per produced piece",
    ),
    Kpi("inventory_turns", "Inventory turns", "TH / (AINV / CAL)", "1", _MORE),
    Kpi("finished_goods_ratio", "Finished goods ratio", "GQ / CM", "1", _MORE),
    Kpi("integrated_goods_ratio", "Integrated goods ratio", "IGQ / CM", "1", _MORE),
    Kpi("production_loss_ratio", "Production loss ratio", "PL / CM", "1", _LESS),
    Kpi(
        "storage_and_transportation_loss_ratio",
        "Storage and transportation loss ratio",
        "STL / CM",
        "1",
        _LESS,
    ),
    Kpi("other_loss_ratio", "Other loss ratio", "OL / CM", "1", _LESS),
    Kpi(
        "equipment_load_ratio",
        "Equipment load ratio",
        "IPT / POT",
        "1",
        _MORE,
        note="produced quantity over what planned operation time holds at the ideal rate",
    ),
    Kpi(
        "mean_operating_time_between_failures",
        "Mean operating time between failures",
        "TBF / (FAILURES + 1)",
        "h",
        _MORE,
        note="divides by failures + 1, as the standard does",
    ),
    Kpi(
        "mean_time_to_failure",
        "Mean time to failure",
        "TTF / (FAILURES + 1)",
        "h",
        _MORE,
        note="divides by failures + 1, as the standard does",
    ),
    Kpi(
        "mean_time_to_restoration",
        "Mean time to restoration",
        "TTR / (FAILURES + 1)",
        "min",
        _LESS,
        note="divides by failures + 1, as the standard does",
    ),
    Kpi(
        "corrective_maintenance_ratio",
        "Corrective maintenance ratio",
        "CMT / (CMT + PMT)",
        "1",
        _LESS,
    ),
)

_OTHERS = (
    Kpi("teep", "Total effective equipment performance", "oee_index * PBT / CAL", "1", _MORE),
    Kpi("loading", "Loading: planned busy time in all time", "PBT / CAL", "1", _MORE),
    Kpi(
        "operating_time_per_failure",
        "MTBF as most compute it",
        "APT / FAILURES",
        "h",
        _MORE,
        note="divides by failures: nothing where there was none",
    ),
    Kpi(
        "repair_time_per_failure",
        "MTTR as most compute it",
        "TTR / FAILURES",
        "min",
        _LESS,
        note="divides by failures: nothing where there was none",
    ),
    Kpi("energy_per_good_piece", "Energy per good piece", "EN / GQ", "kWh", _LESS),
    Kpi("mean_power", "Mean power", "EN / CAL", "kW"),
    Kpi("unplanned_downtime_ratio", "Unplanned downtime", "ADOT / PBT", "1", _LESS),
    Kpi("unexplained_ratio", "Planned time of which nothing is known", "UNKNOWN / PBT", "1", _LESS),
    Kpi("loss_breakdowns", "Loss 1: breakdowns", "ADOT", "h", _LESS),
    Kpi("loss_setup", "Loss 2: setup and adjustment", "AUST", "h", _LESS),
    Kpi(
        "loss_minor_stops",
        "Loss 3: idling and minor stops",
        "ADET",
        "h",
        _LESS,
        note="starved, blocked and short stops",
    ),
    Kpi("loss_speed", "Loss 4: reduced speed", "APT - IPT", "h", _LESS),
    Kpi(
        "loss_defects",
        "Loss 5: defects and rework",
        "IPT * (SQ / PQ)",
        "h",
        _LESS,
        note="scrap at the ideal rate, that of start-up included",
    ),
    Kpi(
        "loss_startup",
        "Loss 6: reduced yield at start-up",
        "IPT * (SSQ / PQ)",
        "h",
        _LESS,
        note="of the scrap that which came in `startup` after a stop, a changeover or time off",
    ),
    Kpi("loss_no_order", "Planned time without an order", "NOT", "h", _LESS),
    Kpi("loss_unknown", "Planned time of which nothing is known", "UNKNOWN", "h", _LESS),
    Kpi("valuable_time", "Time of good pieces at the ideal rate", "IPT * (GQ / PQ)", "h", _MORE),
)

KPIS: tuple[Kpi, ...] = (
    *(
        Kpi(k.id, k.title, k.formula, k.unit, k.better, f"ISO 22400-2 KPI {number}", k.note)
        for number, k in enumerate(_ISO, 1)
    ),
    *_OTHERS,
)

_UNBOUNDED = ("capability", "turns", "planned_scrap_ratio", "goods_ratio")
_MAY_PASS = (
    *("worker_efficiency", "allocation_ratio", "allocation_efficiency", "production_process_ratio"),
    *("oee_index", "nee_index", "effectiveness", "equipment_load_ratio", "teep"),
)  # where a plan or an ideal rate is below what can be done
SHARES: Mapping[str, float] = {
    kpi.id: 2.0 if kpi.id in _MAY_PASS else 1.0
    for kpi in KPIS
    if kpi.unit == "1" and not kpi.id.endswith(_UNBOUNDED)
}
"""Those that people say in %, and how much they can be: larger numbers are meant in %."""
