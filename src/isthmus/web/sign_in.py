"""Signing in: the owner's link, a password, a recovery code, an enrolment link."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse

from isthmus.model.access import OWNER
from isthmus.model.plantfile_sign_in import SignInEntry
from isthmus.model.record import Kind
from isthmus.runtime.app import App
from isthmus.trust.identity.account import Account
from isthmus.trust.identity.sign_in import SignIn, TooSoon, WrongProof
from isthmus.web import contract
from isthmus.web.ask import Problem
from isthmus.web.session import (
    BREAK_GLASS,
    COOKIE,
    HOST_COOKIE,
    Asker,
    Entrance,
    agent,
    give,
    source,
)

LONGEST_CODE = 200
Found = TypeVar("Found")


def routes(app: App, entrance: Entrance, page: Path | None) -> APIRouter:
    """The routes that strangers may ask, and the one that makes the owner's links."""
    router = APIRouter()

    @router.get("/sign-in", include_in_schema=False)
    def sign_in(
        request: Request,
        code: Annotated[str, Query(max_length=LONGEST_CODE)] = "",
        to: Annotated[str, Query(max_length=2_000)] = "/",
    ) -> Response:
        if not code and page is not None and "code" not in request.query_params:
            return FileResponse(page, headers={"Cache-Control": "no-store"})
        secret = entrance.redeem(code, source=source(request), agent=agent(request))
        if secret is None:
            app.trust.identity.record(
                *(Kind.SIGN_IN, "", "refused a sign-in link"), source=source(request)
            )
            return JSONResponse(
                {
                    "error": "this sign-in link was used or is older than ten minutes",
                    "hint": "run `isthmus link` for a new one",
                },
                status_code=403,
            )
        app.trust.identity.record(
            *(Kind.SIGN_IN, OWNER, "signed in with a link", OWNER), source=source(request)
        )
        response = RedirectResponse(target(to), status_code=303)
        give(request, response, secret, app.trust.identity.sessions.limits.longest)
        return response

    @router.post("/api/sign-in-links", tags=["session"], summary="A new one-time sign-in link")
    def link(
        request: Request, asker: Asker, wish: contract.LinkWish | None = None
    ) -> contract.SignInLink:
        if asker.id != OWNER or asker.how == BREAK_GLASS:
            raise Problem(
                403, "this link is the owner's", "sign in with an account, or run `isthmus link`"
            )
        emergency = ""
        if wish is not None and wish.break_glass:
            opened = app.trust.identity.emergencies.begin(wish.reason, asker.id)
            emergency = opened.number
            app.trust.identity.record(
                *(Kind.SIGN_IN, asker.id, f"broke the glass: {opened.reason}", emergency),
                until=opened.until,
            )
        base = str(request.base_url).rstrip("/")
        return contract.SignInLink(link=f"{base}/sign-in?code={entrance.code(emergency)}")

    _strangers(app, router)
    return router


def _strangers(app: App, router: APIRouter) -> None:
    @router.get("/api/sign-in", tags=["session"], summary="How one may sign in here")
    def ways() -> contract.SignInWays:
        settings = app.trust.sign_in
        return contract.SignInWays(
            local=settings.fallback == "local" or not settings.oidc,
            company=urlsplit(settings.oidc).hostname or "",
            notice=settings.notice,
            site=f"{app.plant.enterprise} {app.plant.site}",
        )

    @router.post("/api/sign-in/password", tags=["session"], summary="Sign in with a password")
    def password(
        request: Request, response: Response, proof: contract.PasswordProof
    ) -> contract.Ended:
        account = tried(lambda: _at(app, request).password(proof.account, proof.password))
        return enter(app, request, response, account, "password")

    @router.post("/api/sign-in/recovery", tags=["session"], summary="With a recovery code")
    def recovery(
        request: Request, response: Response, proof: contract.RecoveryProof
    ) -> contract.Ended:
        account = tried(lambda: _at(app, request).recovery(proof.account, proof.code))
        return enter(app, request, response, account, "recovery")

    @router.post("/api/sign-in/enrolment", tags=["session"], summary="Whom a link enrols")
    def enrolment(request: Request, wish: contract.EnrolmentCode) -> contract.EnrolmentInfo:
        account = tried(lambda: _at(app, request).enrolling(wish.code))
        return contract.EnrolmentInfo(account=account.name, title=account.title)

    @router.post("/api/sign-in/enrol", tags=["session"], summary="Set the first password")
    def enrol(
        request: Request, response: Response, proof: contract.EnrolmentProof
    ) -> contract.RecoveryCodes:
        at = _at(app, request)
        account, codes = tried(lambda: at.enrol(proof.code, proof.password))
        enter(app, request, response, account, "password")
        return contract.RecoveryCodes(codes=list(codes))


def enter(
    app: App, request: Request, response: Response, account: Account, how: str
) -> contract.Ended:
    """Begin a session for an account that proved itself; the one before in this browser ends."""
    identity, here = app.trust.identity, source(request)
    if how != "oidc" and (why := not_here(app.trust.sign_in, account, identity.now())):
        identity.record(Kind.SIGN_IN, account.id, f"refused {how}: {why}", account.id, source=here)
        raise Problem(401, why, "sign in with the company's account, or run `isthmus link`")
    identity.record(Kind.SIGN_IN, account.id, f"signed in by {how}", account.id, source=here)
    old = identity.sessions.find(_cookie(request))
    if old is not None:
        identity.sessions.end(lambda one: one.number == old.number)
    secret, _ = identity.sessions.begin(account.id, how, source=here, agent=agent(request))
    identity.accounts.entered(account.name, here, identity.now())
    give(request, response, secret, identity.sessions.limits.longest)
    return contract.Ended(ended=0 if old is None else 1)


def not_here(settings: SignInEntry, account: Account, now: float) -> str:
    """Why an account may not sign in with what is kept here; empty where it may."""
    if not settings.oidc:
        return ""
    if settings.fallback == "none":
        return "accounts kept here do not sign in beside the company's"
    if account.subject and now >= account.synced + settings.offline:
        return "it is too long since the last sign-in at the company"
    return ""


def tried(what: Callable[[], Found]) -> Found:
    """What `what` gives; a refusal of the API where somebody could not prove who they are."""
    try:
        return what()
    except TooSoon as error:
        raise Problem(429, str(error), error.hint) from error
    except WrongProof as error:
        raise Problem(401, str(error), error.hint) from error


def target(to: str) -> str:
    """Where to go after signing in: a page of ours, never another site's."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"


def _at(app: App, request: Request) -> SignIn:
    return SignIn(app.trust.identity, source(request))


def _cookie(request: Request) -> str:
    return request.cookies.get(HOST_COOKIE if request.url.scheme == "https" else COOKIE, "")
