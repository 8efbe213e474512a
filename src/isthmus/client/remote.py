"""A running site, asked through its HTTP API with its token."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from isthmus.model.errors import AuthError, ConfigError, IsthmusError, LinkError, Refused

ZONE = "timezone"  # of the plant, in the data folder
COUNTERS = "counters.json"  # likewise: how each counter wraps and resets
SECONDS = 60.0
MAKING = 1_800.0  # seconds until a large file begins to come
CHUNK = 1 << 20
SHOWN = "web/shown.crt"  # likewise: what the pages show
SENDS = ("POST", "PATCH")
KINDS: dict[int, type[IsthmusError]] = {
    401: AuthError,
    403: AuthError,
    404: ConfigError,  # what was named is not there
    413: Refused,
    422: Refused,
}


@dataclass(frozen=True, slots=True)
class Remote:
    """A running site."""

    url: str
    token: str
    shown: str = ""  # file of the only certificates to accept; else those that the system trusts

    @classmethod
    def of(cls, folder: Path) -> Remote:
        """The site whose data is in `folder`; LinkError where none answers."""
        try:
            url = (folder / "web" / "url").read_text("utf-8").strip()
            token = (folder / "web" / "token").read_text("ascii").strip()
            found = cls(url, token, str(folder / SHOWN) if url.startswith("https:") else "")
        except OSError as error:
            raise LinkError(
                f"no site has run with its data in {folder}",
                hint="start it with `isthmus demo` or `isthmus run`, or name --data",
            ) from error
        return found

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 - JSON
        """The JSON answer of `path`."""
        with self._open(path, "GET", "application/json", query) as answer:
            return json.loads(answer.read())

    def fetch(self, path: str, *, method: str = "GET", accept: str = "", **query: object) -> bytes:
        """The answer's body."""
        with self._open(path, method, accept, query) as answer:
            return bytes(answer.read())

    def download(self, path: str, out: BinaryIO, **query: object) -> None:
        """Write the answer's body into `out`; it may take the site a while to make it."""
        with self._open(path, "GET", "", query, seconds=MAKING) as answer:
            while part := answer.read(CHUNK):
                out.write(part)

    def flow(self, path: str, *, accept: str = "", **query: object) -> http.client.HTTPResponse:
        """The answer's body, to be read as it comes; close it."""
        return self._open(path, "GET", accept, query, seconds=MAKING)

    def send(
        self,
        path: str,
        body: bytes,
        kind: str = "application/json",
        *,
        method: str = "POST",
        **query: object,
    ) -> Any:  # noqa: ANN401 - JSON
        """The JSON answer to `body`, of that media type, sent to `path`."""
        with self._open(path, method, "application/json", query, body, kind) as answer:
            return json.loads(answer.read())

    def listen(self, path: str, **query: object) -> Iterator[tuple[str, Any]]:
        """Events of a stream: name and JSON body; ends when the site does."""
        with self._open(path, "GET", "text/event-stream", query) as answer:
            name = ""
            for raw in answer:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line[7:]
                elif line.startswith("data: "):
                    yield name, json.loads(line[6:])

    def _open(
        self,
        path: str,
        method: str,
        accept: str,
        query: dict[str, object],
        body: bytes = b"",
        kind: str = "",
        *,
        seconds: float = SECONDS,
    ) -> http.client.HTTPResponse:
        renamed = {key.rstrip("_"): value for key, value in query.items() if value is not None}
        target = f"{self.url}{path}" + (f"?{urlencode(renamed)}" if renamed else "")
        request = Request(target, method=method, data=body if method in SENDS else None)  # noqa: S310 - our own address
        request.add_header("Authorization", f"Bearer {self.token}")
        if kind:
            request.add_header("Content-Type", kind)
        if accept:
            request.add_header("Accept", accept)
        try:
            answer: http.client.HTTPResponse = urlopen(  # noqa: S310
                request, timeout=seconds, context=_only(self.shown) if self.shown else None
            )
        except HTTPError as error:
            raise _problem(error) from error
        except (URLError, OSError) as error:
            raise LinkError(
                f"asking the site at {self.url}: {getattr(error, 'reason', error)}",
                hint="start it with `isthmus demo` or `isthmus run`",
            ) from error
        return answer


def _only(shown: str) -> ssl.SSLContext:
    """TLS that accepts the certificates in the file `shown`, whatever name they bear."""
    context = ssl.create_default_context(cafile=shown)
    context.check_hostname = False  # these very ones are accepted, and nobody else has their keys
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _problem(error: HTTPError) -> IsthmusError:
    try:
        body = json.loads(error.read())
        kind = KINDS.get(error.code, IsthmusError)
        return kind(str(body["error"]), hint=str(body.get("hint", "")))
    except (ValueError, KeyError, TypeError):
        return LinkError(f"the site answered {error.code}", hint="see its log")
