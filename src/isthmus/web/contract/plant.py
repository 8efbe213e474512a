"""The plant: equipment and tags."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds


class LimitsInfo(Answer):
    """Process limits in the tag's unit."""

    low_low: float | None = None
    low: float | None = None
    high: float | None = None
    high_high: float | None = None


class TagInfo(Answer):
    """One tag of the catalogue; `id` is what live and history are asked with."""

    id: int
    path: str
    name: str
    equipment: str
    unit: str = ""
    kind: Literal["number", "boolean", "enumeration", "text"] = "number"
    range: tuple[float, float] | None = None
    normal: tuple[float, float] | None = None
    specification: tuple[float, float] | None = None
    limits: LimitsInfo = LimitsInfo()
    legend: dict[int, str] = {}
    counter: bool = False
    writable: bool = False
    role: str = ""
    description: str = ""
    link: str = ""


class EquipmentInfo(Answer):
    """One piece of equipment; `tags` are ids; children are nested."""

    path: str
    name: str
    title: str
    level: Literal["area", "work_center", "work_unit", "equipment_module"]
    type: str = ""
    tags: list[int] = []
    headline: Annotated[list[int], Field(description="Up to 3 analog tags for the strip.")] = []
    state: Annotated[int | None, Field(description="Tag id of the PackML state.")] = None
    cause: Annotated[int | None, Field(description="Tag id of the reason not to run.")] = None
    flow: list[str] = []
    buffers: list[int] = []
    ideal_rate_per_min: float | None = None
    facts: dict[str, str | float] = {}
    owners: dict[str, str] = {}
    links: list[str] = []
    zone: str = ""
    children: list[EquipmentInfo] = []


class PlantInfo(Answer):
    """The whole plant and where its clock stands; asked once a page."""

    enterprise: str
    site: str
    timezone: str
    currency: str
    version: str
    now: Milliseconds
    clock_rate: Annotated[float, Field(description="Plant seconds per real second.")] = 1.0
    areas: list[EquipmentInfo]
    tags: list[TagInfo]
