"""`python -m isthmus.demo --folder F --pace WALL:PLANT:RATE --broker mqtts://127.0.0.1:8883`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from isthmus.demo.app import Settings, main
from isthmus.model.clock import Pace


def _settings(arguments: list[str]) -> Settings:
    parser = argparse.ArgumentParser("isthmus.demo", description="A bottling line to look at.")
    parser.add_argument("--folder", type=Path, required=True, help="its files and plant.yaml")
    parser.add_argument("--seed", type=int, default=7, help="what chance starts from")
    parser.add_argument("--pace", type=Pace.parse, required=True, help="wall:plant:rate, ns UTC")
    parser.add_argument("--state", type=Path, help="where the back-fill left the plant")
    parser.add_argument("--past", action="store_true", help="wait for --state to be written")
    parser.add_argument("--broker", default="", help="MQTT broker of the packer; none: no packer")
    parser.add_argument("--broker-ca", default="", help="PEM file that the broker is checked by")
    parser.add_argument("--broker-user", default="", help="the packer's name at the broker")
    parser.add_argument("--broker-password-file", default="", help="file that holds its password")
    given = parser.parse_args(arguments)
    return Settings(
        given.folder.absolute(), given.seed, given.pace, given.broker, given.broker_ca,
        given.broker_user, given.broker_password_file, given.state, given.past,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(_settings(sys.argv[1:])))
