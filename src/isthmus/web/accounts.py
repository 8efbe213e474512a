"""Accounts, tokens of services, and emergencies: the routes of those who administer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from isthmus.model.access import Principal, Right
from isthmus.model.record import Kind
from isthmus.runtime.app import App
from isthmus.trust.identity.administration import Administration, grants_of
from isthmus.web import contract
from isthmus.web.ask import Problem
from isthmus.web.identity import (
    told_account,
    told_emergency,
    told_new_token,
    told_sessions,
    told_token,
)
from isthmus.web.session import Asker, Fresh, session

Account = Annotated[str, Path(max_length=64, description="The account's name.")]
Word = Annotated[str, Path(max_length=64, description="Its name or number.")]


def routes(app: App) -> APIRouter:
    """The routes that see and change what others may enter with."""
    router = APIRouter(prefix="/api", tags=["accounts"])
    _accounts(app, router)
    _change(app, router)
    _tokens(app, router)
    _emergencies(app, router)
    return router


def _accounts(app: App, router: APIRouter) -> None:
    @router.get("/accounts", summary="All accounts")
    def every() -> list[contract.AccountInfo]:
        identity = app.trust.identity
        return [told_account(identity, one) for one in identity.accounts.all().values()]

    @router.get("/accounts/{name}", summary="One account")
    def one(name: Account) -> contract.AccountInfo:
        identity = app.trust.identity
        return told_account(identity, identity.accounts.get(name))

    @router.post("/accounts", summary="A new account", dependencies=[Fresh])
    def add(request: Request, asker: Asker, wish: contract.AccountWish) -> contract.NewAccount:
        identity = app.trust.identity
        made, code = Administration(identity, asker).add(
            wish.name,
            title=wish.title,
            side=wish.side,
            teams=wish.teams,
            grants=grants_of(wish.name, [(one.role, one.at) for one in wish.roles]),
        )
        link = _enrolment(request, code)
        return contract.NewAccount(account=told_account(identity, made), link=link)

    @router.get("/accounts/{name}/sessions", summary="Its sessions")
    def sessions(name: Account, request: Request) -> list[contract.SessionInfo]:
        identity = app.trust.identity
        found = identity.sessions.of(identity.accounts.get(name).id)
        return told_sessions(found, session(request))

    @router.post(
        "/accounts/{name}/enrolment",
        summary="A new enrolment link; the old proofs end",
        dependencies=[Fresh],
    )
    def enrol(name: Account, request: Request, asker: Asker) -> contract.NewAccount:
        identity = app.trust.identity
        changed, code = Administration(identity, asker).enrol(name)
        link = _enrolment(request, code)
        return contract.NewAccount(account=told_account(identity, changed), link=link)


def _change(app: App, router: APIRouter) -> None:
    @router.patch("/accounts/{name}", summary="Change an account", dependencies=[Fresh])
    def change(name: Account, asker: Asker, wish: contract.AccountChange) -> contract.AccountInfo:
        identity = app.trust.identity
        by, found = Administration(identity, asker), identity.accounts.get(name)
        if (wish.title, wish.side, wish.teams) != (None, None, None):
            found = by.describe(name, title=wish.title, side=wish.side, teams=wish.teams)
        if wish.roles is not None:
            found = by.grant(name, grants_of(name, [(one.role, one.at) for one in wish.roles]))
        if wish.state is not None and wish.state != found.state:
            found = by.disable(name) if wish.state == "disabled" else by.enable(name)
        return told_account(identity, found)

    @router.delete("/accounts/{name}", summary="Remove an account", dependencies=[Fresh])
    def remove(name: Account, asker: Asker) -> contract.Ended:
        Administration(app.trust.identity, asker).remove(name)
        return contract.Ended(ended=1)

    @router.post("/accounts/{name}/sign-out", summary="End all its sessions")
    def sign_out(name: Account, asker: Asker) -> contract.Ended:
        return contract.Ended(ended=Administration(app.trust.identity, asker).sign_out(name))


def _tokens(app: App, router: APIRouter) -> None:
    @router.get("/tokens", summary="All tokens, without their text")
    def tokens() -> list[contract.TokenInfo]:
        identity = app.trust.identity
        return [told_token(one, identity.now()) for one in identity.tokens.all()]

    @router.post("/tokens", summary="A token for a service", dependencies=[Fresh])
    def make(asker: Asker, wish: contract.TokenWish) -> contract.NewToken:
        _no_more_than_own(app, asker, wish)
        text, token = Administration(app.trust.identity, asker).token(
            *(wish.name, list(wish.rights), tuple(wish.at)),
            who=f"service:{wish.name}",
            days=wish.days,
        )
        return told_new_token(text, token, app.trust.identity.now())

    @router.delete("/tokens/{which}", summary="Revoke a token")
    def revoke(which: Word, asker: Asker) -> contract.Ended:
        return contract.Ended(ended=len(Administration(app.trust.identity, asker).revoke(which)))


def _no_more_than_own(app: App, asker: Principal, wish: contract.TokenWish) -> None:
    """Refuse a token for what its maker, who reads it, may not do."""
    for word in wish.rights or [Right.READ]:
        for at in wish.at or [""]:
            place = at.removesuffix("**").rstrip("/")
            known = word in set(Right)  # any other is told by the token itself
            if known and not app.trust.rights.policy.decide(
                asker, Right(word), "" if "*" in place else place
            ):
                raise Problem(
                    403,
                    f"{asker.name or asker.id} may not {word} at {place or 'the whole site'},"
                    " and makes no token that may",
                    "ask the owner of the data folder: `isthmus token add`",
                )


def _emergencies(app: App, router: APIRouter) -> None:
    @router.get("/emergencies", summary="Uses of the break-glass link, the newest first")
    def emergencies() -> list[contract.EmergencyInfo]:
        return [told_emergency(one) for one in app.trust.identity.emergencies.all()]

    @router.post("/emergencies/{which}/review", summary="Close one, with what was found")
    def review(which: Word, asker: Asker, wish: contract.Review) -> contract.EmergencyInfo:
        if asker.how == "break-glass":
            raise Problem(
                403, "an emergency does not review itself", "sign in with your own account"
            )
        identity = app.trust.identity
        closed = identity.emergencies.review(which, asker.id, wish.note)
        identity.record(
            *(Kind.SIGN_IN, asker.id, f"reviewed an emergency: {closed.note}", closed.number)
        )
        return told_emergency(closed)


def _enrolment(request: Request, code: str) -> str:
    return f"{str(request.base_url).rstrip('/')}/sign-in?enrol={code}"
