"""Certificates that lie in the plant's folders, whoever issued them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from isthmus.trust.pki.build import use_of
from isthmus.trust.pki.strength import weaknesses

Standing = Literal[
    "good",
    "due",
    "superseded",
    "expired",
    "revoked",
    "trusted",
    "pending",
    "refused",
    "authority",
    "shown",  # on a wire, at the last look
    "replaced",  # on a wire, by another one
]
SUFFIXES = (".der", ".pem", ".crt", ".cer")
MOST = 64  # in one file


@dataclass(frozen=True, slots=True)
class Seen:
    """One certificate: where it is used, whom it names, how it stands, what its end breaks."""

    place: str
    name: str
    issuer: str
    use: str
    sha256: str
    serial: str
    begins: datetime
    ends: datetime
    standing: Standing
    names: tuple[str, ...] = ()
    breaks: str = ""
    renews: bool = False  # by itself
    do: str = ""
    link: str = ""
    weak: tuple[str, ...] = ()
    where: str = ""  # address and port, where it was shown on a wire
    first: datetime | None = None  # when it was shown
    last: datetime | None = None


def read(file: Path) -> list[x509.Certificate]:
    """The certificates in `file`, PEM or DER; none where it cannot be read."""
    with suppress(OSError, ValueError):
        content = file.read_bytes()
        if content.startswith(b"-----"):
            return x509.load_pem_x509_certificates(content)[:MOST]
        return [x509.load_der_x509_certificate(content)]
    return []


def folder(place: Path) -> Iterator[tuple[Path, x509.Certificate]]:
    """Those in the files of a folder."""
    if place.is_dir():
        for file in sorted(place.iterdir()):
            if file.suffix.lower() in SUFFIXES:
                yield from ((file, found) for found in read(file))


def thumbprint(certificate: x509.Certificate) -> str:
    """The SHA-256, as pairs to compare."""
    return certificate.fingerprint(hashes.SHA256()).hex(":")


def told(certificate: x509.Certificate, place: str, standing: Standing, **more: object) -> Seen:
    """The certificate as it is seen at `place`."""
    return Seen(
        place,
        certificate.subject.rfc4514_string() or "unnamed",
        certificate.issuer.rfc4514_string(),
        use_of(certificate),
        thumbprint(certificate),
        f"{certificate.serial_number:x}",
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        standing,
        _names(certificate),
        weak=weaknesses(certificate, datetime.now(UTC)),
        **more,  # type: ignore[arg-type]
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (ValueError, x509.ExtensionNotFound):
        return ()
    return tuple(str(one.value) for one in found.value)
