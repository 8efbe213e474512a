"""Who asks: the browser of a session, a program with a token, or the owner of the data folder.

The owner's link is printed at start; it works once, for ten minutes. A session is an opaque id in a
cookie that no script can read, of this site only. The owner's own tools hold `web/token`.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, Request, Response

from isthmus.model.access import OWNER, Principal
from isthmus.trust.identity.break_glass import HOUR
from isthmus.trust.identity.identity import OWNER_NAME, Identity
from isthmus.trust.identity.sessions import Session
from isthmus.web.ask import Problem

COOKIE = "isthmus_session"
HOST_COOKIE = "__Host-isthmus_session"  # of TLS: no other host and no plain page can set it
CODE_SECONDS = 600
CODES = 32
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
BREAK_GLASS = "break-glass"


@dataclass(frozen=True, slots=True)
class Code:
    """A link's code not yet used; `emergency` is its number where it breaks the glass."""

    until: float
    emergency: str = ""


@dataclass(slots=True)
class Entrance:
    """The token of local tools, the codes not yet used, and everybody who may enter."""

    token: str
    identity: Identity
    hosts: frozenset[str] = LOOPBACK
    _codes: dict[str, Code] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, identity: Identity, hosts: frozenset[str] = LOOPBACK) -> Entrance:
        """The entrance of this installation; its token is made once, readable by us alone."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(_secret(folder / "token"), identity, hosts)

    def code(self, emergency: str = "") -> str:
        """A code for one sign-in of the owner; the oldest ones are forgotten beyond 32."""
        while len(self._codes) >= CODES:
            self._codes.pop(next(iter(self._codes)))
        made = secrets.token_urlsafe(24)
        self._codes[made] = Code(time.monotonic() + CODE_SECONDS, emergency)
        return made

    def redeem(self, code: str, *, source: str = "", agent: str = "") -> str | None:
        """The id of a new session for a code that is good, which it then is no more; else None."""
        known = self._codes.pop(code, None)
        if known is None or time.monotonic() > known.until:
            return None
        how, seconds = (BREAK_GLASS, HOUR) if known.emergency else (OWNER, 0.0)
        return self.identity.sessions.begin(
            OWNER, how, source=source, agent=agent, seconds=seconds
        )[0]

    def who(self, request: Request) -> tuple[Principal, Session | None] | None:
        """Who asks, and in which session; None for strangers."""
        kind, _, bearer = request.headers.get("authorization", "").partition(" ")
        if kind == "Bearer" and bearer:
            if hmac.compare_digest(bearer.encode(), self.token.encode()):
                return Principal(OWNER, OWNER_NAME, how=OWNER), None
            service = self.identity.of_token(bearer)
            return (service, None) if service else None
        session = self.session(request.cookies, tls=request.url.scheme == "https")
        principal = self.identity.of_session(session) if session else None
        return (principal, session) if principal else None

    def session(self, cookies: Mapping[str, str], *, tls: bool) -> Session | None:
        """The session of the cookie that fits the way the request came."""
        secret = cookies.get(HOST_COOKIE if tls else COOKIE, "")
        return self.identity.sessions.find(secret) if secret else None


def principal(request: Request) -> Principal:
    """Who asks, as the guard found out."""
    return cast("Principal", request.state.principal)


def session(request: Request) -> Session | None:
    """The session in which a browser asks; None for a program with a token."""
    return cast("Session | None", request.state.session)


Asker = Annotated[Principal, Depends(principal)]


def fresh(request: Request) -> None:
    """Refuse what is dangerous in a session whose owner has not proved itself just now."""
    found = session(request)
    if found is not None and not found.is_fresh(request.state.identity.now()):
        raise Problem(
            403,
            "this needs a sign-in of the last five minutes",
            "prove again that it is you" if found.who != OWNER else "run `isthmus link` again",
        )


Fresh = Depends(fresh)


def give(request: Request, response: Response, secret: str, seconds: float) -> None:
    """Set the cookie of a session."""
    tls = request.url.scheme == "https"
    response.set_cookie(
        HOST_COOKIE if tls else COOKIE,
        secret,
        max_age=int(seconds),
        httponly=True,
        secure=tls,
        samesite="strict",
        path="/",
    )


def take(request: Request, response: Response) -> None:
    """Remove the cookie of a session."""
    tls = request.url.scheme == "https"
    response.delete_cookie(
        HOST_COOKIE if tls else COOKIE, httponly=True, secure=tls, samesite="strict", path="/"
    )


def source(request: Request) -> str:
    """The address that asks."""
    return request.client.host if request.client else ""


def agent(request: Request) -> str:
    """The program that asks, as it says."""
    return "".join(c for c in request.headers.get("user-agent", "")[:200] if c.isprintable())


def _secret(file: Path) -> str:
    if not file.exists():
        fresh_file = file.with_name(file.name + ".new")
        fresh_file.touch(mode=0o600)
        fresh_file.write_text(secrets.token_hex(32), "ascii")
        fresh_file.replace(file)
    return file.read_text("ascii").strip()
