"""Channels against real servers on the loopback: mail, webhooks, a broker; TLS and refusals."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import threading
import time
from zoneinfo import ZoneInfo

import pytest
from tests.servers.hook import HookServer
from tests.servers.mail import PASSWORD, USER, MailServer
from tests.servers.tls import _pass

from isthmus.model.errors import AuthError, LinkError, Refused
from isthmus.model.notice import Attachment, Notice
from isthmus.model.plantfile_channel import MailEntry, SlackEntry, TeamsEntry, WebhookEntry
from isthmus.model.sample import Nanoseconds
from isthmus.model.secret import Secret
from isthmus.runtime.notify.courier import LaterError
from isthmus.runtime.notify.hook import Hook, slack, teams, webhook
from isthmus.runtime.notify.letter import letter
from isthmus.runtime.notify.mail import Mail, MailFolder
from isthmus.runtime.notify.message import Address, Message
from isthmus.trust.pki.authority import PlantAuthority

pytestmark = pytest.mark.peer

NOTICE = Notice(
    "alarm:hall/line1/press/oil_hot:1",
    "alarm",
    "oil hot, <hall>/line1",
    "oil hot: 75 °C & rising\nWhat to do: clean the cooler",
    Nanoseconds(1_780_000_000 * 10**9),
    about="hall/line1/press/oil_hot",
    priority=1,
    link="/alarms?alarm=hall%2Fline1%2Fpress%2Foil_hot",
)
FILE = Attachment("report.pdf", "application/pdf", b"%PDF-1.7")


def written(to=Address("mail", "anna", "anna@acme.example"), notice=NOTICE, files=()):  # noqa: B008
    message = Message.of(notice, to, time.time_ns())
    more = {"site": "acme/riverside", "pages": "https://site.example", "now": time.time_ns()}
    return letter(message, zone=ZoneInfo("Europe/Berlin"), files=files, **more)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    return PlantAuthority.open(folder, "riverside", lambda: Nanoseconds(time.time_ns()))


@pytest.fixture(scope="module")
def identity(authority):
    return authority.server("mail")


@pytest.fixture
def pair(identity):
    return str(identity.certificate), str(identity.key)


def mail(server, scheme, identity=None, password=PASSWORD, **more):
    told = {"kind": "mail", "from": "plant@acme.example", "timeout": "5 s"}
    told["server"] = f"{scheme}://localhost:{server.port}"
    if identity is not None:
        secret = identity.ca.with_name(f"{password}.secret")
        secret.write_text(password)
        told |= {"ca": str(identity.ca), "user": USER, "password": {"file": str(secret)}}
    return Mail(MailEntry.model_validate(told | more))


@pytest.mark.parametrize(("how", "scheme"), [("tls", "smtps"), ("starttls", "smtp")])
def test_mail_by_tls_with_a_password(pair, identity, how, scheme):
    with MailServer(how, pair) as server:
        mail(server, scheme, identity).send(written(files=[FILE]))
        ((to, found),) = server.mails
    assert to == ["anna@acme.example"]
    assert server.logins
    assert found["Subject"] == "Urgent: oil hot, <hall>/line1"
    assert found["Message-ID"] == f"<{written().id}@acme.example>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Importance"] == "high"
    text = found.get_body().get_content()
    assert "2026-05-28 22:26:40 CEST, acme/riverside" in text
    assert "oil hot: 75 °C & rising" in text
    assert "https://site.example/alarms?alarm=hall%2Fline1%2Fpress%2Foil_hot" in text
    (attached,) = found.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("report.pdf", b"%PDF-1.7")


def test_mail_without_tls_goes_to_this_machine_alone(monkeypatch):
    with MailServer("plain") as server:
        mail(server, "smtp").send(written())
        assert len(server.mails) == 1
        monkeypatch.setattr("isthmus.runtime.notify.mail.loopback", lambda _host: False)
        with pytest.raises(LinkError, match="offers no STARTTLS"):  # as a server elsewhere
            mail(server, "smtp").send(written())
        assert len(server.mails) == 1


def test_a_certificate_of_strangers_is_not_trusted(pair, identity):
    with MailServer("tls", pair) as server:
        with pytest.raises(LinkError, match="not trusted") as told:
            mail(server, "smtps", identity, ca="").send(written())
        assert "`ca`" in told.value.hint
        assert server.mails == []


def test_what_a_mail_server_says_decides_whether_it_is_tried_again(pair, identity):
    with MailServer("tls", pair) as server:
        with pytest.raises(AuthError, match="535"):
            mail(server, "smtps", identity, "wrong").send(written())
        server.refuse["anna@acme.example"] = "550 no such person"
        with pytest.raises(Refused, match="550 no such person"):
            mail(server, "smtps", identity).send(written())
        server.refuse["anna@acme.example"] = "451 greylisted"
        with pytest.raises(LaterError, match="451"):
            mail(server, "smtps", identity).send(written())
        server.refuse["anna@acme.example"] = "421 going down"
        with pytest.raises(LinkError, match="421") as down:
            mail(server, "smtps", identity).send(written())
        assert not isinstance(down.value, LaterError)  # it goes for all
    with pytest.raises(LinkError, match=r"(?i)refused|reset") as told:
        mail(server, "smtps", identity).send(written())
    assert not isinstance(told.value, Refused)


def test_a_mail_that_cannot_reach_everybody_says_so():
    to = ["a@acme.example", "b@acme.example"]
    with MailServer("plain") as server:
        with pytest.raises(Refused, match="nowhere to whom"):
            mail(server, "smtp").send(written(Address("mail")))
        with pytest.raises(Refused, match="beyond ASCII"):
            mail(server, "smtp").send(written(Address("mail", "anna", "änna@acme.example")))
        server.refuse["b@acme.example"] = "550 no such person"
        with pytest.raises(Refused, match=r"for others, not for b@acme\.example: 550 no such"):
            mail(server, "smtp", to=to).send(written(Address("mail")))
        ((told, _),) = server.mails
    assert told == ["a@acme.example"]


def test_a_header_cannot_be_smuggled_into_a_mail():
    evil = "hot\r\nBcc: all@acme.example"
    with MailServer("plain") as server:
        mail(server, "smtp").send(written(notice=Notice("k", "rule", evil, "x", NOTICE.at)))
        ((to, found),) = server.mails
    assert to == ["anna@acme.example"]
    assert found["Bcc"] is None
    assert found["Subject"] == "hot Bcc: all@acme.example"


def test_mails_in_a_folder_are_there_once(tmp_path, monkeypatch):
    entry = MailEntry.model_validate(
        {"kind": "mail", "folder": "mail", "from": "plant@acme.example", "to": ["a@acme.example"]}
    )
    folder = MailFolder(entry, tmp_path / "mail")
    for _ in range(2):
        folder.send(written(Address("mail")))
    (file,) = (tmp_path / "mail").iterdir()
    assert b"To: a@acme.example\r\n" in file.read_bytes()
    monkeypatch.setattr("isthmus.runtime.notify.mail.MOST_FILES", 1)
    folder.send(written(Address("mail")))
    with pytest.raises(LinkError, match="1 mails lie there"):
        folder.send(written())


def hook(server, kind, model, write, identity, **more):
    told = {"kind": kind, "url": f"https://localhost:{server.port}/in?a=1", "timeout": "5 s"}
    return Hook(model.model_validate({**told, "ca": str(identity.ca), **more}), write)


def test_a_webhook_is_signed_and_repeats_its_key(pair, identity, tmp_path):
    key = tmp_path / "key"
    key.write_text("a long secret\n")
    with HookServer(pair) as server:
        made = hook(server, "webhook", WebhookEntry, webhook, identity, secret={"file": str(key)})
        made.send(written())
        made.send(written())
        (path, headers, body), (_, again, _) = server.posts
    assert path == "/in?a=1"
    stamp = headers["Isthmus-Timestamp"]
    mac = hmac.new(b"a long secret", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["Isthmus-Signature"] == f"sha256={mac}"
    assert abs(int(stamp) - time.time()) < 60
    assert headers["Idempotency-Key"] == again["Idempotency-Key"] == written().id
    told = json.loads(body)
    assert (told["about"], told["priority"], told["to"]) == (NOTICE.about, 1, "anna")
    assert told["time"] == "2026-05-28T20:26:40+00:00"


def test_teams_gets_a_card_and_slack_blocks(pair, identity, tmp_path):
    with HookServer(pair) as server:
        secret = tmp_path / "url"
        secret.write_text(f"https://localhost:{server.port}/secret/path\n")
        kept = {"url": Secret(file=str(secret))}
        hook(server, "teams", TeamsEntry, teams, identity, **kept).send(written())
        hook(server, "slack", SlackEntry, slack, identity, **kept).send(written())
        (path, _, card), (_, _, blocks) = server.posts
    assert path == "/secret/path"
    told = json.loads(card)
    (attached,) = told["attachments"]
    assert attached["contentType"] == "application/vnd.microsoft.card.adaptive"
    content = attached["content"]
    assert (content["type"], content["version"]) == ("AdaptiveCard", "1.4")
    assert content["body"][0]["text"] == "Urgent: oil hot, <hall>/line1"
    assert content["actions"][0]["url"].startswith("https://site.example/alarms")
    told = json.loads(blocks)
    assert told["text"] == "Urgent: oil hot, &lt;hall&gt;/line1"
    assert "75 °C &amp; rising" in told["blocks"][1]["text"]["text"]
    assert told["blocks"][2]["elements"][0]["url"].startswith("https://site.example/alarms")


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, Refused), (401, AuthError), (404, Refused), (429, LinkError), (503, LinkError)],
)
def test_what_a_hook_answers_decides_whether_it_is_tried_again(pair, identity, status, error):
    with HookServer(pair) as server:
        server.answers = [status]
        made = hook(server, "teams", TeamsEntry, teams, identity)
        with pytest.raises(error, match=str(status)) as told:
            made.send(written())
        assert type(told.value) is error
        assert "/in" not in str(told.value)  # where the address is the secret


def test_a_hook_of_strangers_is_not_trusted(pair, identity):
    with HookServer(pair) as server:
        with pytest.raises(LinkError, match="not trusted"):
            hook(server, "slack", SlackEntry, slack, identity, ca="").send(written())
        assert server.posts == []


def test_a_secret_that_is_no_https_address_is_not_used(tmp_path, identity):
    secret = tmp_path / "url"
    secret.write_text("http://hooks.example/x")
    entry = SlackEntry.model_validate({"kind": "slack", "url": {"file": str(secret)}})
    with pytest.raises(LinkError, match="no address"):
        asyncio.run(asyncio.to_thread(Hook(entry, slack).send, written()))


@pytest.mark.parametrize(
    "url",
    [
        "https://user:geheim7@hooks.example/x",
        "https://hooks.example/geheim7 geheim7",
        "https://hooks.example/geheim7ü",
        "https://hooks.example:geheim7/x",
        "https://[geheim7/x",
    ],
)
def test_an_address_that_cannot_be_used_is_told_without_a_word_of_it(tmp_path, url):
    secret = tmp_path / "url"
    secret.write_text(url)
    entry = SlackEntry.model_validate({"kind": "slack", "url": {"file": str(secret)}})
    with pytest.raises(LinkError, match="no address") as told:
        Hook(entry, slack).send(written())
    assert "geheim7" not in f"{told.value} {told.value.hint}"


@pytest.mark.parametrize(
    "echo",
    [
        "no such hook: {}",
        "{}" * 20,
        "no token geheim-7/b, only /services",
        "the key Äther y7 is none",
    ],
)
def test_what_a_server_echoes_of_the_address_is_hidden(pair, identity, tmp_path, echo):
    secret = tmp_path / "url"
    path = "/services/geheim-7/b?key=%C3%84ther%20y7"
    with HookServer(pair) as server:
        secret.write_text(f"https://localhost:{server.port}{path}")
        server.answers, server.says = [404], echo.replace("{}", path).encode()
        with pytest.raises(Refused, match=f"posting to https://localhost:{server.port}: 404") as no:
            hook(server, "slack", SlackEntry, slack, identity, url=Secret(file=str(secret))).send(
                written()
            )
    assert "***" in str(no.value)
    assert not any(word in str(no.value) for word in ("geheim", "y7", "services"))


def test_a_proxy_carries_tls_whole(pair, identity):
    """A proxy that only knows CONNECT: the certificate is that of the far end, by its name."""
    asked = []

    def carry(listening):
        there, _ = listening.accept()
        with there:
            head = b""
            while b"\r\n\r\n" not in head:
                head += there.recv(4096)
            asked.append(head.split(b"\r\n")[0].decode())
            port = int(asked[0].split()[1].rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port)) as behind:
                there.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=_pass, args=(behind, there), daemon=True)
                back.start()
                _pass(there, behind)
                back.join(5)

    with HookServer(pair) as server, socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=carry, args=(listening,), daemon=True)
        thread.start()
        proxy = f"http://127.0.0.1:{listening.getsockname()[1]}"
        hook(server, "teams", TeamsEntry, teams, identity, proxy=proxy).send(written())
        thread.join(10)
        assert asked[0].startswith(f"CONNECT localhost:{server.port} ")
        assert len(server.posts) == 1
