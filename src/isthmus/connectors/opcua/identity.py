"""Our own application certificate, made on first use and anew before it expires."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from isthmus.model.errors import LinkError

VALID = timedelta(days=5 * 365)
RENEW = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Identity:
    """Our application certificate: both files, and the URI that it names."""

    certificate: Path
    key: Path
    uri: str


def thumbprint(certificate: x509.Certificate) -> str:
    """The SHA-256 of the certificate, as hexadecimal pairs to compare with the server's."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def identity(folder: Path, *, name: str) -> Identity:
    """The own certificate in `folder`, made on first use and anew before it expires.

    RSA 2048 with SHA-256, which all of our policies accept (Part 7, 6.6), with the extensions
    that Part 6 (6.2.2) asks for. The key never changes, the file is readable by its owner only.
    """
    own = folder / "own"
    own.mkdir(parents=True, exist_ok=True)
    made = Identity(own / "certificate.der", own / "key.pem", f"urn:isthmus:{word(name)}")
    try:
        if not made.key.exists():
            key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
            write(made.key, _pem(key), mode=0o600)
        loaded = _key(made.key)
        if not made.certificate.exists() or _stale(made.certificate, made.uri, loaded):
            certificate = _issued(loaded, name, made.uri)
            write(made.certificate, certificate.public_bytes(serialization.Encoding.DER))
    except (OSError, ValueError, TypeError) as error:
        raise LinkError(
            f"making our own certificate in {own}: {error}",
            hint="the folder must be writable; delete a damaged file there to have it made anew",
        ) from error
    return made


def _key(file: Path) -> rsa.RSAPrivateKey:
    loaded = serialization.load_pem_private_key(file.read_bytes(), None)
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise TypeError("the key is not of RSA")
    return loaded


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _stale(file: Path, uri: str, key: rsa.RSAPrivateKey) -> bool:
    certificate = x509.load_der_x509_certificate(file.read_bytes())
    return (
        certificate.not_valid_after_utc - datetime.now(UTC) < RENEW
        or certificate.public_key() != key.public_key()
        or uri not in names(certificate, x509.UniformResourceIdentifier)
    )


def _issued(key: rsa.RSAPrivateKey, name: str, uri: str) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Isthmus"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Isthmus {name}"[:64]),
        ]
    )
    now = datetime.now(UTC)
    host = socket.gethostname()
    public = key.public_key()
    uses = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=True,
        data_encipherment=True,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks of machines run late
        .not_valid_after(now + VALID)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.UniformResourceIdentifier(uri), x509.DNSName(word(host))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(uses, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def write(file: Path, content: bytes, *, mode: int = 0o644) -> None:
    """`file` with this content, at once or not at all."""
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)


def word(text: str) -> str:
    """`text` in letters that file names, host names and URIs take."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.") or "isthmus"


def names(
    certificate: x509.Certificate,
    kind: type[x509.DNSName | x509.UniformResourceIdentifier],
) -> list[str]:
    """The alternative names of one kind that `certificate` bears."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return list(found.value.get_values_for_type(kind))
