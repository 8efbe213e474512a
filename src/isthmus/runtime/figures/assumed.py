"""What money and CO2 rest on where the plant file says nothing of them."""

from __future__ import annotations

from isthmus.model.plant import Plant
from isthmus.runtime.figures.emission import CO2, factors
from isthmus.runtime.figures.tariff import PRICE, Tariff


def assumed_price(plant: Plant) -> str:
    """What is to be said wherever money of energy is told; empty where the plant file tells it."""
    if not Tariff.of(plant).assumed:
        return ""
    return f"No price in the plant file: {PRICE:g} {plant.currency} a kWh is assumed (`tariffs`)."


def assumptions(plant: Plant) -> list[str]:
    """What is to be said wherever money and CO2 of energy are told."""
    told, price = factors(plant), assumed_price(plant)
    notes = [price] if price else []
    if not (told.spans or told.rows or told.tag or told.otherwise is not None):
        notes.append(f"No CO2 of a kWh in the plant file: {CO2:g} kg is assumed (`tariffs`).")
    return notes
