"""Certificates of a plant from its folders: seen, judged, taken back, and what nothing protects."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from isthmus.cli.main import main
from isthmus.model.errors import ConfigError, StorageError
from isthmus.runtime.config import load
from isthmus.runtime.trust.certificates import Certificates
from isthmus.runtime.trust.hops import hops, local
from isthmus.runtime.trust.record import FOLDER, open_ledger
from isthmus.runtime.trust.terms import authority_of
from isthmus.trust.ledger.find import Wanted, newest
from isthmus.trust.pki import build

PLANT = """
isthmus: 1
enterprise: acme
site: riverside
types: {Press: {tags: {count: {}}}}
equipment: {hall: {line1: {units: {press: {type: Press}, mixer: {type: Press}}}}}
zones: {floor: {level: 1}}
connections:
  press-plc:
    kind: modbus
    host: 10.4.1.9
    zone: floor
    tags: {hall/line1/press/count: {holding: 0, as: uint16}}
  mixer-plc:
    kind: opcua
    edge: edge1
    url: opc.tcp://10.4.1.20:4840
    security: SECURITY
    tags: {hall/line1/mixer/count: "ns=2;s=count"}
edges: {edge1: {site: "tls://10.4.0.2:4222"}}
web: {listen: "10.4.0.2:8800", plain: true}
"""


class Record(list):
    def record(self, kind, by, text, *, about="", facts=None):
        self.append((kind.value, by, text, about, dict(facts or {})))


def device(name="CN=line server", days=365.0):
    """A certificate that a device made for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name.from_rfc4514_string(name)
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )


def shown(folder, certificate, link="mixer-plc", place="rejected"):
    """Lies where the connector puts it."""
    base = folder / "links" / link / "pki" / place
    base.mkdir(parents=True, exist_ok=True)
    file = base / f"line server [{len(list(base.iterdir()))}].der"
    file.write_bytes(certificate.public_bytes(Encoding.DER))
    return certificate.fingerprint(hashes.SHA256()).hex(":")


@pytest.fixture
def plant(tmp_path):
    file = tmp_path / "plant.yaml"
    file.write_text(PLANT.replace("SECURITY", "sign"), "utf-8")
    authority_of(tmp_path / "data", "riverside")
    return load(file)


@pytest.fixture
def papers(plant, tmp_path):
    made = Certificates(plant, tmp_path / "data", Record())
    made.authority.server("nats", ["10.4.0.2"])
    made.authority.hand_out("edge.edge1", "edge1", tmp_path / "carried")
    return made


@pytest.fixture
def said(plant, tmp_path, capsys):
    def run(*words, code=0):
        assert main(["cert", *words, "--data", str(tmp_path / "data")]) == code
        told = capsys.readouterr()
        return told.out if code == 0 else told.err

    return run


def test_the_inventory_has_ours_and_those_of_devices_and_says_what_their_end_breaks(
    papers, tmp_path
):
    shown(papers.folder, device("CN=waiting"))
    shown(papers.folder, device("CN=known", 20), place="trusted/certs")
    found = {one.name: one for one in papers.inventory()}
    assert found["edge.edge1"].breaks == "edge edge1 and what it runs: mixer-plc"
    assert found["nats"].renews
    assert "no edge" in found["nats"].breaks
    assert (found["CN=waiting"].standing, found["CN=waiting"].breaks) == ("pending", "")
    known = found["CN=known"]
    assert known.standing == "trusted"
    assert known.breaks == "connection mixer-plc to opc.tcp://10.4.1.20:4840: 1 tags"
    assert found["CN=riverside plant authority"].standing == "authority"
    ends = [one.ends for one in papers.inventory()]
    assert ends == sorted(ends)
    assert [one.name for one in papers.forecast(25)] == ["CN=known"]
    assert [one.name for one in papers.forecast(91)] == ["CN=known", "edge.edge1", "nats"]


def test_a_person_lets_a_device_in_or_refuses_it_by_its_sha256(papers):
    good, bad = device("CN=good"), device("CN=bad")
    prints = [shown(papers.folder, one) for one in (good, bad)]
    assert {one.sha256 for one in papers.devices.waiting()} == set(prints)
    papers.approve(prints[0].upper(), "person:anna")
    papers.refuse(prints[1].replace(":", " "), "person:anna")
    assert papers.devices.waiting() == []
    assert [one.certificate for one in papers.devices.trusted()] == [good]
    shown(papers.folder, bad)  # the device tries again
    assert papers.devices.waiting() == []
    papers.refuse(prints[0], "person:ben")  # it was trusted
    assert papers.devices.trusted() == []
    texts = [(by, text, about) for _, by, text, about, _ in papers._recorder]
    assert texts == [
        ("person:anna", "trusted the certificate that mixer-plc shows", "mixer-plc"),
        ("person:anna", "refused the certificate that mixer-plc shows", "mixer-plc"),
        ("person:ben", "refused the certificate that mixer-plc shows", "mixer-plc"),
    ]
    assert papers._recorder[0][-1]["sha256"] == prints[0]
    with pytest.raises(ConfigError, match="no device has shown"):
        papers.approve("00" * 32, "person:anna")


def test_what_the_connector_trusts_is_what_was_approved(papers):
    from isthmus.connectors.opcua.trust import Trust
    from isthmus.model.errors import AuthError

    server = device()
    der = server.public_bytes(Encoding.DER)
    trust = Trust(papers.folder / "links" / "mixer-plc" / "pki")
    with pytest.raises(AuthError):
        trust.check(der, host="10.4.1.20", uri="")
    (waiting,) = papers.devices.waiting()
    papers.approve(waiting.sha256, "owner")
    assert trust.check(der, host="10.4.1.20", uri="") == server
    papers.refuse(waiting.sha256, "owner")
    with pytest.raises(AuthError):
        trust.check(der, host="10.4.1.20", uri="")


def test_a_certificate_that_two_connections_were_shown_is_judged_for_one(papers):
    same = device()
    sha256 = shown(papers.folder, same)
    shown(papers.folder, same, link="press-plc")
    with pytest.raises(ConfigError, match="mixer-plc and press-plc"):
        papers.approve(sha256, "owner")
    papers.approve(sha256, "owner", "press-plc")
    assert [one.link for one in papers.devices.waiting()] == ["mixer-plc"]


def test_nothing_happens_that_cannot_be_recorded(papers, monkeypatch):
    sha256 = shown(papers.folder, device())

    def full(*_, **__):
        raise StorageError("the disk is full")

    monkeypatch.setattr(papers._recorder, "record", full, raising=False)
    for act in (
        lambda: papers.approve(sha256, "owner"),
        lambda: papers.revoke("edge.edge1", "keyCompromise", "owner"),
        lambda: papers.renew("nats", "owner"),
    ):
        with pytest.raises(StorageError):
            act()
    assert len(papers.devices.waiting()) == 1
    assert [one.state for one in papers.issued()] == ["good", "good"]


def test_only_parts_of_the_site_are_renewed_here(papers):
    before = [one.serial for one in papers.issued() if one.name == "nats"]
    papers.renew("nats", "owner")
    now = [(one.serial, one.state, one.hosts) for one in papers.issued() if one.name == "nats"]
    assert [state for _, state, _ in now] == ["superseded", "good"]
    assert now[0][0] == before[0]
    assert "10.4.0.2" in now[1][2]
    with pytest.raises(ConfigError, match="keeps its key elsewhere"):
        papers.renew("edge.edge1", "owner")
    for wrong in ("edge.edge2", "../ca", ""):
        with pytest.raises(ConfigError, match="nothing was issued"):
            papers.revoke(wrong, "unspecified", "owner")
    with pytest.raises(ConfigError, match="no reason"):
        papers.revoke("nats", "because", "owner")


def test_ways_that_nothing_protects_are_told_with_what_to_do(plant, tmp_path):
    found = {one.what: one for one in hops(plant)}
    assert sorted(found) == ["connection mixer-plc", "connection press-plc", "pages and API"]
    assert "read it" in found["connection mixer-plc"].found
    assert "sign-and-encrypt" in found["connection mixer-plc"].do
    assert found["connection press-plc"].weight == "note"
    assert "HTTPS" in found["pages and API"].do
    safe = PLANT.replace("SECURITY", "sign-and-encrypt").replace(", plain: true", "")
    (tmp_path / "safe.yaml").write_text(safe.replace("10.4.1.9", "127.0.0.1"), "utf-8")
    assert hops(load(tmp_path / "safe.yaml")) == []


@pytest.mark.parametrize(
    ("endpoint", "here"),
    [
        ("modbus://127.0.0.1:502", True),
        ("opc.tcp://localhost:4840/x", True),
        ("mqtt://[::1]:1883", True),
        ("file:///var/log/*.log", True),
        ("127.0.0.1:8800", True),
        ("kafka://127.0.0.1:9092,10.0.0.1:9092/t", False),
        ("modbus://10.4.1.9:502", False),
        ("0.0.0.0:8800", False),
        ("localhost.evil.example:80", False),
        ("mqtt://plc", False),
    ],
)
def test_what_stays_on_this_machine_is_no_way(endpoint, here):
    assert local(endpoint) is here


def test_a_connection_is_lent_the_plants_certificate_and_each_renewed_one(papers, tmp_path):
    from isthmus.runtime.trust.lend import lend_all

    text = PLANT.replace("SECURITY", "sign").replace(
        "  mixer-plc:\n",
        "  mixer-broker: {kind: mqtt, broker: 'mqtts://10.4.0.5', identity: plant}\n  mixer-plc:\n",
    )
    (tmp_path / "lent.yaml").write_text(text, "utf-8")
    made = Certificates(load(tmp_path / "lent.yaml"), papers.folder, Record())
    lend_all(made)
    state = papers.folder / "links" / "mixer-broker"
    first = (state / "plant.crt").read_bytes()
    name = x509.load_pem_x509_certificate(first).subject.rfc4514_string()
    assert name == "CN=link.mixer-broker"
    context = ssl.create_default_context()
    context.load_cert_chain(state / "plant.crt", state / "plant.key")
    lend_all(made)
    assert (state / "plant.crt").read_bytes() == first
    made.renew("link.mixer-broker", "owner")
    lend_all(made)
    assert (state / "plant.crt").read_bytes() != first
    context.load_cert_chain(state / "plant.crt", state / "plant.key")
    assert not (papers.folder / "links" / "mixer-plc" / "plant.crt").exists()


# ------------------------------------------------------------ the command
def test_the_command_lists_shows_and_forecasts(papers, said):
    rows = json.loads(said("list", "--json"))
    assert {row["name"] for row in rows} == {"nats", "edge.edge1"}
    text = said("show", "nats")
    assert rows[0]["sha256"] in text
    assert "10.4.0.2" in text
    assert "no edge can" not in said("show", "edge.edge1")
    assert "edge.edge1" in said("forecast")
    assert "nothing ends in that time" in said("forecast", "--days", "1")
    assert "riverside plant authority" in said("inventory")
    assert "issued: edge.edge1, nats" in said("show", "nasts", code=2)


def test_the_command_judges_devices_and_the_ledger_says_who(papers, said):
    sha256 = shown(papers.folder, device("CN=mixer"))
    assert sha256 in said("trust")
    assert "trusted" in said("trust", "approve", sha256)
    assert json.loads(said("trust", "--json")) == []
    assert "which certificate" in said("trust", "approve", code=2)
    (entry,) = newest(papers.folder / FOLDER, Wanted(kind="certificate"), 10)
    assert entry.by == "owner"
    assert entry.facts["sha256"] == sha256


def test_the_command_issues_to_a_folder_and_keeps_no_key(papers, said, tmp_path):
    folder = tmp_path / "reader"
    told = json.loads(said("issue", "bi-reader", "--to", str(folder), "--json"))
    assert told["name"] == "bi-reader"
    assert sorted(file.name for file in folder.iterdir()) == [
        *("bi-reader.crt", "bi-reader.key", "ca.crt")
    ]
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    context.load_cert_chain(folder / "bi-reader.crt", folder / "bi-reader.key")
    assert not list((papers.folder / "pki").glob("bi-reader*"))
    assert "site's own" in said("issue", "nats", code=2)
    assert "no name" in said("issue", "../x", code=2)
    said("revoke", "bi-reader", "--reason", "keyCompromise")
    told = x509.load_der_x509_crl((papers.folder / "pki" / "ca.crl").read_bytes())
    assert len(told) == 1


def test_the_companys_authority_is_asked_for_and_installed(papers, said, tmp_path):
    csr, chain = tmp_path / "a.csr", tmp_path / "chain.pem"
    said("request", "--to", str(csr))
    asked = x509.load_pem_x509_csr(csr.read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    company = build.root("acme root", key, now, 900)
    builder = (
        x509.CertificateBuilder()
        .subject_name(asked.subject)
        .issuer_name(company.subject)
        .public_key(asked.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=800))
    )
    plain = builder.sign(key, hashes.SHA256())
    made = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(
        key, hashes.SHA256()
    )

    def offer(*certificates):
        chain.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in certificates))
        return "install", str(chain)

    assert "CA:TRUE" in said(*offer(plain, company), code=2)
    assert "not for the key" in said(*offer(company, made), code=2)
    assert "below the one that it signed" in said(*offer(made, device()), code=2)
    assert "issues from now on" in said(*offer(made, company))
    again = Certificates(papers.plant, papers.folder, Record())
    served = again.authority.server("nats")
    shows = x509.load_pem_x509_certificates(Path(served.certificate).read_bytes())
    assert shows[1:] == [made, company]
    assert build.issued_by(shows[0], made)
    assert (papers.folder / "pki" / "ca.key.before").exists()
    assert "comes first" in said(*offer(made, company), code=2)


def test_the_doctor_shows_what_waits_and_what_is_open(papers, tmp_path, capsys):
    sha256 = shown(papers.folder, device())
    plant = str(tmp_path / "plant.yaml")
    main(["doctor", "--data", str(papers.folder), "--plant", plant, "--json"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])["findings"]
    waiting = [one for one in told if sha256 in one["found"]]
    assert waiting[0]["state"] == "wrong"
    open_ = {one["what"]: one for one in told}
    assert open_["pages and API"]["state"] == "wrong"
    assert open_["connection press-plc"]["state"] == "note"


def test_a_command_does_not_write_where_a_site_has_the_ledger(papers, said):
    sha256 = shown(papers.folder, device())
    ledger = open_ledger(papers.folder, {})
    try:
        said("trust", "approve", sha256, code=1)
    finally:
        ledger.close()
    assert len(papers.devices.waiting()) == 1
