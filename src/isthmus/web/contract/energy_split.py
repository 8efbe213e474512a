"""Where the energy of a line or a machine went."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isthmus.web.contract.answer import Answer, Milliseconds


class EnergyPart(Answer):
    """What a state, an order or a product took."""

    name: str
    seconds: float
    kwh: float
    money: float
    co2_kg: float
    percent: Annotated[float, Field(description="Of the energy of the window.")]
    pieces: Annotated[float, Field(description="Good pieces made in it.")]
    kwh_per_piece: float | None


class MachineWaste(Answer):
    """What a machine drew while it made nothing and prepared nothing."""

    path: str
    title: str
    waste: EnergyPart
    states: list[EnergyPart]


class EnergySplit(Answer):
    """A line's or a machine's energy by state, by order and by product; each adds up to `total`."""

    path: str
    window: str
    start: Milliseconds
    end: Milliseconds
    currency: str
    total: EnergyPart | None
    states: Annotated[
        list[EnergyPart], Field(description="running, setup, idle, stopped, off, unknown")
    ]
    waste: Annotated[EnergyPart | None, Field(description="idle, stopped and off together")]
    base_load: Annotated[
        EnergyPart | None,
        Field(description="What runs whether anything is made or not, over the whole window."),
    ]
    base_load_kw: float | None
    orders: list[EnergyPart]
    products: list[EnergyPart]
    machines: Annotated[list[MachineWaste], Field(description="Most waste first.")]
    known_percent: Annotated[float, Field(description="Of the window, that its meters told.")]
    why: str
    notes: list[str] = []
