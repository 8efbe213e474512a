"""What needs a person now: limits passed, links down, a bus or a history in trouble, losses."""

from __future__ import annotations

import time
from collections.abc import Iterator

from isthmus.historian.settings import LakeStats
from isthmus.insight.alarm.state import UNSEEN
from isthmus.model.sample import TagId
from isthmus.model.unit import display
from isthmus.runtime.alarm.present import Present, spelt
from isthmus.runtime.app import App
from isthmus.runtime.limits import Excess
from isthmus.web import contract
from isthmus.web.attention_told import untold

URGENT, HIGH, DIAGNOSTIC = 1, 2, 4
MOST = 50
SOON = 30  # days until the disk is full


def attention(app: App, lake: LakeStats) -> list[contract.Attention]:
    """The most urgent first, at most 50."""
    watched = app.alarms.limits()
    free = [each for each in app.limits.found if app.path(each.tag) not in watched]
    found = [_alarm(each) for each in app.alarms.asking(MOST)]
    found += [_excess(app, excess) for excess in free[:MOST]]
    found += [*_links(app), *untold(app), *_site(app, lake)]
    return sorted(found, key=lambda item: (item.priority, item.since))[:MOST]


def by_page(items: list[contract.Attention]) -> dict[str, int]:
    """The worst priority of each page that an item leads to."""
    worst: dict[str, int] = {}
    for item in items:
        page = item.href.split("/")[1].partition("?")[0]
        worst[page] = min(item.priority, worst.get(page, DIAGNOSTIC))
    return worst


def _alarm(each: Present) -> contract.Attention:
    kind, alarm = each.alarm.definition, each.alarm
    place = alarm.equipment.rpartition("/")[2]
    return contract.Attention.model_validate(
        {
            "priority": int(kind.priority),
            "title": f"{place} / {kind.title or kind.name}",
            "detail": spelt(each.reading).removeprefix(": "),
            "advice": kind.advice or "look at its trend",
            "since": each.since / 1e6,
            "href": f"/alarms?alarm={alarm.path}",
            "alarm": alarm.path,
            "unseen": each.state in UNSEEN,
        }
    )


def _excess(app: App, excess: Excess) -> contract.Attention:
    path = app.path(excess.tag)
    unit, _, name = path.rpartition("/")
    tag = app.namespace[TagId(excess.tag)]
    symbol = f" {display(tag.unit)}" if tag.unit else ""
    place = unit.rpartition("/")[2]
    return contract.Attention.model_validate(
        {
            "priority": URGENT if excess.severe else HIGH,
            "title": f"{place} / {name.replace('_', ' ')} {excess.word}",
            "detail": f"{excess.value:.4g}{symbol}, limit {excess.limit:.4g}{symbol}",
            "advice": tag.description or "look at its trend",
            "since": excess.since / 1e6,
            "href": f"/asset/{unit}",
        }
    )


def _links(app: App) -> list[contract.Attention]:
    return [
        contract.Attention(
            priority=DIAGNOSTIC,
            title=f"{name} is {link.health.condition}",
            detail=link.health.error,
            advice=link.health.hint or "see Connections",
            since=(link.health.since or app.now()) / 1e6,
            href="/connections",
        )
        for name, link in app.links.items()
        if link.health.condition in ("down", "refused")
    ]


def _site(app: App, lake: LakeStats) -> list[contract.Attention]:
    bus, outlook = app.bus_state(), lake.kept.forecast
    lost, given_up = app.lost(), app.lost_messages()
    troubles = (
        (bus != "up", f"The bus is {bus}", app.bus_trouble()),
        (lake.state == "full", "The disk of the history is full", lake.why),
        (bool(lake.damaged), "History is damaged", _first(lake.damaged)),
        (
            outlook is not None and outlook.full_in is not None and outlook.full_in < SOON,
            f"History is {outlook}",
            "keep less of it, `history: {keep}`, or allow more, `history: {disk}`",
        ),
        (
            bool(lake.kept.archive_trouble),
            "The archive takes no history",
            lake.kept.archive_trouble,
        ),
        (bool(_backup(app)), "The backup failed", _backup(app)),
        (bool(app.trouble()), "History takes no more", app.trouble()),
        (bool(lost), f"{lost} samples lost since the start", "each link shows its own"),
        (
            bool(given_up),
            f"{given_up} messages lost since the start",
            "a stream gave them up before history had them; each holds many samples",
        ),
    )
    return (
        [
            contract.Attention(
                priority=DIAGNOSTIC,
                title=title,
                detail=detail,
                advice="see Connections; `isthmus doctor` says what to do",
                since=app.now() / 1e6,
                href="/connections",
            )
            for wrong, title, detail in troubles
            if wrong
        ]
        + [
            contract.Attention(
                priority=DIAGNOSTIC,
                title=f"The export {told.name} fails",
                detail=told.error,
                advice=told.hint,
                since=told.tried / 1e6,
                href="/connections",
            )
            for told in app.exports.failing()
        ]
        + [*_sinks(app), *_sql(app), *_certificates(app), *_record(app), *_writes(app)]
    )


def _sql(app: App) -> Iterator[contract.Attention]:
    if app.sql is not None and app.sql.trouble:
        yield contract.Attention(
            priority=DIAGNOSTIC,
            title="The SQL endpoint does not answer",
            detail=app.sql.trouble,
            advice=app.sql.hint,
            since=app.now() / 1e6,
            href="/connections",
        )


def _certificates(app: App) -> Iterator[contract.Attention]:
    """Devices that wait for a person to compare their certificate."""
    for one in app.trust.certificates.devices.waiting():
        yield contract.Attention(
            priority=DIAGNOSTIC,
            title=f"{one.link} shows a certificate that nobody has approved",
            detail=f"SHA-256 {one.sha256}",
            advice="compare it with the device's own, then `isthmus cert trust approve`",
            since=one.since.timestamp() * 1e3,
            href="/security",
        )


def _writes(app: App) -> Iterator[contract.Attention]:
    """Writes of the last day of which nobody knows whether the machine has them."""
    guard = app.trust.guard
    for path, one in guard.doubts.all(time.time_ns()).items() if guard else ():
        unit, _, name = path.rpartition("/")
        yield contract.Attention(
            priority=HIGH,
            title=f"{unit.rpartition('/')[2]} / {name.replace('_', ' ')}: written or not?",
            detail=f"{one.by} wished {one.value:g}, and nobody knows how it ended",
            advice=f"look at the machine; action {one.action} is in the ledger",
            since=one.since / 1e6,
            href=f"/asset/{unit}",
        )


def _record(app: App) -> Iterator[contract.Attention]:
    """A ledger that cannot keep what is done, and emergencies that nobody has looked at since."""
    ledger = app.trust.ledger
    for trouble in filter(None, (ledger.trouble, ledger.anchor_trouble)):
        yield contract.Attention(
            priority=HIGH,
            title="The ledger needs a person",
            detail=trouble,
            advice="`isthmus ledger verify` tells what is kept; without it nothing is written",
            since=app.now() / 1e6,
            href="/security",
        )
    yield from _forward(app)
    for one in app.trust.identity.emergencies.unreviewed():
        yield contract.Attention(
            priority=DIAGNOSTIC,
            title="The glass was broken, and nobody has reviewed it",
            detail=one.reason,
            advice=f"look at what was done, then `isthmus user review {one.number}`",
            since=one.opened * 1e3,
            href="/security",
        )


def _forward(app: App) -> Iterator[contract.Attention]:
    """Records that a collector does not get."""
    sending = app.trust.forward
    if sending is None:
        return
    if sending.trouble:
        yield contract.Attention(
            priority=HIGH,
            title=f"{sending.waiting} records wait for {sending.to}",
            detail=sending.trouble,
            advice="they are kept here and go there by themselves once it takes them",
            since=sending.since * 1e3,
            href="/security",
        )
    if sending.missed:
        yield contract.Attention(
            priority=DIAGNOSTIC,
            title=f"{sending.missed} records never went to {sending.to}",
            detail="they were damaged, or older than is kept, before it took them",
            advice="`isthmus ledger verify` tells of damage; `ledger: {keep}` how long they wait",
            since=app.now() / 1e6,
            href="/security",
        )


def _sinks(app: App) -> Iterator[contract.Attention]:
    for sink in app.deliveries:
        status, name = sink.status, sink.config.name
        troubles = (
            (bool(status.error), f"The sink {name} is {status.condition}", status.error),
            (
                bool(status.missed),
                f"The sink {name} missed {status.missed} messages",
                "the stream made room while it was behind; history has them",
            ),
        )
        for wrong, title, detail in troubles:
            if wrong:
                yield contract.Attention(
                    priority=DIAGNOSTIC,
                    title=title,
                    detail=detail,
                    advice=status.hint or "`isthmus export` writes what is missing",
                    since=status.since * 1e3,
                    href="/connections",
                )


def _backup(app: App) -> str:
    """What is wrong with the backups, empty where nothing is."""
    if app.backups is None:
        return ""
    state = app.backups.state
    late = "none was made for twice its time" if state.late(time.time()) else ""
    return state.error or _first(state.damaged) or late


def _first(damaged: tuple[str, ...]) -> str:
    more = f", and {len(damaged) - 1} more" if len(damaged) > 1 else ""
    return "".join((*damaged[:1], more))
