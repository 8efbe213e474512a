"""Messages posted as JSON: to a program of the plant's own, to Teams, to Slack."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from isthmus.model.errors import AuthError, LinkError, Refused
from isthmus.model.plantfile_channel import HookEntry, WebhookEntry, loopback
from isthmus.runtime.notify.letter import Letter
from isthmus.runtime.notify.tls import context

MOST = 64 << 10  # bytes of an answer
LEAST = 6  # characters of a piece of an address that could be the secret
PRINTABLE = re.compile(r"[!-~]*")
AGAIN = frozenset({408, 425, 429})
MARKS = MappingProxyType({1: "attention", 2: "warning", 3: "accent"})  # colours of a card, and
EMOJI = MappingProxyType(
    {1: ":red_circle:", 2: ":large_orange_circle:", 3: ":large_yellow_circle:"}
)


@dataclass(frozen=True, slots=True)
class Hook:
    """One address to which JSON is posted; `write` makes it of a letter."""

    entry: HookEntry
    write: Callable[[Letter], object]
    wall: Callable[[], float] = time.time

    def send(self, letter: Letter) -> None:
        """Post it; LinkError to be tried again, Refused where that would not help."""
        body = json.dumps(self.write(letter), ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "isthmus",
            "Idempotency-Key": letter.id,
        }
        if isinstance(self.entry, WebhookEntry) and self.entry.secret is not None:
            headers |= signed(self.entry.secret.reveal(), body, int(self.wall()))
        url = self._url()
        shown = host(url)
        try:
            status, said, wait = self._post(url, body, headers)
        except ssl.SSLCertVerificationError as error:
            raise LinkError(
                f"posting to {shown}: its certificate is not trusted: {error.verify_message}",
                hint="name the file of its authority as `ca`, and the host as its certificate does",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise LinkError(
                f"posting to {shown}: {hidden(str(error), url) or type(error).__name__}",
                hint="is it up, and does this network reach it, or is there a `proxy`?",
            ) from error
        if status < 300:  # noqa: PLR2004
            return
        text = f"posting to {shown}: {status} {said}".strip()
        if status in (401, 403):
            raise AuthError(text, hint="was the webhook withdrawn, or its key changed?")
        if status in AGAIN or status >= 500:  # noqa: PLR2004
            raise LinkError(text, hint=f"it asks to wait {wait} s" if wait else "")
        raise Refused(text, hint="is the address right?")

    def _url(self) -> str:
        """The address; what is wrong with it is told without a word of it."""
        kept = not isinstance(self.entry.url, str)
        url = self.entry.url if isinstance(self.entry.url, str) else self.entry.url.reveal().strip()
        told = "the secret that `url` names is no address" if kept else "`url` is no address"
        try:
            parts = urlsplit(url)
            named = parts.hostname or ""
            _ = parts.port  # ValueError where it is no number; it quotes the address
        except ValueError:
            raise LinkError(told, hint="it begins with `https://`") from None
        here = parts.scheme == "http" and loopback(named)
        if not named or not (parts.scheme == "https" or here):
            raise LinkError(told, hint="it begins with `https://`")
        if parts.username is not None or parts.password is not None:
            raise LinkError(f"{told}: it holds a name and password", hint="leave them out")
        if not PRINTABLE.fullmatch(parts.path + parts.query):
            hint = "write them with `%`, such as `%20`"
            raise LinkError(f"{told}: there are blanks or signs beyond ASCII in it", hint=hint)
        return url

    def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, str]:
        """Status, what was said, and for how long it asks to wait."""
        parts = urlsplit(url)
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        target = parts.path or "/"
        target += f"?{parts.query}" if parts.query else ""
        try:
            connection.request("POST", target, body, dict(headers))
            answer = connection.getresponse()
            said = hidden(answer.read(MOST).decode("utf-8", "replace"), url)
            return answer.status, said, answer.headers.get("Retry-After", "")
        finally:
            connection.close()

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        proxy, wait = urlsplit(self.entry.proxy), self.entry.timeout
        if scheme == "http":
            return http.client.HTTPConnection(host, port or 80, timeout=wait)
        tls = context(self.entry.ca)
        if not proxy.hostname:
            return http.client.HTTPSConnection(host, port or 443, timeout=wait, context=tls)
        made = http.client.HTTPSConnection(
            proxy.hostname, proxy.port or 3128, timeout=wait, context=tls
        )
        made.set_tunnel(host, port or 443)
        return made


def host(url: str) -> str:
    """What may be shown of an address: all else can be a secret."""
    parts = urlsplit(url)
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{name}" + (f":{parts.port}" if parts.port else "")


def hidden(text: str, url: str) -> str:
    """The beginning of `text` on one line, without what it echoes of the address `url`."""
    parts = urlsplit(url)
    whole = f"{parts.path}?{parts.query}" if parts.query else parts.path
    pieces = {whole, parts.path, parts.query, *re.split("[/&=]", whole)}
    pieces |= {unquote(each) for each in pieces}
    for each in sorted(pieces, key=len, reverse=True):
        if len(each) >= LEAST or (each in (whole, parts.path) and len(each) > 1):
            text = text.replace(each, "***")
    return " ".join(text.split())[:300]


def signed(key: str, body: bytes, now: int) -> dict[str, str]:
    """Headers from which a receiver that has `key` knows who sent `body`, and that it is new.

    The signature is HMAC-SHA-256 of `TIMESTAMP.BODY`, as hex.
    """
    mac = hmac.new(key.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Isthmus-Timestamp": str(now), "Isthmus-Signature": f"sha256={mac}"}


def webhook(letter: Letter) -> object:
    """The fields of the message."""
    return letter.fields


def teams(letter: Letter) -> object:
    """An Adaptive Card in a message, as workflows of Teams take it."""
    body: list[dict[str, object]] = [
        {
            "type": "TextBlock",
            "text": letter.subject,
            "weight": "bolder",
            "size": "medium",
            "wrap": True,
            "color": MARKS.get(letter.priority, "default"),
        }
    ]
    body += [
        {"type": "TextBlock", "text": line, "wrap": True, "spacing": "small"}
        for line in letter.lines
        if line
    ]
    card: dict[str, object] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if letter.link.startswith("http"):
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open", "url": letter.link}]
    form = "application/vnd.microsoft.card.adaptive"
    return {
        "type": "message",
        "attachments": [{"contentType": form, "contentUrl": None, "content": card}],
    }


def slack(letter: Letter) -> object:
    """Text for the notification, and blocks."""
    mark = EMOJI.get(letter.priority, ":large_blue_circle:")
    blocks: list[dict[str, object]] = [
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": f"{mark} *{_plain(letter.subject)}*"},
        }
    ]
    lines = "\n".join(_plain(line) for line in letter.lines)
    blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": lines[:2_900] or "-"}})
    if letter.link.startswith("http"):
        button = {"type": "plain_text", "text": "Open"}
        blocks.append(
            {
                "type": "actions",
                "elements": [{"type": "button", "text": button, "url": letter.link}],
            }
        )
    return {"text": _plain(letter.subject), "blocks": blocks}


def _plain(text: str) -> str:
    """Text in which Slack finds no commands, links or mentions."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
