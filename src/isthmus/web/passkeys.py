"""Passkeys over the API: made by who is signed in, asked of who is not."""

from __future__ import annotations

from functools import cache
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Path, Request, Response

from isthmus.runtime.app import App
from isthmus.trust.identity.passkey import Challenges, Passkeys, Place
from isthmus.web import contract
from isthmus.web.account import own_account, own_session, proven
from isthmus.web.identity import told_account
from isthmus.web.session import Asker, Fresh
from isthmus.web.sign_in import enter, tried

Id = Annotated[str, Path(max_length=1_400, pattern="^[A-Za-z0-9_-]+$", description="Of the key.")]


def routes(app: App) -> APIRouter:
    """The routes of passkeys."""
    router = APIRouter(prefix="/api", tags=["session"])

    @cache
    def passkeys() -> Passkeys:
        identity = app.trust.identity
        return Passkeys(identity, Challenges(identity.now))

    @router.post("/sign-in/passkey/options", summary="A challenge for a passkey")
    def ask(request: Request) -> contract.PasskeyChallenge:
        ticket, options = passkeys().to_prove(_place(request))
        return contract.PasskeyChallenge(ticket=ticket, options=options)

    @router.post("/sign-in/passkey", summary="Sign in with a passkey")
    def sign_in(
        request: Request, response: Response, proof: contract.PasskeyAnswer
    ) -> contract.Ended:
        found = tried(lambda: passkeys().prove(_place(request), proof.ticket, proof.credential))
        return enter(app, request, response, found, "passkey")

    @router.post("/session/prove/options", summary="A challenge for one of one's own passkeys")
    def ask_own(request: Request, asker: Asker) -> contract.PasskeyChallenge:
        ticket, options = passkeys().to_prove(_place(request), own_account(app, asker))
        return contract.PasskeyChallenge(ticket=ticket, options=options)

    @router.post("/session/prove/passkey", summary="Prove again that it is you, with a passkey")
    def prove(
        request: Request, response: Response, asker: Asker, proof: contract.PasskeyAnswer
    ) -> contract.Ended:
        known, mine = own_account(app, asker), own_session(request)
        place = _place(request)
        tried(lambda: passkeys().prove(place, proof.ticket, proof.credential, known))
        return proven(app, request, response, mine)

    @router.post(
        "/account/passkeys/options", summary="What a new passkey needs", dependencies=[Fresh]
    )
    def to_make(request: Request, asker: Asker) -> contract.PasskeyChallenge:
        site = f"{app.plant.enterprise} {app.plant.site}"
        ticket, options = passkeys().to_make(own_account(app, asker), _place(request), site)
        return contract.PasskeyChallenge(ticket=ticket, options=options)

    @router.post("/account/passkeys", summary="A new passkey", dependencies=[Fresh])
    def make(request: Request, asker: Asker, made: contract.NewPasskey) -> contract.AccountInfo:
        known, place = own_account(app, asker), _place(request)
        changed = tried(
            lambda: passkeys().make(known, place, made.ticket, made.credential, made.label)
        )
        return told_account(app.trust.identity, changed)

    @router.delete("/account/passkeys/{key}", summary="Remove a passkey", dependencies=[Fresh])
    def remove(key: Id, asker: Asker) -> contract.AccountInfo:
        changed = passkeys().remove(own_account(app, asker), key)
        return told_account(app.trust.identity, changed)

    return router


def _place(request: Request) -> Place:
    """Where the browser asks: the guard has checked that the name is ours."""
    base = urlsplit(str(request.base_url))
    return Place(base.hostname or "", f"{base.scheme}://{base.netloc}")
