"""Certificates that real servers show on wires: dated, kept over a restart, weak ones told."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.integration.opcua.conftest import free_port, serving
from tests.integration.opcua.test_security import issue
from tests.integration.site.conftest import Site, eventually
from tests.servers.tls import TlsFront

from isthmus.cli.main import main
from isthmus.cli.remote import Remote
from isthmus.model.errors import LinkError
from isthmus.model.record import Unrecorded
from isthmus.runtime.config import load
from isthmus.runtime.trust.certificates import Certificates
from isthmus.runtime.trust.shown import MOST, ShownBook, look_at_all
from isthmus.runtime.trust.terms import authority_of
from isthmus.runtime.trust.wire import Wire, look, wires
from isthmus.trust.pki.strength import weaknesses

pytestmark = [pytest.mark.timeout(120)]

OPCUA = """
  filler-plc:
    kind: opcua
    url: {url}
    security: sign-and-encrypt
    tags: {{hall/line1/press/force: "ns=2;s=Line.Speed"}}
"""
MORE = """
sinks: {{copies: {{kind: clickhouse, url: "https://127.0.0.1:{sink}"}}}}
sql: {{listen: "127.0.0.1:{sql}"}}
web: {{tls: {{}}}}
"""


WIRES = """
isthmus: 1
enterprise: acme
site: riverside
equipment: {hall: {line1: {units: {press: {tags: {force: kN, count: {}, heat: degC}}}}}}
connections:
  filler-plc: {kind: opcua, url: "opc.tcp://10.4.1.20", tags: {hall/line1/press/force: "ns=2;s=f"}}
  packer: {kind: mqtt, broker: "mqtts://10.4.0.5", tags: {hall/line1/press/count: {topic: a/b}}}
  meter: {kind: modbus, host: 10.4.1.9, tags: {hall/line1/press/heat: {holding: 0, as: uint16}}}
sinks:
  stream: {kind: kafka, servers: ["k1:9093", k2], topic: values}
  near: {kind: clickhouse, url: "http://127.0.0.1:8123"}
history: {engine: postgresql, url: "postgresql://isthmus@db.acme.example/plant"}
web: {sign_in: {oidc: "https://login.acme.example/realms/plant"}}
notify:
  channels:
    mail: {kind: mail, server: "smtps://mail.acme.example", from: p@acme.example}
    later: {kind: mail, server: "smtp://mail.acme.example", from: p@acme.example}
    tower: {kind: webhook, url: "https://tower.acme.example/in"}
    far: {kind: slack, url: "https://slack.example/in", proxy: "http://proxy:3128"}
    secret: {kind: teams, url: {env: TEAMS_URL}}
"""


def made(key, algorithm=None, days=365.0):
    named = x509.Name.from_rfc4514_string("CN=line server")
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, algorithm or hashes.SHA256())
    )


def test_every_wire_of_a_site_tells_what_was_shown_there_and_since_when(tmp_path, capsys):
    identity = authority_of(tmp_path / "other", "elsewhere").server("clickhouse", ["127.0.0.1"])
    certificate, key = issue("line server")
    file = tmp_path / "server.der"
    file.write_bytes(certificate.public_bytes(Encoding.DER))
    file.with_suffix(".pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    with TlsFront(identity, 1) as front, serving(certificate=str(file)) as plc:
        site = Site(tmp_path, MORE.format(sink=front.port, sql=free_port()))
        text = site.plant.read_text("utf-8")
        text = text.replace("      hall/line1/press/force: {holding: 1, as: uint16}\n", "")
        text = text.replace("\n  log:\n", f"{OPCUA.format(url=plc.url)}  log:\n")
        site.plant.write_text(text, "utf-8")
        try:
            site.start()
            remote = Remote.of(site.data)

            def seen():
                found = remote.get("/api/certificates/inventory")
                return {one["place"]: one for one in found if one["last"]}

            wanted = {"sink copies", "the bus, ours", "pages and API, ours"}
            wanted |= {"the SQL endpoint, ours", "connection filler-plc"}
            eventually(lambda: wanted <= set(seen()), 60)
            eventually(lambda: seen()["connection filler-plc"]["standing"] == "pending")
            found = seen()
        finally:
            site.close()
    sink = found["sink copies"]
    assert (sink["where"], sink["standing"]) == (f"127.0.0.1:{front.port}", "shown")
    assert sink["name"] == "CN=clickhouse"
    assert not sink["renews"]
    assert "elsewhere" in sink["issuer"]
    assert found["connection filler-plc"]["where"] == f"127.0.0.1:{plc.port}"
    assert found["connection filler-plc"]["first"] <= found["connection filler-plc"]["last"]
    for ours in ("the bus, ours", "the SQL endpoint, ours", "pages and API, ours"):
        assert found[ours]["renews"]
        assert not found[ours]["weak"]
    capsys.readouterr()
    assert main(["cert", "inventory", "--data", str(site.data), "--json"]) == 0  # after its end
    kept = {one["place"]: one for one in json.loads(capsys.readouterr().out) if one["last"]}
    assert set(kept) == set(found)
    assert kept["sink copies"]["serial"] == sink["serial"]
    assert main(["cert", "inventory", "--data", str(site.data)]) == 0
    assert f"shown at 127.0.0.1:{front.port}, first " in capsys.readouterr().out


def test_another_certificate_on_a_wire_is_news_and_the_old_one_stays_known(tmp_path):
    authority = authority_of(tmp_path / "other", "elsewhere")
    before, after = (authority.server(name, ["127.0.0.1"]) for name in ("before", "after"))
    book = ShownBook.open(tmp_path)
    with TlsFront(before, 1) as front:
        wire = Wire("sink copies", "127.0.0.1", front.port)
        asyncio.run(look_at_all(book, [wire]))
        front._context.load_cert_chain(after.certificate, after.key)
        asyncio.run(look_at_all(book, [wire]))
        asyncio.run(look_at_all(book, [wire]))
    told = [(one.certificate.subject.rfc4514_string(), one.now) for one in book.all()]
    assert told == [("CN=before", False), ("CN=after", True)]
    asyncio.run(look_at_all(book, [wire]))  # nobody is there any more
    assert "127.0.0.1" in next(iter(book.trouble.values()))
    assert ShownBook.open(tmp_path).all() == book.all()
    papers = Certificates(None, tmp_path, Unrecorded())
    standing = {one.name: one.standing for one in papers.inventory() if one.first}
    assert standing == {"CN=before": "replaced", "CN=after": "shown"}
    soon = [one.name for one in papers.forecast(100) if one.first]
    assert soon == ["CN=after"]


def test_who_answers_nothing_or_without_end_is_let_go(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for how in ("tls", "postgresql", "nats"):
            thread = threading.Thread(target=_noise, args=(silent,))
            thread.start()
            with pytest.raises(LinkError, match=f"127.0.0.1:{port}"):
                asyncio.run(look(Wire("somebody", "127.0.0.1", port, how)))
            thread.join(10)


def _noise(listening):
    there, _ = listening.accept()
    with there, suppress(OSError):
        for _ in range(20):
            there.sendall(b"x" * 65_536)


def test_the_book_is_bounded_and_counts_what_it_forgets(tmp_path):
    book = ShownBook.open(tmp_path)
    for number in range(MOST + 5):
        book.note(Wire("sink copies", "127.0.0.1", number), [b"%d" % number], float(number))
    assert (len(book.all()), book.forgotten) == (MOST, 5)
    assert min(one.last for one in book.all()) == 5


@pytest.mark.parametrize(
    ("key", "algorithm", "days", "weak"),
    [
        (ec.generate_private_key(ec.SECP256R1()), None, 9, ()),
        (ec.generate_private_key(ec.SECP192R1()), None, 9, ("curve of 192 bits",)),
        (rsa.generate_private_key(65_537, 1024), None, 9, ("RSA key of 1024 bits",)),
        (ec.generate_private_key(ec.SECP256R1()), None, -1, ("expired on",)),
    ],
    ids=["good", "curve", "rsa", "expired"],
)
def test_weak_keys_and_ended_lives_are_told(key, algorithm, days, weak):
    found = weaknesses(made(key, algorithm, days), datetime.now(UTC))
    assert len(found) == len(weak)
    assert all(part in text for part, text in zip(weak, found, strict=True))


def test_wires_are_those_of_the_plant_file(tmp_path):
    file = tmp_path / "plant.yaml"
    file.write_text(WIRES, "utf-8")
    found = {(one.place, one.where, one.how) for one in wires(load(file), tmp_path)}
    assert found == {
        ("connection filler-plc", "10.4.1.20:4840", "own"),
        ("connection packer", "10.4.0.5:8883", "tls"),
        ("sink stream", "k1:9093", "tls"),
        ("sink stream", "k2:9092", "tls"),
        ("channel mail", "mail.acme.example:465", "tls"),
        ("channel tower", "tower.acme.example:443", "tls"),
        ("the company's sign-in", "login.acme.example:443", "tls"),
        ("history", "db.acme.example:5432", "postgresql"),
    }
