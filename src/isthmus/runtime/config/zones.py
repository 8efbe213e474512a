"""What is wrong with zones and conduits beyond their shape: overlaps, skipped levels, loops."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import combinations

from isthmus.model.plantfile import PlantFile
from isthmus.runtime.config.report import Report
from isthmus.runtime.config.tree import Names

BUSINESS, CONTROL = 4, 2  # levels that never meet without one between


def check_zones(file: PlantFile, names: Names, report: Report) -> None:
    """Report the mistakes of the sections `zones` and `conduits`."""
    _check_networks(file, report)
    here = [name for name, zone in file.zones.items() if zone.here]
    for name in here[1:]:
        text = f"the site stands in `{here[0]}` already"
        report.add(("zones", name, "here"), text, "one zone alone is `here`")
    for number, conduit in enumerate(file.conduits):
        for key, zone in (("from", conduit.source), ("to", conduit.target)):
            if zone not in names.zones:
                where = ("conduits", number, key)
                report.unknown(where, f"there is no zone `{zone}`", zone, sorted(names.zones))
        if names.teams and conduit.owner and conduit.owner not in names.teams:
            where = ("conduits", number, "owner")
            text = f"there is no team `{conduit.owner}`"
            report.unknown(where, text, conduit.owner, sorted(names.teams))
        _check_levels(file, number, report)
    _check_readers(file, names, report)


def _check_readers(file: PlantFile, names: Names, report: Report) -> None:
    for name, reader in file.bus.readers.items():
        if reader.zone not in names.zones:
            where = ("bus", "readers", name, "zone")
            report.unknown(
                where, f"there is no zone `{reader.zone}`", reader.zone, sorted(names.zones)
            )
    if file.bus.readers and file.bus.url:
        text = "readers are let in by our own bus, and `url` names another"
        report.add(("bus", "readers"), text, "let the cluster's own accounts say who may read")


def _check_levels(file: PlantFile, number: int, report: Report) -> None:
    conduit = file.conduits[number]
    where = ("conduits", number, "to")
    if conduit.source == conduit.target:
        text = f"a conduit from `{conduit.source}` to itself"
        report.add(where, text, "what stays within a zone needs none: take it out")
        return
    found = file.zones.get(conduit.source), file.zones.get(conduit.target)
    if found[0] is None or found[1] is None:
        return
    low, high = sorted((found[0].level, found[1].level))
    if high >= BUSINESS and low <= CONTROL:
        text = (
            f"`{conduit.source}` to `{conduit.target}` leads from level {found[0].level:g} "
            f"to level {found[1].level:g} at once"
        )
        report.add(where, text, "lead it through a zone of level 3 or 3.5, two conduits")


def _check_networks(file: PlantFile, report: Report) -> None:
    placed: list[tuple[str, int, IPv4Network | IPv6Network]] = [
        (name, number, ip_network(text))
        for name, zone in file.zones.items()
        for number, text in enumerate(zone.networks)
    ]
    for (first, _, one), (second, place, other) in combinations(placed, 2):
        if first != second and one.version == other.version and one.overlaps(other):
            text = f"`{other}` of `{second}` overlaps `{one}` of `{first}`"
            hint = "an address stands in one zone: divide the networks"
            report.add(("zones", second, "networks", place), text, hint)
