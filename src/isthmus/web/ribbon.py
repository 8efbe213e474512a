"""State ribbons: the time accounts of units as stretches to draw."""

from __future__ import annotations

from isthmus.insight.accounting.accounts import Accounts, Look
from isthmus.model.plant import Equipment
from isthmus.model.sample import Nanoseconds
from isthmus.model.state import PACKML
from isthmus.runtime.app import App
from isthmus.runtime.figures.read import Window, units
from isthmus.web import contract

MOST = 2_000


def ribbons(
    app: App, place: Equipment, start: Nanoseconds, end: Nanoseconds
) -> list[contract.Ribbon]:
    """The ribbon of a unit that has a state, or those of all units of a line."""
    found = [place] if place.tag("state") else units(place)
    end = min(end, app.now())
    if end <= start:
        return []
    window = Window("", start, end)
    tags = [unit.tag(role) for unit in found for role in ("state", "cause")]
    shelf = app.records.shelf(tags, window)
    return [ribbon(unit, shelf.accounts(unit)) for unit in found]


def ribbon(unit: Equipment, accounts: Accounts) -> contract.Ribbon:
    """One unit's stretches, at most 2,000: the shortest join their neighbours before."""
    looks, words = accounts.looks(), accounts.words
    stretches: list[contract.Interval] = []
    total = float(accounts.seconds.sum())
    least = total / MOST if len(looks) > MOST else 0.0
    rows = zip(
        accounts.start.tolist(),
        accounts.end.tolist(),
        accounts.state.tolist(),
        accounts.cause.tolist(),
        looks,
        strict=True,
    )
    for start, end, state, cause, look in rows:
        if stretches and (end - start) / 1e9 < least:
            last = stretches[-1]
            stretches[-1] = last.model_copy(update={"end": end / 1e6})
            continue
        stretches.append(
            contract.Interval(
                start=start / 1e6,
                end=end / 1e6,
                state=PACKML.get(state, "unknown"),
                cause=words.get(cause, "").replace("_", " ") if cause else "",
                look=look.value,
            )
        )
    return contract.Ribbon(
        path=unit.path,
        title=title(unit),
        intervals=stretches,
        stops=accounts.stops,
        known=Look.UNKNOWN not in looks,
    )


def title(unit: Equipment) -> str:
    """What people call it."""
    return unit.title or unit.name.replace("_", " ").capitalize()
