"""PEM files of keys and certificates: written whole, keys for their owner alone."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from isthmus.model.errors import StorageError

ENCRYPTED = b"ENCRYPTED"  # in the first line of such a key


def write_private(file: Path, content: bytes) -> None:
    """Write `file` whole or not at all, readable by its owner alone."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)


def write_public(file: Path, content: bytes) -> None:
    """Write `file` whole or not at all."""
    draft = file.with_name(file.name + ".new")
    draft.write_bytes(content)
    draft.replace(file)


def pem(key: ec.EllipticCurvePrivateKey, passphrase: str = "") -> bytes:
    """The key as PKCS #8, encrypted where there is a passphrase."""
    how: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        how = serialization.BestAvailableEncryption(passphrase.encode())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


def certificates_pem(certificates: list[x509.Certificate]) -> bytes:
    """Certificates one after the other, as a TLS server shows them."""
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def read_key(file: Path, passphrase: str = "") -> ec.EllipticCurvePrivateKey:
    """The private key in `file`; StorageError where it cannot be used."""
    try:
        content = file.read_bytes()
        secret = passphrase.encode() if ENCRYPTED in content[:100] and passphrase else None
        key = serialization.load_pem_private_key(content, password=secret)
    except TypeError as error:  # it is encrypted, and we have no passphrase
        raise StorageError(
            f"reading the key {file}: it is encrypted",
            hint="write `pki: {passphrase: {env: NAME}}`, and set that variable",
        ) from error
    except (OSError, ValueError) as error:
        raise StorageError(
            f"reading the key {file}: {error}",
            hint="restore the folder from a backup; of an encrypted key check the passphrase",
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StorageError(f"reading the key {file}: it is no elliptic-curve key")
    return key


def read_certificates(file: Path) -> list[x509.Certificate]:
    """The certificates in `file`, at least one; StorageError where it cannot be used."""
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as error:
        raise StorageError(
            f"reading the certificate {file}: {error}",
            hint="restore the folder from a backup; a new authority means new certificates for all",
        ) from error


def read_pair(
    certificate_file: Path, key_file: Path, passphrase: str = ""
) -> tuple[list[x509.Certificate], ec.EllipticCurvePrivateKey]:
    """A certificate with those that follow it, and its key; StorageError where they do not fit."""
    chain = read_certificates(certificate_file)
    try:
        key = read_key(key_file, passphrase)
    except StorageError as error:
        raise StorageError(
            f"reading the certificate {certificate_file}: {error}", hint=error.hint
        ) from error
    if chain[0].public_key() != key.public_key():
        raise StorageError(f"reading the certificate {certificate_file}: {key_file} is not its key")
    return chain, key
