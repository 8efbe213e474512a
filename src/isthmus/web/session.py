"""Who may ask: a one-time link signs a browser in, a token file lets this user's own tools in.

The link is printed at start; it works once, for ten minutes. A session is a signed cookie that
no script can read, of this site only. Any other host name than ours is refused, so that a foreign
page cannot reach us through a name that it controls.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from isthmus.model.access import OWNER, Principal

COOKIE = "isthmus_session"
CODE_SECONDS = 600
SESSION_SECONDS = 14 * 86_400
CODES = 32
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HOST = re.compile(r"([a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?", re.IGNORECASE)
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(slots=True)
class Sessions:
    """The key that signs cookies, the token of local tools, and the codes not yet used."""

    key: bytes
    token: str
    hosts: frozenset[str] = LOOPBACK
    _codes: dict[str, float] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, hosts: frozenset[str] = LOOPBACK) -> Sessions:
        """The sessions of this installation; key and token are made once, readable by us alone."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(bytes.fromhex(_secret(folder / "session.key")), _secret(folder / "token"), hosts)

    def code(self) -> str:
        """A code for one sign-in; the oldest ones are forgotten beyond 32."""
        while len(self._codes) >= CODES:
            self._codes.pop(next(iter(self._codes)))
        made = secrets.token_urlsafe(24)
        self._codes[made] = time.monotonic() + CODE_SECONDS
        return made

    def redeem(self, code: str) -> str | None:
        """The cookie for a code that is good, which it then is no more; else None."""
        until = self._codes.pop(code, 0.0)
        if time.monotonic() > until:
            return None
        body = f"{secrets.token_hex(8)}.{int(time.time()) + SESSION_SECONDS}"
        return f"{body}.{self._sign(body)}"

    def knows(self, request: Request) -> bool:
        """Whether the request comes from a signed-in browser or from a tool with the token."""
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if bearer and hmac.compare_digest(bearer.encode(), self.token.encode()):
            return True
        body, _, signature = request.cookies.get(COOKIE, "").rpartition(".")
        if not body or not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            return False
        until = body.rpartition(".")[2]
        return until.isdigit() and int(until) > time.time()

    def _sign(self, body: str) -> str:
        return hmac.new(self.key, body.encode(), sha256).hexdigest()


def protect(web: FastAPI, sessions: Sessions) -> None:
    """Let only known callers reach `/api`, and add the sign-in."""

    @web.middleware("http")
    async def guard(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        refusal = _refusal(request, sessions)
        response = refusal or await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.url.path.startswith("/api"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    @web.get("/sign-in", include_in_schema=False)
    async def sign_in(code: str, to: str = "/") -> Response:
        cookie = sessions.redeem(code)
        if cookie is None:
            return JSONResponse(
                {
                    "error": "this sign-in link was used or is older than ten minutes",
                    "hint": "run `isthmus link` for a new one",
                },
                status_code=403,
            )
        target = to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"
        response = RedirectResponse(target, status_code=303)
        response.set_cookie(
            COOKIE, cookie, max_age=SESSION_SECONDS, httponly=True, samesite="strict", path="/"
        )
        return response

    @web.post("/api/sign-in-links", tags=["session"], summary="A new one-time sign-in link")
    async def link(request: Request) -> dict[str, str]:
        return {"link": f"{str(request.base_url).rstrip('/')}/sign-in?code={sessions.code()}"}


def _refusal(request: Request, sessions: Sessions) -> Response | None:
    host = _host(request)
    if host not in sessions.hosts:
        return _problem(
            421,
            f"this server does not answer to the name {host}",
            "use the address that it printed at start, or add the name to `web: {hosts: [...]}`",
        )
    if not request.url.path.startswith("/api"):
        return None
    if not sessions.knows(request):
        return _problem(
            401, "not signed in", "open the link printed at start, or run `isthmus link`"
        )
    request.state.principal = Principal(OWNER, "owner of the data folder", how=OWNER)
    origin = request.headers.get("origin")
    writes = request.method not in ("GET", "HEAD")
    if writes and origin and urlsplit(origin).netloc != request.headers.get("host"):
        return _problem(403, f"writing from {origin} is not allowed", "use our own pages")
    return None


def _host(request: Request) -> str:
    """The name the caller knows us by; empty where the header is no `uri-host [":" port]`."""
    found = HOST.fullmatch(request.headers.get("host", ""))
    return found.group(1).strip("[]").lower() if found else ""


def _problem(code: int, error: str, hint: str) -> JSONResponse:
    return JSONResponse({"error": error, "hint": hint}, status_code=code)


def _secret(file: Path) -> str:
    if not file.exists():
        fresh = file.with_name(file.name + ".new")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32), "ascii")
        fresh.replace(file)
    return file.read_text("ascii").strip()
