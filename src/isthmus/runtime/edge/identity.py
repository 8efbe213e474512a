"""The certificate with which an edge shows who it is: carried over once, renewed by itself."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from isthmus.bus.credentials import client_context
from isthmus.model.errors import ConfigError, IsthmusError, StorageError
from isthmus.trust.pki.asked import mend
from isthmus.trust.pki.authority import due, ends
from isthmus.trust.pki.files import read_certificates

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CarriedIdentity:
    """The certificate that the site issued for an edge, and its key, in one folder."""

    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def of(cls, folder: Path, name: str) -> CarriedIdentity:
        """The identity in `folder`; ConfigError where it is not there or not usable."""
        mend(folder, name)
        found = cls(folder / "ca.crt", folder / f"{name}.crt", folder / f"{name}.key")
        for file in (found.ca, found.certificate, found.key):
            if not file.is_file():
                raise ConfigError(
                    f"reading the identity of {name}: there is no {file}",
                    hint=f"at the site: `isthmus edge issue {name} --to FOLDER`; carry it here",
                )
        client_context(found)
        return found

    @property
    def shown(self) -> x509.Certificate:
        """The certificate itself."""
        return read_certificates(self.certificate)[0]

    @property
    def due(self) -> bool:
        """Whether it is to be renewed."""
        return datetime.now(UTC) > due(self.certificate)

    @property
    def left(self) -> float:
        """The seconds until it ends."""
        return (ends(self.certificate) - datetime.now(UTC)).total_seconds()


def newest(carried: CarriedIdentity, kept: Path, name: str) -> CarriedIdentity:
    """What was issued last: the one carried over, or the one renewed since and `kept` here."""
    try:
        ours = CarriedIdentity.of(kept, name)
        later = ours.shown.not_valid_before_utc > carried.shown.not_valid_before_utc
    except (ConfigError, StorageError):
        return carried
    except (IsthmusError, ValueError) as error:
        log.warning("%s; the identity that was carried here is shown", error)
        return carried
    return ours if later else carried
