"""The ledger for people and their tools: read, examine, carry away; what stands there stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from isthmus.model.record import Kind as Sort
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.app import App
from isthmus.runtime.trust.record import KIND, PLACE, sender
from isthmus.trust.ledger.anchor import read_anchor
from isthmus.trust.ledger.check import Examined, examine
from isthmus.trust.ledger.export import FORMATS
from isthmus.trust.ledger.find import Wanted, newest, oldest
from isthmus.trust.ledger.line import Entry
from isthmus.trust.ledger.seal import Checkpoint
from isthmus.web import contract
from isthmus.web.session import Asker

MOST = 10_000
EVENTS = 100_000
From = Annotated[
    float, Query(alias="from", ge=0, le=9.1e12, description="Milliseconds since 1970, wall.")
]
To = Annotated[float, Query(alias="to", ge=0, le=9.1e12, description="Milliseconds, wall.")]
Kind = Annotated[str, Query(max_length=64, description="One kind of record; all where empty.")]
By = Annotated[str, Query(max_length=300, description="Who: `person:anna`; `*` is anything.")]
About = Annotated[str, Query(max_length=1_000, description="A path and all below it, a permit.")]


def routes(app: App) -> APIRouter:
    """The routes of the ledger."""
    router = APIRouter(prefix="/api/ledger", tags=["ledger"])

    @router.get("", summary="Records, newest first")
    def records(
        start: From = 0,
        end: To = 9.1e12,
        kind: Kind = "",
        by: By = "",
        about: About = "",
        limit: Annotated[int, Query(ge=1, le=MOST, description="The newest so many.")] = 200,
    ) -> contract.LedgerRecords:
        ledger = app.trust.ledger
        found = newest(ledger.folder, wanted(start, end, kind, by, about), limit + 1)
        return contract.LedgerRecords(
            records=[told(entry) for entry in found[:limit]],
            more=len(found) > limit,
            count=ledger.count,
            trouble=ledger.trouble,
            anchor=str(ledger.settings.anchor or ""),
            anchor_trouble=ledger.anchor_trouble,
            forward=_forward(app),
        )

    @router.post("/notes", summary="Record what the owner is about to do with a command")
    def note(wish: contract.LedgerNote, asker: Asker) -> contract.LedgerNoted:
        number = app.trust.ledger.put(
            Sort(wish.kind), asker.id, wish.text, about=wish.about, facts=wish.facts
        )
        return contract.LedgerNoted(number=number)

    @router.get("/verify", summary="Whether the ledger is as it was written")
    def verify() -> contract.LedgerVerdict:
        ledger = app.trust.ledger
        return verdict(examine(ledger.folder, anchors(app), upto=ledger.count))

    @router.get("/export", summary="Records as JSON lines, CEF or syslog", response_model=None)
    def export(
        form: Annotated[
            Literal["json", "cef", "syslog"], Query(alias="format", description="Which form.")
        ] = "json",
        start: From = 0,
        end: To = 9.1e12,
        kind: Kind = "",
        by: By = "",
        about: About = "",
    ) -> StreamingResponse:
        asked = wanted(start, end, kind, by, about)

        def lines() -> Iterator[str]:
            who = sender(f"{app.plant.enterprise}/{app.plant.site}")
            for entry in oldest(app.trust.ledger.folder, asked):
                yield FORMATS[form](entry, who) + "\n"

        kinds = {"json": "application/jsonl"}
        return StreamingResponse(lines(), media_type=kinds.get(form, "text/plain"))

    return router


def _forward(app: App) -> contract.LedgerForward | None:
    found = app.trust.forward
    if found is None:
        return None
    return contract.LedgerForward(
        to=found.to,
        format=found.form,
        sent=found.sent,
        waiting=found.waiting,
        missed=found.missed,
        trouble=found.trouble,
    )


def anchors(app: App) -> list[Checkpoint]:
    """What other places know of the ledger: events in history, and the anchor file."""
    ledger, found = app.trust.ledger, []
    told = app.historian.events(Nanoseconds(0), app.now(), kinds=(KIND,), path=PLACE, limit=EVENTS)
    for event in told:
        try:
            found.append(Checkpoint.of(event.data))
        except ValueError:
            continue  # an event of that kind that is none of ours
    if ledger.settings.anchor is not None and ledger.settings.anchor.exists():
        found += read_anchor(ledger.settings.anchor)
    return found


def wanted(start: float, end: float, kind: str, by: str, about: str) -> Wanted:
    """What was asked for; times in ms."""
    return Wanted(round(start * 1e6), round(end * 1e6), kind, by, about.strip("/"))


def told(entry: Entry) -> contract.LedgerRecord:
    """A record as it is told."""
    return contract.LedgerRecord(
        number=entry.number,
        time=entry.time / 1e6,
        plant_time=None if entry.plant is None else entry.plant / 1e6,
        kind=entry.kind,
        by=entry.by,
        about=entry.about,
        text=entry.text,
        facts=dict(entry.facts),
        hash=entry.hash.hex(),
    )


def verdict(found: Examined) -> contract.LedgerVerdict:
    """What an examination found, as it is told."""
    fault = found.fault
    return contract.LedgerVerdict(
        sound=found.sound,
        **{
            name: getattr(found, name)
            for name in ("records", "first", "files", "checkpoints", "unsigned", "anchored", "torn")
        },
        head=found.head.hex(),
        fault=None
        if fault is None
        else contract.LedgerFault(
            wrong=fault.wrong.value,
            file=fault.file,
            line=fault.line,
            number=fault.number,
            text=fault.text,
        ),
    )
