"""How a running plant stands: silent connections, weaknesses, findings, what the pilot brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isthmus.model.plant import Equipment
from isthmus.runtime.figures.energy import energy
from isthmus.runtime.figures.measure import verified

if TYPE_CHECKING:
    from isthmus.runtime.app import App


def silence(app: App) -> float | None:
    """Seconds since the connection that is silent longest told a good value; None without any.

    One that never did is silent since it was opened; one without tags has no value to tell.
    """
    now, links = app.now(), [link for link in app.links.values() if link.bindings]
    heard = [link.health.last_good or link.health.begun for link in links]
    known = [max(0, now - each) / 1e9 for each in heard if each is not None]
    return max(known, default=None)


def weaknesses(app: App) -> int:
    """What is to mend of the plant's security."""
    trust = app.trust
    ways = sum(hop.weight == "wrong" for hop in trust.certificates.hops())
    zones = sum(one.state == "wrong" for one in trust.zones.findings())
    ledger = bool(trust.ledger.trouble) + bool(trust.ledger.anchor_trouble)
    return ways + zones + ledger + len(list(trust.identity.emergencies.unreviewed()))


def findings(app: App) -> int:
    """What asks for a person: alarms, limits, connections, exports, bus, history."""
    watched = app.alarms.limits()
    free = sum(app.path(each.tag) not in watched for each in app.limits.found)
    down = sum(link.health.condition in ("down", "refused") for link in app.links.values())
    site = (app.bus_state() != "up") + bool(app.trouble())
    asking = len(app.alarms.asking()) + free
    return asking + down + len(app.exports.failing()) + site


def benefit(app: App, line: Equipment) -> float | None:
    """Money that the verified measures of the line saved; without any, against its baseline."""
    records = app.records
    declared = [each for each in records.plant.measures if each.line == line.path]
    if declared:
        told = [found.saving for each in declared if (found := verified(records, each))]
        judged = [each.money[0] for each in told if each]
        return sum(judged) if judged else None
    window = records.window(line, "week" if line.baseline else "day")
    won = energy(records, line, window).saving
    return won.money[0] if won else None
