"""Mail by SMTP (RFC 5321), with TLS that is always checked."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlsplit

from isthmus.model.errors import AuthError, LinkError, Refused
from isthmus.model.plantfile_channel import PORTS, MailEntry, loopback
from isthmus.runtime.config.edit import write_whole
from isthmus.runtime.notify.courier import LaterError
from isthmus.runtime.notify.letter import Letter
from isthmus.runtime.notify.tls import context

URGENT = 2  # and more urgent: marked as important
MOST_FILES = 5_000  # mails that may lie in a folder
GOING = 421  # SMTP's reply of a server that goes away
PERMANENT = 500  # SMTP's replies from here on say never


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail server."""

    entry: MailEntry

    def send(self, letter: Letter) -> None:
        """Hand it over; LinkError to be tried again, Refused where that would not help.

        LaterError where the server takes no mail for whom it is to now, but for others.
        """
        made, url = mail(letter, self.entry), urlsplit(self.entry.server)
        if not made["To"]:
            raise Refused(
                f"mailing by {self.entry.server}: it is said nowhere to whom",
                hint="the channel needs `to`",
            )
        host, port = url.hostname or "", url.port or PORTS[url.scheme]
        try:
            with self._connect(host, port, url.scheme) as server:
                if self.entry.user and self.entry.password is not None:
                    server.login(self.entry.user, self.entry.password.reveal())
                self._hand_over(server, made)
        except smtplib.SMTPAuthenticationError as error:
            raise AuthError(
                f"mailing by {self.entry.server}: it refused `{self.entry.user}`: {_said(error)}",
                hint="check `user` and `password` of the channel",
            ) from error
        except smtplib.SMTPResponseException as error:
            text = f"mailing by {self.entry.server}: {_said(error)}"
            never = error.smtp_code >= PERMANENT
            raise (Refused if never else LinkError)(text, hint="see the server's log") from error
        except ssl.SSLCertVerificationError as error:
            raise LinkError(
                f"mailing by {self.entry.server}: its certificate is not trusted: "
                f"{error.verify_message}",
                hint="name the file of its authority as `ca`, and the host as its certificate does",
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise LinkError(
                f"mailing by {self.entry.server}: {str(error) or type(error).__name__}",
                hint="is the server up, and does this network reach it?",
            ) from error

    def _hand_over(self, server: smtplib.SMTP, made: EmailMessage) -> None:
        by = f"mailing by {self.entry.server}"
        try:
            refused = server.send_message(made)
        except smtplib.SMTPNotSupportedError as error:
            text = f"{by}: it takes no address beyond ASCII, as one of {made['To']} is"
            raise Refused(text, hint="it would have to offer SMTPUTF8") from error
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            text = f"{by}: {_refused(error.recipients)}"
            if GOING in codes:
                raise LinkError(text) from error
            never = all(code >= PERMANENT for code in codes)
            raise (Refused if never else LaterError)(text) from error
        if refused:
            raise Refused(f"{by}: it took it for others, not for {_refused(refused, names=True)}")

    def _connect(self, host: str, port: int, scheme: str) -> smtplib.SMTP:
        wait, tls = self.entry.timeout, context(self.entry.ca)
        if scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=wait, context=tls)
        server = smtplib.SMTP(host, port, timeout=wait)
        try:
            server.ehlo()
            if server.has_extn("starttls") or not loopback(host):
                server.starttls(context=tls)
                server.ehlo()
        except smtplib.SMTPNotSupportedError as error:
            server.close()
            raise LinkError(
                f"mailing by {self.entry.server}: it offers no STARTTLS",
                hint="mails would be readable on the way: use its TLS port, `smtps://`",
            ) from error
        except BaseException:
            server.close()
            raise
        return server


@dataclass(frozen=True, slots=True)
class MailFolder:
    """A folder from which something else takes mails."""

    entry: MailEntry
    folder: Path

    def send(self, letter: Letter) -> None:
        """Write it, the same file however often; LinkError where nobody takes them, or no space."""
        file = self.folder / f"{letter.id}.eml"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not file.exists() and sum(1 for _ in self.folder.glob("*.eml")) >= MOST_FILES:
                raise LinkError(
                    f"mailing into {self.folder}: {MOST_FILES} mails lie there",
                    hint="what should take them away, does it run?",
                )
            write_whole(file, mail(letter, self.entry).as_bytes(policy=SMTP))
        except OSError as error:
            raise LinkError(
                f"mailing into {self.folder}: {error}",
                hint="is there space, and may it be written?",
            ) from error


def mail(letter: Letter, entry: MailEntry) -> EmailMessage:
    """The mail; its Message-ID is the same each time, so that a second copy can be known as one."""
    made = EmailMessage()
    made["Subject"] = " ".join(letter.subject.split())
    made["From"] = entry.sender
    made["To"] = letter.to if "@" in letter.to else ", ".join(entry.to)
    made["Date"] = formatdate(localtime=False)
    made["Message-ID"] = f"<{letter.id}@{entry.sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    if letter.priority <= URGENT and letter.fields["kind"] == "alarm":
        made["X-Priority"], made["Importance"] = "1", "high"
    made.set_content(letter.body)
    for file in letter.files:
        main, _, sub = file.media.partition("/")
        made.add_attachment(
            file.body, maintype=main, subtype=sub or "octet-stream", filename=file.name
        )
    return made


def _refused(recipients: Mapping[str, tuple[int, bytes]], *, names: bool = False) -> str:
    told = [
        f"{f'{name}: ' if names else ''}{code} {_text(said)}"
        for name, (code, said) in recipients.items()
    ]
    return "; ".join(dict.fromkeys(told))


def _said(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_text(error.smtp_error)}"


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:300]
