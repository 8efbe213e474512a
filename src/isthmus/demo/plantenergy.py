"""What the demo's plant file says of energy and goals: tariffs, meters, measure, scorecard."""

from __future__ import annotations

from isthmus.demo.weeks import Mended

METER = "      energy_meter: meter\n"
_MEASURE = """\
measures: # what was done to save energy; `isthmus energy saving`
  air-leaks:
    title: Leaks of compressed air mended
    line: packaging/line1
    baseline: {{from: {first}, to: {last}}}
    from: {since}
    goal: 8 % # of what the line would have used
"""
_BUSINESS = """\
# ------------------------------------------------------- business
tariffs:
  electricity: # CO2 as the grid has it on a usual day; a file or a tag can tell it by the hour
    "06:00-22:00": 0.24
    "22:00-06:00": 0.17
    demand_per_kw: 9.5
    co2: {"00:00-06:00": 0.34, "06:00-10:00": 0.41, "10:00-16:00": 0.31, "16:00-21:00": 0.46,
          "21:00-24:00": 0.38}
meters: # beside those that are there; `isthmus energy meters`
  machines:
    title: Machines of line 1
    sum: [packaging/line1/filler, packaging/line1/capper, packaging/line1/labeller,
          packaging/line1/packer, packaging/line1/palletiser]
  unmetered:
    title: Unmetered
    of: packaging/line1/meter
    less: [machines, utilities/air/compressor]
scorecard: # goals of operations and IT together; the page Scorecard, `isthmus scorecard`
  oee: {target: 75, owners: {ot: shift-lead, it: data-team}, period: day, by: 2026-12-31}
  energy_per_piece: {target: 0.0125, owners: {ot: maintenance, it: data-team}, period: day}
  unplanned_downtime: {target: 5, owners: {ot: maintenance, it: data-team}, period: day}
  scrap: {target: 1.2, owners: {ot: shift-lead, it: data-team}, period: day}
  data_availability: {target: 99.5, owners: {ot: maintenance, it: data-team}, period: day}
  data_freshness: {target: 30, owners: {ot: maintenance, it: data-team}, period: shift}
  security_posture: {target: 0, owners: {ot: maintenance, it: security}, period: shift}
  open_findings: {target: 0, owners: {ot: shift-lead, it: data-team}, period: shift}
  good_per_kwh: {target: 80, owners: {ot: shift-lead, it: data-team}, period: day} # of `kpis`
  pilot_benefit: {target: 0, owners: {ot: shift-lead, it: data-team}, period: shift}
kpis: # beside those of ISO 22400; `isthmus kpi` shows all
  good_per_kwh: {formula: "GQ / EN", unit: 1/kWh, title: Good bottles for a kWh, better: more}
"""


def baseline(mended: Mended | None) -> str:
    """The line's key with the days before the measure; nothing without them."""
    if mended is None:
        return ""
    first, last = mended.baseline
    return f"      energy: {{baseline: {{from: {first}, to: {last}}}}} # before the measure\n"


def business(mended: Mended | None) -> str:
    """The sections at the end, with the measure where there is one."""
    if mended is None:
        return _BUSINESS
    first, last = mended.baseline
    return _BUSINESS + _MEASURE.format(first=first, last=last, since=mended.first)
