"""Write dashboards and provisioning for Grafana, from the plant file.

Grafana reads history through the SQL endpoint (`sql:` in the plant file) as PostgreSQL.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from isthmus.cli.remote import data_argument, data_folder
from isthmus.model.errors import ConfigError

EXAMPLE = """examples:
  isthmus grafana dashboards --out grafana
  isthmus grafana dashboards --plant plant.yaml --address site.acme:5433 --user grafana --out /etc/grafana/isthmus
"""  # noqa: E501
ADDRESS = "127.0.0.1:5433"


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("what", choices=("dashboards",), help="what to make")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write into")
    parser.add_argument(
        "--plant", type=Path, help="plant file (plant.yaml, else the demonstration's)"
    )
    parser.add_argument("--address", help="host:port of the SQL endpoint, as Grafana reaches it")
    parser.add_argument("--user", default="grafana", help="of the SQL endpoint (grafana)")
    parser.add_argument("--ca", help="where the plant's ca.crt lies on Grafana's machine")
    parser.add_argument("--folder", help="where the dashboards lie on Grafana's machine")
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from isthmus.runtime.config import load
    from isthmus.runtime.grafana.provision import CA, FOLDER, files

    data = data_folder(args.data)
    plant = load(_plant_file(args.plant, data))
    made = files(
        plant,
        address=args.address or _address(data),
        user=args.user,
        ca=args.ca or CA,
        folder=args.folder or FOLDER,
    )
    for name, text in made.items():
        file = args.out / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    if args.json:
        print(json.dumps({"files": [str(args.out / name) for name in made]}))
        return 0
    print(f"wrote {len(made)} files to {args.out}")
    print(
        f"next: `isthmus sql user add {args.user}`; copy {args.out}/provisioning to Grafana's own,"
    )
    print(f"{args.out}/dashboards to {args.folder or FOLDER}, the plant's pki/ca.crt to")
    print(f"{args.ca or CA}, and set ISTHMUS_SQL_PASSWORD in Grafana's environment")
    return 0


def _plant_file(given: Path | None, data: Path) -> Path:
    """The file that was named, else plant.yaml here, else the demonstration's."""
    if given is not None:
        return given
    places = (Path("plant.yaml"), data.parent / "plant.yaml", data.parent / "plant" / "plant.yaml")
    found = next((place for place in places if place.exists()), None)
    if found is None:
        raise ConfigError("there is no plant file here", hint="name it with --plant")
    return found


def _address(data: Path) -> str:
    """Where the endpoint of a running site answers, else where one usually does."""
    try:
        return (data / "sql" / "address").read_text("ascii").strip() or ADDRESS
    except OSError:
        return ADDRESS
