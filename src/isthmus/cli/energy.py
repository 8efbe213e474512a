"""Energy: how well the load of a day ahead is forecast, told for any file of one."""

from __future__ import annotations

import argparse

EXAMPLE = """examples:
  isthmus energy evaluate load.csv --target Usage_kWh
  isthmus energy evaluate load.csv --target kW --zone Europe/Berlin --from 2026-06-01 --json
  isthmus energy evaluate load.csv --target kW --closed 2026-05-01 --closed 2026-08-03:2026-08-21
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    from isthmus.cli import energy_evaluate

    energy_evaluate.configure(
        what.add_parser("evaluate", help="forecast each day of a file from the days before it")
    )


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from isthmus.cli import energy_evaluate

    return energy_evaluate.run(args)
