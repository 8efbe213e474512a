"""Where the plant's authority comes from: our own files, or the company's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from isthmus.model.errors import StorageError
from isthmus.trust.pki import build
from isthmus.trust.pki.build import Signer
from isthmus.trust.pki.files import (
    ENCRYPTED,
    certificates_pem,
    pem,
    read_certificates,
    read_key,
    read_pair,
    write_private,
    write_public,
)

AUTHORITY_DAYS = 20 * 365
LIFE, CARRIED = 90.0, 30.0  # days


@dataclass(frozen=True, slots=True)
class Terms:
    """How long what is issued lives, in days; where the authority lies if the company issued it.

    `certificate` and `key` are files of the company's: an authority that may issue for us, and
    `chain` those above it. `passphrase` encrypts our own authority's key.
    """

    life: float = LIFE
    carried: float = CARRIED  # what is handed out to edges
    passphrase: str = ""
    certificate: Path | None = None
    key: Path | None = None
    chain: Path | None = None


def own(folder: Path, name: str, now: datetime, passphrase: str) -> Signer:
    """Our own authority, made where there is none; its key encrypted where that is wished."""
    certificate_file, key_file = folder / "ca.crt", folder / "ca.key"
    if not certificate_file.exists():
        if key_file.exists():  # stopped between the two: what this key signed stays good
            key = read_key(key_file, passphrase)
        else:
            key = ec.generate_private_key(ec.SECP256R1())
            write_private(key_file, pem(key, passphrase))
        certificate = build.root(f"{name} plant authority"[:64], key, now, AUTHORITY_DAYS)
        write_public(certificate_file, certificates_pem([certificate]))
        return Signer(certificate, key)
    chain, key = read_pair(certificate_file, key_file, passphrase)
    if passphrase and ENCRYPTED not in key_file.read_bytes()[:100]:
        write_private(key_file, pem(key, passphrase))
    return Signer(chain[0], key)


def of_company(folder: Path, certificate: Path, key: Path, terms: Terms) -> Signer:
    """The company's authority in its own files; what others read of it is copied here."""
    chain, secret = read_pair(certificate, key, terms.passphrase)
    if build.use_of(chain[0]) != "authority":
        raise StorageError(
            f"reading {certificate}: it may not issue certificates",
            hint="ask for an authority below the company's: `isthmus cert request`",
        )
    above = chain[1:] + (read_certificates(terms.chain) if terms.chain else [])
    for file, content in ((folder / "ca.crt", chain[:1]), (folder / "chain.crt", above)):
        told = certificates_pem(content)
        if told and (not file.exists() or file.read_bytes() != told):
            write_public(file, told)
    return Signer(chain[0], secret)
