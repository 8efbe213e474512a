"""Signing in with the company's account, and coming back from there."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from html import escape
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from isthmus.model.errors import LinkError
from isthmus.model.record import Kind
from isthmus.runtime.app import App
from isthmus.trust.identity.account import NAME, Account, State
from isthmus.trust.identity.company import FLOW_SECONDS, Company, Employee, Terms
from isthmus.trust.identity.sign_in import WrongProof
from isthmus.web.ask import Problem
from isthmus.web.session import source
from isthmus.web.sign_in import enter, target

STATE = "isthmus_company"
AWAY = "/sign-in?company=away"
BACK = "/api/sign-in/company/back"


def company_of(app: App) -> Company | None:
    """The company's sign-in as the plant file names it; None where it names none."""
    said = app.trust.sign_in
    if not said.oidc:
        return None
    terms = Terms(
        *(said.oidc, said.client, said.secret, tuple(said.scopes)), said.groups, said.name
    )
    return Company(terms, app.trust.identity.now)


def routes(app: App) -> APIRouter:
    """The way to the company's sign-in, and the way back."""
    router = APIRouter(tags=["session"])
    company = cache(lambda: company_of(app))

    @router.get("/api/sign-in/company", summary="To the company's sign-in", status_code=303)
    def begin(request: Request, to: Annotated[str, Query(max_length=2_000)] = "/plant") -> Response:
        asked = _named(company())
        try:
            where, state = asked.begin(f"{str(request.base_url).rstrip('/')}{BACK}", target(to))
        except LinkError:
            return RedirectResponse(AWAY, status_code=303)
        response = RedirectResponse(where, status_code=303)
        response.set_cookie(
            *(STATE, state, int(FLOW_SECONDS)),
            httponly=True,
            secure=request.url.scheme == "https",
            samesite="lax",  # the company's page leads back here
            path=BACK,
        )
        return response

    @router.get(BACK, summary="Back from the company's sign-in", response_class=HTMLResponse)
    def back(
        request: Request,
        state: Annotated[str, Query(max_length=200)] = "",
        code: Annotated[str, Query(max_length=4_000)] = "",
    ) -> Response:
        if not state or request.cookies.get(STATE) != state:
            raise Problem(401, "this sign-in did not begin in this browser", "begin it again")
        asked = _named(company())
        try:
            employee, to = asked.finish(state, code)
            account = entered(app, employee)
        except WrongProof as error:
            app.trust.identity.record(
                *(Kind.SIGN_IN, "", f"refused the company's answer: {error}"),
                source=source(request),
            )
            raise Problem(401, str(error), error.hint) from error
        # a page, not a redirect: the strict cookie is not sent along one that another site began
        page = f'<!doctype html><meta http-equiv="refresh" content="0;url={escape(to)}">'
        response = HTMLResponse(page)
        enter(app, request, response, account, "oidc")
        response.delete_cookie(STATE, path=BACK)
        return response

    return router


def entered(app: App, who: Employee) -> Account:
    """The account of an employee, made at the first sign-in, with the groups of this one."""
    identity = app.trust.identity
    known = identity.accounts.all().values()
    found = next((one for one in known if one.subject == who.subject), None)
    if found is None:
        if not NAME.fullmatch(who.name) or identity.accounts.find(who.name) is not None:
            raise WrongProof(
                "the company's name for you is taken here, or is no name for an account",
                hint="an administrator can rename or remove the account made here",
            )
        identity.record(
            Kind.ACCOUNT, f"person:{who.name}", "made at the first sign-in", f"person:{who.name}"
        )
        found = identity.accounts.add(
            Account(who.name, who.title, subject=who.subject, created=identity.now())
        )
    if found.state is not State.ACTIVE:
        raise WrongProof("the account is disabled here", hint="ask an administrator")
    return identity.accounts.change(
        found.name,
        lambda now: replace(
            now, title=who.title or now.title, groups=who.groups, synced=identity.now()
        ),
    )


def _named(company: Company | None) -> Company:
    if company is None:
        raise Problem(404, "no company's sign-in is set up", "write `web: {sign_in: {oidc: ...}}`")
    return company
