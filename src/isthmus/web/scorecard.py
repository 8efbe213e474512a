"""The shared scorecard: goals as they stand, and comments, decisions and actions about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from isthmus.model.access import Right
from isthmus.model.path import nearest
from isthmus.model.plant import Plant
from isthmus.runtime.app import App
from isthmus.runtime.figures.assumed import assumed_price
from isthmus.runtime.scorecard.board import Stand
from isthmus.runtime.scorecard.book import Change, Note
from isthmus.web import contract
from isthmus.web.access import Seen, Sight, refusal
from isthmus.web.ask import Problem, line_of
from isthmus.web.contract.scorecard import GoalStand, NoteChange, NoteWish
from isthmus.web.writes import principal

NEWEST = 1_000  # notes of the first answer; actions that are open are in it, however old

Number = Annotated[int, Path(ge=1, description="The note's number.")]
Before = Annotated[int, Query(ge=1, description="Notes of a smaller number than this.")]
Limit = Annotated[int, Query(ge=1, le=1_000, description="The most notes of one answer.")]


def routes(app: App) -> APIRouter:
    """The routes of the scorecard."""
    router = APIRouter(prefix="/api/scorecard", tags=["scorecard"])

    @router.get("", summary="Goals of operations and IT as they stand, and what was agreed")
    def scorecard(seen: Seen) -> contract.Scorecard:
        card = app.scorecard
        stands = [stand for stand in card.now() if seen.one(stand.line)]
        notes, before = _first(_notes(app, seen))
        return contract.Scorecard(
            computed=card.computed / 1e6,
            trouble=card.trouble,
            damaged=card.book.damaged,
            goals=[told(stand, app.plant) for stand in stands],
            notes=[noted(note) for note in notes],
            before=before,
        )

    @router.get("/notes", summary="Older notes, the newest first")
    def older(before: Before, seen: Seen, limit: Limit = 200) -> contract.NotePage:
        notes = [note for note in _notes(app, seen) if note.number < before]
        found = [noted(note) for note in notes[:limit]]
        return contract.NotePage(
            notes=found, before=found[-1].number if len(notes) > limit else None
        )

    @router.get("/notes/{number}", summary="All versions of a note, oldest first")
    def versions(number: Number, seen: Seen) -> list[contract.ScorecardNote]:
        found = _versions(app, number)
        names = {stand.goal.name for stand in app.scorecard.now() if seen.one(stand.line)}
        if not _seen(found[-1], names, seen):
            seen.require(Right.READ, _where(app, found[-1].goal, found[-1].line))
        return [noted(note) for note in found]

    @router.post("/notes", summary="Write a comment, a decision or an action")
    def write(wish: NoteWish, request: Request) -> contract.ScorecardNote:
        line = _line(app, wish)
        _require(app, request, wish.goal, line)
        action = wish.kind == "action"
        change = Change(None, wish.who, wish.side, wish.due)
        if not action and (wish.who or wish.side or wish.due):
            raise Problem(422, f"a {wish.kind} is not to be done by anybody", "write an action")
        by = principal(request).id
        book = app.scorecard.book
        return noted(book.write(wish.kind, wish.text, by, wish.goal, change, line))

    @router.post("/notes/{number}", summary="Change a note: its next version; the old one stays")
    def change(number: Number, wish: NoteChange, request: Request) -> contract.ScorecardNote:
        found = _versions(app, number)[-1]
        _require(app, request, found.goal, found.line)
        if wish.version != found.version:
            raise Problem(
                409,
                f"note {number} is at version {found.version} now, by {found.by}",
                "look at it again, then change it",
            )
        news = Change(wish.text, wish.who, wish.side, wish.due, wish.state)
        return noted(app.scorecard.book.change(number, principal(request).id, news, wish.version))

    return router


def told(stand: Stand, plant: Plant) -> GoalStand:
    """How a goal stands, as it is told."""
    goal, measure = stand.goal, stand.measure
    price = assumed_price(plant) if measure.id == "pilot_benefit" else ""
    return GoalStand(
        name=goal.name,
        title=goal.title or measure.title,
        measure=measure.id,
        line=stand.line,
        unit=stand.unit,
        digits=measure.digits,
        value=stand.value,
        target=goal.target,
        better=stand.better.value,
        verdict=stand.verdict.standing.value,
        short=stand.verdict.short,
        way=stand.way.value,
        period=goal.period.value,
        start=stand.start / 1e6,
        end=stand.end / 1e6,
        gaps_percent=100 * (1 - stand.known),
        trend_time=[at / 1e6 for at, _ in stand.trend],
        trend=[value for _, value in stand.trend],
        owner_ot=goal.ot,
        owner_it=goal.it,
        by=goal.by.isoformat() if goal.by else "",
        page=_page(stand),
        says=f"{measure.says}. {price}" if price else measure.says,
        why=stand.why,
    )


def noted(note: Note) -> contract.ScorecardNote:
    """A note as it is told."""
    return contract.ScorecardNote(**{**asdict(note), "time": note.time / 1e6})


def _page(stand: Stand) -> str:
    line = f"?line={stand.line}" if stand.line and stand.measure.line else ""
    return f"/{stand.measure.page}{line}"


def _line(app: App, wish: NoteWish) -> str:
    """The path of the line that a note shall be about, if any; Problem for what is not there."""
    if wish.goal and wish.goal not in app.plant.goals:
        near = nearest(wish.goal, app.plant.goals)
        hint = f"did you mean `{near}`?" if near else "GET /api/scorecard lists them"
        raise Problem(404, f"there is no goal {wish.goal}", hint)
    if wish.goal and wish.line:
        raise Problem(422, "a note is about a goal or about a line", "name one of them")
    return line_of(app, wish.line).path if wish.line else ""


def _versions(app: App, number: int) -> list[Note]:
    if number not in app.scorecard.book.versions:
        raise Problem(404, f"there is no note {number}", "GET /api/scorecard lists them")
    return app.scorecard.book.history(number)


def _where(app: App, name: str, line: str) -> str:
    """The line that a note is about; the whole site for a goal of it, and where there is none."""
    if line:
        return line
    found = next((each for each in app.scorecard.now() if each.goal.name == name), None)
    return found.line if found else ""


def _notes(app: App, seen: Sight) -> list[Note]:
    """All notes that may be seen, the newest first."""
    names = {stand.goal.name for stand in app.scorecard.now() if seen.one(stand.line)}
    return [note for note in app.scorecard.book.all() if _seen(note, names, seen)]


def _first(notes: Sequence[Note]) -> tuple[list[Note], int | None]:
    """The newest, every action that is open; and before which number the others are, if any."""
    newest, rest = notes[:NEWEST], notes[NEWEST:]
    still = [note for note in rest if note.kind == "action" and note.state == "open"]
    return [*newest, *still], newest[-1].number if len(rest) > len(still) else None


def _seen(note: Note, names: set[str], seen: Sight) -> bool:
    """Whether it is about a line or one of the goals that may be seen, or about neither."""
    if seen.everything or note.goal in names:
        return True
    if note.line:
        return seen.one(note.line)
    return not note.goal and bool(names)


def _require(app: App, request: Request, goal: str, line: str) -> None:
    """Refuse whoever may not annotate what the note is about; about nothing, any goal's line."""
    who, policy = principal(request), app.trust.rights.policy
    if who.owner:
        return
    where = _where(app, goal, line)
    decision = policy.decide(who, Right.ANNOTATE, where)
    if not decision and not goal and not line:
        lines = {stand.line for stand in app.scorecard.now()}
        decision = next(
            (found for at in sorted(lines) if (found := policy.decide(who, Right.ANNOTATE, at))),
            decision,
        )
    if not decision:
        raise refusal(Right.ANNOTATE, where, decision)
