"""The plant's authority, checked with the standard library's TLS and path building."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from isthmus.model.errors import StorageError
from isthmus.model.sample import Nanoseconds
from isthmus.trust.pki.authority import PlantAuthority, Use

NOW = 1_800_000_000_000_000_000
DAY = 86_400_000_000_000


def at(days: float = 0):
    return lambda: Nanoseconds(NOW + int(days * DAY))


def loaded(identity):
    return x509.load_pem_x509_certificate(identity.certificate.read_bytes())


def test_the_authority_is_made_once_and_keys_are_private(tmp_path):
    folder = tmp_path / "trust"
    first = PlantAuthority.open(folder, "acme riverside", at())
    again = PlantAuthority.open(folder, "acme riverside", at(1))
    assert first.fingerprint == again.fingerprint
    server = again.server("nats")
    for key in (folder / "ca.key", server.key):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_certificate_is_what_path_validation_demands(tmp_path):
    authority = PlantAuthority.open(tmp_path, "acme riverside", at())
    server = authority.server("nats", hosts=["plant.example"])
    root = x509.load_pem_x509_certificate(authority.ca.read_bytes())
    moment = server.ends - timedelta(days=10)
    for name in ("localhost", "plant.example"):
        verifier = (
            PolicyBuilder()
            .store(Store([root]))
            .time(moment)
            .build_server_verifier(x509.DNSName(name))
        )
        assert verifier.verify(loaded(server), [])
    client = loaded(authority.client("edge1"))
    verified = PolicyBuilder().store(Store([root])).time(moment).build_client_verifier()
    assert verified.verify(client, []).chain[0] == client
    assert client.subject.rfc4514_string() == "CN=edge1"


def test_certificates_are_kept_until_renewal_is_due(tmp_path):
    first = loaded(PlantAuthority.open(tmp_path, "p", at()).client("edge1"))
    assert loaded(PlantAuthority.open(tmp_path, "p", at(59)).client("edge1")) == first
    renewed = PlantAuthority.open(tmp_path, "p", at(61)).client("edge1")
    assert loaded(renewed) != first
    assert renewed.ends > first.not_valid_after_utc


def test_a_certificate_is_renewed_for_another_use_host_or_missing_key(tmp_path):
    authority = PlantAuthority.open(tmp_path, "p", at())
    first = loaded(authority.issue("a", Use.CLIENT))
    second = loaded(authority.issue("a", Use.BOTH))
    assert first != second
    assert loaded(authority.issue("a", Use.CLIENT)) == second
    third = loaded(authority.issue("a", Use.BOTH, hosts=["10.0.0.7"]))
    assert third != second
    (tmp_path / "a.key").unlink()
    assert loaded(authority.issue("a", Use.BOTH, hosts=["10.0.0.7"])) != third


def test_a_damaged_authority_is_named_and_never_replaced(tmp_path):
    PlantAuthority.open(tmp_path, "p", at())
    (tmp_path / "ca.key").write_bytes(b"nonsense")
    with pytest.raises(StorageError, match=r"ca\.crt") as told:
        PlantAuthority.open(tmp_path, "p", at())
    assert "backup" in told.value.hint
    (tmp_path / "ca.key").unlink()
    with pytest.raises(StorageError):
        PlantAuthority.open(tmp_path, "p", at())


@pytest.mark.parametrize("name", ["", "../x", "a/b", "ca", "-x", "a b", "x" * 64])
def test_a_name_that_is_no_file_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="no name"):
        PlantAuthority.open(tmp_path, "p", at()).client(name)


def test_both_sides_of_a_real_handshake_agree(tmp_path):
    import time

    authority = PlantAuthority.open(tmp_path, "p", lambda: Nanoseconds(time.time_ns()))
    server, client = authority.broker(), authority.client("edge1")
    accepting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(server.ca))
    accepting.verify_mode = ssl.CERT_REQUIRED
    accepting.load_cert_chain(server.certificate, server.key)
    calling = ssl.create_default_context(cafile=str(client.ca))
    calling.load_cert_chain(client.certificate, client.key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            connection, _ = listener.accept()
            with accepting.wrap_socket(connection, server_side=True) as wrapped:
                wrapped.sendall(str(wrapped.getpeercert()["subject"]).encode())

        thread = threading.Thread(target=serve)
        thread.start()
        raw = socket.create_connection(listener.getsockname())
        with calling.wrap_socket(raw, server_hostname="127.0.0.1") as wrapped:
            assert b"edge1" in wrapped.recv(1000)
            assert wrapped.version() == "TLSv1.3"
        thread.join()


def test_an_identity_is_handed_out_and_its_key_is_kept_nowhere_else(tmp_path):
    authority = PlantAuthority.open(tmp_path / "pki", "acme", at())
    made = authority.hand_out("edge.edge1", "edge1", tmp_path / "carry")
    assert sorted(file.name for file in (tmp_path / "carry").iterdir()) == [
        *("ca.crt", "edge1.crt", "edge1.key")
    ]
    assert made.key.stat().st_mode & 0o777 == 0o600
    certificate = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    assert certificate.subject.rfc4514_string() == "CN=edge.edge1"
    ca = x509.load_pem_x509_certificate((tmp_path / "carry" / "ca.crt").read_bytes())
    certificate.verify_directly_issued_by(ca)
    assert not list((tmp_path / "pki").glob("edge*"))
    key = made.key.read_bytes()
    authority.hand_out("edge.edge1", "edge1", tmp_path / "carry")
    assert made.key.read_bytes() != key, "issued again: a new key"
    with pytest.raises(ValueError, match="no name for a certificate"):
        authority.hand_out("edge.edge1", "../x", tmp_path / "carry")


@pytest.mark.parametrize("stopped_before", ["ca.key", "ca.crt"])
def test_an_authority_whose_making_was_cut_short_is_finished(tmp_path, monkeypatch, stopped_before):
    import isthmus.trust.pki.opened as module

    write = {"ca.key": "write_private", "ca.crt": "write_public"}[stopped_before]
    with monkeypatch.context() as patch:

        def stop(*_):
            raise KeyboardInterrupt

        patch.setattr(module, write, stop)
        with pytest.raises(KeyboardInterrupt):
            PlantAuthority.open(tmp_path, "p", at())
    kept = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert list(kept) == ([] if stopped_before == "ca.key" else ["ca.key"])
    authority = PlantAuthority.open(tmp_path, "p", at())
    loaded(authority.client("a")).verify_directly_issued_by(
        x509.load_pem_x509_certificate(authority.ca.read_bytes())
    )
    assert kept.get("ca.key", b"") in (tmp_path / "ca.key").read_bytes()
    assert PlantAuthority.open(tmp_path, "p", at()).fingerprint == authority.fingerprint
