"""ClickHouse's HTTP interface: a question or an insert a request, over a connection kept open."""

from __future__ import annotations

import http.client
import ssl
from contextlib import suppress
from urllib.parse import quote, urlsplit

from isthmus.model.errors import AuthError, LinkError
from isthmus.model.secret import Secret

DENIED = ("Code: 192,", "Code: 193,", "Code: 194,", "Code: 516,", "Code: 497,")
MOST = 64 << 20  # bytes of an answer


class Server:
    """A server that is asked; LinkError where it is away or says no."""

    def __init__(
        self, url: str, *, user: str, password: Secret | None, ca: str, timeout: float
    ) -> None:
        self.url, self._timeout = url, timeout
        self._user, self._password, self._ca = user, password, ca
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, query: str, body: bytes = b"") -> str:
        """The answer to `query`; `body` are the rows of an insert."""
        target = f"/?query={quote(query)}" if body else "/"
        try:
            answer = self._request(target, body or query.encode())
            status, data = answer.status, answer.read(MOST)
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise LinkError(
                f"asking {self.url}: its certificate is not trusted: {error.verify_message}",
                hint="name the file of its authority as `ca`, and the host as its certificate does",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise LinkError(
                f"asking {self.url}: {str(error) or type(error).__name__}",
                hint="is the server up, is its HTTP port right?",
            ) from error
        if status == http.client.OK:
            return data.decode("utf-8", "replace")
        self.close()
        said = " ".join(data.decode("utf-8", "replace").split())[:500]
        if status in (401, 403) or said.startswith(DENIED):
            raise AuthError(
                f"asking {self.url}: {said or status}",
                hint="check the user, its password, and its rights to create and insert",
            )
        raise LinkError(f"asking {self.url}: {said or status}", hint="see the server's log")

    def _request(self, target: str, body: bytes) -> http.client.HTTPResponse:
        headers = {"X-ClickHouse-User": self._user}
        if self._password is not None:
            headers["X-ClickHouse-Key"] = self._password.reveal()
        fresh = self._connection is None
        connection = self._connection = self._connection or self._connect()
        try:
            connection.request("POST", target, body, headers)
            return connection.getresponse()
        except (OSError, http.client.HTTPException):
            if fresh:
                raise
        self.close()  # the server had closed what lay idle: once more
        connection = self._connection = self._connect()
        connection.request("POST", target, body, headers)
        return connection.getresponse()

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, parts.port or 8123, timeout=self._timeout)
        try:
            context = ssl.create_default_context(cafile=self._ca or None)
        except (OSError, ssl.SSLError) as error:
            raise LinkError(
                f"asking {self.url}: reading the authorities in {self._ca}: {error}",
                hint="`ca` is a file of certificates in PEM",
            ) from error
        return http.client.HTTPSConnection(
            host, parts.port or 8443, timeout=self._timeout, context=context
        )

    def close(self) -> None:
        """Leave; the next question connects again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError):
                connection.close()
