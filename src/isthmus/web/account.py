"""One's own account: who is signed in, proving oneself again, password, codes, sessions, tokens."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from isthmus.model.access import Principal, Right
from isthmus.model.record import Kind
from isthmus.runtime.app import App
from isthmus.trust.identity.account import Account
from isthmus.trust.identity.administration import Administration
from isthmus.trust.identity.sessions import FRESH, Session
from isthmus.trust.identity.sign_in import SignIn, new_codes, new_password
from isthmus.web import contract
from isthmus.web.ask import Problem
from isthmus.web.identity import (
    told_account,
    told_grants,
    told_new_token,
    told_sessions,
    told_token,
)
from isthmus.web.session import Asker, Fresh, give, session, source, take
from isthmus.web.sign_in import tried

Number = Annotated[str, Path(pattern="^[0-9a-f]{8}$", description="Its public number.")]


def routes(app: App) -> APIRouter:
    """The routes of whoever is signed in."""
    router = APIRouter(prefix="/api", tags=["session"])
    _session(app, router)
    _ending(app, router)
    _proofs(app, router)
    _tokens(app, router)
    return router


def own_account(app: App, asker: Principal) -> Account:
    """The account of the one who asks; refused where it is no person's."""
    found = app.trust.identity.accounts.by_id(asker.id)
    if found is None or asker.how == "token":
        raise Problem(
            403, f"{asker.name or asker.id} has no account here", "sign in with an account"
        )
    return found


def own_session(request: Request) -> Session:
    """The session that asks; refused where a program asks with a token."""
    found = session(request)
    if found is None:
        raise Problem(403, "a token has no session", "sign in on the page")
    return found


def _session(app: App, router: APIRouter) -> None:
    @router.get("/session", summary="Who is signed in")
    def me(request: Request, asker: Asker) -> contract.Me:
        found, known = session(request), app.trust.identity
        manages = bool(app.trust.rights.policy.decide(asker, Right.ADMINISTER))
        return contract.Me(
            id=asker.id,
            name=asker.name,
            how=asker.how,
            owner=asker.owner,
            locked=found is not None and found.locked,
            roles=told_grants(asker.own),
            groups=sorted(asker.groups),
            fresh_until=(found.fresh + FRESH) * 1e3 if found else None,
            until=found.until * 1e3 if found else None,
            lock_after=_lock_after(app, found),
            administers=manages,
            unreviewed=len(known.emergencies.unreviewed()) if manages else 0,
        )

    @router.post("/session/prove", summary="Prove again that it is you, with the password")
    def prove(
        request: Request, response: Response, asker: Asker, proof: contract.OwnPassword
    ) -> contract.Ended:
        known, mine = own_account(app, asker), own_session(request)
        at = SignIn(app.trust.identity, source(request))
        tried(lambda: at.password(known.name, proof.password))
        return proven(app, request, response, mine)

    @router.post("/session/lock", summary="Lock this session until it is proven again")
    def lock(request: Request) -> contract.Ended:
        app.trust.identity.sessions.lock(own_session(request))
        return contract.Ended(ended=0)

    @router.post("/session/hand", summary="Somebody has a hand on the pages: it does not lock yet")
    def hand(request: Request) -> contract.Ended:
        app.trust.identity.sessions.touch(own_session(request))
        return contract.Ended(ended=0)


def _ending(app: App, router: APIRouter) -> None:
    @router.post("/session/sign-out", summary="End this session")
    def sign_out(request: Request, response: Response, asker: Asker) -> contract.Ended:
        mine = own_session(request)
        ended = app.trust.identity.sessions.end(lambda one: one.number == mine.number)
        app.trust.identity.record(Kind.SIGN_IN, asker.id, "signed out", asker.id)
        take(request, response)
        return contract.Ended(ended=ended)

    @router.post("/session/sign-out-everywhere", summary="End all sessions of this account")
    def everywhere(request: Request, response: Response, asker: Asker) -> contract.Ended:
        mine = own_session(request)
        ended = app.trust.identity.sessions.end(lambda one: one.who == mine.who)
        app.trust.identity.record(Kind.SIGN_IN, asker.id, "signed out everywhere", asker.id)
        take(request, response)
        return contract.Ended(ended=ended)

    @router.delete("/session/others/{number}", summary="End another session of this account")
    def end_one(number: Number, request: Request, asker: Asker) -> contract.Ended:
        mine = own_session(request)
        ended = app.trust.identity.sessions.end(
            lambda one: one.who == mine.who and one.number == number
        )
        app.trust.identity.record(Kind.SIGN_IN, asker.id, "ended a session", asker.id)
        return contract.Ended(ended=ended)


def _lock_after(app: App, found: Session | None) -> float:
    """Seconds without a hand after which a session locks; 0 is never."""
    sessions = app.trust.identity.sessions
    return 0.0 if found is None or sessions.displays(found) else sessions.limits.lock


def proven(app: App, request: Request, response: Response, mine: Session) -> contract.Ended:
    """The session under a new id, fresh."""
    renewed = app.trust.identity.sessions.renew(mine)
    if renewed is None:
        raise Problem(401, "the session has ended", "sign in again")
    give(request, response, renewed[0], renewed[1].until - app.trust.identity.now())
    return contract.Ended(ended=0)


def _proofs(app: App, router: APIRouter) -> None:
    @router.get("/account", summary="One's own account, its sessions and tokens")
    def mine(request: Request, asker: Asker) -> contract.MyAccount:
        identity, known = app.trust.identity, own_account(app, asker)
        return contract.MyAccount(
            **told_account(identity, known).model_dump(),
            open_sessions=told_sessions(identity.sessions.of(known.id), session(request)),
            tokens=[
                told_token(one, identity.now())
                for one in identity.tokens.all()
                if one.who == known.id
            ],
        )

    @router.post("/account/password", summary="Another password", dependencies=[Fresh])
    def password(request: Request, asker: Asker, wish: contract.NewPassword) -> contract.Ended:
        identity, here = app.trust.identity, own_session(request)
        new_password(identity, own_account(app, asker), wish.password)
        others = identity.sessions.end(
            lambda one: one.who == asker.id and one.number != here.number
        )
        return contract.Ended(ended=others)

    @router.post("/account/recovery-codes", summary="Ten new recovery codes", dependencies=[Fresh])
    def codes(asker: Asker) -> contract.RecoveryCodes:
        made = new_codes(app.trust.identity, own_account(app, asker))
        return contract.RecoveryCodes(codes=list(made))


def _tokens(app: App, router: APIRouter) -> None:
    @router.post("/account/tokens", summary="A token of one's own", dependencies=[Fresh])
    def make(asker: Asker, wish: contract.TokenWish) -> contract.NewToken:
        known = own_account(app, asker)
        text, token = Administration(app.trust.identity, asker).token(
            wish.name, list(wish.rights), tuple(wish.at), who=known.id, days=wish.days
        )
        return told_new_token(text, token, app.trust.identity.now())

    @router.delete("/account/tokens/{number}", summary="Revoke a token of one's own")
    def revoke(number: Number, asker: Asker) -> contract.Ended:
        known = own_account(app, asker)
        gone = Administration(app.trust.identity, asker).revoke(number, who=known.id)
        return contract.Ended(ended=len(gone))
