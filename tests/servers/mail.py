"""A mail server (aiosmtpd) that keeps what it is given, and says no when it is told to."""

from __future__ import annotations

import asyncio
import ssl
import threading
import warnings
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Literal, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "isthmus", "riverside-7"
How = Literal["plain", "starttls", "tls"]


class MailServer:
    """Listens on a port of 127.0.0.1; `refuse` answers a recipient with what it holds."""

    def __init__(self, how: How, identity: tuple[str, str] | None = None, port: int = 0) -> None:
        self.how, self.port = how, port
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self.refuse: dict[str, str] = {}
        self.logins: list[str] = []
        self._context: ssl.SSLContext | None = None
        if identity is not None:
            self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self._context.load_cert_chain(*identity)
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._ready.set()
        self._loop.run_forever()
        assert self._server is not None
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _listen(self) -> None:
        wrapped = self._context if self.how == "tls" else None
        self._server = await self._loop.create_server(
            self._protocol, "127.0.0.1", self.port, ssl=wrapped
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def _protocol(self) -> SMTP:
        starts = self.how == "starttls"
        with warnings.catch_warnings():  # it does not see that its socket is TLS already
            warnings.simplefilter("ignore")
            return SMTP(
                self,
                hostname="localhost",
                tls_context=self._context if starts else None,
                require_starttls=starts,
                authenticator=self._known,
                auth_required=self.how != "plain",
                auth_require_tls=starts,
                loop=self._loop,
            )

    def _known(self, _server: Any, _session: Session, _envelope: Any, how: str, told: Any) -> Any:
        given = isinstance(told, LoginPassword) and (told.login, told.password)
        self.logins.append(how)
        right = given == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=right)  # else the server says 535

    # ------------------------------------------------------------------ what aiosmtpd calls
    async def handle_RCPT(  # noqa: N802 - its name
        self, _server: Any, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or refuse it."""
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - its name
        self, _server: Any, _session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail."""
        content = envelope.content
        body = content if isinstance(content, bytes) else str(content).encode()
        mail = message_from_bytes(body, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append((list(envelope.rcpt_tos), mail))
        return "250 kept"
