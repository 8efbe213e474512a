"""What is weak in a certificate, whoever issued it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

RSA, CURVE = 2048, 224  # bits; NIST SP 800-57 part 1: 112 bits of security
BROKEN = ("md5", "sha1")


def weaknesses(certificate: x509.Certificate, now: datetime) -> tuple[str, ...]:
    """What of the certificate is not fit for use any more, each in a few words."""
    return (*_key(certificate), *_signature(certificate), *_time(certificate, now))


def _key(certificate: x509.Certificate) -> Iterator[str]:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        yield "its key cannot be read"
        return
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < RSA:
        yield f"RSA key of {key.key_size} bits, {RSA} are the least"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < CURVE:
        yield f"key on a curve of {key.key_size} bits, {CURVE} are the least"
    if isinstance(key, dsa.DSAPublicKey):
        yield "DSA key, which nobody issues any more"


def _signature(certificate: x509.Certificate) -> Iterator[str]:
    try:
        used = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        yield "its signature cannot be read"
        return
    if used is not None and used.name in BROKEN:
        yield f"signed with {used.name.upper()}, which can be forged"


def _time(certificate: x509.Certificate, now: datetime) -> Iterator[str]:
    if now > certificate.not_valid_after_utc:
        yield f"expired on {certificate.not_valid_after_utc:%Y-%m-%d}"
    if now < certificate.not_valid_before_utc:
        yield f"holds from {certificate.not_valid_before_utc:%Y-%m-%d} on only"
