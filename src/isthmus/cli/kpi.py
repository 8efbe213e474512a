"""Key figures: what there are, what they are of any equipment and window, and why.

`list`, `show` and `elements` read the plant file alone; its section `kpis` adds your own figures.
`table`, `explain`, `bottleneck`, `cycles` and `spc` ask the running site.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.cli import kpi_asked
from isthmus.cli.remote import data_argument

if TYPE_CHECKING:
    from isthmus.insight.kpi.catalogue import Catalogue
    from isthmus.model.kpi import Kpi

EXAMPLE = """examples:
  isthmus kpi
  isthmus kpi show oee_index
  isthmus kpi list --plant plant.yaml --json
  isthmus kpi elements
  isthmus kpi table packaging/line1 --last 7d --each shift
  isthmus kpi table packaging/line1 --last 7d --by product
  isthmus kpi explain packaging/line1 oee_index --last 8h
  isthmus kpi bottleneck packaging/line1
  isthmus kpi spc packaging/line1/filler/fill_level --size 5 --lower 330 --upper 336
"""
WHAT = ("list", "show", "elements", "table", "explain", "bottleneck", "cycles", "spc")
USUAL = (Path("plant.yaml"), Path("demo-plant/plant/plant.yaml"))


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("what", nargs="?", choices=WHAT, default="list")
    parser.add_argument("name", nargs="?", default="", help="a figure, equipment or a tag")
    parser.add_argument("figure", nargs="?", default="", help="explain: the figure's name")
    parser.add_argument("--plant", type=Path, help="file or folder (plant.yaml, else the demo's)")
    kpi_asked.configure(parser)
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    own = {"list": _list, "show": _show, "elements": _elements}
    return int((own.get(args.what) or getattr(kpi_asked, args.what))(args))


def catalogue_of(args: argparse.Namespace) -> Catalogue:
    """The key figures of the plant that is named or lies here; without one those of all plants."""
    from isthmus.insight.kpi.catalogue import Catalogue

    file = args.plant or next((place for place in USUAL if place.exists()), None)
    if file is None:
        return Catalogue.of()
    from isthmus.runtime.config import load

    return Catalogue.of(load(file).kpis.values())


def _list(args: argparse.Namespace) -> int:
    from isthmus.cli.screen import table

    catalogue = catalogue_of(args)
    if args.json:
        print(json.dumps([_told(catalogue, kpi) for kpi in catalogue.kpis.values()]))
        return 0
    rows = [
        (kpi.id, kpi.unit, kpi.formula, kpi.standard or "not ISO", _lacks(catalogue, kpi.id))
        for kpi in catalogue.kpis.values()
    ]
    print(table(("figure", "unit", "formula", "standard", "nothing tells"), rows))
    return 0


def _show(args: argparse.Namespace) -> int:
    from isthmus.cli.screen import table
    from isthmus.insight.elements import ELEMENTS
    from isthmus.model.errors import ConfigError
    from isthmus.model.path import nearest

    catalogue = catalogue_of(args)
    kpi = catalogue.kpis.get(args.name)
    if kpi is None:
        near = nearest(args.name, catalogue.kpis)
        raise ConfigError(
            f"there is no key figure `{args.name}`" if args.name else "no key figure is named",
            hint=f"did you mean `{near}`?" if near else "`isthmus kpi list` shows them",
        )
    told = _told(catalogue, kpi)
    if args.json:
        print(json.dumps(told))
        return 0
    lines = [f"{kpi.id}: {kpi.title}", f"  {kpi.formula}  in {kpi.unit}, {told['standard']}"]
    lines += [f"  {kpi.note}"] if kpi.note else []
    below = [each for each in catalogue.needed([kpi.id]) if each.id != kpi.id]
    lines += [f"  with {each.id} = {each.formula}" for each in below]
    all_elements = {**ELEMENTS, **catalogue.absent}
    rows = [
        (name, all_elements[name].unit, all_elements[name].title, "" if name in ELEMENTS else "no")
        for name in told["elements"]
    ]
    print("\n".join([*lines, "", table(("element", "unit", "what it is", "told"), rows)]))
    return 0


def _elements(args: argparse.Namespace) -> int:
    from isthmus.cli.screen import table
    from isthmus.insight.elements import ELEMENTS
    from isthmus.insight.kpi.known import ABSENT

    found = [{**asdict(each), "told": True} for each in ELEMENTS.values()]
    found += [{**asdict(each), "told": False} for each in ABSENT.values()]
    if args.json:
        print(json.dumps(found))
        return 0
    rows = [(e["name"], e["unit"], e["title"], "" if e["told"] else "no") for e in found]
    print(table(("element", "unit", "what it is", "told"), rows))
    return 0


def _told(catalogue: Catalogue, kpi: Kpi) -> dict[str, Any]:
    return {
        **asdict(kpi),
        "standard": kpi.standard or "not ISO",
        "elements": catalogue.elements(kpi.id),
        "missing": [each.name for each in catalogue.missing(kpi.id)],
    }


def _lacks(catalogue: Catalogue, kpi: str) -> str:
    return ", ".join(each.name for each in catalogue.missing(kpi))
