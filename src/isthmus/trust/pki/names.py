"""When a certificate ends and is due, and what this machine is called."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography import x509


def ends(certificate: Path) -> datetime:
    """When the certificate in a PEM file ends."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def due(certificate: Path) -> datetime:
    """When the certificate in a PEM file is to be renewed: after two thirds of its life."""
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    life = found.not_valid_after_utc - found.not_valid_before_utc
    return found.not_valid_before_utc + life * 2 / 3


def local_names() -> tuple[str, ...]:
    """What this machine is called by those on it."""
    return tuple(_local_names())


def _local_names() -> Iterator[str]:
    yield from ("localhost", "127.0.0.1", "::1")
    name = socket.gethostname()
    if name.isascii() and name:
        yield name
