"""A certificate that is asked for with a key made here, which goes nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from isthmus.model.errors import Refused
from isthmus.trust.pki import build
from isthmus.trust.pki.files import pem, write_private, write_public


@dataclass(frozen=True, slots=True)
class Asking:
    """A key, and the request for a certificate of it."""

    key: ec.EllipticCurvePrivateKey
    text: str  # the request, PEM

    @classmethod
    def of(cls, name: str, subject: x509.Name | None = None) -> Self:
        """A new key, and the request that it be `name`, or who `subject` names."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = build.request(name, key, subject=subject).public_bytes(Encoding.PEM)
        return cls(key, made.decode("ascii"))

    def keep(self, folder: Path, file: str, chain: bytes, ca: Path) -> datetime:
        """Keep key, certificate and authority in `folder`; when the certificate ends.

        What lay there before is replaced at the end, file by file: a certificate whose key is not
        there yet is repaired by `mend`. Refused where the answer is not for our key.
        """
        try:
            got = x509.load_pem_x509_certificates(chain)[0]
        except ValueError as error:
            raise Refused(f"reading the answer for {file}: {error}") from error
        if got.public_key() != self.key.public_key():
            raise Refused(f"the answer for {file} is not for the key that was asked for")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if (folder / "ca.crt").absolute() != ca.absolute():
            write_public(folder / "ca.crt", ca.read_bytes())
        write_private(folder / f"{file}.key.next", pem(self.key))
        write_public(folder / f"{file}.crt", chain)
        mend(folder, file)
        return got.not_valid_after_utc


def mend(folder: Path, file: str) -> None:
    """Finish a renewal that was cut short: the key that belongs to the certificate takes its place.

    One whose certificate never came is forgotten.
    """
    waiting, certificate = folder / f"{file}.key.next", folder / f"{file}.crt"
    if not waiting.exists():
        return
    if not certificate.exists():
        waiting.unlink()
        return
    key = build.public_of(waiting.read_bytes())
    shown = x509.load_pem_x509_certificates(certificate.read_bytes())[0].public_key()
    if key == shown:
        waiting.replace(folder / f"{file}.key")
    else:
        waiting.unlink()
