"""The guard before every answer: our own names, known callers, no foreign page that writes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from isthmus.model.access import Principal
from isthmus.web.session import Entrance

HOST = re.compile(r"([a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?", re.IGNORECASE)
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
OPEN = "/api/sign-in"  # what strangers may ask, and all below it
LOCKED = ("/api/session", "/api/session/sign-out")  # and all below the next
PROOF = "/api/session/prove"
STRANGERS_BYTES = 64 << 10
BYTES = 1 << 20  # of anybody else's body
PARTS = "/api/imports"  # and below: they take large bodies piece by piece, and bound them
OURS = ("same-origin", "none")


def protect(web: FastAPI, entrance: Entrance) -> None:
    """Let only known callers reach `/api`, except for the sign-in."""

    @web.middleware("http")
    async def guard(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = _refusal(request, entrance) or await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.url.path.startswith("/api"):
            response.headers.setdefault("Cache-Control", "no-store")
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            _end_with_session(cast("StreamingResponse", response), request, entrance)
        return response


def _refusal(request: Request, entrance: Entrance) -> Response | None:
    host, path = _host(request), request.url.path
    if host not in entrance.hosts:
        return _problem(
            421,
            f"this server does not answer to the name {host}",
            "use the address that it printed at start, or add the name to `web: {hosts: [...]}`",
        )
    if not path.startswith("/api"):
        return None
    request.state.identity = entrance.identity
    if path == OPEN or path.startswith(OPEN + "/"):
        return _foreign(request) or _oversize(request, STRANGERS_BYTES)
    known = entrance.who(request)
    if known is None:
        return _problem(401, "not signed in", "sign in on the page, or run `isthmus link`")
    request.state.principal, request.state.session = known
    if known[1] is not None and known[1].locked and not _still_open(path):
        return _problem(401, "the session is locked", "prove that it is you, on the page")
    large = path == PARTS or path.startswith(PARTS + "/")
    return _foreign(request) or (None if large else _oversize(request, BYTES))


def _still_open(path: str) -> bool:
    """Whether a locked session may ask it: who it is, its proof, its end."""
    return path in LOCKED or path == PROOF or path.startswith(PROOF + "/")


def _foreign(request: Request) -> Response | None:
    """The refusal of a write that another site's page makes in the name of the one signed in."""
    if request.method in ("GET", "HEAD"):
        return None
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "none")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        return _problem(403, f"writing from {origin} is not allowed", "use our own pages")
    if site not in OURS:
        return _problem(403, f"writing from a {site} page is not allowed", "use our own pages")
    return None


def _oversize(request: Request, most: int) -> Response | None:
    """The refusal of a body that is large, or that does not say how large it is."""
    if request.method in ("GET", "HEAD"):
        return None
    length = request.headers.get("content-length", "")
    if not length and "transfer-encoding" not in request.headers:
        return None  # then there is no body (RFC 9112, 6.3)
    if not length.isdecimal():
        return _problem(411, "the body does not say how long it is", "send a Content-Length")
    if int(length) > most:
        return _problem(413, f"a body of {length[:20]} bytes", f"at most {most}")
    return None


def _end_with_session(response: StreamingResponse, request: Request, entrance: Entrance) -> None:
    """End a live stream as soon as its session or token counts no more."""
    who = cast("Principal", request.state.principal)
    whole = response.body_iterator

    async def while_known() -> AsyncIterator[str | bytes | memoryview]:
        async for part in whole:
            if not entrance.identity.still(who):
                return
            yield part

    response.body_iterator = while_known()


def _host(request: Request) -> str:
    """The name the caller knows us by; empty where the header is no `uri-host [":" port]`."""
    found = HOST.fullmatch(request.headers.get("host", ""))
    return found.group(1).strip("[]").lower() if found else ""


def _problem(code: int, error: str, hint: str) -> JSONResponse:
    return JSONResponse({"error": error, "hint": hint}, status_code=code)
