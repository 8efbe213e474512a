"""What is weak in a plant file's zones, each with what to do; what is wrong stops at its check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from isthmus.model.plant import Plant
from isthmus.trust.zones import own
from isthmus.trust.zones.policy import Policy
from isthmus.trust.zones.reach import redundant

PLAIN = frozenset({"modbus", "s7", "enip", "dnp3", "iec104", "bacnet", "mqtt", "files", "snmp"})


@dataclass(frozen=True, slots=True)
class Weakness:
    """One finding: where in the plant file, what, and what would mend it."""

    about: str
    state: Literal["wrong", "note"]
    text: str
    hint: str = ""


def findings(plant: Plant, policy: Policy) -> list[Weakness]:
    """All findings about the zones of `plant`; none where it declares none."""
    if not plant.zones:
        return []
    return [
        *_zones(plant, policy),
        *_needs(plant, policy),
        *_conduits(plant, policy),
    ]


def _zones(plant: Plant, policy: Policy) -> Iterator[Weakness]:
    if not own.here(plant):
        text = "no zone says that this site stands in it"
        yield Weakness("zones", "wrong", text, "write `here: true` at one zone")
    for name, held in policy.zones.items():
        if not held:
            text = f"{name} has no networks: no rule can guard it"
            yield Weakness(f"zones.{name}", "wrong", text, "write `networks: [10.4.1.0/24]`")
    used = {end for way in policy.ways for end in (way.source, way.target)}
    for name in policy.zones.keys() - used if len(policy.zones) > 1 else ():
        text = f"no conduit leads to or from {name}: it is cut off"
        yield Weakness(f"zones.{name}", "note", text)
    if not policy.management:
        text = "no management floor: a boundary cannot be given these rules"
        hint = "write `management: {networks: [10.9.0.0/24], allow: [ssh]}`"
        yield Weakness("management", "note", text, hint)


def _needs(plant: Plant, policy: Policy) -> Iterator[Weakness]:
    for need in own.needs(plant, policy):
        where = need.what.replace(" ", "s.", 1)
        if where.startswith("readers."):
            where = f"bus.{where}"
        verdict = own.judge(policy, need)
        if verdict is None:
            text = f"{need.what} leads to {need.host}, which stands in no zone"
            yield Weakness(where, "note", text, "name its `zone`, or add its network to one")
        elif not verdict.allowed:
            text = f"{need.what} to {need.host} port {need.port} would be stopped: {verdict.why}"
            way = f"{{from: {need.source}, to: {need.target}, allow: [{need.service}]}}"
            yield Weakness(where, "wrong", text, f"add the conduit `{way}`")


def _conduits(plant: Plant, policy: Policy) -> Iterator[Weakness]:
    for way, other in redundant(policy):
        text = f"conduit {way.id} allows nothing that {other.id} does not"
        yield Weakness(f"conduits.{way.id}", "note", text, "take it out")
    for way, conduit in zip(policy.ways, plant.conduits, strict=True):
        plain = [word for word in conduit.allow if word in PLAIN]
        if plain:
            text = f"conduit {way.id} carries {', '.join(plain)}, which nothing protects"
            yield Weakness(f"conduits.{way.id}", "note", text, "keep both ends in guarded zones")
        if not conduit.why:
            text = f"conduit {way.id} does not say what it is for"
            yield Weakness(f"conduits.{way.id}", "note", text, "write `why:`")
