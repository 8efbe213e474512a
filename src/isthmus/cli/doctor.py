"""Find out what is wrong with this installation, and what to do about each thing."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from isthmus.cli.remote import data_argument, data_folder

EXAMPLE = """examples:
  isthmus doctor
  isthmus doctor --plant plant.yaml --data .isthmus --json
  isthmus doctor --security
"""
SIGNS = {"well": "✓", "note": "·", "wrong": "✗"}


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--plant", type=Path, help="plant file to check as well")
    parser.add_argument(
        "--security", action="store_true", help="what is open, to whom, and why, instead"
    )
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command: 0 where nothing is wrong, else 1."""
    from isthmus.cli.examine import examine
    from isthmus.cli.examine_security import examine_security

    look = examine_security if args.security else examine
    findings = look(data_folder(args.data), args.plant)
    wrong = sum(finding.state == "wrong" for finding in findings)
    if args.json:
        print(json.dumps({"wrong": wrong, "findings": [finding.told() for finding in findings]}))
        return 1 if wrong else 0
    for finding in findings:
        print(f"{SIGNS[finding.state]} {finding.what}: {finding.found}")
        if finding.hint:
            print(f"    {finding.hint}")
    print("nothing is wrong" if not wrong else f"{wrong} things are wrong")
    return 1 if wrong else 0
