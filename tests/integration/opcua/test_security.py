"""Who is trusted, who signs in, and what is said when one of them is refused."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import logging
import shutil
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from isthmus.connectors.opcua.identity import identity, thumbprint
from isthmus.connectors.opcua.trust import KEPT_REJECTED, Trust
from isthmus.model.errors import AuthError, LinkError
from isthmus.model.record import Unrecorded
from isthmus.runtime.trust.certificates import Certificates

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
URI = "urn:acme:line"


def named(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def issue(
    name,
    *,
    issuer=None,
    ca=False,
    uri=URI,
    host="127.0.0.1",
    start=NOW - DAY,
    end=NOW + 30 * DAY,
    signs=True,
    curve=False,
):
    """(certificate, key), signed by `issuer`, a pair of the same kind, or by itself."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    key = ec.generate_private_key(ec.SECP256R1()) if curve else key
    parent, signer = (named(name), key) if issuer is None else (issuer[0].subject, issuer[1])
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(parent)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, key_encipherment=True,
                data_encipherment=True, key_agreement=False, key_cert_sign=signs, crl_sign=True,
                encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
    )  # fmt: skip
    if not ca:
        names = [
            x509.UniformResourceIdentifier(uri),
            x509.IPAddress(ipaddress.ip_address(host)),
            x509.DNSName("line.acme"),
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256()), key


def der(pair):
    return pair[0].public_bytes(serialization.Encoding.DER)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The server's pair, its file, and an authority that has nothing to do with it."""
    folder = tmp_path_factory.mktemp("server")
    pair = issue("line server")
    file = folder / "server.der"
    file.write_bytes(der(pair))
    file.with_suffix(".pem").write_bytes(
        pair[1].private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


@pytest.fixture(scope="module")
def secured(opcua, own):
    with opcua.serving(certificate=str(own), users=True) as running:
        yield running


USER = {"user": "operator", "password": "right", "publish": 0.05}


async def spoken(opcua, url, state, **given):
    link = opcua.linked(url, opcua.bound("Speed", "Count"), state, **given)
    try:
        async with asyncio.timeout(20):
            await link.open()
            values, _ = await opcua.gathered(link, 2)
            return values
    finally:
        await link.close()


def test_an_unknown_certificate_is_refused_until_a_person_moves_it(secured, opcua, own, tmp_path):
    given = {**USER, "security": "sign-and-encrypt"}
    with pytest.raises(AuthError) as refused:
        asyncio.run(spoken(opcua, secured.url, tmp_path, **given))
    kept = list((tmp_path / "pki/rejected").iterdir())
    assert [file.read_bytes() for file in kept] == [own.read_bytes()]
    said = str(refused.value)
    assert "CN=line server" in said
    assert thumbprint(x509.load_der_x509_certificate(own.read_bytes())) in said
    assert str(kept[0]) in said
    assert "trusted" in refused.value.hint
    kept[0].rename(tmp_path / "pki/trusted/certs" / kept[0].name)
    values = asyncio.run(spoken(opcua, secured.url, tmp_path, **given))
    assert values == {10: (12.5, 0), 11: (7.0, 0)}


def test_a_person_approves_the_server_by_its_sha256_and_refuses_it_again(
    secured, opcua, own, tmp_path
):
    given = {**USER, "security": "sign-and-encrypt"}
    state = tmp_path / "links" / "line"
    state.mkdir(parents=True)
    papers = Certificates(None, tmp_path, Unrecorded())
    with pytest.raises(AuthError):
        asyncio.run(spoken(opcua, secured.url, state, **given))
    (waiting,) = papers.devices.waiting()
    shown = thumbprint(x509.load_der_x509_certificate(own.read_bytes()))
    assert (waiting.link, waiting.sha256.upper()) == ("line", shown)
    papers.approve(shown, "person:anna")
    assert asyncio.run(spoken(opcua, secured.url, state, **given)) == {10: (12.5, 0), 11: (7.0, 0)}
    papers.refuse(shown, "person:anna")
    with pytest.raises(AuthError):
        asyncio.run(spoken(opcua, secured.url, state, **given))
    assert papers.devices.waiting() == []


@pytest.mark.parametrize(
    ("security", "policy"),
    [
        ("sign-and-encrypt", "Basic256Sha256"),
        ("sign-and-encrypt", "Aes256Sha256RsaPss"),
        ("sign-and-encrypt", "Aes128Sha256RsaOaep"),
        ("sign", "Basic256Sha256"),
    ],
)
def test_a_pinned_certificate_opens_each_policy(secured, opcua, own, tmp_path, security, policy):
    given = {**USER, "security": security, "policy": policy, "server_certificate": own}
    values = asyncio.run(spoken(opcua, secured.url, tmp_path, **given))
    assert values == {10: (12.5, 0), 11: (7.0, 0)}


def test_another_certificate_than_the_pinned_one_is_refused(secured, opcua, tmp_path):
    other = tmp_path / "other.der"
    other.write_bytes(der(issue("somebody else")))
    given = {**USER, "security": "sign-and-encrypt", "server_certificate": other}
    with pytest.raises(AuthError, match="another one is pinned"):
        asyncio.run(spoken(opcua, secured.url, tmp_path, **given))
    assert not (tmp_path / "pki/trusted").exists()


@pytest.mark.parametrize("given", [{"password": "wrong"}, {"user": None, "password": None}])
def test_a_wrong_password_and_no_user_are_refused(secured, opcua, own, tmp_path, given, caplog):
    given = {**USER, "security": "sign-and-encrypt", "server_certificate": own, **given}
    with caplog.at_level(logging.DEBUG, logger="isthmus"), pytest.raises(AuthError) as refused:
        asyncio.run(spoken(opcua, secured.url, tmp_path, **given))
    assert "user" in refused.value.hint
    assert "wrong" not in caplog.text


def test_a_policy_that_is_not_offered_is_refused_and_what_is_offered_is_said(opcua, tmp_path):
    with opcua.serving() as plain, pytest.raises(AuthError, match="only None None"):
        asyncio.run(spoken(opcua, plain.url, tmp_path, security="sign"))


def test_a_password_never_travels_in_the_clear_unless_that_is_written_out(opcua, tmp_path):
    with opcua.serving(users=True) as plain:
        with pytest.raises(AuthError, match="unencrypted"):
            asyncio.run(spoken(opcua, plain.url, tmp_path, **USER))
        values = asyncio.run(spoken(opcua, plain.url, tmp_path, **USER, clear_password="allow"))
    assert values == {10: (12.5, 0), 11: (7.0, 0)}


def test_a_password_is_not_encrypted_for_a_certificate_nobody_trusts(opcua, own, tmp_path):
    given = {"certificate": str(own), "users": True, "also_none": True}
    with opcua.serving(**given) as server, pytest.raises(AuthError, match="is unknown"):
        asyncio.run(spoken(opcua, server.url, tmp_path, **USER))


def test_passwords_come_from_the_environment_and_from_files(
    secured, opcua, own, tmp_path, monkeypatch
):
    monkeypatch.setenv("LINE_PASSWORD", "right")
    file = tmp_path / "secret"
    file.write_text("right\n")
    given = {**USER, "security": "sign-and-encrypt", "server_certificate": own}
    for password in ({"env": "LINE_PASSWORD"}, {"file": str(file)}):
        given["password"] = password
        assert asyncio.run(spoken(opcua, secured.url, tmp_path, **given))
    given["password"] = {"env": "NO_SUCH_VARIABLE"}
    with pytest.raises(LinkError, match="NO_SUCH_VARIABLE"):
        opcua.linked(secured.url, [], tmp_path, **given)
    assert "right" not in repr(opcua.linked(secured.url, [], tmp_path, **USER).setting)


# ---------------------------------------------------------------- the trust list alone
def trusting(folder: Path, *pairs):
    certs = folder / "trusted/certs"
    certs.mkdir(parents=True, exist_ok=True)
    for place, pair in enumerate(pairs):
        (certs / f"{place}.der").write_bytes(der(pair))
    return Trust(folder)


def checked(trust, chain, host="127.0.0.1", uri=URI):
    return trust.check(chain, host=host, uri=uri)


def test_a_trusted_authority_vouches_for_its_servers_through_others(tmp_path):
    root = issue("root", ca=True)
    middle = issue("middle", ca=True, issuer=root)
    leaf = issue("line", issuer=middle)
    trust = trusting(tmp_path, root)
    assert checked(trust, der(leaf) + der(middle)) == leaf[0]
    assert checked(trust, der(leaf) + der(middle), host="LINE.acme") == leaf[0]
    with pytest.raises(AuthError, match="is unknown"):
        checked(trust, der(leaf))  # the middle is missing
    issuers = tmp_path / "issuers/certs"
    issuers.mkdir(parents=True)
    (issuers / "middle.der").write_bytes(der(middle))
    assert checked(trust, der(leaf)) == leaf[0]


def test_who_is_no_authority_vouches_for_nobody(tmp_path):
    pretender = issue("line")
    with pytest.raises(AuthError, match="is unknown"):
        checked(trusting(tmp_path, pretender), der(issue("other", issuer=pretender)))


def test_of_an_issued_certificate_time_host_and_application_must_be_right(tmp_path):
    root = issue("root", ca=True, start=NOW - 100 * DAY)
    trust = trusting(tmp_path, root)
    wrong = {
        "it is for 127.0.0.9, line.acme": {"host": "127.0.0.9"},
        "not for the application": {"uri": "urn:somebody:else"},
    }
    for said, given in wrong.items():
        with pytest.raises(AuthError, match=said):
            checked(trust, der(issue("line", issuer=root, **given)))
    for times in ({"end": NOW - dt.timedelta(hours=1)}, {"start": NOW + DAY}):
        with pytest.raises(AuthError):
            checked(trust, der(issue("line", issuer=root, **times)))


def test_of_a_trusted_certificate_time_and_application_must_be_right(tmp_path):
    late = issue("late", end=NOW - dt.timedelta(hours=1))
    early = issue("early", start=NOW + DAY)
    other = issue("other", uri="urn:somebody:else")
    trust = trusting(tmp_path, late, early, other)
    for pair, said in ((late, "expired"), (early, "valid only from"), (other, "application")):
        with pytest.raises(AuthError, match=said):
            checked(trust, der(pair))
    pinned = tmp_path / "late.pem"
    pinned.write_bytes(late[0].public_bytes(serialization.Encoding.PEM))
    assert checked(Trust(tmp_path, pinned), der(late)) == late[0]


def revoking(issuer, *pairs):
    """The revocation list of `issuer` that names `pairs`, in DER."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer[0].subject)
        .last_update(NOW - DAY)
        .next_update(NOW + DAY)
    )
    for pair in pairs:
        revoked = x509.RevokedCertificateBuilder().serial_number(pair[0].serial_number)
        builder = builder.add_revoked_certificate(revoked.revocation_date(NOW - DAY).build())
    crl = builder.sign(issuer[1], hashes.SHA256())
    return crl.public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize("curve", [False, True], ids=["rsa", "ec"])
@pytest.mark.parametrize("where", ["trusted/crl/root.crl", "trusted/crl/root.der", "issuers/crl/a"])
def test_a_revoked_certificate_is_refused(tmp_path, curve, where):
    root = issue("root", ca=True, curve=curve)
    good, bad = issue("good", issuer=root), issue("bad", issuer=root)
    file = tmp_path / where
    file.parent.mkdir(parents=True)
    file.write_bytes(revoking(root, bad))
    trust = trusting(tmp_path, root)
    assert checked(trust, der(good)) == good[0]
    with pytest.raises(AuthError, match="revoked"):
        checked(trust, der(bad))


def test_a_certificate_that_its_middle_authority_revoked_is_refused(tmp_path):
    root = issue("root", ca=True)
    middle = issue("middle", ca=True, issuer=root)
    bad = issue("bad", issuer=middle)
    file = tmp_path / "issuers/crl/middle.crl"
    file.parent.mkdir(parents=True)
    file.write_bytes(revoking(middle, bad))
    with pytest.raises(AuthError, match="revoked"):
        checked(trusting(tmp_path, root), der(bad) + der(middle))


def test_a_list_that_cannot_be_read_is_named_and_revokes_everything(tmp_path):
    root = issue("root", ca=True)
    file = tmp_path / "trusted/crl/root.crl"
    file.parent.mkdir(parents=True)
    file.write_bytes(revoking(root)[:-9])
    with pytest.raises(AuthError, match=r"revocation list .*root\.crl") as told:
        checked(trusting(tmp_path, root), der(issue("line", issuer=root)))
    assert "replace" in told.value.hint


def test_who_may_not_sign_certificates_vouches_for_nobody(tmp_path):
    root = issue("root", ca=True)
    middle = issue("middle", ca=True, issuer=root, signs=False)
    with pytest.raises(AuthError, match="is unknown"):
        checked(trusting(tmp_path, root), der(issue("line", issuer=middle)) + der(middle))


def test_what_is_kept_of_unknown_servers_stays_bounded(tmp_path):
    pair = der(issue("line"))
    rejected = tmp_path / "rejected"
    rejected.mkdir()
    for place in range(KEPT_REJECTED + 10):
        (rejected / f"{place}.der").write_bytes(b"")
    with pytest.raises(AuthError):
        checked(Trust(tmp_path), pair)
    kept = list(rejected.iterdir())
    assert len(kept) == KEPT_REJECTED
    assert pair in [file.read_bytes() for file in kept]


@pytest.mark.parametrize("chain", [b"", b"\x30", b"\x30\x82\x00\x04abcd", b"garbage" * 100])
def test_bytes_that_are_no_certificate_are_refused(tmp_path, chain):
    with pytest.raises(AuthError, match="cannot be read"):
        checked(Trust(tmp_path), chain)


def test_our_own_certificate_is_made_once_and_anew_before_it_ends(tmp_path, monkeypatch):
    first = identity(tmp_path, name="line 1")
    content, key = first.certificate.read_bytes(), first.key.read_bytes()
    assert identity(tmp_path, name="line 1") == first
    assert first.certificate.read_bytes() == content
    assert first.key.stat().st_mode & 0o077 == 0
    certificate = x509.load_der_x509_certificate(content)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [first.uri]
    assert first.uri == "urn:isthmus:line-1"
    monkeypatch.setattr("isthmus.connectors.opcua.identity.RENEW", dt.timedelta(days=4_000))
    identity(tmp_path, name="line 1")
    assert first.certificate.read_bytes() != content
    assert first.key.read_bytes() == key
    first.key.write_bytes(b"damaged")
    with pytest.raises(LinkError, match="own certificate"):
        identity(tmp_path, name="line 1")
    shutil.rmtree(tmp_path / "own")
