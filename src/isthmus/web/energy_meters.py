"""The tree of meters for the page: kWh, money and CO2 of each, and which of them are silent."""

from __future__ import annotations

import numpy as np

from isthmus.model.plant import Plant
from isthmus.model.sample import Floats
from isthmus.runtime.app import App
from isthmus.runtime.figures.assumed import assumptions
from isthmus.runtime.figures.emission import emission
from isthmus.runtime.figures.meters import MeterFigures, leaves, meter_tree
from isthmus.runtime.figures.read import Window
from isthmus.runtime.figures.tariff import Tariff
from isthmus.web.access import Sight
from isthmus.web.contract.energy import MeterNode, MeterTree
from isthmus.web.ribbon import title

NOTHING = "No meter is computed: `meters: {rest: {of: main/meter, less: [...]}}` in plant.yaml."


def metered(app: App, seen: Sight, window: Window) -> MeterTree:
    """The meters of the site; those made of what may not be seen are left out."""
    found = meter_tree(app.records, window)
    price, factor = Tariff.of(app.plant).over(found.edges), emission(app.records, found.edges).kg
    shown = [
        one
        for one in found.meters
        if all(seen.one(path) for path in leaves(app.plant, one.node.name))
    ]
    paths = {one.node.name: one.path for one in shown}
    return MeterTree(
        window=window.name,
        start=float(found.edges[0]) / 1e6,
        end=float(found.edges[-1]) / 1e6,
        hours=len(found.edges) - 1,
        currency=app.plant.currency,
        meters=[_node(app.plant, one, paths, price, factor) for one in shown],
        notes=[*_notes(app, shown), *assumptions(app.plant)],
    )


def _node(
    plant: Plant, one: MeterFigures, paths: dict[str, str], price: Floats, factor: Floats
) -> MeterNode:
    known = one.total is not None
    return MeterNode(
        path=one.path,
        title=title(unit) if (unit := plant.equipment(one.path)) else one.title,
        how=one.node.how,
        depth=one.node.depth,
        parent=paths.get(one.node.parent, ""),
        kw=one.kw,
        kwh=one.total,
        money=float(np.nansum(one.kwh * price)) if known else None,
        co2_kg=float(np.nansum(one.kwh * factor)) if known else None,
        hours=one.hours,
        missing=list(one.missing),
    )


def _notes(app: App, shown: list[MeterFigures]) -> list[str]:
    if not app.plant.meters:
        return [NOTHING]
    silent = dict.fromkeys(path for one in shown for path in one.missing)
    notes = [
        f"Hours of {path} are not known: what it is a part of is not either." for path in silent
    ]
    return [
        *notes,
        *(
            f"{one.title} is negative: what is taken away counts more than the whole."
            for one in shown
            if one.total is not None and one.total < 0
        ),
    ]
