"""Energy of lines: figures, baseline, savings of measures, the load ahead; forecasts of files."""

from __future__ import annotations

import argparse

from isthmus.cli import energy_evaluate, energy_forecast, energy_line, energy_meters, energy_split

EXAMPLE = """examples:
  isthmus energy show packaging/line1 --window week
  isthmus energy saving packaging/line1
  isthmus energy states packaging/line1/filler
  isthmus energy orders packaging/line1 --window week
  isthmus energy meters --window week
  isthmus energy forecast packaging/line1
  isthmus energy evaluate load.csv --target Usage_kWh
  isthmus energy evaluate load.csv --target kW --zone Europe/Berlin --from 2026-06-01 --json
  isthmus energy evaluate load.csv --target kW --closed 2026-05-01 --closed 2026-08-03:2026-08-21
"""
PARTS = {
    "show": (energy_line, "a line's energy: a piece, saved, base load, meters"),
    "baseline": (energy_line, "the regression that a line's savings are measured against"),
    "saving": (energy_line, "what measures saved: kWh, money, CO2, each with its margin"),
    "states": (energy_split, "energy of a line or machine by state: base load, idle waste"),
    "orders": (energy_split, "energy of a line or machine by order and by product"),
    "meters": (energy_meters, "measured and computed meters as a tree, and which are silent"),
    "forecast": (energy_forecast, "the load of a line in the next 24 hours, and what to move"),
    "evaluate": (energy_evaluate, "forecast each day of a file from the days before it"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    for name, (part, text) in PARTS.items():
        part.configure(what.add_parser(name, help=text))


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    part, _ = PARTS[args.what]
    code: int = part.run(args)
    return code
