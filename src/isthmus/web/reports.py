"""Scheduled reports: listed, fetched, and made when somebody wants one now."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

from fastapi import APIRouter, Path, Response

from isthmus.model.access import Right
from isthmus.model.errors import ConfigError, Refused
from isthmus.model.path import nearest
from isthmus.model.report import FORMS, Form, Plan
from isthmus.runtime.app import App
from isthmus.runtime.report.issue import Issue
from isthmus.runtime.report.scope import SCOPES, lines_of, site_of
from isthmus.web import contract
from isthmus.web.access import Seen
from isthmus.web.ask import Problem
from isthmus.web.contract.reports import ReportWish
from isthmus.web.report import SITE, sent

Name = Annotated[str, Path(description="Its name in the plant file.")]
Start = Annotated[float, Path(ge=0, le=9.1e12, description="When its time begins, ms.")]
Revision = Annotated[int, Path(ge=1, le=1_000)]
LIBRARY = {"pdf": "typst", "xlsx": "xlsxwriter"}


def routes(app: App) -> APIRouter:
    """The routes of scheduled reports."""
    router = APIRouter(prefix="/api/reports", tags=["reports"])

    @router.get("", summary="Scheduled reports with their issues, and of what one can be made")
    def reports(seen: Seen) -> contract.Reports:
        allowed = [
            plan for plan in app.plant.reports.values() if seen.one(plan.scope, Right.EXPORT)
        ]
        places = [site_of(app.plant), *(each for each in app.plant.walk() if each.level in SCOPES)]
        return contract.Reports(
            plans=[_told(app, plan) for plan in allowed],
            places=[
                each.path or SITE
                for each in places
                if seen.one(each.path, Right.EXPORT) and lines_of(each)
            ],
            forms=[form for form in FORMS if form not in LIBRARY or find_spec(LIBRARY[form])],
            trouble=app.reports.trouble,
        )

    @router.post("/{name}/make", summary="Make one now, or its next revision where it changed")
    def make(name: Name, wish: ReportWish, seen: Seen) -> contract.ReportIssue:
        plan = _plan(app, name)
        seen.require(Right.EXPORT, plan.scope)
        at = None if wish.at is None else int(wish.at * 1e6)
        return _issue(app.reports.make(name, at))

    @router.get(
        "/{name}/{start}/{revision}/{form}",
        summary="A report as a file",
        response_class=Response,
    )
    def fetch(name: Name, start: Start, revision: Revision, form: Form, seen: Seen) -> Response:
        plan = _plan(app, name)
        seen.require(Right.EXPORT, plan.scope)
        try:
            file, body = app.reports.body(name, round(start * 1e6), revision, form)
        except ConfigError as error:
            raise Problem(404, str(error), error.hint) from error
        return sent(body, file, form)

    return router


def _plan(app: App, name: str) -> Plan:
    plan = app.plant.reports.get(name)
    if plan is None:
        near = nearest(name, app.plant.reports)
        hint = f"did you mean `{near}`?" if near else "GET /api/reports lists them"
        raise Problem(404, f"there is no report {name[:100]}", hint)
    return plan


def _told(app: App, plan: Plan) -> contract.ReportPlan:
    kept = app.reports.kept[plan.name]
    return contract.ReportPlan(
        name=plan.name,
        title=plan.title or plan.name.replace("-", " ").replace("_", " "),
        what=plan.what,
        path=plan.scope,
        forms=list(plan.forms),
        notify=list(plan.notify),
        keep=plan.keep,
        folder=plan.to,
        due=_due(app, plan),
        made=kept.made,
        failed=kept.failed,
        error=kept.error,
        hint=kept.hint,
        issues=[
            _issue(each)
            for each in sorted(kept.issues, key=lambda one: (-one.start, -one.revision))
        ],
    )


def _due(app: App, plan: Plan) -> float | None:
    """When the next one is made, ms; None where its line has no shifts any more."""
    try:
        return app.reports.due(plan) / 1e6
    except Refused:
        return None


def _issue(issue: Issue) -> contract.ReportIssue:
    return contract.ReportIssue(
        start=issue.start / 1e6,
        end=issue.end / 1e6,
        title=issue.title,
        revision=issue.revision,
        because=issue.because,
        made=issue.made / 1e6,
        forms=list(issue.files),
    )
