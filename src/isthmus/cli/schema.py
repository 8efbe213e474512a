"""Print the JSON Schema of the plant file, so that an editor completes and checks it."""

from __future__ import annotations

import argparse
import json

EXAMPLE = """examples:
  isthmus schema > plant.schema.json

In plant.yaml, for editors with the YAML language server:
  # yaml-language-server: $schema=plant.schema.json
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes: nothing more."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from isthmus.runtime.config import schema

    print(json.dumps(schema(), indent=None if args.json else 2))
    return 0
