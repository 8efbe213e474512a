"""The map of zones and conduits, questions to it, and the islands."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from isthmus.model.access import OWNER, Principal
from isthmus.runtime.app import App
from isthmus.runtime.trust.evidence import assessments
from isthmus.runtime.trust.zones import Zones, record_boundary
from isthmus.trust.zones import own
from isthmus.trust.zones.islands import Island
from isthmus.trust.zones.reach import reach
from isthmus.web import contract
from isthmus.web.ask import Problem

ZoneName = Annotated[str, Query(max_length=64, description="The name of a zone.")]


def routes(app: App) -> APIRouter:
    """The routes of zones."""
    router = APIRouter(prefix="/api/zones", tags=["zones"])

    @router.get("", summary="Zones by level, conduits, and what is weak")
    def zones() -> contract.ZoneMap:
        return zone_map(app.trust.zones)

    @router.get("/reach", summary="Whether one zone gets to another, and why")
    def reached(source: ZoneName, target: ZoneName) -> contract.Reached:
        policy = app.trust.zones.policy
        try:
            route = reach(policy, source, target)
        except KeyError as error:
            raise _unknown(str(error.args[0]), app) from error
        return contract.Reached(
            reached=route.reached,
            why=route.why,
            conduits=[way.id for way in route.ways],
            via=list(route.via),
        )

    @router.get("/levels", summary="What each zone aims at, and what evidence shows")
    def levels() -> list[contract.ZoneLevels]:
        found = assessments(app.trust.zones.plant, app.trust.zones.policy, app.settings.folder)
        return [
            contract.ZoneLevels(
                zone=one.zone,
                target=one.target,
                shown=dict(one.shown),
                at_most=dict(one.at_most),
                requirements=[
                    contract.RequirementInfo(
                        id=each.requirement.id,
                        title=each.requirement.title,
                        group=each.requirement.group,
                        state=each.state,
                        seen=each.seen,
                    )
                    for each in one.judged
                ],
            )
            for one in found
        ]

    @router.post("/{zone}/island", summary="Cut a zone off, or join it again")
    def island(zone: str, wish: contract.IslandWish, request: Request) -> contract.Changed:
        if zone not in app.trust.zones.plant.zones:
            raise _unknown(zone, app)
        by = principal(request).id
        changed = app.trust.zones.isolate(zone, by, wish.reason, cut=wish.cut)
        return contract.Changed(changed=changed)

    @router.post("/boundary", summary="Record what was done with rules on this machine")
    def boundary(news: contract.BoundaryNews, request: Request) -> contract.Changed:
        by = principal(request).id
        record_boundary(app.trust.ledger, by, news.what, news.sha256, news.stage)
        return contract.Changed(changed=True)

    return router


def zone_map(zones: Zones) -> contract.ZoneMap:
    """The map as the API tells it."""
    plant, policy, islands = zones.plant, zones.policy, zones.islands.look()
    here = own.here(plant)
    ordered = sorted(plant.zones.values(), key=lambda zone: (-zone.level, zone.name))
    return contract.ZoneMap(
        here=here,
        zones=[
            contract.ZoneInfo(
                name=zone.name,
                level=zone.level,
                target=zone.target,
                networks=[str(network) for network in policy.zones[zone.name]],
                here=zone.name == here,
                island=_told(islands.get(zone.name)),
                connections=_connections(zones, zone.name),
                equipment=_equipment(zones, zone.name),
                edges=[edge.name for edge in plant.edges.values() if edge.zone == zone.name],
            )
            for zone in ordered
        ],
        conduits=[
            contract.ConduitInfo(
                id=way.id,
                source=way.source,
                target=way.target,
                allow=list(conduit.allow),
                ports=[str(service) for service in way.services],
                why=way.why,
                owner=way.owner,
            )
            for way, conduit in zip(policy.ways, plant.conduits, strict=True)
        ],
        management=[str(network) for network in policy.management],
        findings=[
            contract.ZoneFinding(about=one.about, state=one.state, text=one.text, hint=one.hint)
            for one in zones.findings()
        ],
    )


def principal(request: Request) -> Principal:
    """Who asks."""
    found = getattr(request.state, "principal", None)
    return found if isinstance(found, Principal) else Principal(OWNER)


def _told(found: Island | None) -> contract.IslandInfo | None:
    if found is None:
        return None
    return contract.IslandInfo(since=found.since * 1e3, by=found.by, reason=found.reason)


def _connections(zones: Zones, zone: str) -> list[str]:
    found = zones.plant.connections.items()
    return [name for name, connection in found if connection.config.zone == zone]


def _equipment(zones: Zones, zone: str) -> list[str]:
    """Equipment whose tags are read from devices in the zone."""
    paths = {
        path.rpartition("/")[0]
        for connection in zones.plant.connections.values()
        if connection.config.zone == zone
        for path in connection.addresses
    }
    return sorted(paths)


def _unknown(zone: str, app: App) -> Problem:
    known = ", ".join(app.trust.zones.plant.zones) or "the plant file has none"
    return Problem(404, f"there is no zone `{zone[:64]}`", f"zones: {known}")
