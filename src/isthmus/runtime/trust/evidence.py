"""Evidence of a site for the requirements of IEC 62443-3-3, zone by zone, from what is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from isthmus.historian.backup.state import remembered
from isthmus.model.errors import IsthmusError
from isthmus.model.plant import Plant, Zone
from isthmus.runtime.trust.hops import hops
from isthmus.runtime.trust.zones import FOLDER
from isthmus.trust.zones import own
from isthmus.trust.zones.boundary import APPLIED
from isthmus.trust.zones.levels import FAILS, Assessment, Evidence, assess
from isthmus.trust.zones.policy import Policy
from isthmus.trust.zones.rules import Hook, compile_rules


def assessments(plant: Plant, policy: Policy, folder: Path) -> list[Assessment]:
    """Each zone of the plant against its target, by what its data folder and file show."""
    return [
        assess(name, zone.target, evidence(plant, policy, folder, zone))
        for name, zone in plant.zones.items()
    ]


def evidence(plant: Plant, policy: Policy, folder: Path, zone: Zone) -> Iterator[Evidence]:
    """What can be seen of `zone`; of the one in which the site stands also what the site does."""
    yield from _wires(plant, policy, zone)
    yield from _boundary(policy, folder, zone)
    if zone.name == own.here(plant):
        yield from _people(plant, folder)
        yield from _records(plant, folder)
        yield from _site(plant, folder)


def _wires(plant: Plant, policy: Policy, zone: Zone) -> Iterator[Evidence]:
    """Integrity and secrecy of what leads into the zone from us."""
    plain = {hop.what: hop for hop in hops(plant)}
    ends = [need for need in own.needs(plant, policy) if zone.name in (need.source, need.target)]
    if not ends:
        return
    bare = sorted(need.what for need in ends if need.what in plain)
    if bare:
        text = f"nothing protects {', '.join(bare)}"
        for requirement in ("1.2", "3.1", "4.1", "4.3"):
            yield Evidence(requirement, FAILS, text)
        return
    text = f"{len(ends)} links, each with certificates or within this machine"
    yield Evidence("1.2", 1, text)
    yield Evidence("3.1", 1, text)
    yield Evidence("4.1", 1, text)
    yield Evidence("4.3", 0, text)


def _boundary(policy: Policy, folder: Path, zone: Zone) -> Iterator[Evidence]:
    """Segmentation, and whether this machine's confirmed rules are those of the plant file."""
    if not policy.zones[zone.name]:
        yield Evidence("5.1", FAILS, "it has no networks: nothing can tell it apart")
        return
    yield Evidence("5.1", 0, "networks of its own, which no other zone has")
    try:
        applied = (folder / FOLDER / APPLIED).read_text("utf-8")
    except OSError:
        return
    hooks: tuple[Hook, ...] = ("forward", "input")  # as `isthmus zones apply` loads them
    joined = replace(policy, islands=frozenset())
    same = {compile_rules(one, hook=hook) for one in (policy, joined) for hook in hooks}
    if applied in same:
        text = "deny by default, islands, closed when it fails; as the plant file says"
        yield Evidence("5.2", 3, text)
    elif "would-deny" in applied:
        yield Evidence("5.2", FAILS, "its boundary only logs")
    else:
        yield Evidence("5.2", FAILS, "its boundary has other rules than the plant file says")


def _people(plant: Plant, folder: Path) -> Iterator[Evidence]:
    count = accounts(folder)
    if count:
        text = f"{count} accounts of their own; guesses wait"
        for requirement, met in (("1.1", 0), ("1.3", 0), ("1.4", 0), ("1.5", 0), ("1.11", 0)):
            yield Evidence(requirement, met, text)
    else:
        yield Evidence("1.1", FAILS, "no accounts: whoever comes uses the owner's key")
    granted = len(plant.access.grants)
    if granted:
        yield Evidence("2.1", 2, f"{granted} roles granted in the plant file, all else denied")
    else:
        yield Evidence("2.1", FAILS, "the plant file grants no roles: `access: {grants}`")


def _records(plant: Plant, folder: Path) -> Iterator[Evidence]:
    if not (folder / "trust" / "ledger").is_dir():
        yield Evidence("2.8", FAILS, "there is no ledger")
        return
    text = "the ledger: chained, signed, with warning and retention"
    for requirement, met in (("2.8", 1), ("2.9", 1), ("2.10", 0), ("2.12", 0), ("3.9", 0)):
        yield Evidence(requirement, met, text)
    yield Evidence("6.1", 1, "the ledger is read by command, by pages and over HTTP")
    anchor = str(plant.ledger.get("anchor") or "")
    yield Evidence("2.11", 0, "each record has the wall's and the plant's time")
    if not anchor:
        yield Evidence("3.9", 0, "no anchor in another place vouches for the ledger's end")


def _site(plant: Plant, folder: Path) -> Iterator[Evidence]:
    if (folder / "pki" / "ca.crt").exists():
        text = "the plant's authority, short lives, revocation in seconds"
        yield Evidence("1.8", 0, text)
        yield Evidence("1.9", 0, text)
    if not plant.bus.get("url"):
        yield Evidence("3.4", 0, "the bus's program is checked by SHA-256 at each start")
    yield Evidence("7.6", 1, "the plant file, and `isthmus zones show --json`")
    yield Evidence("7.8", 0, "`isthmus sbom` and the plant file's equipment")
    try:
        state = remembered(folder)
    except IsthmusError as error:
        yield Evidence("7.3", FAILS, str(error))
        return
    if state is None or not state.made:
        yield Evidence("7.3", FAILS, "no backup was ever made")
    elif state.error or state.damaged:
        yield Evidence("7.3", FAILS, state.error or "the backup leaves out what is damaged")
    else:
        proven = "made by schedule; `isthmus doctor` restores a part" if state.every else "made"
        yield Evidence("7.3", 2 if state.every else 0, f"{state.point}, {proven}")


def accounts(folder: Path) -> int:
    """How many accounts there are, whatever their file holds besides."""
    try:
        found = json.loads((folder / "trust" / "accounts.json").read_text("utf-8"))
    except (OSError, ValueError):
        return 0
    held = found.get("accounts", found) if isinstance(found, dict) else found
    return len(held) if isinstance(held, dict | list) else 0
