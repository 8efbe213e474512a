"""What moves the energy of a line, by the hour: pieces, products, running time, weather."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from isthmus.insight.accounting.accounts import Look
from isthmus.insight.energy.regression import Regression
from isthmus.insight.series import Series
from isthmus.model.measure import Driver
from isthmus.model.plant import Equipment
from isthmus.model.sample import Floats, Int64s, Nanoseconds
from isthmus.model.tag import Tag
from isthmus.runtime.figures.pieces import Pieces
from isthmus.runtime.figures.read import Records, Shelf, bottleneck
from isthmus.runtime.figures.worked import worked

PIECES = "good pieces"
UNTOLD = "product not told"


def driver_tags(records: Records, line: Equipment, drivers: Sequence[Driver]) -> list[Tag | None]:
    """The tags that `columns` needs beside counters."""
    wanted = {driver.tag for driver in drivers if driver.tag}
    found: list[Tag | None] = [tag for tag in records.plant.tags() if tag.path in wanted]
    unit = bottleneck(line)
    if unit and any(driver.kind == "running_time" for driver in drivers):
        found += [unit.tag("state"), unit.tag("cause")]
    return found


def columns(
    records: Records,
    line: Equipment,
    drivers: Sequence[Driver],
    shelf: Shelf,
    edges: Int64s,
    pieces: Floats,
) -> dict[str, Floats]:
    """Good pieces and each driver in the buckets between `edges` (ns), NaN where not known.

    With the mix of products a column for each product stands for the pieces. Where nobody counts
    them the other drivers stand alone: what makes no pieces is moved by something else.
    """
    tags = {tag.path: tag for tag in records.plant.tags()}
    found: dict[str, Floats] = {}
    if any(driver.kind == "product_mix" for driver in drivers):
        found |= _mix(records, line, shelf, edges, pieces)
    elif counts(line) or not drivers:
        found[PIECES] = pieces
    for driver in drivers:
        if driver.kind == "running_time":
            found[driver.name] = _running(line, shelf, edges)
        elif driver.kind == "tag":
            found[driver.name] = _counted(
                driver, shelf.of(tags.get(driver.tag)).bucket_means(edges)
            )
    return found


def counts(line: Equipment) -> bool:
    """Whether anything counts the good pieces of the line."""
    unit = bottleneck(line)
    return unit is not None and unit.tag("good_count") is not None


def against(found: Regression, drivers: Mapping[str, Floats]) -> dict[str, Floats]:
    """The columns that `found` needs, one at least.

    NaN in hours in which a product was made that it never saw: nobody knows what that takes.
    """
    names = [term.name for term in found.terms[1:]] or list(drivers)[:1]
    size = len(next(iter(drivers.values()), ()))
    strange = np.zeros(size, np.bool_)
    for name, column in drivers.items():
        if name.startswith(f"{PIECES}, ") and name not in names:
            strange |= column > 0
    return {name: np.where(strange, np.nan, drivers.get(name, np.zeros(size))) for name in names}


def _counted(driver: Driver, mean: Floats) -> Floats:
    if driver.heating_below is not None:
        return np.maximum(driver.heating_below - mean, 0.0)
    if driver.cooling_above is not None:
        return np.maximum(mean - driver.cooling_above, 0.0)
    return mean


def _running(line: Equipment, shelf: Shelf, edges: Int64s) -> Floats:
    """The share of each bucket in which the bottleneck runs, NaN where its state is not known."""
    unit = bottleneck(line)
    if unit is None or unit.tag("state") is None:
        return np.full(len(edges) - 1, np.nan)
    accounts = shelf.accounts(unit)
    runs = [
        np.nan if look is Look.UNKNOWN else float(look is Look.RUN) for look in accounts.looks()
    ]
    window = shelf.window
    return Series(accounts.start, np.array(runs), window.start, window.end).bucket_means(edges)


def _mix(
    records: Records, line: Equipment, shelf: Shelf, edges: Int64s, pieces: Floats
) -> dict[str, Floats]:
    """Good pieces by product; an hour in which two were made is cut where the product changed."""
    span = Nanoseconds(int(edges[0])), Nanoseconds(int(edges[-1]))
    found = worked(records, line, "product", span)
    if found is None:
        return {f"{PIECES}, {UNTOLD}": pieces}
    cuts = np.union1d(edges, found.start[(found.start > span[0]) & (found.start < span[1])])
    made = Pieces.of(shelf, line).per_bucket(cuts)
    product = found.order[np.searchsorted(found.start, cuts[:-1], side="right") - 1]
    hour = np.searchsorted(edges, cuts[:-1], side="right") - 1
    mixed: dict[str, Floats] = {}
    for number in sorted(set(product.tolist())):
        name = f"{PIECES}, {found.names[number] if number >= 0 else UNTOLD}"
        own = np.where(product == number, made, 0.0)
        column = np.bincount(hour, weights=own, minlength=len(edges) - 1)
        if number >= 0 or np.nansum(column) > 0:
            before = mixed.get(name, np.zeros(len(column)))
            mixed[name] = np.asarray(column + before, np.float64)
    return mixed or {f"{PIECES}, {UNTOLD}": pieces}
