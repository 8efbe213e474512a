"""Where the data of a site is, and the site itself where it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from isthmus.client.remote import COUNTERS, ZONE, Remote

__all__ = ["COUNTERS", "DATA", "ZONE", "Remote", "data_argument", "data_folder"]

DATA = ".isthmus"  # beside the plant file
PLACES = (Path(DATA), Path("demo-plant/site"))


def data_argument(parser: argparse.ArgumentParser) -> None:
    """The option that says where the site's data is."""
    parser.add_argument(
        "--data", type=Path, help="the site's data folder (./.isthmus, else ./demo-plant/site)"
    )


def data_folder(given: Path | None) -> Path:
    """The data folder that was named, else the first usual one that is there."""
    if given is not None:
        return given
    return next((place for place in PLACES if place.is_dir()), PLACES[0])
