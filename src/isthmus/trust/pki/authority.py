"""The plant's own certificate authority: made at first start, trusted by nobody else.

Keys are EC P-256 (NIST SP 800-186), certificates X.509 v3 (RFC 5280), all files PEM. Keys are
written readable by their owner alone and never overwritten but by a renewal.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from isthmus.model.errors import StorageError
from isthmus.model.sample import Clock

AUTHORITY_DAYS = 20 * 365
CERTIFICATE_DAYS = 397
RENEW_DAYS = 60  # before the end
_BACKDATE = timedelta(minutes=5)  # clocks of a plant differ
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class Use(Enum):
    """What a certificate may be used for (RFC 5280, 4.2.1.12)."""

    SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
    CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


@dataclass(frozen=True, slots=True)
class Identity:
    """Where the PEM files of one identity are, and when it ends."""

    name: str
    ca: Path
    certificate: Path
    key: Path
    ends: datetime


class PlantAuthority:
    """Issues certificates for the servers and clients of one plant."""

    def __init__(
        self,
        folder: Path,
        certificate: x509.Certificate,
        key: ec.EllipticCurvePrivateKey,
        now: Clock,
    ) -> None:
        self.folder = folder
        self.ca = folder / "ca.crt"
        self._certificate = certificate
        self._key = key
        self._now = now

    @classmethod
    def open(cls, folder: Path, name: str, now: Clock) -> PlantAuthority:
        """The authority kept in `folder`, made there at first start.

        `name` is the plant's, such as `acme riverside`. Raises StorageError where the files are
        damaged, unreadable or belong to each other no more.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        certificate_file, key_file = folder / "ca.crt", folder / "ca.key"
        if not certificate_file.exists():
            if key_file.exists():  # stopped between the two: what this key signed stays good
                key = _key(key_file)
            else:
                key = ec.generate_private_key(ec.SECP256R1())
                write_private(key_file, _pem(key))
            certificate = _self_signed(f"{name} plant authority"[:64], key, _instant(now))
            _write(certificate_file, certificate.public_bytes(serialization.Encoding.PEM))
            return cls(folder, certificate, key, now)
        return cls(folder, *_load(certificate_file, key_file), now)

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the authority's certificate, for people to compare."""
        return self._certificate.fingerprint(hashes.SHA256()).hex(":")

    def server(self, name: str, hosts: Sequence[str] = ()) -> Identity:
        """A server's identity, valid for this machine's names and `hosts` besides."""
        return self.issue(name, Use.SERVER, hosts=(*local_names(), *hosts))

    def client(self, name: str) -> Identity:
        """A client's identity; its common name is `name`."""
        return self.issue(name, Use.CLIENT)

    def broker(self, name: str = "mqtt", hosts: Sequence[str] = ()) -> Identity:
        """The identity of an MQTT broker on this machine, also known as `hosts`."""
        return self.server(name, hosts)

    def issue(self, name: str, use: Use, *, hosts: Sequence[str] = ()) -> Identity:
        """The identity `name`, from its files where they are still good, else made or renewed.

        Renewed when it ends within 60 days, lacks a host, or was issued by another authority.
        """
        if not _NAME.fullmatch(name) or name == "ca":
            raise ValueError(f"`{name}` is no name for a certificate: letters, digits and . _ -")
        certificate_file, key_file = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        with contextlib.suppress(StorageError):
            known, _ = _load(certificate_file, key_file)
            if self._good(known, use, hosts):
                return self._identity(name, known)
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(name, key, use, hosts)
        # a certificate without its key is renewed at the next start, so the order is safe
        certificate_file.unlink(missing_ok=True)
        write_private(key_file, _pem(key))
        _write(certificate_file, made.public_bytes(serialization.Encoding.PEM))
        return self._identity(name, made)

    def hand_out(self, name: str, file: str, folder: Path) -> Identity:
        """A new client's identity `name` in `folder`, to be carried away: no key stays here.

        Writes `ca.crt`, `<file>.crt` and `<file>.key`, which only the owner may read.
        """
        if not _NAME.fullmatch(name) or not _NAME.fullmatch(file) or file == "ca":
            raise ValueError(f"`{name}` is no name for a certificate: letters, digits and . _ -")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(name, key, Use.CLIENT, ())
        certificate_file, key_file = folder / f"{file}.crt", folder / f"{file}.key"
        certificate_file.unlink(missing_ok=True)
        write_private(key_file, _pem(key))
        _write(certificate_file, made.public_bytes(serialization.Encoding.PEM))
        _write(folder / "ca.crt", self._certificate.public_bytes(serialization.Encoding.PEM))
        return Identity(
            name, folder / "ca.crt", certificate_file, key_file, made.not_valid_after_utc
        )

    def _identity(self, name: str, certificate: x509.Certificate) -> Identity:
        return Identity(
            name,
            self.ca,
            self.folder / f"{name}.crt",
            self.folder / f"{name}.key",
            certificate.not_valid_after_utc,
        )

    def _good(self, known: x509.Certificate, use: Use, hosts: Sequence[str]) -> bool:
        now = _instant(self._now)
        if (
            not known.not_valid_before_utc
            <= now
            < known.not_valid_after_utc - timedelta(days=RENEW_DAYS)
        ):
            return False
        try:
            known.verify_directly_issued_by(self._certificate)
            usage = known.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            named = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (ValueError, TypeError, x509.ExtensionNotFound):
            return False
        except Exception as error:  # cryptography's InvalidSignature is a bare Exception
            if type(error).__name__ != "InvalidSignature":
                raise
            return False
        return set(use.value) <= set(usage) and {_alternative(host) for host in hosts} <= set(named)

    def _sign(
        self, name: str, key: ec.EllipticCurvePrivateKey, use: Use, hosts: Sequence[str]
    ) -> x509.Certificate:
        now = _instant(self._now)
        ends = min(now + timedelta(days=CERTIFICATE_DAYS), self._certificate.not_valid_after_utc)
        authority = self._key.public_key()
        names = list(dict.fromkeys(_alternative(host) for host in hosts)) or [x509.DNSName(name)]
        return (
            x509.CertificateBuilder()
            .subject_name(_subject(name))
            .issuer_name(self._certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATE)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(use.value), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )


def ends(certificate: Path) -> datetime:
    """When the certificate in a PEM file ends."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def local_names() -> tuple[str, ...]:
    """What this machine is called by those on it."""
    name = socket.gethostname()
    return ("localhost", "127.0.0.1", "::1", *([name] if name.isascii() and name else []))


def write_private(file: Path, content: bytes) -> None:
    """Write `file` whole or not at all, readable by its owner alone."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)


def _write(file: Path, content: bytes) -> None:
    draft = file.with_name(file.name + ".new")
    draft.write_bytes(content)
    draft.replace(file)


def _key(file: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise StorageError(
            f"reading the key {file}: {error}", hint="restore the folder from a backup"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StorageError(f"reading the key {file}: it is no elliptic-curve key")
    return key


def _load(
    certificate_file: Path, key_file: Path
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise StorageError(
            f"reading the certificate {certificate_file}: {error}",
            hint="restore the folder from a backup; a new authority means new certificates for all",
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.public_key() != (
        key.public_key()
    ):
        raise StorageError(f"reading the certificate {certificate_file}: {key_file} is not its key")
    return certificate, key


def _self_signed(name: str, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(name))
        .issuer_name(_subject(name))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _instant(now: Clock) -> datetime:
    return datetime.fromtimestamp(now() // 1_000_000_000, UTC)
