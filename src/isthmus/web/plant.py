"""The plant as the pages need it: equipment, tags, and where the clock stands."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter

from isthmus import __version__
from isthmus.model.plant import Equipment
from isthmus.model.tag import Kind, Tag
from isthmus.model.unit import display
from isthmus.runtime.app import App
from isthmus.web import contract
from isthmus.web.access import Seen, Sight

INTERNAL = frozenset({"orders"})  # told to the pages in another form
HEADLINE = (
    *("speed", "bowl_pressure", "fill_volume", "bearing_vibration", "cap_torque"),
    *("label_offset", "film_left", "glue_temperature", "cartons_left", "pallet", "drive_power"),
    *("pressure", "power", "motor_temp", "vibration"),
)


def routes(app: App) -> APIRouter:
    """The routes that tell the plant."""
    router = APIRouter(prefix="/api", tags=["plant"])

    @router.get("/plant", summary="The whole plant; asked once a page")
    def plant(seen: Seen) -> contract.PlantInfo:
        return info(app, seen)

    return router


def info(app: App, seen: Sight) -> contract.PlantInfo:
    """The plant as far as it may be seen; tags of equipment come in the order of the file."""
    areas = [found for area in app.plant.areas if (found := _seen(area, seen))]
    links = {path: name for name, link in app.plant.connections.items() for path in link.addresses}
    return contract.PlantInfo(
        enterprise=app.plant.enterprise,
        site=app.plant.site,
        timezone=app.plant.timezone,
        currency=app.plant.currency,
        version=__version__,
        now=app.now() / 1e6,
        clock_rate=app.pace.rate if app.pace else 1.0,
        areas=[_equipment(app, area, links) for area in areas],
        tags=[
            _tag(number, tag, links.get(tag.path, ""))
            for tag in app.plant.tags()
            if seen.one(tag.path) and (number := app.namespace.id(tag.path)) is not None
        ],
    )


def _seen(unit: Equipment, seen: Sight) -> Equipment | None:
    """The equipment with what may be seen of it and below it, None where that is nothing."""
    if seen.everything:
        return unit
    tags = tuple(tag for tag in unit.tags if seen.one(tag.path))
    below = tuple(found for child in unit.children if (found := _seen(child, seen)))
    if seen.one(unit.path):
        return replace(unit, tags=tags, children=below)
    if not (tags or below):
        return None
    flow = tuple(step for step in unit.flow if seen.one(step.unit))
    return replace(unit, tags=tags, children=below, flow=flow, facts={}, owners={})


def _equipment(app: App, unit: Equipment, links: dict[str, str]) -> contract.EquipmentInfo:
    namespace = app.namespace
    state, cause = unit.tag("state"), unit.tag("cause")
    used = sorted({links[tag.path] for tag in unit.tags if tag.path in links})
    zones = {app.plant.connections[name].config.zone for name in used} - {""}
    buffers = {step.unit: step.buffer for step in unit.flow}
    return contract.EquipmentInfo(
        path=unit.path,
        name=unit.name,
        title=unit.title or unit.name.replace("_", " ").capitalize(),
        level=unit.level.value,
        type=unit.type,
        tags=[
            number
            for tag in unit.tags
            if tag.name not in INTERNAL and (number := namespace.id(tag.path)) is not None
        ],
        headline=[
            number for tag in headline(unit) if (number := namespace.id(tag.path)) is not None
        ],
        state=namespace.id(state.path) if state else None,
        cause=namespace.id(cause.path) if cause else None,
        flow=[step.unit for step in unit.flow],
        buffers=list(buffers.values()),
        ideal_rate_per_min=unit.ideal_rate * 60 if unit.ideal_rate else None,
        facts={key: _fact(value) for key, value in unit.facts.items()},
        owners=dict(unit.owners),
        links=used,
        zone=", ".join(sorted(zones)),
        children=[_equipment(app, child, links) for child in unit.children],
    )


def _fact(value: str | float) -> str | float:
    return value if isinstance(value, str) else float(value)


def headline(unit: Equipment) -> list[Tag]:
    """The three analog tags for the strip: those with a band first, then well-known names."""
    analog = [tag for tag in unit.tags if tag.kind is Kind.NUMBER and not tag.counter]

    def rank(tag: Tag) -> tuple[bool, int]:
        known = HEADLINE.index(tag.name) if tag.name in HEADLINE else len(HEADLINE)
        return (tag.normal is None and tag.range is None, known)

    return sorted(analog, key=rank)[:3]


def _tag(number: int, tag: Tag, link: str) -> contract.TagInfo:
    return contract.TagInfo(
        id=number,
        path=tag.path,
        name=tag.name,
        equipment=tag.equipment,
        unit=display(tag.unit) if tag.unit else "",
        kind=tag.kind.value,
        range=tag.range,
        normal=tag.normal,
        specification=tag.specification,
        limits=contract.LimitsInfo(
            low_low=tag.limits.low_low,
            low=tag.limits.low,
            high=tag.limits.high,
            high_high=tag.limits.high_high,
        ),
        legend=dict(tag.legend),
        counter=tag.counter is not None,
        writable=tag.writable,
        role=tag.role,
        description=tag.description,
        link=link,
    )
