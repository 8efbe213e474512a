"""Questions to a policy: what reaches what and why, what changed, what is said twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from isthmus.model.service import Service
from isthmus.trust.zones.policy import Policy, Way, merged


@dataclass(frozen=True, slots=True)
class Route:
    """How one zone reaches another: straight by `ways`, or by hands over `via` zones between.

    A firewall passes no flow on: whoever wants to go `via` others needs a foothold in each.
    """

    source: str
    target: str
    reached: bool
    why: str
    ways: tuple[Way, ...] = ()
    via: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What one zone may do in another under a new policy, and could not under the old; or lost."""

    source: str
    target: str
    opened: tuple[Service, ...]
    closed: tuple[Service, ...]


def reach(policy: Policy, source: str, target: str) -> Route:
    """Whether and how `source` gets to `target`; KeyError where one of them is no zone."""
    policy.zones[source], policy.zones[target]
    if source == target:
        return Route(source, target, True, f"within {source}")
    cut = next((zone for zone in (source, target) if zone in policy.islands), "")
    if cut:
        return Route(source, target, False, f"{cut} is an island")
    ways = tuple(way for way in policy.ways if (way.source, way.target) == (source, target))
    if ways:
        return Route(source, target, True, "conduit " + ", ".join(way.id for way in ways), ways)
    via = _hops(policy, source, target)
    if via:
        text = f"not at once; over {', '.join(via[1:-1])} by whoever holds a machine there"
        return Route(source, target, False, text, via=via[1:-1])
    return Route(source, target, False, f"no conduit leads from {source} to {target}")


def _hops(policy: Policy, source: str, target: str) -> tuple[str, ...]:
    """The shortest chain of zones from one to the other, empty where there is none."""
    waiting: list[tuple[str, ...]] = [(source,)]
    seen = {source} | policy.islands
    for trail in waiting:
        for way in policy.ways:
            if way.source == trail[-1] and way.target not in seen:
                if way.target == target:
                    return (*trail, target)
                seen.add(way.target)
                waiting.append((*trail, way.target))
    return ()


def diff(old: Policy, new: Policy) -> list[Change]:
    """What opens and what closes between zones, from the one policy to the other."""
    pairs = dict.fromkeys((way.source, way.target) for policy in (old, new) for way in policy.ways)
    changes = []
    for source, target in sorted(pairs):
        before, after = _open(old, source, target), _open(new, source, target)
        change = Change(source, target, _minus(after, before), _minus(before, after))
        if change.opened or change.closed:
            changes.append(change)
    return changes


def moved(old: Policy, new: Policy) -> list[str]:
    """Zones whose networks, or whose being cut off, differ; and the floor, where it does."""
    lines = []
    for zone in sorted({*old.zones, *new.zones}):
        before, after = old.zones.get(zone), new.zones.get(zone)
        if before != after:
            lines.append(f"{zone}: networks {_listed(before)} become {_listed(after)}")
        if (zone in old.islands) != (zone in new.islands):
            lines.append(f"{zone}: {'becomes an island' if zone in new.islands else 'is joined'}")
    if (old.management, old.floor) != (new.management, new.floor):
        lines.append(f"management: {_listed(old.management)} becomes {_listed(new.management)}")
    return lines


def redundant(policy: Policy) -> Iterator[tuple[Way, Way]]:
    """Each conduit that allows nothing which another does not, and that other."""
    for place, way in enumerate(policy.ways):
        for number, other in enumerate(policy.ways):
            same = (way.source, way.target) == (other.source, other.target) and way is not other
            if same and _covers(other, way) and (not _covers(way, other) or number < place):
                yield way, other
                break


def _covers(wide: Way, narrow: Way) -> bool:
    return all(any(one.covers(each) for one in wide.services) for each in narrow.services)


def _open(policy: Policy, source: str, target: str) -> tuple[Service, ...]:
    if policy.islands & {source, target}:
        return ()
    return merged(
        service
        for way in policy.ways
        if (way.source, way.target) == (source, target)
        for service in way.services
    )


def _minus(held: tuple[Service, ...], other: tuple[Service, ...]) -> tuple[Service, ...]:
    """The ports of `held` that are not in `other`."""
    left = list(held)
    for gone in other:
        parts: list[Service] = []
        for one in left:
            if one.protocol != gone.protocol or one.last < gone.first or gone.last < one.first:
                parts.append(one)
                continue
            if one.first < gone.first:
                parts.append(Service(one.protocol, one.first, gone.first - 1))
            if gone.last < one.last:
                parts.append(Service(one.protocol, gone.last + 1, one.last))
        left = parts
    return tuple(left)


def _listed(held: object) -> str:
    return ", ".join(map(str, held)) if isinstance(held, tuple) and held else "nothing"
