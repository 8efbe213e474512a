"""X.509 as this plant writes it: authority, leaf, request and revocation list (RFC 5280)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BACKDATE = timedelta(minutes=5)  # clocks of a plant differ
LIST_LIFE = timedelta(days=7)


class Use(Enum):
    """What a certificate may be used for (RFC 5280, 4.2.1.12)."""

    SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
    CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)

    @property
    def word(self) -> str:
        """The use for people and files."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Signer:
    """An authority's certificate and key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def rooted(self) -> bool:
        """Whether nobody stands above it."""
        return self.certificate.subject == self.certificate.issuer


@dataclass(frozen=True, slots=True)
class Wish:
    """What a leaf shall say; `generation` counts how often its name was revoked before."""

    name: str
    use: Use
    hosts: tuple[str, ...] = ()
    generation: int = 0

    @property
    def subject(self) -> x509.Name:
        """Whom it names: one that was revoked comes back as somebody else."""
        parts = [x509.NameAttribute(NameOID.COMMON_NAME, self.name)]
        if self.generation:
            parts.append(
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, f"issue {self.generation + 1}")
            )
        return x509.Name(parts)


def root(name: str, key: ec.EllipticCurvePrivateKey, now: datetime, days: int) -> x509.Certificate:
    """The certificate of an authority that stands for itself."""
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(common(name))
        .issuer_name(common(name))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def leaf(
    wish: Wish, public: ec.EllipticCurvePublicKey, by: Signer, now: datetime, life: timedelta
) -> x509.Certificate:
    """A certificate for `public`, which ends after `life` or with its authority."""
    names = list(dict.fromkeys(alternative(host) for host in wish.hosts))
    return (
        x509.CertificateBuilder()
        .subject_name(wish.subject)
        .issuer_name(by.certificate.subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(min(now + life, by.certificate.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(wish.use.value), critical=False)
        .add_extension(
            x509.SubjectAlternativeName(names or [x509.DNSName(wish.name)]), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False
        )
        .sign(by.key, hashes.SHA256())
    )


def request(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool = False,
    subject: x509.Name | None = None,
) -> x509.CertificateSigningRequest:
    """A request (RFC 2986) for a certificate of `name`, that of an authority if so."""
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject or common(name))
        .add_extension(
            x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True
        )
        .add_extension(_key_usage(signs=authority), critical=True)
        .sign(key, hashes.SHA256())
    )


def revocation_list(
    revoked: Iterable[tuple[int, datetime, str]], by: Signer, now: datetime
) -> x509.CertificateRevocationList:
    """What `by` takes back: serial number, since when, and the reason as RFC 5280 words it."""
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(by.certificate.subject)
        .last_update(now)
        .next_update(now + LIST_LIFE)
        .add_extension(x509.CRLNumber(int(now.timestamp() * 1e6)), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False
        )
    )
    for serial, since, reason in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since)
        flag = x509.ReasonFlags(reason)
        if flag is not x509.ReasonFlags.unspecified:  # which shall be absent (5.3.1)
            entry = entry.add_extension(x509.CRLReason(flag), critical=False)
        made = made.add_revoked_certificate(entry.build())
    return made.sign(by.key, hashes.SHA256())


def issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether `authority` has signed `certificate`."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def says(certificate: x509.Certificate, use: Use, hosts: Sequence[str]) -> bool:
    """Whether `certificate` is for this use and these hosts."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    return set(use.value) <= set(usage) and {alternative(host) for host in hosts} <= set(named)


def use_of(certificate: x509.Certificate) -> str:
    """What a certificate is for, as `Use.word` has it; `authority` for one that signs."""
    found = certificate.extensions
    try:
        if found.get_extension_for_class(x509.BasicConstraints).value.ca:
            return "authority"
    except x509.ExtensionNotFound:
        pass
    try:
        usage = set(found.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return "any"
    return next((use.word for use in reversed(Use) if set(use.value) <= usage), "other")


def public_of(key: bytes) -> ec.EllipticCurvePublicKey:
    """The public part of a private key (PEM, not encrypted); TypeError where it is none."""
    found = serialization.load_pem_private_key(key, password=None)
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise TypeError("it is no elliptic-curve key")
    return found.public_key()


def common(name: str) -> x509.Name:
    """A name that is a common name alone."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def common_of(certificate: x509.Certificate) -> str:
    """The common name of whom it names, all of the name where there is none."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else certificate.subject.rfc4514_string()


def alternative(host: str) -> x509.GeneralName:
    """A host's name or address as an alternative name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
